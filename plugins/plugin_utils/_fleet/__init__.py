"""Compares what all hosts declare, and what they saw."""
