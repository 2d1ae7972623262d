"""Confirm-or-revert: a pending change, and the guard that undoes it."""
