"""Files of other programs come in; the results that they hold go out, one format a file."""
