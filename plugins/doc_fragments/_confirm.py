# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of every module whose changes could cut a host off."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  confirm_timeout:
    description:
      - Seconds in which a change has to be confirmed over a new connection, counted from when it is complete.
        The action plugin does that. Nothing has to be set for it, neither C(async) nor C(poll).
      - A process on the host waits for it. When the change is not confirmed in time, or the module dies before the
        change is complete, that process restores links, addresses, routes, settings, files, units and daemons, and the
        task fails with a list of what was undone. It needs neither Ansible nor the network for that.
      - Nothing is started, and no second connection made, where nothing changes and in check mode.
      - With V(0) changes are not confirmed and not undone.
    type: int
    default: 30
    version_added: 0.1.0
  allow_uplink_change:
    description:
      - Whether the link, address and route that carry Ansible's own SSH connection may be touched, also under
        C(become). Without this, such a change is refused before anything is changed.
      - Needs a O(confirm_timeout), so that the host undoes what cuts it off.
    type: bool
    default: false
    version_added: 0.1.0
  confirm_token:
    description:
      - The name of the change. The action plugin, which confirms it, chooses one. Without one, changes would not be
        confirmed, so they are made as with O(confirm_timeout=0).
    type: str
    default: ""
    version_added: 0.1.0
notes:
  - One change of a host at a time waits for its confirmation. Another one waits until it ends, and fails when it
    does not.
  - A change that a host undid while no controller was connected is reported as a warning by the next run.
  - A host that shuts down before a change is confirmed undoes it first.
seealso:
  - module: linuxnet.macvlan.confirm_change
"""
