# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: option
short_description: Take the value of a role's option out of an answer to a survey
version_added: 0.1.0
author:
  - The linuxnet.macvlan authors (@linuxnet)
description:
  - A survey of AWX answers with text. This removes the white space around it, and makes lists of what is meant as one.
  - The roles and playbooks of this collection use it for their own options.
positional: elements
options:
  _input:
    description: The value, of any type.
    type: raw
    required: true
  elements:
    description:
      - Whether the option is a list. Then text becomes one. It may be the YAML or JSON text of a list, lines, or text
        with commas.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Show the kinds of links
  ansible.builtin.debug:
    msg: "{{ ' macvlan, ipvlan ' | linuxnet.macvlan.option(elements=true) }}"
"""

RETURN = r"""
_value:
  description: The value of the option.
  type: raw
  sample: [macvlan, ipvlan]
"""

from typing import Any

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._run.given import listed, unpadded


def option(value: object, elements: bool = False) -> Any:
    """The value of an option. elements: whether it is a list."""
    return listed(value) if elements else unpadded(value)


class FilterModule:
    """The filter ``linuxnet.macvlan.option``."""

    def filters(self) -> dict[str, object]:
        return {"option": option}
