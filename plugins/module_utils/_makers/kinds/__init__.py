"""One file for each kind of maker."""
