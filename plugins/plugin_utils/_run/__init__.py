"""What a run was asked for: options of roles and playbooks, extra variables, tags, and the job that it is part of."""
