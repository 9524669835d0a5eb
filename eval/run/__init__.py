"""A request comes in; a journal and one result file a model go out."""
