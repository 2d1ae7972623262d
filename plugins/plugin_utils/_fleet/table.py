# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One table for all hosts, for people. Pure: results of modules in, lines of text out."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypedDict, cast

from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.declaration import Intent
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.network import MacvlanNetwork
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.checks.host_to_container import UNCHECKED
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils import _registered
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._ansible import Result

from .results import CheckResult, ContainerNetworks, Failure, LinkResult, Links, Verification
from .snippets import container_network, snippet

OK, CHANGED, WOULD_CHANGE, FAILED, UNREACHABLE, NOT_RUN, UNDECLARED, NOT_CHECKED = (
    "ok", "changed", "would change", "FAILED", "UNREACHABLE", "NOT RUN", "nothing declared", "NOT CHECKED",
)  # fmt: skip
#: Results of hosts that need attention.
BAD = (FAILED, UNREACHABLE, NOT_RUN)

#: The kinds of checks of macvlan_verify, in the order of the columns.
KINDS = (
    "gateway_from_parent", "gateway_from_link", "host_to_container", "container_to_host", "container_to_gateway",
)  # fmt: skip

STATUSES = {"PASS": "passed", "FAIL": "failed", "SKIPPED": "skipped", "NOT RUN": "not_run"}

HEADER = (
    ("host", "link", "parent", "persistence", "gateway from", "", "host to", "containers", "", "result"),
    ("", "", "", "", "parent", "link", "containers", "to host", "to gateway", ""),
)
#: A column before the last one, where an engine is declared.
ENGINES = ("engine's", "network")
WIDTH = 110
#: Longer inventory names are cut in the table; what failed stands below it under the full name.
NAME_MAX = 32
#: How many hosts get details below the table, and how many faults of each.
DETAILED_HOSTS, DETAILED_FAULTS = 20, 5


@dataclass(frozen=True)
class HostResults:
    """What is known of one host after a run.

    results: what the modules returned, by the variables that the roles register; what did not run is not there.
    declared: whether the host declares anything at all. check_mode: whether the run only predicted.
    conflicts: what is wrong with addresses and MAC addresses that the host has or wants, one line each.
    partial: whether only some steps of the playbook were asked for, so that a host without results is not amiss.
    """

    host: str
    intent: Intent
    results: Mapping[str, Result] = field(default_factory=dict)
    declared: bool = True
    check_mode: bool = False
    conflicts: Sequence[str] = ()
    partial: bool = False

    def _get(self, name: str) -> Result:
        found = self.results.get(name) or {}
        return {} if found.get("skipped") else found

    @property
    def applied(self) -> Links:
        """What macvlan_link changed."""
        return cast(Links, self._get(_registered.INTERFACES_RESULT))

    @property
    def compared(self) -> Links:
        """What macvlan_link found when it was run to find differences from the declaration."""
        return cast(Links, self._get(_registered.VERIFY_DRIFT_RESULT))

    @property
    def links(self) -> dict[str, LinkResult]:
        """The links as they are, by name."""
        return {link["name"]: link for link in (self.applied or self.compared).get("links") or []}

    @property
    def checks(self) -> list[CheckResult]:
        return list(cast(Verification, self._get(_registered.VERIFY_RESULT)).get("checks") or [])

    @property
    def faults(self) -> list[CheckResult]:
        return [check for check in self.checks if check.get("status") == "FAIL"]

    @property
    def unchecked(self) -> list[str]:
        """Containers that run and that nothing is declared about, one line for each network."""
        facts = [item for check in self.checks for item in check.get("evidence") or []]
        return [str(item.get("value")) for item in facts if item.get("what") == UNCHECKED]

    @property
    def created(self) -> ContainerNetworks:
        """What container_network made, and left as it was."""
        return cast(ContainerNetworks, self._get(_registered.CONTAINER_NETWORK_RESULT))

    @property
    def container_networks(self) -> ContainerNetworks:
        """The newest comparison of the engines' networks with the declaration, empty where there was none."""
        compared = cast(ContainerNetworks, self._get(_registered.VERIFY_CONTAINERS_RESULT))
        return compared or self.created

    @property
    def container_drift(self) -> list[str]:
        """Networks of engines that are not as declared. Where the role refused them, its message says it all."""
        found = self.container_networks
        if found is self.created and "networks" not in found:
            return []
        return [str(item.get("text")) for item in found.get("drift") or []] or self._uncompared(found)

    def _uncompared(self, found: ContainerNetworks) -> list[str]:
        """Why the networks of the engines could not be compared."""
        missing = bool(found.get("msg")) and "networks" not in found and not found.get("unreachable")
        return str(found.get("msg")).strip().splitlines() if missing else []

    def network_status(self, network: MacvlanNetwork) -> str:
        """Of the engine's network for a declared one."""
        if network.engine == "none":
            return "-"
        found = self.container_networks
        if not found:
            return "not run"
        drift = found.get("drift") or []
        if any((item.get("engine"), item.get("name")) == (network.engine, network.name) for item in drift):
            return "differs" if self.check_mode else "FAIL"
        return "ok" if drift or "networks" in found else "FAIL"

    @property
    def drift(self) -> list[str]:
        return [*self.container_drift, *(self.compared.get("messages") or [])]

    @property
    def failure(self) -> Failure:
        """The task that failed, empty where none did."""
        return cast(Failure, self._get(_registered.FAILURE))

    @property
    def lost(self) -> Result | None:
        """The first task that did not reach the host, None where all did."""
        return next((item for item in self.results.values() if item.get("unreachable")), None)

    @property
    def result(self) -> str:
        if not self.declared:
            return UNDECLARED
        if self.lost is not None:
            return UNREACHABLE
        if self.failure or self.faults or self.conflicts or (self.drift and not self.check_mode):
            return FAILED
        changed = any(item.get("changed") for item in self.results.values())
        if self.check_mode and (changed or self.drift):
            return WOULD_CHANGE
        if not (self.checks or self.applied or self.compared) and not (self.partial and self.results):
            return NOT_RUN
        if self.unchecked:
            return NOT_CHECKED
        return CHANGED if changed else OK

    def first_failure(self) -> str:
        """What is wrong with a host in one line, empty where nothing is."""
        result = self.result
        if result not in BAD:
            return ""
        if self.lost is not None:
            return f"unreachable: {_first_line(self.lost.get('msg'))}"
        if self.conflicts:
            return f"conflict: {self.conflicts[0]}"
        if self.drift and not self.check_mode:
            return f"not as declared: {self.drift[0]}"
        if self.faults:
            return describe(self.faults[0])
        if result == NOT_RUN:
            return "not run: the run ended before it came to this host"
        return f"{self.failure.get('task')}: {_first_line(self.failure.get('msg'))}"


