"""How tool calls are asked for, read and matched: schemas and accepted calls in, outcomes out."""
