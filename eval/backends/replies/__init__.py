"""What a server replies comes in, whole or piece by piece; answers go out."""
