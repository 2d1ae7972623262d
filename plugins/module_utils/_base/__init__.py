"""Addresses, files, commands and D-Bus: knows nothing of macvlan."""
