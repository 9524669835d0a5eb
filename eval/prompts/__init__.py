"""A suite's rows and a chat template come in; prompts and how each was built go out."""
