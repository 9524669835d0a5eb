"""JSON objects of any known shape come in; result records go out."""
