"""Links that survive a reboot, by the host's own network manager."""
