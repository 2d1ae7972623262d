"""One look at a host: everything in which it can differ from its declaration, and who answers."""
