#!/usr/bin/python
# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: macvlan_info
short_description: Inventory of macvlan links in all network namespaces
version_added: 0.1.0
description:
  - Lists every macvlan and macvtap link of a host with its parent, mode, MAC address, addresses, routes and counters.
  - It reads all network namespaces, as the links of containers are in namespaces of their own, which
    neither C(ip link) nor Ansible's facts show.
author:
  - The linuxnet.macvlan authors (@linuxnet)
extends_documentation_fragment:
  - linuxnet.macvlan._attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: N/A
    details: It changes nothing.
  idempotent:
    support: full
options:
  parent:
    description:
      - List only the children of this parent, which is an interface name or a mapping with one of the keys V(mac),
        V(subnet) and V(default_route).
      - Without it, the children of all parents are listed.
    type: raw
  counters:
    description: Whether to return the packet counters too.
    type: bool
    default: false
  parents:
    description:
      - Report on these parents too, whether or not they have macvlan links. Each is given as for O(parent).
    type: list
    elements: raw
    default: []
  keys:
    description: Where the declaration has each of O(parents), in their order, for messages.
    type: list
    elements: str
    default: []
  lldp_seconds:
    description:
      - Listen on the parents for LLDP frames (IEEE 802.1AB), in which switches announce their name and that of their
        port, for at most this many seconds, and end as soon as each has received one. V(0) does not listen.
      - Switches usually send one every 30 seconds, so V(35) suffices for those that send any. The module sends none.
      - It listens on the lower device of a VLAN and on the ports of a bond or bridge. It receives those of the nearest
        device with LLDP, which below a hypervisor may be its virtual switch.
    type: int
    default: 0
requirements:
  - pyroute2 >= 0.7.2 on the host
notes:
  - Looking into other network namespaces needs C(CAP_SYS_ADMIN), listening for LLDP C(CAP_NET_RAW).
seealso:
  - module: linuxnet.macvlan.macvlan_link
"""

EXAMPLES = r"""
- name: List all macvlan links, those of containers too
  linuxnet.macvlan.macvlan_info:
  register: result

- name: List what hangs on the interface that leads to the default gateway
  linuxnet.macvlan.macvlan_info:
    parent:
      default_route: true
    counters: true
"""

RETURN = r"""
links:
  description: One item for each macvlan and macvtap link.
  returned: success
  type: list
  elements: dict
  contains:
    namespace:
      description:
        - The network namespace that the link is in, empty for the host's own. Of a container it has the name and the
          runtime, else it is a name below C(/run/netns), or a process.
      type: str
      sample: web (docker)
    container:
      description:
        - The container that runs in there, V(null) where no runtime of this host is known to have one. C(runtime) is
          V(docker), V(podman), V(kubernetes), V(lxc), V(incus), V(lxd), V(nspawn), or what systemd-machined says;
          C(project) and C(service) are those of Compose, as far as Docker keeps them.
        - It is known without the API of the engine, and while that is stopped.
      type: dict
      sample: {"runtime": "docker", "name": "web", "id": "585e9694", "project": "", "service": ""}
    name:
      description: The interface name inside that namespace.
      type: str
      sample: eth0
    kind:
      description: V(macvlan) or V(macvtap).
      type: str
      sample: macvlan
    parent:
      description: The parent's name, V(null) where the parent's namespace is not known.
      type: str
      sample: eth0
    parent_namespace:
      description: The namespace of the parent, empty for the host's own; V(null) where it is not known.
      type: str
      sample: ""
    mode:
      description: The macvlan mode.
      type: str
      sample: bridge
    mac:
      description: The MAC address.
      type: str
      sample: 02:2b:c2:41:7f:10
    mtu:
      description: The MTU in octets.
      type: int
      sample: 1500
    up:
      description: Whether the link is administratively up.
      type: bool
    carrier:
      description: Whether the link can pass frames.
      type: bool
    bcqueuelen:
      description: Length of the broadcast queue in packets that this link asks for, V(null) where the kernel is silent.
      type: int
      sample: 1000
    nopromisc:
      description: Whether a passthru link leaves its parent out of promiscuous mode.
      type: bool
    addresses:
      description: All addresses with prefix length.
      type: list
      elements: str
      sample: [192.168.100.3/32]
    leased:
      description: Those of the IPv4 addresses that have a limited lifetime, as a DHCP client gives to them.
      type: list
      elements: str
      sample: []
    routes:
      description: Unicast routes over the link.
      type: list
      elements: str
      sample: [192.168.100.128/28]
    counters:
      description: Packet counters since the link was made.
      returned: when O(counters=true)
      type: dict
      sample: {"rx_packets": 10, "tx_packets": 12}
parents:
  description: The parents of these links, as far as they are in the namespace that the module runs in, and O(parents).
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The interface name.
      type: str
      sample: eth0
    mac:
      description: The MAC address.
      type: str
      sample: "52:54:00:12:34:56"
    addresses:
      description: All addresses with prefix length.
      type: list
      elements: str
      sample: [192.168.100.11/24]
    lldp:
      description:
        - The devices whose frames were received. C(port) is the interface of this host, C(chassis_id) and C(port_id)
          are the device's, and C(chassis_id_type) and C(port_id_type) their types, such as V(mac) or
          V(interface_name).
      returned: when O(lldp_seconds) is not V(0)
      type: list
      elements: dict
      sample:
        - {"port": "eth0", "chassis_id": "00:1c:73:00:00:01", "chassis_id_type": "mac", "port_id": "Ethernet12",
           "port_id_type": "interface_name", "ttl": 120, "system_name": "sw1.example.net", "port_description": ""}
resolved:
  description: For each of O(parents) what was C(given) and the C(name) of the interface that it means.
  returned: success
  type: list
  elements: dict
  sample: [{"given": {"default_route": true}, "name": "eth0"}]
machine_id:
  description:
    - A hash of C(/etc/machine-id), V(null) where there is none. Two hosts with the same one are copies of one
      installation.
  returned: success
  type: str
unseen_namespaces:
  description: Namespaces that could not be entered, so that links in them are missing from RV(links).
  returned: success
  type: list
  elements: str
"""

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import compile_once

compile_once.install()

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import InvalidInput
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.results import refusal, safe
from ansible_collections.linuxnet.macvlan.plugins.module_utils._info import links as _inventory


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "parent": {"type": "raw"},
            "counters": {"type": "bool", "default": False},
            "parents": {"type": "list", "elements": "raw", "default": []},
            "keys": {"type": "list", "elements": "str", "default": [], "no_log": False},
            "lldp_seconds": {"type": "int", "default": 0},
        },
        supports_check_mode=True,
    )
    try:
        module.exit_json(**safe({"changed": False, **_inventory.inventory(**module.params)}))
    except InvalidInput as error:
        module.fail_json(**refusal(error))


if __name__ == "__main__":
    main()
