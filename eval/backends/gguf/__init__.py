"""The name of a GGUF file comes in; its header and a server that answers by it go out."""
