"""Which DHCP servers answer, and what they offer."""
