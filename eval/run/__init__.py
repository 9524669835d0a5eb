"""A request or parts of a run come in; a journal and one result file a model go out."""
