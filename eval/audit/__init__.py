"""The template audit: which chat template there is, what it does, and what is wrong with it."""