def describe(check: CheckResult) -> str:
    """``host_to_container from lan0 to 192.168.100.130: lost first after 4.2 s, 3 of 10 answered``"""
    loss = check.get("first_failure")
    counts = f"{check.get('received')} of {check.get('sent')} answered"
    if not check.get("sent"):
        what = "not possible"
    elif not check.get("received"):
        what = f"no answer, {counts}"
    else:
        what = f"lost first after {loss['after_seconds']} s, {counts}" if loss else counts
    return f"{check.get('kind')} from {check.get('from')} to {check.get('target')}: {what}"


def _first_line(text: object) -> str:
    """The first line with content; the heading of a list of problems is left out where the list follows."""
    lines = [line.strip(" -") for line in str(text or "no message").strip().splitlines() if line.strip()]
    return lines[1] if len(lines) > 1 and lines[0].endswith(":") else lines[0]


def table(hosts: Sequence[HostResults], full_up_to: int = 50, notes: Sequence[str] = ()) -> list[str]:
    """The report. With more than `full_up_to` hosts healthy ones are only counted. notes: on the whole fleet."""
    shown = [host for host in hosts if len(hosts) <= full_up_to or host.result in (*BAD, NOT_CHECKED)]
    lines = _rows(shown) if shown else []
    for host in [host for host in shown if host.result == NOT_CHECKED][:DETAILED_HOSTS]:
        lines += ["", *(line for text in host.unchecked for line in _wrapped(f"{host.host}: not checked: {text}", ""))]
    bad = [host for host in hosts if host.result in BAD]
    for host in bad[:DETAILED_HOSTS]:
        lines += ["", *_details(host)]
    if len(bad) > DETAILED_HOSTS:
        lines += ["", f"and {len(bad) - DETAILED_HOSTS} more hosts, see the table"]
    if notes:
        lines += ["", *(line for note in notes for line in _wrapped(note, ""))]
    if len(hosts) <= full_up_to:
        lines += _container_networks(hosts) + _snippets(hosts)
    return [*lines, *([""] if lines else []), _summary_line(hosts)]


