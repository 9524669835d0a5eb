"""Audits of chat templates come in; the pages on templates and checks go out."""
