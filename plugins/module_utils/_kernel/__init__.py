"""What the kernel says: links, addresses, routes, sysctls, namespaces."""
