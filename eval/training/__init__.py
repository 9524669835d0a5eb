"""Training rows and a model come in; where training and serving part goes out, or an adapter."""
