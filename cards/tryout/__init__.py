"""What a person asks models comes in; their answers on a page, logs and verdicts go out."""
