#!/usr/bin/python
# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: macvlan networks of container engines."""

from __future__ import annotations

DOCUMENTATION = r"""
module: container_network
short_description: Create and replace macvlan networks of Docker and Podman, and keep their containers
version_added: 0.1.0
author: ["The linuxnet.macvlan authors (@linuxnet)"]
description:
  - Makes the macvlan networks of the container engines of a host equal to O(networks), in one call for all of them.
  - It compares every attribute with what the engine has, also those that are not declared any more. The engines' APIs
    are asked over their sockets; neither their programs nor Python libraries for them are needed.
  - Engines cannot change a network. One that differs is created again, which is refused as long as containers use it
    and O(recreate) is not set. The message lists them by name.
  - With O(recreate) everything that can be known before is checked first. Running containers of Docker are
    disconnected and connected again with their fixed addresses, MAC addresses, aliases and options; stopped ones are
    connected again as well. Containers of Podman are stopped and started, as only Podman knows which addresses were
    chosen for them. No container is deleted, and nothing is forced. When a step fails, the network is restored.
  - A container without a fixed address gets one of the range, as it does at every start, which is not always the same.
  - What is needed to connect the containers again is on disk before the first change. When a run was killed, the next
    one connects them, and reports that as a change.
  - A network that this module created carries the label V(linuxnet.macvlan=managed). Others are never removed, and
    replaced with O(adopt) only. One that equals the declaration is left as it is, with or without the label.
extends_documentation_fragment:
  - linuxnet.macvlan._attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  networks:
    description:
      - The networks, as RV(linuxnet.macvlan.intent#filter:_value) has them in C(container_networks).
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: The name of the network.
        type: str
        required: true
      engine:
        description: The engine that has it.
        type: str
        choices: [docker, podman]
        required: true
      parent:
        description:
          - The interface on the LAN, a name or a mapping with one of the keys V(mac), V(subnet) and V(default_route).
        type: raw
        required: true
      mode:
        description: The mode of the containers' links.
        type: str
        choices: [bridge, private, vepa, passthru]
        default: bridge
      subnets:
        description: The subnets, of IPv4, IPv6 or both.
        type: list
        elements: str
        required: true
      gateways:
        description: The gateways, at most one for each subnet. Without one the engine chooses.
        type: list
        elements: str
        default: []
      ranges:
        description:
          - The range that the engine assigns, exactly one for each subnet, in CIDR form. Without a range an engine
            assigns addresses from the bottom of the LAN, and asks nobody whether they are in use.
        type: list
        elements: str
        default: []
      reserved:
        description:
          - Addresses that the engine assigns to no container, also not on request, such as that of the host's link.
          - Podman cannot reserve addresses and ignores this.
        type: list
        elements: str
        default: []
      routed:
        description:
          - Networks that the host reaches over its own link. There is a warning for each container with an address
            elsewhere. Nothing is compared where this is empty.
        type: list
        elements: str
        default: []
      internal:
        description: Whether containers get no default route. They are on the LAN all the same.
        type: bool
        default: false
      labels:
        description: Labels of the network.
        type: dict
        default: {}
      driver_options:
        description: Further options of the driver, other than parent and mode.
        type: dict
        default: {}
      key:
        description: Where the declaration has it, for messages. The filter P(linuxnet.macvlan.intent#filter) sets it.
        type: str
  engines:
    description:
      - Engines to be asked for networks of this collection although none of O(networks) is theirs, as far as they are
        installed.
    type: list
    elements: str
    choices: [docker, podman]
    default: []
  purge:
    description:
      - Whether to remove networks with the label of this collection that are not among O(networks). It is refused
        while a container uses one, running or stopped.
    type: bool
    default: false
  recreate:
    description: Whether a network that containers use may be created again.
    type: bool
    default: false
  adopt:
    description:
      - Whether a network of a declared name that something else created may be created again, with the label of this
        collection, where it differs from the declaration.
    type: bool
    default: false
  taken:
    description:
      - Addresses that somebody is known to have. A proposal avoids them, and those of the host, its neighbours and
        containers.
    type: list
    elements: str
    default: []
  offered:
    description:
      - Addresses that DHCP servers offered. A proposal avoids them, and what lies between the lowest and the highest.
    type: list
    elements: str
    default: []
  docker_socket:
    description: Where Docker listens.
    type: path
    default: /run/docker.sock
  podman_socket:
    description:
      - Where Podman listens. Where nobody does, and this is the default, C(podman system service) runs for the time of
        the module.
    type: path
    default: /run/podman/podman.sock
notes:
  - Needs Docker 20.10 or Podman 4.3 with netavark, or newer, run by root. Rootless engines are refused, as their
    macvlan networks reach nothing on the LAN.
seealso:
  - module: linuxnet.macvlan.macvlan_link
"""

