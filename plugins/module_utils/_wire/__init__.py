"""Frames on the wire: ARP, NDP, ICMP, LLDP, sent and received."""
