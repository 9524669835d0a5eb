"""A reference and an answer come in; command units and a step's scores go out."""
