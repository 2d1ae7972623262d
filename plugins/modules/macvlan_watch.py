#!/usr/bin/python
# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: macvlan_watch
short_description: Record reachability, changes and their processes around macvlan networks
version_added: 0.1.0
description:
  - For some seconds it probes targets again and again, from the parent, from the host's own macvlan link and from
    inside the containers, and records from when to when each did not answer.
  - At the same time it records every change of links, addresses, routes, neighbours and rules in the host's network
    namespace and in those of its macvlan containers, ARP and neighbour discovery for the addresses concerned, counters
    of dropped packets that increase, state changes of NetworkManager and systemd-networkd, and programs that are
    started and can change the network.
  - Changes name the process that requested them, as far as the kernel reports it, with its unit and the processes that
    started it, even if it lived for milliseconds only.
  - It changes nothing on the host.
author:
  - The linuxnet.macvlan authors (@linuxnet)
extends_documentation_fragment:
  - linuxnet.macvlan._attributes
  - linuxnet.macvlan._networks
attributes:
  check_mode:
    support: full
    details: It changes nothing, and watches in check mode too.
  diff_mode:
    support: N/A
    details: It changes nothing.
  idempotent:
    support: full
    details: It changes nothing.
options:
  networks:
    description:
      - The networks of the host, as the filter P(linuxnet.macvlan.intent#filter) returns them. The targets follow from
        them as for M(linuxnet.macvlan.macvlan_verify).
    type: list
    elements: dict
    default: []
  targets:
    description: Targets beside those that follow from O(networks). Without any target only changes are recorded.
    type: list
    elements: dict
    default: []
    suboptions:
      target:
        description: The IP address.
        type: str
        required: true
      method:
        description:
          - V(echo) is a ping by normal routing.
          - V(who_has) is an ARP request without sender address, or a neighbour solicitation, from O(targets[].link).
          - V(tcp) opens a connection to O(targets[].port) and resets it at once. A refused connection is no answer.
        type: str
        choices: [echo, who_has, tcp]
        default: echo
      namespace:
        description:
          - The network namespace to probe from, as RV(events[].namespace) names it. The host's own by default. Not for
            V(who_has).
        type: str
      link:
        description: The link to send from. For V(who_has) only, which needs it.
        type: str
      port:
        description: The port. For V(tcp) only, which needs it.
        type: int
  duration:
    description:
      - The duration of the watch in seconds, from V(1) to V(3600).
      - A stale neighbour entry takes 38 seconds to fail, and a DHCP client of NetworkManager 45 seconds to give up.
    type: float
    default: 60
  interval:
    description:
      - Seconds from one round of probes to the next, from V(0.2) to V(1). A probe is lost after two intervals.
      - At most 200 probes are sent per second. With more targets than that allows, the interval is longer, and
        RV(limits) lists it.
    type: float
    default: 0.5
  after_break:
    description:
      - End the watch this many seconds after a target broke, or was broken from the start; four times as many where
        it answered again, as a pattern takes longer to show.
      - They count from the first unanswered question where all targets have answered within 0.1 seconds and lost
        nothing before, as a silence is then neither a slow path nor a coincidence; else from when it is known to be
        lost.
      - Without it the watch lasts for O(duration).
    type: float
  temporary_child:
    description:
      - Whether to probe the gateway from a temporary macvlan link of the parent, with a MAC address that the network
        has not seen before, where a network has no link of the host. The link lives in a network namespace that exists
        only as long as this module runs, also when the module is killed.
      - Turn it off where the switch shuts a port down that shows too many MAC addresses.
    type: bool
    default: true
requirements:
  - pyroute2 >= 0.7.2 on the host
notes:
  - It needs C(CAP_NET_RAW), C(CAP_NET_ADMIN) and C(CAP_SYS_ADMIN).
  - The kernel reports the requesting process for changes of IPv4 addresses, routes, neighbours and rules by netlink. It
    does not for links, for IPv6 addresses, for ioctl (C(ifconfig)), and for consequences of another change. Who sets a
    link down or deletes it is then known by the kernel's trace (Linux 5.17 or newer, root in the first PID namespace);
    otherwise RV(events[].suspects) lists the programs that ran at that moment.
  - Processes that live only for milliseconds are identified by the kernel's process events connector, which is
    available to root in the first PID namespace. Inside a system container RV(limits) reports that it is missing.
  - It takes less than 5 % of one core and 50 MB, as it reads at most 150 notifications and 120 ARP frames per second
    and counts the rest. RV(cost) reports the actual cost.
seealso:
  - module: linuxnet.macvlan.macvlan_verify
  - module: linuxnet.macvlan.arp_conflict_check
"""

EXAMPLES = r"""
- name: Watch the declared networks for two minutes
  linuxnet.macvlan.macvlan_watch:
    networks: "{{ (macvlan_networks | linuxnet.macvlan.intent).networks }}"
    duration: 120
  register: watched

- name: Name the processes that removed addresses
  ansible.builtin.debug:
    msg: "{{ item.after }} s: {{ item.what }} by {{ item.process.name | default('?') }}"
  loop: "{{ watched.events | selectattr('kind', 'eq', 'address') | selectattr('action', 'eq', 'delete') }}"

- name: Watch one container's path to a database and the network around it
  linuxnet.macvlan.macvlan_watch:
    targets:
      - target: 192.168.100.20
        method: tcp
        port: 5432
        namespace: c1
      - target: 192.168.100.1
        method: who_has
        link: eth0
    interval: 0.2
"""

RETURN = r"""
started:
  description: When watching began, by the host's clock, in UTC. All C(after) are seconds since then.
  returned: when the input is valid
  type: str
  sample: "2026-03-01T10:00:00.123Z"
duration:
  description: How long it watched, in seconds. Waiting for the last answers can make it two intervals longer.
  returned: when the input is valid
  type: float
  sample: 60.4
interval:
  description: Seconds from one round of questions to the next.
  returned: when the input is valid
  type: float
  sample: 0.5
targets:
  description: What was asked, and what came of it.
  returned: when the input is valid
  type: list
  elements: dict
  contains:
    id:
      description: Identifies the target in this result.
      type: str
      sample: lan0/host_to_container/host/192.168.100.130/echo
    network:
      description: The network, empty for O(targets).
      type: str
      sample: lan0
    kind:
      description: The kind of check as in M(linuxnet.macvlan.macvlan_verify), or V(target) for O(targets).
      type: str
      sample: host_to_container
    from:
      description: The C(namespace) that asked, empty for the host's own, and the C(link) as far as that is known.
      type: dict
      sample: {"namespace": "", "link": "lan0"}
    target:
      description: The address, for V(tcp) with the port. Where nothing could be asked it may be a word.
      type: str
      sample: 192.168.100.130
    method:
      description: V(echo), V(who_has) or V(tcp), empty where nothing could be asked.
      type: str
      sample: echo
    sent:
      description: Number of questions.
      type: int
      sample: 120
    received:
      description: Number of answers.
      type: int
      sample: 97
    rtt_ms:
      description: Round trip times in milliseconds, V(null) without any answer.
      type: dict
      sample: {"min": 0.1, "avg": 0.2, "max": 0.9}
    first_loss:
      description: When the first unanswered question was sent, V(null) where all were answered.
      type: float
      sample: 4.2
    losses:
      description:
        - Intervals, each from the sending of the first unanswered question to that of the first answered one after it,
          or to the end.
      type: list
      elements: list
      sample: [[4.2, 9.8]]
    answered_by:
      description: For V(who_has) the MAC addresses that answered.
      type: list
      elements: str
      sample: ["52:54:00:12:34:56"]
    errors:
      description: The kernel's error for probes that it did not send, empty otherwise.
      type: str
      sample: Network is unreachable
    ended:
      description: Why it was not probed until the end, which is that its namespace ended; empty otherwise.
      type: str
      sample: ""
    impossible:
      description: Why nothing could be probed, such as a declared link that is not there; empty otherwise.
      type: str
      sample: this host has no link lan0
    declined:
      description:
        - Why what was lost is fine as M(linuxnet.macvlan.macvlan_verify) accepts it. A container drops pings, answers
          ARP, and its own pings to the host are answered; or it has ended, and nobody declared it.
      type: str
      returned: for such a container
      sample: "it drops pings (0 of 24 answered): it answers ARP, and its own pings to the host are answered"
events:
  description:
    - Changes and observations in the order of time. At most 2000 are kept, 500 of a kind, and 60 ARP claims of an
      address.
  returned: when the input is valid
  type: list
  elements: dict
  contains:
    after:
      description: Seconds since RV(started).
      type: float
      sample: 4.213
    kind:
      description:
        - V(link), V(address), V(route), V(neighbour) and V(rule) are changes that the kernel notified.
        - V(arp) and V(nd) are frames, V(counter) is a counter that began to increase, V(manager) a state of
          NetworkManager or systemd-networkd, V(process) a program that was started.
      type: str
      sample: address
    action:
      description: V(new), V(change), V(delete), or V(seen) for frames.
      type: str
      sample: delete
    namespace:
      description: The network namespace, empty for the host's own.
      type: str
      sample: ""
    link:
      description: The link, empty where there is none.
      type: str
      sample: lan0
    what:
      description: The same in one line for people.
      type: str
      sample: address 192.168.100.3/32 removed from lan0
    data:
      description:
        - The details, by kind. C(changed) is a mapping of field names to the value before and the value after, and is
          there for the action V(change). C(reread) is true where a notification was lost, so that the change was found
          some time later by another dump.
        - B(link) has C(name), C(kind) (macvlan, veth and so on, empty for hardware), C(mac), C(mtu), C(up) (by the
          administrator), C(carrier), C(arp), C(operstate) (RFC 2863), C(promiscuity) (a count), C(master) and C(parent)
          (names or null), C(mode) and C(bcqueuelen) (of macvlan links). The kernel does not notify a changed C(mode),
          so that is found within a second.
        - B(address) has C(address) with prefix length, C(scope) (a number), C(permanent), C(tentative), C(dadfailed)
          and C(valid_seconds) (what is left of a lease, null where it is permanent).
        - B(route) has C(destination), C(gateway), C(source) (preferred source address), C(metric), C(table),
          C(protocol) (who made it, by the name in rt_protos, such as kernel, dhcp or ra), C(type) and C(scope).
          C(silent) is true where the kernel removed a route together with an address or a link, which it does not
          notify, so it is found by another dump of the routes. C(with) is that change, and the process is the one
          that made it.
        - B(neighbour) has C(address), C(mac), C(state) (such as STALE or FAILED) and C(router). Transitions
          between REACHABLE, STALE and DELAY are not recorded.
        - B(rule) has C(family), C(priority), C(from), C(to), C(iif), C(oif), C(mark), C(table) and C(action)
          (a number).
        - B(arp) and B(nd) have C(what) (V(request), V(reply), V(announcement) or V(probe)), C(address) and C(mac)
          (the claimed binding), C(asked) (the requested address, null where there is none), C(incoming)
          (whether it came from the network), C(own_mac) (it came from the network with a MAC address of this host, so
          that another machine has it too, or the network reflects frames), C(count) and C(last) (how often, and when
          last). The action V(change) stands for each time that another MAC address than before claims an address.
        - B(counter) has C(name), C(before), C(after), and C(until), as one event stands for all increments until
          the counter was constant for five seconds.
        - B(manager) has C(manager) and C(state), which is V(started) or V(stopped) for the daemon, and the device's
          state otherwise. NetworkManager gives a C(reason) with it (NMDeviceStateReason), systemd-networkd has several
          states in C(changed).
        - B(process) has nothing more than RV(events[].process).
      type: dict
    process:
      description: The process that did it, V(null) where it is not known.
      type: dict
      contains:
        pid:
          description: Its number.
          type: int
          sample: 812
        name:
          description: Its name, of 15 characters at most; empty where it was gone too fast to be read.
          type: str
          sample: NetworkManager
        unit:
          description: The systemd unit it belongs to, V(null) for none.
          type: str
          sample: NetworkManager.service
        command:
          description: Its command line, cut after 300 characters.
          type: str
          sample: /usr/sbin/NetworkManager --no-daemon
        known_by:
          description:
            - How it was found. V(port id) is the number in the kernel's message itself, V(/proc/net/netlink) the socket
              with that number, V(process events) what was remembered of a process that was gone already,
              V(trace of the kernel) the process in which the kernel did it, or that it saw executed.
          type: str
          sample: port id
        parents:
          description: The processes that started it, nearest first, each with C(pid), C(name), C(unit) and C(command).
          type: list
          elements: dict
        self:
          description: Whether it was this module, or something that it started.
          type: bool
          sample: false
    process_unknown:
      description: Why C(process) is V(null) where a process may have done it, empty otherwise.
      type: str
      sample: port id 4711 belongs to no process now
    suspects:
      description:
        - Programs for network configuration that were started in the second before and, as far as the kernel's trace
          shows their end, had not ended, for changes of which the kernel does not report the process.
        - Each has C(pid), C(name), C(unit) and C(command). Missing where there is none.
      type: list
      elements: dict
counters:
  description:
    - Counters of packets that were dropped or refused, as far as they moved. C(rx_dropped) and
      C(TcpExtIPReversePathFilter) are there in any case.
  returned: when the input is valid
  type: list
  elements: dict
  contains:
    namespace:
      description: The network namespace, empty for the host's own.
      type: str
      sample: ""
    link:
      description: The link, empty for counters of the whole namespace.
      type: str
      sample: eth0
    name:
      description: As in C(/sys/class/net/LINK/statistics), or as C(nstat) names it.
      type: str
      sample: rx_dropped
    before:
      description: The value at the start.
      type: int
      sample: 0
    after:
      description: The value at the end.
      type: int
      sample: 12
first_break:
  description:
    - The C(target) that broke first and when (C(after)), V(null) where none did. A target breaks when it answered
      before and two probes in a row are lost.
  returned: when the input is valid
  type: dict
  sample: {"after": 4.2, "target": "lan0/host_to_container/host/192.168.100.130/echo"}
limits:
  description: What was not probed, not seen or only counted, and why.
  returned: when the input is valid
  type: list
  elements: str
  sample: ["1120 more route events were only counted: 2000 are kept, 500 of a kind, 60 of frames about one address"]
cost:
  description: The processor time that watching took, in C(cpu_seconds), and the module's largest size, C(max_rss_kib).
  returned: when the input is valid
  type: dict
  sample: {"cpu_seconds": 0.4, "max_rss_kib": 39000}
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
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.options import NETWORK
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch import request as _watch_request
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch import watch as _watch


def main() -> None:
    target = {
        "target": {"type": "str", "required": True},
        "method": {"type": "str", "choices": list(_watch_request.METHODS), "default": "echo"},
        "namespace": {"type": "str"},
        "link": {"type": "str"},
        "port": {"type": "int"},
    }
    module = AnsibleModule(
        argument_spec={
            "networks": {"type": "list", "elements": "dict", "default": [], "options": NETWORK},
            "targets": {"type": "list", "elements": "dict", "default": [], "options": target},
            "duration": {"type": "float", "default": 60},
            "interval": {"type": "float", "default": 0.5},
            "after_break": {"type": "float"},
            "temporary_child": {"type": "bool", "default": True},
        },
        supports_check_mode=True,
    )
    try:
        timeline = _watch.observe(module.params)
    except InvalidInput as error:
        module.fail_json(**refusal(error))
    module.exit_json(**safe({"changed": False, **timeline}, "limits"))


if __name__ == "__main__":
    main()
