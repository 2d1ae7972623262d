"""The links of a host, in all its network namespaces."""
