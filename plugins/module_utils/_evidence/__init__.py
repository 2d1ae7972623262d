"""Everything that a diagnosis needs to know about one host."""
