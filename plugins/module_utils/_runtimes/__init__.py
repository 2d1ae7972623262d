"""Which container a process is in, by its cgroup and the files of Docker, Podman, Kubernetes, LXC and machined."""
