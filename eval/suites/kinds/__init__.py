"""The name of a kind comes in; how suites of it are asked, scored and checked goes out."""
