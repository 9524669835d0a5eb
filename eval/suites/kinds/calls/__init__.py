"""The calls of an answer and the wanted ones come in; what is right and what is wrong goes out."""
