"""board.toml, models.toml and audits/ come in; checked settings go out."""