def _rows(hosts: Sequence[HostResults]) -> list[str]:
    engines = any(network.engine != "none" for host in hosts for network in host.intent.networks)
    heading = [[*row[:-1], *([text] if engines else []), row[-1]] for row, text in zip(HEADER, ENGINES, strict=True)]
    rows: list[Sequence[str]] = [*heading]
    for host in hosts:
        rows += _host_rows(host, engines)
    widths = [max(len(row[column]) for row in rows) for column in range(len(heading[0]))]
    # "gateway from" stands over two columns
    widths[4] = max(len(row[4]) for row in rows[1:])
    widths[5] = max(widths[5], len(HEADER[0][4]) - widths[4] - 2)
    lines = []
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        if row is heading[0]:
            cells[4:6] = [HEADER[0][4].ljust(widths[4] + 2 + widths[5])]
        lines.append("  ".join(cells).rstrip())
    return [lines[0], lines[1], "-" * max(map(len, lines)), *lines[2:]]


def _host_rows(host: HostResults, engines: bool) -> list[Sequence[str]]:
    """One row per network and link; the host's name and result stand in the first one. engines: with their column."""
    made = host.links
    rows = [
        [*_row(made, network.link, network.parent, host.checks, network.name), host.network_status(network)]
        for network in host.intent.networks
    ]
    derived = {network.link for network in host.intent.networks}
    others = [link for link in host.intent.links if isinstance(link, dict) and link.get("name") not in derived]
    # As `declaration.of_links` calls the network that such a link is verified as.
    names = {network.name for network in host.intent.networks}
    rows += [
        [
            *_row(
                made,
                link.get("name"),
                link.get("parent"),
                host.checks,
                f"link {link.get('name')}" if link.get("name") in names else str(link.get("name")),
            ),
            "-",
        ]
        for link in others
        if link.get("state", "present") == "present"
    ]
    rows = [row if engines else row[:-1] for row in rows or [["-"] * (len(KINDS) + 4)]]
    name = host.host if len(host.host) <= NAME_MAX else f"{host.host[: NAME_MAX - 1]}…"
    return [[name if row is rows[0] else "", *row, host.result if row is rows[0] else ""] for row in rows]


def _row(
    made: Mapping[str, LinkResult], link: str | None, parent: object, checks: Sequence[CheckResult], network: str
) -> list[str]:
    found = made.get(link or "")
    cells = [link or "-", _selector(parent), "-"]
    if found is not None:
        cells[1:] = [str(found.get("parent") or _selector(parent)), str(found.get("persistence") or "-")]
    return cells + [
        _cell([c for c in checks if c.get("network") == network and c.get("kind") == kind]) for kind in KINDS
    ]


def _selector(parent: object) -> str:
    if isinstance(parent, dict):
        return ", ".join(f"{key}: {value}" for key, value in parent.items())
    return str(parent or "-")


def _cell(checks: Sequence[CheckResult]) -> str:
    statuses = [str(check.get("status")) for check in checks]
    if not statuses:
        return "-"
    for status, text in (("NOT RUN", "not run"), ("SKIPPED", "skipped")):
        if set(statuses) == {status}:
            return text
    asked = [status for status in statuses if status in ("PASS", "FAIL")]
    if len(statuses) == 1 and str(checks[0].get("kind")).startswith("gateway"):
        return "ok" if asked == ["PASS"] else "FAIL"
    return f"{asked.count('PASS')}/{len(asked)}" + (" FAIL" if "FAIL" in asked else "")


