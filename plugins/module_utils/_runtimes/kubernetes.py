# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kubernetes: ``kubepods`` in the cgroup with the pod's UID, and the directory of its logs, by whatever runtime.

The kubelet makes /var/log/pods/NAMESPACE_NAME_UID (pkg/kubelet/kuberuntime/helpers.go, BuildPodLogsDirectory); its
systemd driver writes the UID with underscores (pkg/kubelet/cm, escapeSystemdCgroupName).
"""

from __future__ import annotations

import re

from .host import Host
from .model import ContainerName, valid

RUNTIME = "kubernetes"

LOGS = "/var/log/pods"
_POD = re.compile(r"kubepods.*?[/-]pod([0-9a-f]{8}(?:[_-]?[0-9a-f]{4}){3}[_-]?[0-9a-f]{12})(?![0-9a-f])", re.ASCII)


def find(host: Host, pid: int) -> ContainerName | None:
    for path in host.cgroups(pid):
        match = _POD.search(path)
        name = _name(host, match.group(1).replace("_", "-")) if match else ""
        if name:
            return ContainerName(RUNTIME, name)
    return None


def _name(host: Host, uid: str) -> str:
    """``NAMESPACE/NAME``; empty where this host's kubelet does not know the pod."""
    for entry in host.entries(LOGS):
        namespace, dummy, rest = entry.partition("_")
        name, dummy, found = rest.rpartition("_")
        if found == uid and valid(namespace) and valid(name):
            return f"{namespace}/{name}"
    return ""
