"""A file comes in; one JSON object goes out, or the finding that says why there is none."""
