"""One small adapter for every shape of result file that is out there."""
