# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: container_slices
short_description: Cut one address range into a slice for each host
version_added: 0.1.0
author:
  - The linuxnet.macvlan authors (@linuxnet)
description:
  - Cuts a range that a group of hosts shares into disjoint slices, and returns the slice of each host.
  - It is what C(container_range_per_host) in C(macvlan_networks) does, for those who need the result elsewhere.
  - The result follows from the names and their order alone. A host that is listed behind the others changes nobody's
    slice. A host that leaves, or is listed between others, can move only hosts that share a preferred slice with
    somebody. A host in O(pins) never moves.
positional: per_host, hosts, pins
options:
  _input:
    description: The range in CIDR form, IPv4 or IPv6.
    type: str
    required: true
  per_host:
    description: The prefix length of a slice.
    type: int
    required: true
  hosts:
    description: The names of all hosts that share the range, such as C(groups['all']).
    type: list
    elements: str
    required: true
  pins:
    description:
      - Numbers of slices that are fixed, by host. The first slice has the number 0.
      - The number stays reserved when the host is not in O(hosts).
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Say which container range this host has
  ansible.builtin.debug:
    msg: >-
      {{ ('192.168.100.128/25' | linuxnet.macvlan.container_slices(28, groups['all'], {'h1': 0}))[inventory_hostname] }}
"""

RETURN = r"""
_value:
  description: The slice of each host, in CIDR form.
  type: dict
  sample: {h1: 192.168.100.128/28, h2: 192.168.100.208/28}
"""

from collections.abc import Iterable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import network_fault, parse_network
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent import slices as _slices


def container_slices(
    value: Any, per_host: Any, hosts: Iterable[Any], pins: Mapping[str, Any] | None = None
) -> dict[str, str]:
    """Host -> slice. Errors: AnsibleFilterError with all problems."""
    outer = parse_network(value)
    if outer is None:
        problem, remedy = network_fault(value, "a range in CIDR form")
        raise AnsibleFilterError(f"container_slices: {value!r}: {problem}. Remedy: {remedy}.")
    names = [str(host) for host in hosts]
    groups = _slices.Groups({_slices.ALL: names})
    given = {"container_range_per_host": per_host, "container_slice": pins or {}}
    problems = Problems()
    shares = {name: _slices.read(given, [outer], name, groups, "container_slices", problems) for name in names}
    if problems:
        raise AnsibleFilterError(str(problems.items[0]))
    return {name: str(sharing.slices[0]) for name, sharing in shares.items() if sharing is not None}


class FilterModule:
    """The filter ``linuxnet.macvlan.container_slices``."""

    def filters(self) -> dict[str, object]:
        return {"container_slices": container_slices}
