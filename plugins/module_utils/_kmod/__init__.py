"""Whether the kernel can make macvlan links, proven by making one."""
