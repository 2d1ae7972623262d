#!/usr/bin/python
# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: everything in which a host can differ from its declaration, and who answers."""

from __future__ import annotations

DOCUMENTATION = r"""
module: macvlan_survey
short_description: Compare a host with its declaration, and probe the network, in one task
version_added: 0.1.0
author: ["The linuxnet.macvlan authors (@linuxnet)"]
description:
  - Does in one process what M(linuxnet.macvlan.kmod_check), M(linuxnet.macvlan.nm_unmanaged),
    M(linuxnet.macvlan.macvlan_link) and M(linuxnet.macvlan.container_network) do in check mode, and what
    M(linuxnet.macvlan.arp_conflict_check), M(linuxnet.macvlan.macvlan_verify) and M(linuxnet.macvlan.dhcp_check) do,
    with the same code and the same results.
  - Each option is one of these parts, with the options of its module. A part without options is skipped.
  - First it reads kernel, NetworkManager, links and files. Then it probes for other holders of the addresses and
    whether gateway and containers answer, both at the same time, so that a host on which nothing differs takes as
    long as the longest of them.
  - When the kernel cannot make macvlan links yet, or a module had to be loaded for that, only RV(kernel) is returned,
    and all other parts are skipped.
  - A part that fails, also because its options are not valid, is a result with C(failed) and C(msg), and the other
    parts are returned all the same. The task itself does not fail.
  - The playbooks C(site) and C(verify) of this collection begin with it, and run roles only on hosts that it does not
    find settled.
extends_documentation_fragment:
  - linuxnet.macvlan._attributes
attributes:
  check_mode:
    support: full
    details: It changes nothing, and sends its probes in check mode too, except those of O(reachability).
  diff_mode:
    support: N/A
    details: It changes nothing, and the parts return their diffs as data.
  idempotent:
    support: full
options:
  kernel:
    description: Options of M(linuxnet.macvlan.kmod_check).
    type: dict
  exclusion:
    description: Options of M(linuxnet.macvlan.nm_unmanaged).
    type: dict
  links:
    description: Options of M(linuxnet.macvlan.macvlan_link).
    type: dict
  container_networks:
    description: Options of M(linuxnet.macvlan.container_network).
    type: dict
  conflicts:
    description: Options of M(linuxnet.macvlan.arp_conflict_check), except its C(run_key).
    type: dict
  reachability:
    description: Options of M(linuxnet.macvlan.macvlan_verify).
    type: dict
  dhcp:
    description: Options of M(linuxnet.macvlan.dhcp_check).
    type: dict
  run_key:
    description: See O(linuxnet.macvlan.arp_conflict_check#module:run_key).
    type: str
  thorough:
    description:
      - Whether O(reachability) is checked also where O(exclusion) or O(links) found a difference. With V(false) such a
        host is back sooner, for a run that will check it after its changes.
    type: bool
    default: true
  dhcp_in_service:
    description:
      - Whether DHCP servers are asked also where the host has all addresses that O(conflicts) asked for one by one.
    type: bool
    default: true
  host_id:
    description:
      - See O(linuxnet.macvlan.macvlan_link#module:host_id). The name of the host in the inventory, unless given.
    type: str
requirements:
  - pyroute2 >= 0.7.2 on the host
notes:
  - Needs what its parts need, usually root.
seealso:
  - module: linuxnet.macvlan.kmod_check
  - module: linuxnet.macvlan.nm_unmanaged
  - module: linuxnet.macvlan.macvlan_link
  - module: linuxnet.macvlan.container_network
  - module: linuxnet.macvlan.arp_conflict_check
  - module: linuxnet.macvlan.macvlan_verify
  - module: linuxnet.macvlan.dhcp_check
"""

EXAMPLES = r"""
- name: Compare one link with its declaration, look for other holders of its address, and ask the gateway
  linuxnet.macvlan.macvlan_survey:
    links:
      links: "{{ (macvlan_networks | linuxnet.macvlan.intent).links }}"
      purge: true
    conflicts:
      probes: "{{ (macvlan_networks | linuxnet.macvlan.intent).probes }}"
    reachability:
      networks: "{{ (macvlan_networks | linuxnet.macvlan.intent).networks }}"
      soak_seconds: 0
      fail: false
  register: found

- name: Show what differs
  ansible.builtin.debug:
    var: found.links.messages
  when: not found.settled
"""

RETURN = r"""
as_declared:
  description:
    - Whether the parts O(kernel), O(exclusion), O(links) and O(container_networks) would change nothing, and no earlier
      change of the host waits for its confirmation or has to be reported.
  returned: success
  type: bool
  sample: true
settled:
  description: RV(as_declared), and no part failed or found something that does not answer.
  returned: success
  type: bool
  sample: true
kernel:
  description: The result of M(linuxnet.macvlan.kmod_check) in check mode.
  returned: success
  type: dict
exclusion:
  description: The result of M(linuxnet.macvlan.nm_unmanaged) in check mode.
  returned: success
  type: dict
links:
  description: The result of M(linuxnet.macvlan.macvlan_link) in check mode.
  returned: success
  type: dict
container_networks:
  description: The result of M(linuxnet.macvlan.container_network) in check mode.
  returned: success
  type: dict
conflicts:
  description: The result of M(linuxnet.macvlan.arp_conflict_check).
  returned: success
  type: dict
reachability:
  description: The result of M(linuxnet.macvlan.macvlan_verify).
  returned: success
  type: dict
dhcp:
  description: The result of M(linuxnet.macvlan.dhcp_check).
  returned: success
  type: dict
overrun:
  description: What was left out because the result would have been too large, one line for each kind.
  returned: when something was left out
  type: list
  elements: str
"""


from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import compile_once

compile_once.install()

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.results import end
from ansible_collections.linuxnet.macvlan.plugins.module_utils._survey.look import SurveyRequest, survey
from ansible_collections.linuxnet.macvlan.plugins.module_utils._survey.names import CONFLICTS, LINKS
from ansible_collections.linuxnet.macvlan.plugins.module_utils._survey.parts import PARTS


def options(params: dict) -> dict[str, dict]:
    """The options of each part that is asked for, as they were given."""
    given = {name: dict(params[name]) for name in PARTS if params[name] is not None}
    if CONFLICTS in given:
        given[CONFLICTS]["run_key"] = params["run_key"]
    if LINKS in given:
        given[LINKS].setdefault("host_id", params["host_id"])
    return given


def complete(argument_spec: dict, given: dict) -> tuple[dict, str]:
    """The options of a part with its defaults, and why they are not valid, or an empty text."""
    checked = ArgumentSpecValidator(argument_spec).validate(given)
    return checked.validated_parameters, "; ".join(checked.error_messages)


def main() -> None:
    parts: dict = {name: {"type": "dict"} for name in PARTS}
    module = AnsibleModule(
        argument_spec={
            **parts,
            "run_key": {"type": "str", "no_log": True},
            "thorough": {"type": "bool", "default": True},
            "dhcp_in_service": {"type": "bool", "default": True},
            "host_id": {"type": "str"},
        },
        supports_check_mode=True,
    )
    given = module.params
    request = SurveyRequest(
        options(given), complete, given["thorough"], given["dhcp_in_service"], check=module.check_mode
    )
    end(module, survey(request))


if __name__ == "__main__":
    main()
