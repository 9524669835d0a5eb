"""A name, a file, a folder or a server comes in; the templates that it ships go out."""
