"""The playbooks as AWX runs them."""
