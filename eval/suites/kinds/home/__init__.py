"""Questions of a person at home come in; rows, and which clauses an answer keeps, go out."""
