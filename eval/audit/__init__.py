"""Models as people name them come in; reports of their chat templates go out."""
