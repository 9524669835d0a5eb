"""Two states of the boards come in; what moved between them goes out."""
