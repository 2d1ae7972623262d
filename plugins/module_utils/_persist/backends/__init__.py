"""One file per network manager."""
