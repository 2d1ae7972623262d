#!/usr/bin/python
# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: macvlan_verify
short_description: Verify that host, containers and gateway of macvlan networks reach each other
version_added: 0.1.0
description:
  - Makes a catalogue of checks from the declared networks and from what is found on the host, repeats all of them for
    some seconds, and returns for each whether it passed, since when it did not, and what proves that.
  - The kind V(gateway_from_parent) asks whether the gateway answers the host over the parent, by an echo (ping) and by
    ARP or neighbour discovery. A gateway that drops pings and answers ARP counts as reachable.
  - The kind V(gateway_from_link) asks whether the gateway answers a request from the MAC address of the host's own
    macvlan link. When the parent is answered and the link is not, the network filters MAC addresses. The ARP requests
    carry no sender address, so that nobody's neighbour cache is changed.
  - The kind V(host_to_container) pings, by normal routing, each container address that is declared, or found on macvlan
    links of the same parent in other network namespaces of the host.
  - The kind V(container_to_host) pings from inside the namespace of each container found to the host's address in the
    network and to the IPv4 addresses of the parent in the subnet.
  - The kind V(container_to_gateway) pings from inside the same namespaces to the gateway that is declared for the
    subnet of the container's address, whatever the container's own default route is. A gateway that answers nobody's
    pings on the host, and ARP or neighbour discovery of the container, counts as reachable. Eight containers of each
    network ask, as routers limit how many pings they answer.
  - In check mode nothing is sent, and every check of the catalogue has the status V(NOT RUN).
author:
  - The linuxnet.macvlan authors (@linuxnet)
extends_documentation_fragment:
  - linuxnet.macvlan._attributes
  - linuxnet.macvlan._networks
attributes:
  check_mode:
    support: full
    details: Nothing is sent in check mode. The catalogue is returned, with the status V(NOT RUN).
  diff_mode:
    support: N/A
    details: It changes nothing.
  idempotent:
    support: full
    details: It changes nothing.
