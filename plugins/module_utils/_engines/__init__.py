"""What container engines have, by their own APIs."""
