#!/usr/bin/python
# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: who holds these addresses?"""

from __future__ import annotations

DOCUMENTATION = r"""
module: arp_conflict_check
short_description: Detect IPv4 and IPv6 address conflicts from several vantages
version_added: 0.1.0
author: ["The linuxnet.macvlan authors (@linuxnet)"]
description:
  - Sends ARP probes for IPv4 addresses (RFC 5227) and the neighbour solicitations of duplicate address detection for
    IPv6 addresses (RFC 4862), all at the same time, and listens to other hosts' ARP and ND frames meanwhile.
  - The sender address of these probes is unspecified, so no neighbour cache changes, and a Linux router with proxy ARP
    does not answer them.
  - It probes from the parent and from a temporary macvlan child of it, because neither receives the frames of all
    holders on such a host. The parent does not receive its own children's frames, nor a child the parent's. Existing
    links can be vantages too, see O(vantages). Addresses of this host's own links are read from the kernel, in all
    network namespaces, together with failures of the kernel's duplicate address detection.
  - A responder is checked with a few probes for addresses that nobody can have, or that are next to the probed one. A
    router that answers those as well does proxy ARP and is no holder.
  - Frames received from the network with a MAC address of this host prove that another machine has the same.
  - It never reports an address as free, only that no holder was seen, from where, and when.
extends_documentation_fragment:
  - linuxnet.macvlan._attributes
attributes:
  check_mode:
    support: full
    details: It changes nothing, and sends its probes in check mode too.
  diff_mode:
    support: N/A
    details: It changes nothing.
  idempotent:
    support: full
options:
  probes:
    description: The addresses to probe, by parent.
    type: list
    elements: dict
    required: true
    suboptions:
      parent:
        description:
          - The interface to probe from. It is an interface name, or a mapping with one of the keys V(mac), V(subnet)
            and V(default_route).
          - Where it is down, has no carrier or has ARP turned off, the addresses are V(unknown), with the reason.
        type: raw
        required: true
      addresses:
        description:
          - Addresses such as V(192.168.100.50) or V(fd00::50), networks such as V(192.168.100.128/28), and ranges such
            as V(192.168.100.50-192.168.100.99).
          - Every address of a network is probed, its first and last one too, as part of a subnet is no subnet. With
            O(mode=listen) the list may be empty, and every claimed address is reported.
        type: list
        elements: str
        required: true
      key:
        description: Where the declaration has it, for messages. The filter P(linuxnet.macvlan.intent#filter) sets it.
        type: str
  mode:
    description:
      - V(fast) sends three probes for each address within half a second and waits another half.
      - V(rfc5227) sends three probes at random intervals as RFC 5227 prescribes. It takes 4 to 7 seconds, and more for
        many addresses (see O(rate)), and finds hosts that are slow or asleep.
      - V(listen) sends nothing and receives for O(listen_seconds). Silence then proves nothing, and an address without
        a claim is V(unknown). It creates no temporary child.
    type: str
    choices: [fast, listen, rfc5227]
    default: fast
  listen_seconds:
    description:
      - Listen for at least this many seconds, from 0 to 3600, counted from the first probe. This detects unsolicited
        announcements, and addresses that move between MAC addresses.
    type: float
    default: 0
  vantages:
    description:
      - Where to probe from.
      - V(child) is a macvlan child in bridge mode with a random MAC address (C(02:6c:6e:xx:xx:xx)). It lives in a
        network namespace that exists only as long as this module runs, also when the module is killed.
      - Leave V(child) out where the switch shuts the port at a MAC address that it does not know.
      - Anything else is a link of this host that is on the same segment, by its name (V(lan0)), or a mapping with the
        keys C(link) and C(namespace), where the namespace has the name that C(ip netns) or a container engine gave it.
        Such a vantage is called V(lan0) or V(c1/eth0) in the results. A macvlan link is used only for probes of its
        own parent.
    type: list
    elements: raw
    default: [parent, child]
  known_macs:
    description:
      - MAC addresses of other hosts that belong to you, usually all of the fleet, with those of their macvlan links.
      - An address that only they answer for is V(own), not a conflict, as a host with a macvlan link of its own may
        answer for one address with two MAC addresses. Which host it is, M(linuxnet.macvlan.fleet_verdict) determines.
        If this host has the address too, it is a V(duplicate).
    type: list
    elements: str
    default: []
  fail_on:
    description:
      - Fail when an address has one of these statuses, or with V(duplicate_mac) when RV(duplicate_macs) is not empty.
        The results are returned in that case too.
    type: list
    elements: str
    choices: [duplicate, in_use, virtual_router, own, unknown, free_as_seen, duplicate_mac]
    default: []
  rate:
    description:
      - Probes per second and parent at most, over all its vantages, from 1 to 100000. With the default, half a megabit
        per second, a /24 from two vantages takes two seconds, a /22 seven.
      - Switches with dynamic ARP inspection may allow as few as 15 on a port.
    type: int
    default: 1000
  max_addresses:
    description:
      - Refuse a probe with more addresses than this, from 1 to 1048576, and report what it would take.
    type: int
    default: 4096
  run_key:
    description: A random text that all hosts of one run share. It signs their probes and is never sent. Without it, the
      probes of another host for an address count as those of a host that wants it, a V(soft) RV(results[].conflict).
    type: str
  host_id:
    description: The name of the host in RV(problems). In a playbook it defaults to the inventory name of the host.
    type: str
requirements:
  - pyroute2 >= 0.7.2 on the host
notes:
  - It needs C(CAP_NET_RAW), C(CAP_NET_ADMIN) and C(CAP_SYS_ADMIN).
  - Its probes are signed with O(run_key), or with a random key of this run, in the padding of ARP and in the nonce of
    solicitations. Nobody else can make a frame that is taken for a probe of this collection, and only probes, which
    claim nothing, are left out for their signature.
  - A host with C(arp_ignore=8), or one that drops ARP, does not answer and is found only by its own announcements.
  - Proxy ARP is probed for only where a foreign host answers for an address. These probes are for one address of a
    documentation network (RFC 5737) and for the address of the subnet itself, for IPv6 for a random one of the same
    /64. Where a reply to another host was overheard, they are also for adjacent addresses, and some have the parent's
    own address as their sender.
  - On a parent that is a bridge, frames of this host's own containers arrive like foreign ones, so duplicate MAC
    addresses are not detected there, nor without V(parent) in O(vantages).
seealso:
  - module: linuxnet.macvlan.macvlan_info
  - name: RFC 5227
    description: IPv4 Address Conflict Detection.
    link: https://www.rfc-editor.org/rfc/rfc5227
"""

