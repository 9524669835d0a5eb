"""A board comes in; drawn charts and badges go out."""
