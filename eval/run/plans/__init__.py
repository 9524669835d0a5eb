"""A plan or parts of a run come in; what is measured, where, and what came of it go out."""
