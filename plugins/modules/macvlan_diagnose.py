#!/usr/bin/python
# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: macvlan_diagnose
short_description: Collect on one host the evidence for why a macvlan link breaks
version_added: 0.1.0
description:
  - Reads the host's network (links, addresses, routes, neighbours and settings of its own and of all container
    namespaces, its network managers, its kernel, what makes the links come back after a boot), watches it as
    M(linuxnet.macvlan.macvlan_watch) does, reads it once more, and makes small experiments.
  - It follows its own probes from interface to interface by packet sockets, and reads from a private instance of the
    kernel's trace why packets were dropped. The instance ends with the module, and tracefs is mounted for no other
    process.
  - It judges nothing. M(linuxnet.macvlan.fleet_diagnose) merges the evidence of all hosts and names causes.
  - It does not fail on a broken host. What could not be read is listed in RV(evidence.problems).
author:
  - The linuxnet.macvlan authors (@linuxnet)
extends_documentation_fragment:
  - linuxnet.macvlan._attributes
attributes:
  check_mode:
    support: full
    details: It changes nothing, and does the same in check mode.
  diff_mode:
    support: N/A
    details: It changes nothing.
  idempotent:
    support: full
    details: It changes nothing.
options:
  networks:
    description:
      - The networks of the host, as the filter P(linuxnet.macvlan.intent#filter) gives them, see
        O(linuxnet.macvlan.macvlan_verify#module:networks).
    type: list
    elements: dict
    required: true
  links:
    description:
      - The links of the host, as the same filter gives them. What differs from them is part of the evidence.
    type: list
    elements: dict
    default: []
  container_networks:
    description:
      - The networks of container engines, as the same filter gives them. What of them is not as declared is part of the
        evidence, by the comparison of M(linuxnet.macvlan.container_network).
    type: list
    elements: dict
    default: []
  persistence:
    description: See O(linuxnet.macvlan.macvlan_link#module:persistence).
    type: str
    default: auto
  targets:
    description: Further addresses that the watch asks.
    type: list
    elements: str
    default: []
  duration:
    description: For how many seconds to watch.
    type: float
    default: 60
  interval:
    description: Seconds from one round of questions to the next.
    type: float
    default: 0.5
  after_break:
    description:
      - End the watch this many seconds after something broke that had worked, or was broken from the start; four times
        as many where it answered again, as a pattern takes longer to show.
      - They count from the first unanswered question where all targets have answered within 0.1 seconds and lost
        nothing before, as a silence is then neither a slow path nor a coincidence; else from when it is known to be
        lost.
      - Run by Ansible, the watches of all hosts of the task end then. One that began later lasts as many seconds, too.
      - Without it the watch lasts for O(duration).
    type: float
  active:
    description:
      - Whether to run experiments, which send a few packets. Each result lists what was sent.
      - Where the gateway answers the parent and no new MAC address on it, one of them turns on the parent's promiscuous
        mode for less than a second, as some cards need it for macvlan links.
      - Turn it off where the switch shuts a port down that shows too many MAC addresses.
    type: bool
    default: true
  host_id:
    description: The inventory name of the host. The action plugin sets it.
    type: str
  place:
    description:
      - The place of this host, from V(0) on, among the hosts that are diagnosed at the same time. The action plugin
        sets it.
      - Two experiments, a DHCP discovery and an announcement of addresses, would disturb those of other hosts on the
        same segment. Hosts make them in up to four turns of 1.5 seconds, by their clocks. A host on which alone
        something is broken waits for no turn, and one whose watch ends early for another host, and which lost nothing,
        makes none of them.
    type: int
    default: 0
  hosts:
    description: How many hosts are diagnosed at the same time. The action plugin sets it.
    type: int
    default: 1
  live:
    description:
      - The name of a directory in C(/run/linuxnet-macvlan) in which the watch says what it has seen so far, 32
        hexadecimal digits. The action plugin sets it, and follows the watch there. It is removed after the watch.
      - A watch that is followed ends when nobody has followed it for 30 seconds, and the module when nobody is left to
        read its result.
    type: str
    default: ""
requirements:
  - pyroute2 >= 0.7.2 on the host
notes:
  - Needs C(CAP_NET_RAW), C(CAP_NET_ADMIN) and C(CAP_SYS_ADMIN).
seealso:
  - module: linuxnet.macvlan.fleet_diagnose
  - module: linuxnet.macvlan.macvlan_watch
"""

EXAMPLES = r"""
- name: Collect evidence for a minute
  linuxnet.macvlan.macvlan_diagnose:
    networks: "{{ (macvlan_networks | linuxnet.macvlan.intent).networks }}"
    links: "{{ (macvlan_networks | linuxnet.macvlan.intent).links }}"
  register: diagnose_result

- name: Say what it means
  linuxnet.macvlan.fleet_diagnose:
  run_once: true
"""

RETURN = r"""
packed_evidence:
  description:
    - RV(evidence) as JSON, compressed (zlib) and in base64, for M(linuxnet.macvlan.fleet_diagnose). The action plugin
      packs it, as controllers such as AWX store the result of each task.
    - In Python, C(zlib.decompress(base64.b64decode(text))) is the JSON.
  returned: when the input is valid and it is run by Ansible
  type: str
evidence:
  description: Everything that was found, as plain data.
  returned: when the input is valid and the module runs without its action plugin
  type: dict
  contains:
    schema:
      description: The version of this structure.
      type: int
      sample: 1
    host:
      description: The inventory name.
      type: str
    started:
      description: When it began, in seconds since the epoch by the host's clock.
      type: float
    ended:
      description: When it was done, likewise.
      type: float
    networks:
      description: The networks as given.
      type: list
      elements: dict
    system:
      description: Kernel, machine, network managers, and what makes links come back after a boot.
      type: dict
    before:
      description: The network before the watch. Namespaces with links, addresses, routes, neighbours and settings.
      type: dict
    watch:
      description: The timeline, see M(linuxnet.macvlan.macvlan_watch).
      type: dict
    paths:
      description:
        - Where the probes of the watch vanished. For each target that lost some, the interfaces on their way (C(hops)),
          the last ones that saw request and answer, and each edge on which attempts vanished, with the direction and
          what the kernel says of the packets that it dropped (C(drops)).
        - What this host saw of the probes of other hosts (C(foreign)), by which what vanished between them is found.
        - Why the kernel could not be asked for its reasons (C(not_traced)), which needs tracefs and Linux 5.17.
      returned: when there was a watch
      type: dict
    after:
      description: The network after the watch and before the experiments.
      type: dict
    drift:
      description: What M(linuxnet.macvlan.macvlan_link) would change, and why it would refuse to.
      type: dict
    experiments:
      description: Each experiment for each network, with what was sent and its result, or why it was not made.
      type: list
      elements: dict
    problems:
      description: What could not be read, and why.
      type: list
      elements: str
clock:
  description:
    - The host's clock minus the controller's in seconds (C(offset_seconds)), and how far off that may be
      (C(uncertainty_seconds)), as the action plugin measured it. V(null) where it could not.
  returned: when run by Ansible
  type: dict
problems:
  description: What is wrong with the input, each with key, value, problem and remedy.
  returned: when the input is not valid
  type: list
  elements: dict
"""


from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import compile_once

compile_once.install()

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import InvalidInput
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.results import refusal, safe
from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence import live
from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.collect import CollectOptions, collect


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "networks": {"type": "list", "elements": "dict", "required": True},
            "links": {"type": "list", "elements": "dict", "default": []},
            "container_networks": {"type": "list", "elements": "dict", "default": []},
            "persistence": {"type": "str", "default": "auto"},
            "targets": {"type": "list", "elements": "str", "default": []},
            "duration": {"type": "float", "default": 60},
            "interval": {"type": "float", "default": 0.5},
            "after_break": {"type": "float"},
            "active": {"type": "bool", "default": True},
            "host_id": {"type": "str"},
            "place": {"type": "int", "default": 0},
            "hosts": {"type": "int", "default": 1},
            "live": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    given = {**module.params, "host_id": module.params["host_id"] or ""}
    if given["live"]:
        live.remove_when_ended()
    try:
        evidence = collect(CollectOptions(**given))
    except InvalidInput as error:
        module.fail_json(**refusal(error))
    module.exit_json(changed=False, evidence=safe(evidence, "problems"))


if __name__ == "__main__":
    main()
