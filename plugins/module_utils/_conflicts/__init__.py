"""Who holds an address: RFC 5227 probes from several vantages."""
