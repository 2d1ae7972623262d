# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fleet_verdict
short_description: Compare what all hosts saw, and find address conflicts
version_added: 0.1.0
author:
  - The linuxnet.macvlan authors (@linuxnet)
description:
  - Merges what M(linuxnet.macvlan.arp_conflict_check) found on all hosts of the inventory, with the links of all their
    network namespaces, and returns which addresses and MAC addresses are in conflict, who has them, from where that was
    seen, and when.
  - One host alone cannot distinguish a link of its neighbour from a foreign one, and does not see that an address is on
    two hosts, as each of them sees one other holder at most. Here all MAC addresses of the fleet are known, as read
    from the hosts, and as declared for hosts that were not read. So a host that answers for an address of its own with
    the MAC addresses of its parent and of its link is one holder and no conflict.
  - It finds addresses that a machine outside of the fleet has, addresses on two hosts, MAC addresses on two hosts of
    one segment, and copied installations (equal machine-ids).
  - It reads C(interfaces_probe) and C(interfaces_result), which the role C(linuxnet.macvlan.interfaces) leaves
    behind, or what M(linuxnet.macvlan.macvlan_survey) found, out of the variables of all hosts, so that it works across
    plays and batches. It runs on the controller and opens no connection. One task with C(run_once) serves the whole
    play.
options:
  list_all:
    description: Whether to return everything that was merged, not the conflicts alone.
    type: bool
    default: false
requirements:
  - netaddr, a Python library on the controller, for the names of vendors. Without it they are left out.
notes:
  - It evaluates the evidence that it has. RV(unseen) lists hosts without evidence and the reason, such as those that
    C(--limit) leaves out, that come in a later batch of C(serial), or that could not be reached, and what the others
    could not see. Hosts that the inventory does not list, such as those in other slices of a sliced job, are strangers.
  - With the strategy V(free) Ansible runs it for each host, with what the others have found by then.
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
  - module: linuxnet.macvlan.arp_conflict_check
  - module: linuxnet.macvlan.fleet_plan
"""

EXAMPLES = r"""
- name: Ask on all hosts
  ansible.builtin.import_role:
    name: linuxnet.macvlan.interfaces
    tasks_from: probe

- name: Compare what all hosts saw
  linuxnet.macvlan.fleet_verdict:
  register: verdict
  run_once: true

- name: Stop where something is wrong
  ansible.builtin.fail:
    msg: "{{ verdict.conflicts[inventory_hostname] | map(attribute='message') | join('\n') }}"
  when: inventory_hostname in verdict.conflicts
"""

RETURN = r"""
conflicts:
  description: What is wrong, by inventory name. A conflict of two hosts stands under both.
  returned: always
  type: dict
  contains:
    status:
      description:
        - V(in_use) when another machine has an address that is declared for this host.
        - V(duplicate) when two machines have it, in the fleet or outside of it.
        - V(duplicate_mac) when two hosts of a segment have one MAC address, or one has what the other declares.
        - V(cloned_machine) when two hosts have one machine-id.
        - V(virtual_router) and V(unknown) as M(linuxnet.macvlan.arp_conflict_check) returns it.
      type: str
      returned: always
    cause:
      description:
        - The cause by its id, as M(linuxnet.macvlan.fleet_diagnose) returns it, V(duplicate_ip),
          V(duplicate_ip_in_fleet) or V(duplicate_mac_in_fleet).
        - Empty where no cause of the diagnosis is proven by the conflict.
      type: str
      returned: always
    title:
      description: The cause in a few words, empty where there is none.
      type: str
      returned: always
      sample: two machines have one address
    subject:
      description: The address, the MAC address, or the hashed machine-id.
      type: str
      returned: always
    declared:
      description: What the subject is declared as for this host, empty where it only has it.
      type: str
      returned: always
      sample: host_address
    counts:
      description: Whether C(interfaces_conflict_fail_on) of this host, or the role's default, holds the status.
      type: bool
      returned: always
    parent:
      description: The interface on which it was asked for.
      type: str
      returned: always
    segment:
      description: The segment, if it has a name.
      type: str
      returned: always
    hosts:
      description: All hosts of the inventory that take part. The first of them has all, each other one the first 20.
      type: list
      elements: str
      returned: always
    hosts_left_out:
      description: How many more hosts take part than C(hosts) lists.
      type: int
      returned: when some are left out
    holders_left_out:
      description: How many more there are than C(holders) lists, which are the first 20 and those of the host itself.
      type: int
      returned: when some are left out
    holders:
      description: Who has it, with C(mac), C(vendor), C(host), C(namespace) and C(link), which are empty for a
        machine outside of the fleet, whether that is C(configured), and how it was C(seen).
      type: list
      elements: dict
      returned: always
      sample:
        - mac: 00:1b:21:3c:4d:5e
          vendor: Intel Corporate
          host: ""
          namespace: ""
          link: ""
          configured: false
          seen: [{by: h5, vantage: parent, kind: reply, at: "2026-03-01T10:00:00.123Z"}]
    message:
      description: The same in one line.
      type: str
      returned: always
  sample: {}
unseen:
  description: What the verdict rests on without, one line for each reason.
  returned: always
  type: list
  elements: str
  sample: ["h3, h4: not in this run", "h5: eth0 from child: eth0 takes no temporary child: Device or resource busy"]
settled:
  description:
    - Whether a run has nothing left to do on the hosts of its batch. M(linuxnet.macvlan.macvlan_survey) found each of
      them as declared and answering, or did not reach it, and no conflict refuses what one declares.
  returned: always
  type: bool
unprepared:
  description:
    - The hosts of which M(linuxnet.macvlan.macvlan_survey) has read no addresses yet, because their kernel has to be
      prepared for it, or because it was skipped or failed.
  returned: always
  type: list
  elements: str
  sample: []
summary:
  description: How many hosts with a declaration there are, how many were asked, and how much was merged.
  returned: always
  type: dict
  sample: {hosts: 5, asked: 3, addresses: 14, macs: 17, conflicts: 1}
addresses:
  description: Each address of each segment, and who has it, in the form of C(holders) above.
  returned: when O(list_all=true)
  type: list
  elements: dict
macs:
  description: Each MAC address of the fleet and the links that have it.
  returned: when O(list_all=true)
  type: list
  elements: dict
"""
