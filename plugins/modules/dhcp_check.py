#!/usr/bin/python
# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: which DHCP servers are on a network, and which addresses do they offer?"""

from __future__ import annotations

DOCUMENTATION = r"""
module: dhcp_check
short_description: Find the DHCP servers of a network, and pools that overlap with declared addresses
version_added: 0.1.0
author: ["The linuxnet.macvlan authors (@linuxnet)"]
description:
  - Requests an offer of all DHCP servers of a network and accepts none. It sends a DHCPDISCOVER (RFC 2131), reads each
    DHCPOFFER, and sends no DHCPREQUEST, so no server leases anything to it.
  - It requests the first and the last address of each declared range, and each single address (option 50, Requested IP
    Address). A pool that overlaps with a range either holds one of the two, or lies inside the
    range, and then every offer shows it.
  - Meanwhile it listens to offers and leases to other clients, as far as they reach the host.
  - IPv4 is always checked, IPv6 where one of the C(addresses) or C(subnets) is IPv6, in the same way, by a SOLICIT
    without Rapid Commit and the ADVERTISE messages that answer it (RFC 8415).
extends_documentation_fragment:
  - linuxnet.macvlan._attributes
attributes:
  check_mode:
    support: full
    details: It changes nothing, and sends its discoveries in check mode too.
  diff_mode:
    support: N/A
    details: It changes nothing.
  idempotent:
    support: full
options:
  probes:
    description: The interfaces, and what is declared on their networks.
    type: list
    elements: dict
    required: true
    suboptions:
      parent:
        description:
          - The interface to send from. It is an interface name, or a mapping with one of the keys V(mac), V(subnet) and
            V(default_route).
        type: raw
        required: true
      addresses:
        description:
          - What no server may offer. Addresses such as V(192.168.100.3), networks such as V(192.168.100.128/28), and
            ranges such as V(192.168.100.50-192.168.100.99).
          - Without any, it only lists the servers.
        type: list
        elements: str
        default: []
      subnets:
        description:
          - The subnets that servers may offer from. Anything else is a V(foreign_subnet).
          - Those of the parent's own addresses, unless given. Where there are none either, this is not judged.
        type: list
        elements: str
        default: []
      servers:
        description:
          - The identifiers of the servers that belong there, an IPv4 address for DHCP and a DUID such as
            V(00:03:00:01:52:54:00:12:34:56) for DHCPv6. Any other is an V(unexpected_server), and these together are
            not V(several_servers).
          - Without any of a family, every server of that family may be there.
        type: list
        elements: str
        default: []
      key:
        description: Where the declaration has it, for messages. The filter P(linuxnet.macvlan.intent#filter) sets it.
        type: str
  vantage:
    description:
      - Where to ask from. V(child) is a temporary macvlan child in bridge mode with a throw-away MAC address, which
        asks as a container would, in a network namespace that ends with this module, also when that is killed.
      - V(parent) sends from the parent with the parent's own MAC address, for switches that accept no other one. Inside
        the message the client is the same throw-away one, so the lease of the host itself is left alone. A switch with
        DHCP snooping may drop such a message, as its two MAC addresses differ, and a server that does not answer by
        broadcast as requested is not received. IPv6 is not asked for from there.
    type: str
    choices: [child, parent]
    default: child
  samples:
    description:
      - How many throw-away clients ask, each with a MAC address of its own, from V(0) to V(16). Each lets the server
        choose an address once, and they share the questions for declared addresses.
      - V(0) asks nothing and only listens, for O(listen_seconds).
    type: int
    default: 1
  hints:
    description:
      - For how many declared addresses of each IP version to ask, from V(0) to V(64), the ends of ranges first. What is
        left out is returned in RV(not_asked_for).
    type: int
    default: 8
  attempts:
    description:
      - How often to send a discovery that is not answered, from V(1) to V(5). The second comes after 4 seconds, the
        third after 8 more, and so on, each randomised by a second (RFC 2131, section 4.1). For IPv6 they come after
        one second, two more, and so on (RFC 8415, section 18.2.1).
    type: int
    default: 2
  wait:
    description:
      - Seconds of silence, from V(0.1) to V(60), after which the check ends.
      - Servers ping an address before they offer it, dnsmasq for three seconds and one address after the other.
    type: float
    default: 4.0
  listen_seconds:
    description: Listen for at least so many seconds in all, at most V(3600).
    type: float
    default: 0.0
  fail_on:
    description:
      - Fail when one of these was found. The results are returned in that case too.
      - The others are warnings, except V(no_server) and V(not_asked).
    type: list
    elements: str
    choices: [overlap, several_servers, unexpected_server, foreign_subnet, binding, no_server, not_asked]
    default: []
  host_id:
    description: The name of the host in RV(problems). In a playbook it defaults to the inventory name of the host.
    type: str
requirements:
  - pyroute2 >= 0.7.2 on the host
notes:
  - It needs C(CAP_NET_RAW), and for O(vantage=child) C(CAP_NET_ADMIN) and C(CAP_SYS_ADMIN) as well.
  - Some servers reserve what they have offered for a minute or two. The throw-away clients of a host have the same MAC
    addresses (C(02:6c:6e:xx:xx:xx), derived from the parent's) and client identifiers in every run, so repeated checks
    reserve nothing more. One check reserves at most one address for each item of RV(discoveries). If many hosts share a
    small pool, run the check on one of them.
  - Servers see the vendor class C(linuxnet.macvlan), and client identifiers that begin with it.
  - A server that runs on the parent itself does not receive the child's frames, and is seen only when it answers
    others.
  - A DHCPv6 server that only gives configuration, and leaves addresses to router advertisements, does not answer.
  - It never proves that no server offers an address. Servers may ignore option 50, pools may have holes, and renewals
    by unicast are not seen.
seealso:
  - module: linuxnet.macvlan.arp_conflict_check
  - name: RFC 2131
    description: Dynamic Host Configuration Protocol.
    link: https://www.rfc-editor.org/rfc/rfc2131
  - name: RFC 8415
    description: Dynamic Host Configuration Protocol for IPv6.
    link: https://www.rfc-editor.org/rfc/rfc8415
"""

