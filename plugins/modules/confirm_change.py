#!/usr/bin/python
# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: confirm a network change that waits for it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: confirm_change
short_description: Confirm a network change before its host undoes it
version_added: 0.1.0
author: ["The linuxnet.macvlan authors (@linuxnet)"]
description:
  - Confirms to a host that it is still reachable after a change, so that the host keeps the change, or reads the
    outcome.
  - The action plugins of M(linuxnet.macvlan.macvlan_link) and M(linuxnet.macvlan.nm_unmanaged) run it over a new
    connection after each change. There is no need to call it in a playbook.
extends_documentation_fragment:
  - linuxnet.macvlan._attributes
attributes:
  check_mode:
    support: none
    details: In check mode there is no change that could be confirmed.
  diff_mode:
    support: none
    details: It changes nothing but the host's intention to undo a change.
  idempotent:
    support: none
    details: A change is confirmed once.
options:
  token:
    description: The name of the change, RV(linuxnet.macvlan.macvlan_link#module:confirm.token).
    type: str
    required: true
  wait:
    description: Seconds to wait for a change that is still being made or undone.
    type: int
    default: 10
seealso:
  - module: linuxnet.macvlan.macvlan_link
  - module: linuxnet.macvlan.nm_unmanaged
"""

EXAMPLES = r"""
- name: Keep the change
  linuxnet.macvlan.confirm_change:
    token: 5f2c9a7be1d04c83
"""

RETURN = r"""
state:
  description:
    - V(confirmed) by this call.
    - V(same_connection) is not confirmed, as this is the SSH connection over which the change was made.
    - V(pending) is not confirmed, as the change is still being made or undone.
    - V(undone) by the host, at its next boot where it had crashed.
    - V(unknown) to the host, as after a restart where nothing of the change is left.
  returned: always
  type: str
data:
  description: What the module returned that made the change, or what the host did to undo it.
  returned: always
  type: dict
"""

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import compile_once

compile_once.install()

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.results import failure, safe
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm import pending
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm.session import connection


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "token": {"type": "str", "required": True, "no_log": False},
            "wait": {"type": "int", "default": 10},
        }
    )
    try:
        answer = pending.confirm(module.params["token"], connection(), module.params["wait"])
    except OSError as error:
        module.fail_json(**failure(f"the change could not be confirmed: {error}"))
    module.exit_json(**safe({"changed": False, "state": answer.state, "data": answer.data}))


if __name__ == "__main__":
    main()
