"""Files of rows come in; suites with their fingerprints go out."""
