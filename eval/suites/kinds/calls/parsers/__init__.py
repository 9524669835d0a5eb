"""An answer comes in; its tool calls, as a family writes them, or why there are none, go out."""
