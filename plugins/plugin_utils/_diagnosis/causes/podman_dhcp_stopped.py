# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""podman_dhcp_stopped: Podman's DHCP proxy does not run, and a network of it has leased addresses."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis import engines
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import COMMAND, command
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict

#: As netavark installs it; enabled and not started after an installation.
START = "systemctl enable --now netavark-dhcp-proxy.socket"


def judge(case: Case) -> CauseVerdict:
    leased = [
        item
        for name, item in engines.networks(case)
        if item["dhcp"] and not item["user"] and engines.on_parent(case, item)
    ]
    if not leased:
        return case.ruled_out("no Podman network on this parent leases the addresses of its containers")
    if case.engines["podman"]["proxy"]:
        return case.ruled_out("Podman's DHCP proxy listens")
    names = ", ".join(item["name"] for item in leased)
    return case.confirmed(
        f"containers of the podman network {names} on {case.host} get no address: netavark's DHCP proxy does not run",
        [
            *(engines.item(case, "podman", item) for item in leased[:3]),
            case.item("engine", "nothing listens at /run/podman/nv-proxy.sock"),
        ],
        remedy=START,
        steps=[command(START, case.host)],
    )


CAUSE = Cause(
    id="podman_dhcp_stopped",
    rank=9,
    title="Podman's DHCP proxy does not run",
    explanation="A Podman network with the IPAM driver dhcp leases addresses through netavark's DHCP proxy."
    " Distributions install its socket enabled but not started: until the next boot no container of such a network"
    " starts, and leases of those that run are not renewed.",
    remedy=START,
    signature="when a container starts, or when a lease ends",
    proof="a podman network on this parent has the IPAM driver dhcp, and nothing listens at the proxy's socket",
    must="D",
    by=COMMAND,
    needs=("after", "system.engines"),
    explains=("container_not_running",),
    judge=judge,
)