options:
  networks:
    description:
      - The networks of the host, as the filter P(linuxnet.macvlan.intent#filter) gives them.
    type: list
    elements: dict
    required: true
  soak_seconds:
    description:
      - For how long the checks are repeated, in seconds. What works at first and then breaks shows only in that time.
      - With V(0) each check runs once.
    type: float
    default: 10
  interval:
    description: Seconds from one round of checks to the next, at least V(0.1).
    type: float
    default: 1
  timeout:
    description: Seconds after which a probe without an answer is lost.
    type: float
    default: 1
  temporary_child:
    description:
      - Whether to ask the gateway from a temporary macvlan link of the parent, with a MAC address that the network has
        not seen before, where a network has no link of the host.
      - Turn it off where the switch shuts a port down that shows too many MAC addresses.
    type: bool
    default: true
  fail:
    description: Whether the task fails when a check failed.
    type: bool
    default: true
requirements:
  - pyroute2 >= 0.7.2 on the host
notes:
  - A check fails when a second probe of it is lost, or when none was answered. A single loss that is followed by an
    answer is listed in RV(checks[].evidence) and does not fail the check. When the very last probe is the only one that
    was lost, it is repeated once.
  - All checks of a round run at the same time, in one process, so that many containers take no longer than one.
  - A container that was found and ends meanwhile is no failure, its checks are V(SKIPPED). One that is declared has to
    answer to the end.
  - Needs C(CAP_NET_RAW), C(CAP_NET_ADMIN) and C(CAP_SYS_ADMIN).
seealso:
  - module: linuxnet.macvlan.macvlan_link
  - module: linuxnet.macvlan.macvlan_info
  - module: linuxnet.macvlan.arp_conflict_check
"""

EXAMPLES = r"""
- name: Verify one network for ten seconds
  linuxnet.macvlan.macvlan_verify:
    networks:
      - name: lan0
        parent: eth0
        subnets: [192.168.100.0/24]
        gateways: [192.168.100.1]
        container_ranges: [192.168.100.128/28]
        host_addresses: [192.168.100.3]
        link: lan0

- name: Verify once, and go on whatever comes out
  linuxnet.macvlan.macvlan_verify:
    networks: "{{ my_networks }}"
    soak_seconds: 0
    fail: false
  register: result

- name: Show what failed
  ansible.builtin.debug:
    msg: "{{ result.checks | selectattr('status', 'eq', 'FAIL') | list }}"
"""

RETURN = r"""
checks:
  description: The catalogue with its verdicts, in the order of networks and kinds.
  returned: when the input is valid
  type: list
  elements: dict
  contains:
    id:
      description: Network, kind, from and target with slashes in between. The same check has the same id in each run.
      type: str
      sample: lan0/host_to_container/host/192.168.100.129
    network:
      description: The name of the network.
      type: str
      sample: lan0
    kind:
      description:
        - V(gateway_from_parent), V(gateway_from_link), V(host_to_container), V(container_to_host) or
          V(container_to_gateway); or V(announcer), where the service that announces containers is installed and does
          not run.
      type: str
      sample: host_to_container
    from:
      description: What asked, which is an interface, V(host), or the namespace of a container.
      type: str
      sample: host
    target:
      description: The address that was asked, or a word for those that there are none of.
      type: str
      sample: 192.168.100.129
    status:
      description: V(PASS), V(FAIL), V(SKIPPED) or V(NOT RUN).
      type: str
      sample: FAIL
    sent:
      description: Number of probes sent.
      type: int
      sample: 11
    received:
      description: Number of probes answered.
      type: int
      sample: 4
    rtt:
      description: Round-trip times in milliseconds, V(null) where nothing was answered.
      type: dict
      sample: {min: 0.031, avg: 0.058, max: 0.112}
      contains:
        min:
          description: The shortest.
          type: float
        avg:
          description: The mean.
          type: float
        max:
          description: The longest. That of the first probe can include address resolution.
          type: float
    first_failure:
      description: The first lost probe of a failed check, V(null) for others.
      type: dict
      sample: {after_seconds: 4.2, at: "2026-01-31T12:00:04.200Z"}
      contains:
        after_seconds:
          description: Seconds from the start of the checks to its sending.
          type: float
        at:
          description: The same as a time in UTC (ISO 8601).
          type: str
    evidence:
      description: What was seen and read. Of a failed check with the time of the first loss where that is possible.
      type: list
      elements: dict
      contains:
        what:
          description:
            - What it is about, such as V(answered), V(route), V(neighbour), V(container) or V(link).
            - V(suspected_cause) starts with the name of a cause, such as V(host_isolation) or
              V(mac_filtering_upstream).
            - V(reason) is why a check was skipped.
            - V(engine) is why the declared container engine cannot be used, which is a fault whatever answers.
            - V(unchecked) names containers that run where nothing that is declared can be asked.
          type: str
          sample: route
        value:
          description: What was seen.
          type: str
          sample: the kernel sends 192.168.100.129 out of eth0 with source 192.168.100.11
    remedy:
      description: What to do, empty where there is nothing to do.
      type: str
passed:
  description: Whether no check failed. It is V(true) too when none was run, see RV(summary).
  returned: when the input is valid
  type: bool
summary:
  description: For each kind the number of checks that V(passed), V(failed), were V(skipped) and were V(not_run).
  returned: when the input is valid
  type: dict
  sample:
    gateway_from_parent: {passed: 1, failed: 0, skipped: 0, not_run: 0}
first_failure:
  description: The check that failed first, as one line with its evidence; V(null) where none failed.
  returned: when the input is valid
  type: str
seconds:
  description: How long it took.
  returned: when the input is valid
  type: float
  sample: 10.3
problems:
  description: What is wrong with the input, each with key, value, problem and remedy.
  returned: when the input is not valid
  type: list
  elements: dict
"""

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import compile_once

compile_once.install()

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.results import end
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.task import argument_spec, run


def main() -> None:
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    end(module, run(module.params, module.check_mode))


if __name__ == "__main__":
    main()
