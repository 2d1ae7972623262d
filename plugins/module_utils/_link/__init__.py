"""Links in the kernel: plan, apply, restore."""
