#!/usr/bin/python
# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: keep NetworkManager off devices."""

from __future__ import annotations

DOCUMENTATION = r"""
module: nm_unmanaged
short_description: Keep NetworkManager off devices, and prove that it stays off
version_added: 0.1.0
author: ["The linuxnet.macvlan authors (@linuxnet)"]
description:
  - Owns one file in NetworkManager's configuration that adds devices to C([keyfile] unmanaged-devices), has
    NetworkManager read its configuration again, and reads back what came of it. NetworkManager is never restarted.
  - A file proves nothing, because a later file may replace the list. The module therefore computes the merged list
    before it writes, and fails with the name of the other file when the exclusion would have no effect. After it has
    written, it asks NetworkManager for the merged list and for the state of each device.
  - A device that NetworkManager leaves alone already, by a list such as V(*,except:interface-name:eth0) or a section
    C([device-*]) with C(managed=0) in other files, needs no entry. The message says which line does it. An entry that
    is there stays, unless it changes the meaning of a list of nothing but V(except:) entries.
  - On a host without NetworkManager the module writes nothing. Where NetworkManager is installed and not running, the
    file is written, with a warning that the state of the devices is not proven.
  - Remove a link before its exclusion. NetworkManager takes over a link that is no longer excluded, and removes the
    addresses that it did not set itself. The module warns when that is about to happen.
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
  state:
    description:
      - V(present) makes the file hold exactly the O(devices) given, without those that need no entry.
      - V(absent) removes the file, and only if this collection wrote it.
    type: str
    choices: [present, absent]
    default: present
  devices:
    description:
      - Devices that NetworkManager is to leave alone, whether they exist yet or not.
      - A plain name such as V(lan0) stands for V(interface-name:lan0). All other forms of a device spec in
        C(NetworkManager.conf(5)) are accepted, such as V(interface-name:lan*), V(type:macvlan), V(driver:macvlan),
        V(except:interface-name:lan9).
      - A macvlan cannot be named by V(mac:), because NetworkManager compares permanent addresses, and it has none.
      - An empty list removes the file.
      - With O(state=absent) the states of these devices are returned.
    type: list
    elements: str
    default: []
  keys:
    description: Where the declaration has each of O(devices), in their order, for messages.
    type: list
    elements: str
    default: []
  keep:
    description:
      - Devices, in the same forms, that stay in the file if they are in it, and are not added.
      - A link that shall get a profile of NetworkManager's own is without addresses while it is no longer excluded and
        has no profile yet. M(linuxnet.macvlan.macvlan_link) takes it out of this file when the profile is there.
    type: list
    elements: str
    default: []
  path:
    description:
      - The file. It has to lie in V(/etc/NetworkManager/conf.d), V(/run/NetworkManager/conf.d) or
        V(/usr/lib/NetworkManager/conf.d), and its name has to end in V(.conf).
      - Files are read in the order of their names, so that one that sorts last cannot be overridden by accident.
      - A file that this collection did not write is refused.
    type: path
    default: /etc/NetworkManager/conf.d/99-linuxnet-macvlan.conf
  reload:
    description:
      - Whether to reload NetworkManager's configuration. Connections stay up.
      - Without it the devices' states are returned as they are, and prove nothing.
    type: bool
    default: true
notes:
  - Needs C(busctl) of systemd 240 or newer, and NetworkManager 1.22 or newer.
seealso:
  - module: linuxnet.macvlan.macvlan_link
  - name: NetworkManager.conf(5)
    description: The order of the files, and the list of unmanaged devices.
    link: https://networkmanager.dev/docs/api/latest/NetworkManager.conf.html
"""

EXAMPLES = r"""
- name: Keep NetworkManager off the macvlan links
  linuxnet.macvlan.nm_unmanaged:
    devices:
      - lan0
      - interface-name:mv*

- name: Keep NetworkManager off every macvlan there is and will be
  linuxnet.macvlan.nm_unmanaged:
    devices:
      - type:macvlan

- name: Hand everything back
  linuxnet.macvlan.nm_unmanaged:
    state: absent
"""

RETURN = r"""
networkmanager:
  description: Whether NetworkManager is on this host.
  returned: success
  type: dict
  contains:
    installed:
      description: Whether the program is there.
      type: bool
    running:
      description: Whether the daemon answers on the system bus.
      type: bool
    version:
      description: Its version, none where it is not installed.
      type: str
  sample: {installed: true, running: true, version: 1.42.4}
effective:
  description: The merged list of unmanaged devices; in check mode as it would be.
  returned: success
  type: list
  elements: str
  sample: ["interface-name:lan0"]
contributions:
  description: Every line about unmanaged devices in every file that NetworkManager reads, in its order.
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: The file.
      type: str
    operation:
      description: V(replace) for C(=), V(add) for C(+=), V(remove) for C(-=).
      type: str
    specs:
      description: The entries of the line.
      type: list
      elements: str
devices:
  description:
    - One entry per spec and device that it matches; in check mode as it would be.
    - A spec that matches none has one entry, in which RV(devices[].managed) is none.
  returned: success
  type: list
  elements: dict
  contains:
    device:
      description: Interface name; none for a pattern that matches nothing.
      type: str
    spec:
      description: The entry of the list.
      type: str
    exists:
      description: Whether the kernel has the device.
      type: bool
    managed:
      description: Whether NetworkManager manages it; none where it cannot be asked.
      type: bool
    state:
      description: NetworkManager's state of the device, such as V(unmanaged) or V(activated).
      type: str
  sample: [{device: lan0, spec: "interface-name:lan0", exists: true, managed: false, state: unmanaged}]
overridden_by:
  description: The file that keeps the exclusion from having an effect, and how; none where there is none.
  returned: always
  type: dict
  contains:
    path:
      description: The file.
      type: str
    how:
      description: What it does.
      type: str
file:
  description: The file that this module owns.
  returned: success
  type: str
  sample: /etc/NetworkManager/conf.d/99-linuxnet-macvlan.conf
messages:
  description: What was, or would be, changed.
  returned: success
  type: list
  elements: str
msg:
  description: The outcome in one sentence.
  returned: always
  type: str
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
  description: What is wrong, each with key, value, problem and remedy.
  returned: failure
  type: list
  elements: dict
"""

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import compile_once

compile_once.install()

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import labels
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.results import end
from ansible_collections.linuxnet.macvlan.plugins.module_utils._nm.task import argument_spec, run


def main() -> None:
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    labels.use(labels.of_module(module))
    end(module, run(module.params, module.check_mode))


if __name__ == "__main__":
    main()
