"""The result of one model comes in; a sheet to print and to sign goes out, in each language."""
