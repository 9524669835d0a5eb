"""Keys and values come in; sentences, findings and names that are safe to print go out."""
