# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: intent
short_description: What a declaration of macvlan networks means for a host
version_added: 0.1.0
author:
  - The linuxnet.macvlan authors (@linuxnet)
description:
  - Derives from C(macvlan_networks) the links, addresses, routes, the exclusion from NetworkManager, the addresses to
    probe and the networks to verify. Links that are declared one by one are passed through behind the derived ones.
  - Reads nothing but its input and, for a range that a group shares (C(container_range_per_host)), the variables
    C(inventory_hostname) and C(groups). It fails with all problems at once when the declaration contradicts itself.
positional: links
options:
  _input:
    description:
      - The networks of one host (C(macvlan_networks)), a list of mappings, or the YAML or JSON text of one.
    type: raw
    required: true
  links:
    description:
      - Further links of the host (C(macvlan_links)), in the form of O(linuxnet.macvlan.macvlan_link#module:links),
        or the text of such a list.
    type: raw
    default: []
seealso:
  - plugin: linuxnet.macvlan.macvlan_link
    plugin_type: module
"""

EXAMPLES = r"""
- name: Make the links that the declaration of this host means
  linuxnet.macvlan.macvlan_link:
    links: "{{ (macvlan_networks | linuxnet.macvlan.intent).links }}"

- name: The same with links that are declared one by one
  linuxnet.macvlan.macvlan_link:
    links: "{{ (macvlan_networks | linuxnet.macvlan.intent(macvlan_links)).links }}"
"""

RETURN = r"""
_value:
  description:
    - C(networks), the declared networks in a normal form, for M(linuxnet.macvlan.macvlan_verify).
    - C(diagnosed), the same with networks that are derived from single links, for
      M(linuxnet.macvlan.macvlan_diagnose).
    - C(links), for M(linuxnet.macvlan.macvlan_link).
    - C(unmanaged_devices) and C(unmanaged_keys), for M(linuxnet.macvlan.nm_unmanaged).
    - C(leased_devices) and C(leased_keys), the same of links with a leased address, which NetworkManager may configure.
    - C(probes), the addresses that nobody else may hold, for M(linuxnet.macvlan.arp_conflict_check).
    - C(dhcp_probes), the same with the subnets that they lie in, for M(linuxnet.macvlan.dhcp_check).
  type: dict
"""

from typing import Any

from ansible.errors import AnsibleFilterError
from jinja2 import pass_context
from jinja2.runtime import Context

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.declaration import keyed, of_links
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.origin import KEY
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.slices import Groups
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._declared import as_list
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet.plan import HostDeclaration, read


@pass_context
def intent(context: Context, networks: Any, links: Any = None) -> dict[str, object]:
    """What one host's declaration means. Errors: AnsibleFilterError with all problems."""
    problems = Problems()
    declaration = HostDeclaration(
        str(context.get("inventory_hostname") or ""),
        as_list(networks, "macvlan_networks", problems),
        as_list(links, "macvlan_links", problems),
        groups=Groups(context.get("groups")),
    )
    plan = read(declaration, problems)
    if problems:
        raise AnsibleFilterError(problems.report())
    single = [link for link in plan.desired.present if link.key.startswith("macvlan_links")]
    diagnosed = (*plan.intent.networks, *of_links(single, plan.intent.networks))
    probed = [network for network in plan.intent.networks if network.probed()]
    by_link = [
        {KEY: link.key, "parent": link.parent, "addresses": [str(interface.ip) for interface in link.addresses]}
        for link in single
        if link.addresses
    ]
    by_network = [{KEY: network.key, "parent": network.parent, "addresses": network.probed()} for network in probed]
    by_subnet = [
        {**probe, "subnets": [str(subnet) for subnet in network.subnets]}
        for probe, network in zip(by_network, probed, strict=True)
    ]
    return {
        **plan.intent.as_data(),
        "diagnosed": [keyed(network) for network in diagnosed],
        "probes": by_network + by_link,
        "dhcp_probes": by_subnet + by_link,
    }


class FilterModule:
    """The filter ``linuxnet.macvlan.intent``."""

    def filters(self) -> dict[str, object]:
        return {"intent": intent}
