"""Who answers whom: host, containers and gateway."""
