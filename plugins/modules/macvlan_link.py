#!/usr/bin/python
# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: macvlan_link
short_description: Manage macvlan links in the kernel and in the persistent configuration
version_added: 0.1.0
description:
  - Makes the macvlan links of a host equal to a list, in the kernel and in the persistent configuration. Both are
    compared, attribute by attribute, and both are read back after they were changed.
  - The whole list of a host is validated before anything is changed, and all errors are reported at once.
  - A link is changed in place wherever the kernel allows it, without taking it down. Where it does not (another parent,
    to or from mode V(passthru)) the module refuses, unless O(recreate=when_needed).
  - The parent is never configured, with the exception of the settings in O(links[].parent_sysctl), which are restored
    when the last link that needs them is removed.
author:
  - The linuxnet.macvlan authors (@linuxnet)
extends_documentation_fragment:
  - linuxnet.macvlan._attributes
  - linuxnet.macvlan._confirm
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  links:
    description:
      - The links of this host.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: The interface name, at most 15 characters.
        type: str
        required: true
      state:
        description: Whether the link shall be there, V(present) or V(absent).
        type: str
        default: present
      parent:
        description:
          - The interface that the link sits on, by name or alternative name, or a mapping with one of these keys.
          - V(mac), the parent's MAC address.
          - V(subnet), a network in which the parent has an address.
          - V(default_route), with the value V(true), the interface of the default route.
          - Required where O(links[].state=present).
        type: raw
      mode:
        description:
          - The macvlan mode, V(bridge), V(private), V(vepa), V(passthru) or V(source).
          - The kernel's own default is V(vepa), in which links of one parent cannot talk to each other.
        type: str
        default: bridge
      mac:
        description:
          - The MAC address.
          - With V(stable) it is derived from the inventory name of the host and the name of the link, so that it is the
            same after the link is recreated, after a reboot and after a new installation.
          - A V(passthru) link carries its parent's address, there it is left out.
          - One that another declared link gives away in the same task can be taken. Two links can swap theirs.
        type: str
        default: stable
      mtu:
        description: The MTU in octets, at most the parent's. Without it, the link follows its parent.
        type: int
      addresses:
        description:
          - Addresses with prefix length. Without prefix length, V(/32) or V(/128) is meant.
          - The list is complete. Other configured addresses are removed, an empty list means none. Addresses with a
            limited lifetime and the kernel's own link-local ones are not changed.
          - V(dhcp) in the place of an IPv4 address has it leased from a DHCP server, by the MAC address of the link,
            without default route, name servers and host name. systemd-networkd or NetworkManager keeps the lease,
            whichever configures the parent; other forms of persistence are refused. The route to the subnet has the
            metric 32768.
          - Without it, addresses are not managed.
        type: list
        elements: str
      routes:
        description:
          - Routes over the link. The list is complete like O(links[].addresses), for routes that were configured by
            hand or by a static configuration.
          - Without it, routes are not managed.
        type: list
        elements: dict
        suboptions:
          destination:
            description: The network in CIDR form, V(0.0.0.0/0) or V(::/0) for a default route.
            type: str
            required: true
          gateway:
            description: The next hop. Without it, the destination is on the link.
            type: str
          source:
            description: The preferred source address, one of the link's own.
            type: str
          metric:
            description: The metric. V(0) means the kernel's default.
            type: int
            default: 0
          table:
            description: The routing table.
            type: int
            default: 254
      bcqueuelen:
        description:
          - The length of the broadcast queue in packets that the link asks its parent for. The largest of all links
            counts.
          - Needs Linux 5.11 or newer.
        type: int
      nopromisc:
        description: Whether a link in mode V(passthru) leaves its parent out of promiscuous mode.
        type: bool
      up:
        description: Whether the link is administratively up.
        type: bool
        default: true
      announce:
        description:
          - Networks in CIDR form and single addresses of containers on this host. The address of a container that
            starts on the parent is announced at once, by gratuitous ARP and unsolicited neighbour advertisements from
            the container's own link, if it is one of these and no other station holds it.
          - A service that is installed with the persistent form of the link does that. Nothing is announced with
            O(persistence=none), and on hosts without systemd.
          - Without it there is no such service.
        type: list
        elements: str
      parent_up:
        description:
          - Whether to set the parent up where it is down, now and, where no network manager configures it, whenever it
            is. Another parent is its manager's to set up at boot. It stays up when the link is removed.
          - A parent that systemd-networkd leaves down (C(ActivationPolicy=manual) or V(down)) is set up at boot by a
            unit; one that it takes down again (C(ActivationPolicy=always-down)) is refused.
          - With V(false) there is a warning where the parent is down, as nothing gets through then.
        type: bool
        default: false
      adopt:
        description:
          - What to do where a profile of NetworkManager, a file of systemd-networkd, netplan or ifupdown, a unit or a
            script makes a link of this name and is not of this collection.
          - With V(false) the link is refused, with the file or profile that makes it.
          - With V(true) that is disabled and the link goes on as declared. The profile of NetworkManager and the files
            of systemd-networkd for the link are set aside, its lines in files of ifupdown become comments, and a unit
            is disabled and not stopped. What was disabled is recorded in C(/var/lib/linuxnet-macvlan/adopted). When the
            link is removed, all of it is given back as it was, and makes its link again.
          - A script, netplan's YAML, and what other programs write cannot be disabled like that, and are refused.
        type: bool
        default: false
      sysctl:
        description: Settings of the link below C(net.ipv4.conf) and C(net.ipv6.conf), by name.
        type: dict
        suboptions: &sysctl
          arp_filter:
            description: Answer ARP only where the reply would leave through the same interface, V(0) or V(1).
            type: int
          arp_ignore:
            description: Which ARP requests to answer, V(0) to V(8).
            type: int
          arp_announce:
            description: Which source address to use in ARP requests, V(0) to V(2).
            type: int
          arp_notify:
            description: Announce addresses when the interface comes up, V(0) or V(1).
            type: int
          rp_filter:
            description: Source validation by reversed path, V(0) none, V(1) strict, V(2) loose.
            type: int
          accept_local:
            description: Accept packets with a local source address, V(0) or V(1).
            type: int
          accept_ra:
            description: Accept IPv6 router advertisements, V(0) to V(2).
            type: int
          autoconf:
            description: Make IPv6 addresses from router advertisements, V(0) or V(1).
            type: int
      parent_sysctl:
        description:
          - The same for the parent. The previous value is restored when the last link that needs the setting is
            removed.
        type: dict
        suboptions: *sysctl
      key:
        description: Where the declaration has it, for messages. The filter P(linuxnet.macvlan.intent#filter) sets it.
        type: str
  purge:
    description:
      - Whether to remove the links of this collection that are not in O(links).
      - A link belongs to this collection where one of its files or its alias carries the collection's mark. No other
        link is ever removed.
    type: bool
    default: false
  persistence:
    description:
      - The persistent form of the links, which restores them after a reboot and after changes to their parent.
      - V(auto) detects which daemon owns the parent. It takes V(networkd), V(netplan) or V(ifupdown) where that is
        the one, and V(systemd) where it is NetworkManager or none, and where the native form cannot express the
        declaration. The reason is returned.
      - While nothing configures the parent and NetworkManager or systemd-networkd is enabled and does not run, V(auto)
        is refused, as the form would change when that starts.
      - Where the target is not a booted systemd machine, such as a plain network namespace, V(auto) takes V(none).
      - V(networkd) writes native C(.netdev) and C(.network) files and a drop-in for the parent's own C(.network)
        file.
      - V(netplan) does the same where netplan has made the parent's C(.network) file, as netplan itself knows no
        macvlan. Where netplan has NetworkManager configure the parent, take V(auto) or V(networkmanager).
      - V(ifupdown) writes a stanza in C(/etc/network/interfaces.d).
      - V(networkmanager) writes a native profile. V(auto) takes it for a link with a leased address only, see
        O(links[].addresses). It is refused while the link is excluded from NetworkManager, and it needs
        O(links[].addresses) and O(links[].routes).
      - V(systemd) writes nothing but a service unit that uses iproute2.
      - V(none) writes nothing, and removes what an earlier run wrote.
      - All but V(none) come with such a unit, which restores what native forms cannot keep, such as
        O(links[].sysctl), or the MTU when that of the parent was smaller for a while.
      - A choice that cannot work on a host is refused with the reason. A link moves from one to another without being
        recreated.
    type: str
    choices: [auto, networkd, netplan, ifupdown, systemd, networkmanager, none]
    default: auto
  recreate:
    description:
      - Whether a link may be deleted and created again where the kernel cannot change it in place.
      - With V(never) such a difference is an error, as connections over the link would drop.
    type: str
    choices: [never, when_needed]
    default: never
  host_id:
    description:
      - What V(stable) MAC addresses are derived from.
      - In a playbook it defaults to the inventory name of the host.
    type: str
requirements:
  - pyroute2 >= 0.7.2 on the host
notes:
  - It needs C(CAP_NET_ADMIN), so in general C(become=true).
seealso:
  - module: linuxnet.macvlan.macvlan_info
  - module: linuxnet.macvlan.nm_unmanaged
"""

EXAMPLES = r"""
- name: Give the host a link of its own to its containers
  linuxnet.macvlan.macvlan_link:
    links:
      - name: lan0
        parent: eth0
        addresses: [192.168.100.3/32]
        routes:
          - destination: 192.168.100.128/28
        sysctl:
          arp_filter: 1
        parent_sysctl:
          arp_filter: 1

- name: Two links on whatever carries the default route, and no other links of ours
  linuxnet.macvlan.macvlan_link:
    purge: true
    links:
      - name: mv0
        parent:
          default_route: true
      - name: mv1
        parent:
          default_route: true
        mode: private
        mac: 02:00:00:00:10:01
        mtu: 1400

- name: Remove a link and its configuration
  linuxnet.macvlan.macvlan_link:
    links:
      - name: lan0
        state: absent
"""

RETURN = r"""
links:
  description: The declared links as they are now, or would be in check mode.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The interface name.
      type: str
    parent:
      description: The parent's name.
      type: str
    mode:
      description: The macvlan mode.
      type: str
    mac:
      description: The MAC address.
      type: str
    mtu:
      description: The MTU in octets.
      type: int
    addresses:
      description: The addresses with prefix length.
      type: list
      elements: str
    routes:
      description: The routes over the link.
      type: list
      elements: str
    persistence:
      description: The persistent form of the link, one of the choices of O(persistence) other than V(auto).
      type: str
    reason:
      description: Why it is that one.
      type: str
  sample:
    - name: lan0
      parent: eth0
      mode: bridge
      mac: 02:2b:c2:41:7f:10
      mtu: 1500
      addresses: [192.168.100.3/32]
      routes: [192.168.100.128/28]
      persistence: networkd
      reason: systemd-networkd manages the parent eth0
adopted:
  description: What is disabled in this run, as O(links[].adopt) is set, one sentence each.
  returned: success
  type: list
  elements: str
removed:
  description: Names of links that are gone now.
  returned: success
  type: list
  elements: str
messages:
  description: What was changed, or would be, one line each.
  returned: success
  type: list
  elements: str
  sample: ["link lan0 addresses: none -> 192.168.100.3/32"]
actions:
  description: What was done besides, such as a reload of a daemon.
  returned: success
  type: list
  elements: str
uplink:
  description:
    - What carries Ansible's own SSH connection. None where that is not known, such as with other connections, or
      where it does not leave the host or ends in another network namespace.
  returned: success
  type: dict
  contains:
    peer:
      description: The address that the connection comes from.
      type: str
    address:
      description: The address of this host that it goes to.
      type: str
    link:
      description: The egress interface towards the controller.
      type: str
    gateway:
      description: The next hop towards the controller, none where the peer is on the link.
      type: str
  sample: {peer: 192.168.100.2, address: 192.168.100.11, link: eth0, gateway: 192.168.100.1}
confirm:
  description: How the change was confirmed.
  returned: when something changed and O(confirm_timeout) is not V(0)
  type: dict
  contains:
    token:
      description: The name of the change.
      type: str
    timeout:
      description: The seconds it had.
      type: int
    seconds:
      description: The seconds it took, from when the module had returned.
      type: float
undone:
  description: What the host restored because the change was not confirmed, one line each.
  returned: when the change was undone
  type: list
  elements: str
left:
  description: What the host could not put back, and why.
  returned: when the change was undone
  type: list
  elements: str
problems:
  description: What is wrong with the input, if that is why it failed.
  returned: failure
  type: list
  elements: dict
  contains:
    host:
      description: The inventory name.
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

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import labels
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.results import end
from ansible_collections.linuxnet.macvlan.plugins.module_utils._converge.task import argument_spec, run


def main() -> None:
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    labels.use(labels.of_module(module))
    end(module, run(module.params, module.check_mode))


if __name__ == "__main__":
    main()
