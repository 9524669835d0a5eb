"""A folder of result files comes in; a reading a file goes out, with the facts of its steps."""
