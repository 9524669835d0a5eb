"""Values and a builder's frame come in; pages with their addresses in one language go out."""
