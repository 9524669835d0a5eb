"""A plan comes in; what is to be measured, where, and what came of each part of it go out."""
