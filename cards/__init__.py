"""Board to model cards, and from there to the Hub."""
