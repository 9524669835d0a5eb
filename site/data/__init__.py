"""Boards come in; the files that the site gives away and figures as pages print them go out."""
