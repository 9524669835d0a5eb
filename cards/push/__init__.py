"""A plan comes in; commits, a journal and a report go out."""
