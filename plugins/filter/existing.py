# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: existing
short_description: The declaration that describes the macvlan links and networks a host has already
version_added: 0.1.0
author:
  - The linuxnet.macvlan authors (@linuxnet)
description:
  - Makes C(macvlan_networks) and C(macvlan_links) of what M(linuxnet.macvlan.macvlan_info) and container engines
    report. A link with an address in the subnet of a network on its parent becomes the host's link of that network.
positional: docker, podman
options:
  _input:
    description: The links of a host, RV(linuxnet.macvlan.macvlan_info#module:links).
    type: list
    elements: dict
    required: true
  docker:
    description: The answer of Docker's API to C(GET /networks).
    type: list
    elements: dict
    default: []
  podman:
    description: The output of C(podman network ls --format json).
    type: list
    elements: dict
    default: []
seealso:
  - plugin: linuxnet.macvlan.macvlan_info
    plugin_type: module
"""

EXAMPLES = r"""
- name: List all macvlan links
  linuxnet.macvlan.macvlan_info:
  register: found

- name: Print the declaration of the links
  ansible.builtin.debug:
    msg: "{{ found.links | linuxnet.macvlan.existing }}"
"""

RETURN = r"""
_value:
  description: C(macvlan_networks) and C(macvlan_links).
  type: dict
"""

from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._existing import declaration


def existing(links: list[Any], docker: list[Any] | None = None, podman: list[Any] | None = None) -> dict[str, Any]:
    """The declaration of one host. Errors: AnsibleFilterError for what is no answer of these programs."""
    try:
        return dict(declaration(links, docker or [], podman or []))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise AnsibleFilterError(f"this is not what macvlan_info, Docker and podman return: {error!r}") from error


class FilterModule:
    """The filter ``linuxnet.macvlan.existing``."""

    def filters(self) -> dict[str, object]:
        return {"existing": existing}
