"""Prompts come in; answers of one engine go out as they finish, with its account of itself."""
