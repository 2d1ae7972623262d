"""Follows the watches of all hosts while they go on: what they see is printed, and they end together."""