EXAMPLES = r"""
- name: See who holds the addresses that containers will get
  linuxnet.macvlan.arp_conflict_check:
    probes:
      - parent: eth0
        addresses: [192.168.100.3, 192.168.100.128/28, "fd00:100::3"]
  register: result

- name: Fail before an address that is in use elsewhere is configured
  linuxnet.macvlan.arp_conflict_check:
    probes:
      - parent:
          default_route: true
        addresses: [192.168.100.3]
    mode: rfc5227
    known_macs: "{{ fleet_macs }}"
    fail_on: [in_use, duplicate, virtual_router, unknown]

- name: Ask from the host's own macvlan link and from inside a container too
  linuxnet.macvlan.arp_conflict_check:
    probes:
      - parent: eth0
        addresses: [192.168.100.0/24]
    vantages: [parent, child, lan0, {namespace: c1, link: eth0}]

- name: Listen for a minute, without a question, to who claims which address on the LAN
  linuxnet.macvlan.arp_conflict_check:
    probes:
      - parent: eth0
        addresses: []
    mode: listen
    listen_seconds: 60
    fail_on: [duplicate, duplicate_mac]
"""

RETURN = r"""
results:
  description:
    - One item for each address that was listed singly, and for each address of a network or range that is not
      V(free_as_seen) or of which something was seen all the same. With O(mode=listen), of those of networks and ranges
      only those that occurred in a received frame.
  returned: when the input is valid
  type: list
  elements: dict
  contains:
    parent:
      description: The interface it was asked for on.
      type: str
      sample: eth0
    address:
      description: The address.
      type: str
      sample: 192.168.100.50
    status:
      description:
        - V(duplicate) when two hosts have it, which is two MAC addresses that are neither this host's nor known, or one
          of them beside the host's own, a known or a virtual router's one. This host and a known one are two hosts too,
          as are two namespaces of this host.
        - V(in_use) when one other host has it, or wants it, or when the kernel of this host refuses it because its
          duplicate address detection has found another holder.
        - V(virtual_router) when a virtual MAC address answers (VRRP, CARP, HSRP, GLBP).
        - V(own) when this host has it, or one of O(known_macs).
        - V(unknown) when no vantage could ask.
        - V(free_as_seen) when nobody was seen with it from RV(vantages) at that time. Those that answer for it by proxy
          ARP are among RV(results[].holders) nevertheless.
      type: str
      sample: in_use
    conflict:
      description:
        - V(hard) when another host has the address, V(soft) when another host only probes for it at the same time, as
          one does before it takes an address, empty otherwise.
      type: str
      sample: hard
    reason:
      description:
        - Why the address is V(unknown), or V(in_use) because of duplicate address detection alone; empty otherwise.
      type: str
      sample: eth0 has no carrier
    holders:
      description: What was seen, one item for each MAC address, vantage and kind.
      type: list
      elements: dict
      contains:
        mac:
          description: The MAC address that the message gives as the address's.
          type: str
          sample: "52:54:00:12:34:56"
        vantage:
          description:
            - V(parent), V(child) or a link of O(vantages), or V(inventory) for what was read from the kernel of this
              host.
          type: str
          sample: parent
        kind:
          description:
            - V(reply) to a question, V(request) for another address, V(announcement) of the address, V(probe) for the
              address by a host that does not have it yet.
            - V(flip_flop) when the address was claimed with another MAC address before, and now with this one.
            - V(configured) for a link of this host that has it, V(dad_failed) for one whose kernel refuses it.
          type: str
          sample: reply
        count:
          description: How often.
          type: int
          sample: 3
        first_seen:
          description: When it was first seen, by the host's clock, in UTC.
          type: str
          sample: "2026-03-01T10:00:00.123Z"
        first_seen_seconds:
          description: The same in seconds since RV(started), by a clock that never jumps.
          type: float
          sample: 0.123
        last_seen_seconds:
          description: When it was last seen, in seconds since RV(started).
          type: float
          sample: 0.623
        own:
          description: Whether the MAC address is this host's.
          type: bool
          sample: false
        owner:
          description:
            - V(host), V(fleet) for one of O(known_macs), V(virtual_router), V(proxy_arp) for a router that answers for
              addresses that it does not hold, or V(foreign).
          type: str
          sample: foreign
        where:
          description:
            - The V(link) of this host and its V(namespace), which is empty for the one that the module runs in. V(null)
              where the MAC address is not this host's.
          type: dict
          sample: {"namespace": "c1", "link": "eth0"}
ranges:
  description: For each network and range the number of addresses with each status.
  returned: when the input is valid
  type: list
  elements: dict
  sample:
    - {"parent": "eth0", "range": "192.168.100.128/28", "probed": 16, "duplicate": 0, "in_use": 1, "virtual_router": 0,
       "own": 2, "unknown": 0, "free_as_seen": 13}
summary:
  description: The same numbers over all addresses.
  returned: when the input is valid
  type: dict
  sample: {"probed": 17, "duplicate": 0, "in_use": 1, "virtual_router": 0, "own": 3, "unknown": 0, "free_as_seen": 13}
vantages:
  description: From where and when it was asked, and from where it could not be.
  returned: when the input is valid
  type: list
  elements: dict
  contains:
    parent:
      description: The parent.
      type: str
      sample: eth0
    vantage:
      description: V(parent), V(child) or a link of O(vantages).
      type: str
      sample: child
    asked:
      description: Whether questions were asked from there.
      type: bool
    listened:
      description: Whether answers were listened to from there. The items below need that.
      type: bool
    reason:
      description: Why not, or why it ended early; empty otherwise.
      type: str
      sample: "eth0 takes no temporary child: Invalid argument"
    link:
      description: The interface that asked.
      type: str
      sample: lnprobe1a2b3c
    mac:
      description: Its MAC address.
      type: str
      sample: 02:6c:6e:10:20:30
    from:
      description: When the first question was asked, in UTC.
      type: str
      sample: "2026-03-01T10:00:00.050Z"
    until:
      description: Until when answers were waited for, in UTC.
      type: str
      sample: "2026-03-01T10:00:01.060Z"
    packets:
      description: Number of questions sent.
      type: int
      sample: 51
    lost:
      description: Number of frames that came too fast to be read. Where it is not 0, silence proves nothing.
      type: int
      sample: 0
    other_checks:
      description: Number of probes received from other hosts that ran this module at the same time.
      type: int
      sample: 0
    reflected:
      description:
        - Number of frames of this host that the network sent back to V(parent). A switch port in hairpin mode does
          that, or a loop.
      type: int
      sample: 0
    ignored:
      description: Number of claims on addresses that were not requested, and that were beyond O(max_addresses).
      type: int
      sample: 0
duplicate_macs:
  description:
    - MAC addresses of this host that came in from the wire on a parent, and so are another machine's too. MAC addresses
      of virtual routers are not among them.
  returned: when the input is valid
  type: list
  elements: dict
  contains:
    parent:
      description: The parent.
      type: str
      sample: eth0
    mac:
      description: The MAC address.
      type: str
      sample: "52:54:00:12:34:56"
    where:
      description: The V(link) of this host that has it, and its V(namespace).
      type: dict
      sample: {"namespace": "c1", "link": "eth0"}
    count:
      description: Number of ARP and neighbour discovery frames.
      type: int
      sample: 3
    first_seen:
      description: When the first came in, by the host's clock, in UTC.
      type: str
      sample: "2026-03-01T10:00:00.123Z"
    first_seen_seconds:
      description: The same in seconds since RV(started).
      type: float
      sample: 0.123
    last_seen_seconds:
      description: When the last came in.
      type: float
      sample: 0.623
    addresses:
      description: Addresses that the other machine has, or wants.
      type: list
      elements: str
      sample: [192.168.100.50]
proxy_arp:
  description: Routers that were found to answer for addresses that they do not hold.
  returned: when the input is valid
  type: list
  elements: dict
  contains:
    parent:
      description: The parent.
      type: str
      sample: eth0
    mac:
      description: The MAC address with which it answers.
      type: str
      sample: "52:54:00:12:34:56"
    answers_probes:
      description: Whether it answers probes (RFC 5227) too. Linux does not.
      type: bool
      sample: false
host:
  description: The identity of this host, for M(linuxnet.macvlan.fleet_verdict).
  returned: when the input is valid
  type: dict
  contains:
    machine_id:
      description: A hash of C(/etc/machine-id), V(null) where there is none. Equal ones are copies of one installation.
      type: str
    parents:
      description: The parents that were probed, each with name, MAC address and addresses.
      type: list
      elements: dict
      sample: [{"name": "eth0", "mac": "52:54:00:12:34:56", "addresses": ["192.168.100.11/24"]}]
    links:
      description: The links of all namespaces whose frames leave through one of them.
      type: list
      elements: dict
      sample:
        - {"namespace": "c1", "name": "eth0", "kind": "macvlan", "parent": "eth0", "mac": "02:42:c0:a8:64:81",
           "addresses": ["192.168.100.129/24"]}
unseen_namespaces:
  description: Network namespaces of this host that could not be read. Addresses in them are not known to be own.
  returned: when the input is valid
  type: list
  elements: str
overrun:
  description:
    - What was heard and not kept, as sentences. Such as MAC addresses beyond the first 8 that claim an address, frames
      that came too fast, or what made the result larger than 256 kB. Such an address is never V(free_as_seen).
  returned: when the input is valid
  type: list
  elements: str
  sample: ["eth0: 12 frames were lost as they came too fast"]
started:
  description: When the check started, by the host's clock, in UTC.
  returned: when the input is valid
  type: str
  sample: "2026-03-01T10:00:00.000Z"
seconds:
  description: How long it took.
  returned: when the input is valid
  type: float
  sample: 1.06
problems:
  description: What is wrong with the input, if that is why it failed.
  returned: failure
  type: list
  elements: dict
  contains:
    host:
      description: The value of O(host_id); without one, the name that the host gives itself.
      type: str
    key:
      description: Where it stands in the input.
      type: str
    value:
      description: What stands there.
      type: raw
    problem:
      description: What is wrong with it.
      type: str
    remedy:
      description: What to do instead.
      type: str
"""

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import compile_once

compile_once.install()

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.results import end
from ansible_collections.linuxnet.macvlan.plugins.module_utils._conflicts.task import argument_spec, run


def main() -> None:
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    end(module, run(module.params))


if __name__ == "__main__":
    main()
