"""Training rows and a model's template come in; where training and serving part goes out."""
