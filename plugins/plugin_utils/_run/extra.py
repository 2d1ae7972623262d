# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Extra variables, which outrank whatever a task registers or sets: the names that they must not have. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems

#: What the playbooks publish for later jobs of a workflow of AWX, which get it as extra variables. Nothing registers or
#: sets a name that begins like this.
ARTIFACT = "macvlan_artifact_"

#: The beginnings of the names of this collection's variables. Names of others may begin with those of the second line.
PREFIXES = ("macvlan_", "nm_exclusion_", "mac_list_")
SHARED_PREFIXES = ("prepare_", "interfaces_", "verify_", "diagnose_", "import_", "container_network_")

#: Every name that playbooks and roles register, set or compute; tests/tools/checks.py compares. Those of options, which
#: a playbook may set for a role as well, are not among them.
RESERVED = frozenset({
    "container_network_declared", "container_network_options", "container_network_planned",
    "container_network_result", "container_network_answers", "container_network_offers",
    "container_network_probes", "container_network_proposals",
    "verify_containers_result", "verify_container_faults",
    "diagnose_intent", "diagnose_parameters", "diagnose_report", "diagnose_result", "import_declared",
    "import_docker", "import_docker_networks", "import_docker_socket", "import_links", "import_podman",
    "import_podman_networks", "interfaces_conflict_mode", "interfaces_dhcp", "interfaces_dhcp_when",
    "interfaces_fatal", "interfaces_in_service", "interfaces_intent", "interfaces_planned", "interfaces_probe",
    "interfaces_refusals", "interfaces_result", "interfaces_run_key", "interfaces_verdict", "mac_list",
    "mac_list_declared", "mac_list_parents", "macvlan_as_declared", "macvlan_asks_dhcp", "macvlan_bad_hosts",
    "macvlan_batches", "macvlan_dhcp_fail_on", "macvlan_failure", "macvlan_halved", "macvlan_inventory",
    "macvlan_plan", "macvlan_repaired", "macvlan_repaired_hosts", "macvlan_repairs", "macvlan_report",
    "macvlan_settled", "macvlan_steps", "macvlan_surveyed", "macvlan_tolerated", "macvlan_unprepared",
    "macvlan_verdict", "macvlan_verified", "macvlan_writes", "nm_exclusion_form", "nm_exclusion_intent",
    "nm_exclusion_kept_devices", "nm_exclusion_links_devices", "nm_exclusion_links_keys", "nm_exclusion_predicted",
    "nm_exclusion_result", "prepare_kernel", "prepare_library", "prepare_missing_package", "prepare_ready",
    "verify_dhcp_result", "verify_drift_result", "verify_faults", "verify_intent", "verify_result",
})  # fmt: skip

#: Variables of a declaration, which are no options of a playbook or a role.
DECLARED = ("macvlan_networks", "macvlan_links", "macvlan_persistence", "macvlan_purge")

_PART = re.compile(rf"{ARTIFACT}[a-z]+(_\d+)?")


def check(names: Iterable[str], problems: Problems) -> None:
    """Add a problem for each extra variable that has the name of a result."""
    for name in sorted(RESERVED.intersection(names)):
        problems.add(
            name,
            None,
            "an extra variable of this name would replace what the playbook finds out itself",
            "give the extra variable another name",
        )


def unknown(names: Iterable[str], known: Iterable[str]) -> list[str]:
    """A sentence for each extra variable that looks like one of this collection's and is none."""
    known = {*known, *DECLARED}
    found = []
    for name in sorted(set(names) - known - RESERVED):
        close = difflib.get_close_matches(name, known, 1, 0.8)
        if _PART.fullmatch(name) or not name.startswith(PREFIXES + SHARED_PREFIXES):
            continue
        if close:
            found.append(f"nothing reads the extra variable {name}: {close[0]} may be meant")
        elif name.startswith(PREFIXES):
            found.append(f"nothing reads the extra variable {name}")
    return found
