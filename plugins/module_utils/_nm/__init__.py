"""NetworkManager: its configuration, and the devices that it leaves alone."""
