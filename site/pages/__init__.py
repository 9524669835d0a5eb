"""What pages are made from comes in; the pages of one language go out."""
