"""From a change to the process that made it."""
