"""What repositories shall hold comes in; commits, a journal and a report go out."""