EXAMPLES = r"""
- name: Create the container networks that the declaration of this host means
  linuxnet.macvlan.container_network:
    networks: "{{ (macvlan_networks | linuxnet.macvlan.intent).container_networks }}"

- name: Replace one, and connect its containers again
  linuxnet.macvlan.container_network:
    networks:
      - name: lan0
        engine: docker
        parent: eth0
        subnets: [192.168.100.0/24]
        gateways: [192.168.100.1]
        ranges: [192.168.100.128/28]
        reserved: [192.168.100.3]
    recreate: true

- name: Remove all networks of this collection
  linuxnet.macvlan.container_network:
    engines: [docker, podman]
    purge: true
"""

RETURN = r"""
networks:
  description: The declared networks and those of this collection, as the engines have them after the run.
  returned: success
  type: list
  elements: dict
  contains:
    engine:
      description: The engine.
      type: str
    name:
      description: The name of the network.
      type: str
    id:
      description: The beginning of its ID.
      type: str
    parent:
      description: Its parent.
      type: str
    owned:
      description: Whether it carries the label of this collection.
      type: bool
    containers:
      description: The containers that use it, running or stopped.
      type: list
      elements: dict
      contains:
        name:
          description: The name of the container.
          type: str
        id:
          description: The beginning of its ID.
          type: str
        running:
          description: Whether it runs.
          type: bool
        addresses:
          description: The addresses that it has now.
          type: list
          elements: str
        fixed:
          description: Those that were chosen for it; none where the engine does not say.
          type: list
          elements: str
        mac:
          description: The MAC address that was chosen for it, none where there is no such choice or it is not known.
          type: str
        project:
          description: Its Compose project.
          type: str
proposals:
  description:
    - For each network that something else made and that differs, and for each declaration without a range, what RV(msg)
      proposes.
  returned: when the plan was refused
  type: list
  elements: dict
  contains:
    engine:
      description: The engine.
      type: str
    name:
      description: The name of the network.
      type: str
    set:
      description: What the declaration lacks, lists by its keys.
      type: dict
    probes:
      description: The proposed addresses, as M(linuxnet.macvlan.arp_conflict_check) takes them.
      type: list
      elements: dict
    dhcp_probes:
      description: The same for M(linuxnet.macvlan.dhcp_check).
      type: list
      elements: dict
drift:
  description:
    - What is not as declared, each attribute of each network, also where the run refuses to change it. After a run that
      wrote it is what is left.
  returned: success, or when the plan was refused
  type: list
  elements: dict
  contains:
    engine:
      description: The engine.
      type: str
    name:
      description: The name of the network.
      type: str
    attribute:
      description: What differs, V(state) where the network is absent, or is not declared any more.
      type: str
    declared:
      description: What is declared.
      type: raw
    found:
      description: What the engine has.
      type: raw
    remedy:
      description: What changes that.
      type: str
    text:
      description: All of it as a sentence.
      type: str
messages:
  description: What was, or would be, changed.
  returned: success
  type: list
  elements: str
msg:
  description: The outcome in one sentence.
  returned: always
  type: str
problems:
  description: What is wrong, each with key, value, problem and remedy.
  returned: failure
  type: list
  elements: dict
overrun:
  description: What was left out because the result would have been too large, one line for each kind.
  returned: when something was left out
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import labels
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.results import end
from ansible_collections.linuxnet.macvlan.plugins.module_utils._containers.task import argument_spec, run


def main() -> None:
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    labels.use(labels.of_module(module))
    end(module, run(module.params, module.check_mode))


if __name__ == "__main__":
    main()
