"""Follows the probes of a watch from interface to interface, and asks the kernel why it dropped them."""
