# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fleet_plan
short_description: Validate what a whole inventory declares before any host is touched
version_added: 0.1.0
author:
  - The linuxnet.macvlan authors (@linuxnet)
description:
  - Reads C(macvlan_networks), C(macvlan_links) and C(ansible_host) of all hosts of the inventory, and fails with all
    problems at once, each with host, key, value and remedy.
  - It checks the declaration of each host by itself, such as ranges that leave the subnet, a host address or
    a gateway inside the container range, names that the kernel refuses.
  - Between hosts it looks for addresses and MAC addresses that are declared twice, container ranges that overlap,
    addresses and gateways inside another host's range, subnets of one LAN that differ, and addresses by which Ansible
    reaches a host. Networks with different C(segment) are different LANs.
  - A range with C(container_range_per_host) is one for all hosts of C(container_range_group), cut into a slice for each
    host. It returns the assignment, and fails when the range is exhausted.
  - It runs on the controller and opens no connection. One task with C(run_once) serves the whole play.
options:
  roles:
    description:
      - Roles of this collection whose options are validated for each host of the play that declares something, so that
        the roles need not do it, one task for each host.
    type: list
    elements: str
    default: []
  declarations:
    description: Whether to validate what is declared. With V(false) only the options of O(roles) are.
    type: bool
    default: true
  playbook:
    description:
      - The playbook of this collection that runs. Its own variables are validated, such as C(macvlan_serial), and what
        C(--tags) and C(--skip-tags) mean for it is returned.
      - An extra variable with the name of something that playbooks or roles register or set is refused, as it would
        outrank that. Extra variables that begin like those of this collection, and that nothing reads, are warnings.
    type: str
    choices: [site, verify, diagnose, teardown, import, mac_list]
notes:
  - Hosts of the inventory that are not in the play, by C(--limit) for instance, are compared with. Problems among
    themselves become one warning. Hosts that the inventory does not list, such as those in other slices of a sliced
    job, are not seen.
extends_documentation_fragment:
  - linuxnet.macvlan._attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
    details: It changes nothing.
  idempotent:
    support: full
  platform:
    details: It runs on the controller.
  action_group:
    support: none
    membership: []
seealso:
  - plugin: linuxnet.macvlan.intent
    plugin_type: filter
  - plugin: linuxnet.macvlan.container_slices
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Plan the whole inventory
  hosts: all
  gather_facts: false
  tasks:
    - name: Validate what all hosts declare
      linuxnet.macvlan.fleet_plan:
      run_once: true
"""

RETURN = r"""
playbook:
  description: The value of O(playbook), empty without one.
  returned: always
  type: str
  sample: site
steps:
  description: The steps of the playbook that run, in their order.
  returned: always
  type: list
  elements: str
  sample: [plan, prepare, probe, exclusion, links, containers, verify, report]
alone:
  description: Whether nothing but the plan was asked for, with C(--tags plan) or by skipping all other steps.
  returned: always
  type: bool
  sample: false
problems:
  description: What is wrong with hosts of this play. The task fails when there is any.
  returned: always
  type: list
  elements: dict
  contains:
    host:
      description: The inventory name.
      type: str
      returned: always
    key:
      description: Where it stands in the declaration.
      type: str
      returned: always
      sample: macvlan_networks[0].host_address
    value:
      description: What stands there.
      type: raw
      returned: always
    problem:
      description: What is wrong with it.
      type: str
      returned: always
    remedy:
      description: What to do instead.
      type: str
      returned: always
hosts:
  description: How many hosts the play has.
  returned: when O(declarations=true)
  type: int
without_declaration:
  description: How many of them declare nothing. There is nothing to do on them.
  returned: when O(declarations=true)
  type: int
not_in_play:
  description: How many further hosts of the inventory were compared with.
  returned: when O(declarations=true)
  type: int
networks:
  description: How many networks are declared in the play.
  returned: when O(declarations=true)
  type: int
container_slices:
  description: The ranges that a group shares, and who has which slice of them, whether in this play or not.
  returned: when O(declarations=true)
  type: list
  elements: dict
  contains:
    ranges:
      description: The ranges, one per family.
      type: list
      elements: str
      returned: always
      sample: [192.168.100.128/25]
    per_host:
      description: The prefix length of a slice of each.
      type: list
      elements: int
      returned: always
      sample: [28]
    group:
      description: The group that shares them.
      type: str
      returned: always
    count:
      description: How many slices there are.
      type: int
      returned: always
    free:
      description: How many of them are neither assigned nor pinned.
      type: int
      returned: always
    container_slice:
      description: The number of each host's slice, in the form in which C(container_slice) pins them.
      type: dict
      returned: always
      sample: {h1: 5, h2: 2}
    moving:
      description: Hosts that would get another slice if certain others left, unless they are pinned.
      type: list
      elements: str
      returned: always
links:
  description: How many links follow from the declarations of the play.
  returned: when O(declarations=true)
  type: int
"""
