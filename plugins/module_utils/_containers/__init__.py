"""Networks of container engines: compared with the declaration, created, replaced with consent, and removed."""
