# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fleet_mac_list
short_description: List the MAC addresses that macvlan brings to each switch port
version_added: 0.1.0
author:
  - The linuxnet.macvlan authors (@linuxnet)
description:
  - Writes C(mac_list.csv) and C(mac_list.json) on the controller, with one row for each MAC address of each parent.
    These are the parent's own, those of macvlan links of the host and of containers in all network namespaces, and
    those of links that are declared and do not exist yet. Where the switch announced itself (LLDP), its name and port
    are included.
  - It is meant for the configuration of port security on the switches, and lists how many MAC addresses each port
    needs.
  - Reads what M(linuxnet.macvlan.macvlan_info) registered as C(macvlan_inventory) out of the variables of all hosts,
    and what they declare. One task with C(run_once) serves the whole play.
  - The lists have a fixed order and no time in them, so that they can be kept under version control.
options:
  dest:
    description:
      - The directory on the controller. It is made if it is not there.
      - A file there that has one of the two names and is no such list is not overwritten.
    type: path
    required: true
  mode:
    description:
      - The permissions of the files, as four octal digits in quotes.
      - Directories that are made are accessible by their owner only.
    type: str
    default: "0600"
notes:
  - Cells of the CSV file that a spreadsheet would take for a formula begin with an apostrophe, as names of switches and
    ports come from the network.
  - Hosts that could not be asked are listed by their declaration alone, with a warning.
  - It runs on the controller and opens no connection.
extends_documentation_fragment:
  - linuxnet.macvlan._attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
  platform:
    details: It runs on the controller.
  action_group:
    support: none
    membership: []
seealso:
  - module: linuxnet.macvlan.macvlan_info
"""

EXAMPLES = r"""
- name: List the links, and listen for the switches
  linuxnet.macvlan.macvlan_info:
    lldp_seconds: 35
  register: macvlan_inventory

- name: Write the list for the network team
  linuxnet.macvlan.fleet_mac_list:
    dest: /srv/reports/macvlan
  run_once: true
"""

RETURN = r"""
files:
  description: The files.
  returned: success
  type: list
  elements: str
  sample: [/srv/reports/macvlan/mac_list.csv, /srv/reports/macvlan/mac_list.json]
macs:
  description: How many rows they have.
  returned: success
  type: int
ports:
  description: How many MAC addresses each parent brings to its switch port.
  returned: success
  type: list
  elements: dict
  sample: [{host: h1, parent: eth0, switch: sw1.example.net, switch_port: Ethernet12, macs: 4}]
unseen:
  description: Hosts that are listed by their declaration alone, and why.
  returned: success
  type: dict
  sample: {h3: it is unreachable}
"""
