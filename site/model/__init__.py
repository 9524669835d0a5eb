"""An entry comes in; the page of its model goes out."""
