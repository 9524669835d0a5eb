"""Tables and lists of many models come in; the results that they hold go out, one format a file."""
