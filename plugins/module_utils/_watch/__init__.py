"""What changes while it watches, and which process changed it."""