EXAMPLES = r"""
- name: List the DHCP servers
  linuxnet.macvlan.dhcp_check:
    probes:
      - parent: eth0
  register: result

- name: Fail where a DHCP pool overlaps with container addresses
  linuxnet.macvlan.dhcp_check:
    probes:
      - parent: eth0
        addresses:
          - 192.168.100.3
          - 192.168.100.128/28
        subnets: [192.168.100.0/24]
        servers: [192.168.100.1]
    fail_on: [overlap, unexpected_server, not_asked]

- name: Listen for ten minutes without sending anything
  linuxnet.macvlan.dhcp_check:
    probes:
      - parent:
          default_route: true
    samples: 0
    listen_seconds: 600
"""

RETURN = r"""
findings:
  description: Deviations, and what could not be checked.
  returned: when the input is valid
  type: list
  elements: dict
  contains:
    kind:
      description:
        - V(overlap) when a server offers or has leased a declared address, one item for each server and each item of
          C(addresses).
        - V(several_servers) when messages of more than one server were received, and not all of them are in C(servers).
        - V(unexpected_server) when a server is not in C(servers).
        - V(foreign_subnet) when a server offers addresses of none of the C(subnets), as a rogue server or one of
          another VLAN does.
        - V(binding) when a server has leased an address to this check, which it must not do without a request.
        - V(no_server) when no server answered, V(not_asked) when nothing could be sent.
      type: str
      sample: overlap
    message:
      description: The same in words.
      type: str
      sample: "192.168.100.128/28 is declared here, and the DHCP server 192.168.100.1 (52:54:00:12:34:56) hands out
        192.168.100.128 (offered), 192.168.100.143 (offered)"
    parent:
      description: The interface.
      type: str
      sample: eth0
    servers:
      description: The servers concerned.
      type: list
      elements: str
      sample: [192.168.100.1]
    addresses:
      description: The addresses concerned.
      type: list
      elements: str
      sample: [192.168.100.128, 192.168.100.143]
    declared:
      description: The item of C(addresses) concerned, V(null) where there is none.
      type: str
      sample: 192.168.100.128/28
servers:
  description: Every server that was seen.
  returned: when the input is valid
  type: list
  elements: dict
  contains:
    parent:
      description: The interface.
      type: str
      sample: eth0
    version:
      description: The IP version, V(4) or V(6).
      type: int
      sample: 4
    server:
      description:
        - Its identifier. For IPv4 an address (option 54, or the one it came from where it gives none), for IPv6 a DUID.
      type: str
      sample: 192.168.100.1
    expected:
      description: Whether it is one of C(servers), V(null) where that was not given.
      type: bool
      sample: true
    macs:
      description: The MAC addresses its messages came from. That of a relay, where there is one.
      type: list
      elements: str
      sample: ["52:54:00:12:34:56"]
    sources:
      description: The IP addresses its messages came from.
      type: list
      elements: str
      sample: [192.168.100.1]
    relays:
      description: The relay agents (giaddr) through which it was reached. For IPv6 that cannot be seen.
      type: list
      elements: str
      sample: []
    lease_seconds:
      description: The lease time or valid lifetime of the first offer or lease. 4294967295 is for ever.
      type: int
      sample: 3600
    subnets:
      description: The subnets of the addresses that it offers, by its subnet mask (option 1). Empty for IPv6.
      type: list
      elements: str
      sample: [192.168.100.0/24]
    routers:
      description: The routers that it names (option 3). Empty for IPv6.
      type: list
      elements: str
      sample: [192.168.100.1]
    dns_servers:
      description: The name servers that it names (option 6, for IPv6 23).
      type: list
      elements: str
      sample: [192.168.100.1]
    offers:
      description: Number of different offers received.
      type: int
      sample: 4
    leases:
      description: Number of leases received (DHCPACK, for IPv6 REPLY).
      type: int
      sample: 0
    refusals:
      description: Number of refusals received (DHCPNAK).
      type: int
      sample: 0
    requests:
      description: Number of clients whose requests for an offer of this server were received.
      type: int
      sample: 0
    first_seen:
      description: When it was first received, by the host's clock, in UTC.
      type: str
      sample: "2026-03-01T10:00:00.123Z"
    first_seen_seconds:
      description: The same in seconds since RV(started), by a clock that never jumps.
      type: float
      sample: 0.123
addresses:
  description: Every address that a server offered or leased.
  returned: when the input is valid
  type: list
  elements: dict
  contains:
    parent:
      description: The interface.
      type: str
      sample: eth0
    address:
      description: The address.
      type: str
      sample: 192.168.100.128
    kind:
      description:
        - V(offer), V(lease) to a client (DHCPACK or REPLY), or V(request) of a client for what the server has offered
          or leased to it.
      type: str
      sample: offer
    server:
      description: The server's identifier.
      type: str
      sample: 192.168.100.1
    client_mac:
      description: The client's MAC address. For IPv6 the one that the frame went to or came from.
      type: str
      sample: 02:6c:6e:10:20:30
    own:
      description: Whether that client is this check.
      type: bool
      sample: true
    asked_for:
      description: The address that this check had asked for, V(null) where it let the server choose or did not ask.
      type: str
      sample: 192.168.100.128
    lease_seconds:
      description: The lease time.
      type: int
      sample: 3600
    declared:
      description: The items of C(addresses) that it lies in.
      type: list
      elements: str
      sample: [192.168.100.128/28]
    in_subnet:
      description: Whether it lies in one of the C(subnets), V(null) where none is known.
      type: bool
      sample: true
    vantages:
      description: Where it was received.
      type: list
      elements: str
      sample: [parent, child]
    first_seen:
      description: When it was first received, by the host's clock, in UTC.
      type: str
      sample: "2026-03-01T10:00:00.123Z"
    first_seen_seconds:
      description: The same in seconds since RV(started), by a clock that never jumps.
      type: float
      sample: 0.123
discoveries:
  description: What was asked, in this order.
  returned: when the input is valid
  type: list
  elements: dict
  contains:
    parent:
      description: The interface.
      type: str
      sample: eth0
    version:
      description: The IP version, V(4) or V(6).
      type: int
      sample: 4
    client_mac:
      description: The MAC address of the throw-away client.
      type: str
      sample: 02:6c:6e:10:20:30
    client_id:
      description: Its client identifier (option 61), for IPv6 its DUID and IAID.
      type: str
      sample: linuxnet.macvlan 02:6c:6e:10:20:30 1
    asked_for:
      description: The address it asked for, V(null) where it let the server choose.
      type: str
      sample: 192.168.100.128
    offered:
      description: What it was offered, by all servers.
      type: list
      elements: str
      sample: [192.168.100.128]
not_asked_for:
  description: Addresses that were worth asking for and were left out because of O(hints).
  returned: when the input is valid
  type: list
  elements: dict
  sample: []
vantages:
  description: From where it was asked and listened, and from where it could not be.
  returned: when the input is valid
  type: list
  elements: dict
  contains:
    parent:
      description: The parent.
      type: str
      sample: eth0
    vantage:
      description: V(parent) or V(child).
      type: str
      sample: child
    reason:
      description: Why it could not be used, or not to the end; empty otherwise. The items below need that it was used.
      type: str
    link:
      description: The interface.
      type: str
      sample: lnprobe1a2b3c
    mac:
      description: Its MAC address.
      type: str
      sample: 02:6c:6e:10:20:30
    packets:
      description: Number of frames sent.
      type: int
      sample: 4
    lost:
      description: Number of frames that came too fast to be read.
      type: int
      sample: 0
overrun:
  description:
    - What was heard and not kept, as sentences. More servers or messages than are kept (16 servers that are not
      declared, 32 messages of each), frames that came faster than they could be read, or a result larger than 256 kB.
      Empty where everything was kept.
    - What was missed is a finding V(not_asked) as well.
  returned: when the input is valid
  type: list
  elements: str
  sample:
    - "eth0: frames came faster than they could be read"
started:
  description: When the check started, by the host's clock, in UTC.
  returned: when the input is valid
  type: str
  sample: "2026-03-01T10:00:00.000Z"
seconds:
  description: How long it took.
  returned: when the input is valid
  type: float
  sample: 4.1
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
from ansible_collections.linuxnet.macvlan.plugins.module_utils._dhcp.task import argument_spec, run


def main() -> None:
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    end(module, run(module.params))


if __name__ == "__main__":
    main()