def _details(host: HostResults) -> list[str]:
    """What is wrong: the first fault with evidence and remedy, the others in one line each."""
    failure = host.failure
    if host.lost is not None or not (host.faults or failure or host.conflicts):
        return _wrapped(f"{host.host}: {host.first_failure()}", "")
    lines = [f"{host.host}:"]
    for conflict in host.conflicts[:DETAILED_FAULTS]:
        lines += _wrapped(f"conflict: {conflict}", "  ")
    if len(host.conflicts) > DETAILED_FAULTS:
        lines.append(f"  and {len(host.conflicts) - DETAILED_FAULTS} more conflicts")
    for message in host.drift[:DETAILED_FAULTS]:
        lines += _wrapped(f"not as declared: {message}", "  ")
    for fault in host.faults[:1]:
        lines += _wrapped(describe(fault), "  ")
        for item in fault.get("evidence") or []:
            # the number of answers stands in the line above
            if item.get("what") != "answered":
                lines += _wrapped(f"{item.get('what')}: {item.get('value')}", "    ")
        if fault.get("remedy"):
            lines += _wrapped(f"remedy: {fault['remedy']}", "    ")
    for fault in host.faults[1:DETAILED_FAULTS]:
        lines += _wrapped(describe(fault), "  ")
    if len(host.faults) > DETAILED_FAULTS:
        lines.append(f"  and {len(host.faults) - DETAILED_FAULTS} more")
    refused = set(str(failure.get("msg")).splitlines()) <= set(host.conflicts)
    if failure and not host.faults and not host.drift and not refused:
        lines.append(f"  {failure.get('task')}:")
        for line in str(failure.get("msg")).strip().splitlines():
            # what is indented is to be copied
            copied = line.startswith("  ") and not line.startswith("  - ")
            lines += [f"    {line.rstrip()}"] if copied else _wrapped(line.strip(), "    ")
    return lines


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=indent, subsequent_indent=f"{indent}  ", break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip


class _OfEngines(TypedDict, total=False):
    container_networks: dict[str, int]


class Summary(_OfEngines):
    """How many hosts have which result, how many checks which status, and likewise the networks of engines."""

    hosts: dict[str, int]
    checks: dict[str, int]


def summary(hosts: Sequence[HostResults]) -> Summary:
    """The numbers of a run, small whatever the size of the fleet."""
    statuses = [STATUSES.get(str(check.get("status")), "unknown") for host in hosts for check in host.checks]
    results = [host.result for host in hosts]
    counted: Summary = {
        "hosts": {result.lower().replace(" ", "_"): results.count(result) for result in sorted(set(results))},
        "checks": {status: statuses.count(status) for status in sorted(set(statuses))},
    }
    found = [host.network_status(network) for host in hosts for network in host.intent.networks]
    networks = [status.lower().replace(" ", "_") for status in found if status != "-"]
    if networks:
        counted["container_networks"] = {status: networks.count(status) for status in sorted(set(networks))}
    return counted


def _summary_line(hosts: Sequence[HostResults]) -> str:
    counted = summary(hosts)

    def listed(counts: Mapping[str, int]) -> str:
        return ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in counts.items())

    checks = f"; checks: {listed(counted['checks'])}" if counted["checks"] else ""
    return f"{len(hosts)} host{'' if len(hosts) == 1 else 's'}: {listed(counted['hosts']) or 'none'}{checks}"


def _container_networks(hosts: Sequence[HostResults]) -> list[str]:
    """The commands that create the matching container networks where the role was not asked to; hosts with the same
    command share a line."""
    commands: dict[str, list[str]] = {}
    for host in hosts:
        if host.result in BAD or not host.declared or host.container_networks:
            continue
        for network in host.intent.networks:
            if network.engine != "none":
                commands.setdefault(container_network(network, _parent_of(host, network)), []).append(host.host)
    if not commands:
        return []
    lines = ["", "The matching container networks, which the step containers creates:"]
    for command, names in commands.items():
        lines.append(f"  {', '.join(names)}:")
        lines.append(f"    {command}")
    return lines


def _snippets(hosts: Sequence[HostResults]) -> list[str]:
    """One file for each engine: that of the first host that has it."""
    found: dict[str, list[str]] = {}
    for host in hosts:
        for network in host.intent.networks if host.declared and host.result not in BAD else ():
            kind = "compose.yml" if network.engine == "docker" else "/etc/containers/systemd/web.container"
            heading = f"A container on {network.name} of {host.host} ({kind}):"
            if network.engine != "none" and network.engine not in found:
                found[network.engine] = ["", heading, *(f"  {line}" for line in snippet(host.host, network))]
    return [line for lines in found.values() for line in lines]


def _parent_of(host: HostResults, network: MacvlanNetwork) -> str:
    found = host.links.get(network.link or "")
    return str((found and found.get("parent")) or _selector(network.parent))
