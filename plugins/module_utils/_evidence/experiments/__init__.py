"""One file per experiment: safe, bounded and undone."""
