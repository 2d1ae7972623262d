#!/usr/bin/python
# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: what the kernel can do for link kinds."""

from __future__ import annotations

DOCUMENTATION = r"""
module: kmod_check
short_description: Say what the kernel can do for macvlan and other link kinds, and prove it
version_added: 0.1.0
author: ["The linuxnet.macvlan authors (@linuxnet)"]
description:
  - Says for each link kind whether its kernel module is loaded, built in, loadable, blacklisted, missing, or out of
    reach because the modules of the running kernel are not on the host, and whether the kernel is one in which macvlan
    is known to be broken.
  - Proves it by creating a link of that kind in a network namespace that is made for it and goes with the process,
    also when that is killed. C(lsmod) and C(/sys/module) prove nothing, as they do not show what is built in.
  - A module that is loadable is not tried before it is loaded, because a trial would load it. With O(load=true) it is
    loaded and then tried.
  - On request loads the modules and has them loaded at each boot.
extends_documentation_fragment:
  - linuxnet.macvlan._attributes
attributes:
  check_mode:
    support: full
    details: A trial is made in check mode too, wherever it does not load a module.
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  state:
    description:
      - V(present) examines, and loads and persists as requested.
      - V(absent) removes V(/etc/modules-load.d/linuxnet-macvlan.conf), and only if this collection wrote it. It neither
        examines nor unloads anything.
    type: str
    choices: [present, absent]
    default: present
  modules:
    description:
      - Link kinds to examine.
      - Known are V(macvlan), V(macvtap), V(ipvlan), V(ipvtap), V(vlan), V(bond), V(bridge), V(dummy) and V(veth).
    type: list
    elements: str
    default: [macvlan]
  load:
    description: Whether to load modules that are loadable and not loaded.
    type: bool
    default: false
  persist:
    description:
      - Whether to have the modules loaded at each boot, by V(/etc/modules-load.d/linuxnet-macvlan.conf).
      - What is built in is not listed there. With V(false) the file is left as it is.
    type: bool
    default: false
  required:
    description:
      - Whether to fail when one of the kinds cannot be used or the kernel is known to be bad.
      - A module that is merely not loaded yet is no failure.
    type: bool
    default: true
notes:
  - Needs pyroute2 0.7.2 or newer on the target. When it is missing, the module fails with RV(missing_library) and
    RV(library_package), so that a play can install it and go on.
  - Needs the capabilities C(CAP_NET_ADMIN) and C(CAP_SYS_ADMIN).
seealso:
  - module: linuxnet.macvlan.macvlan_link
  - name: modules-load.d(5)
    description: Modules to load at boot.
    link: https://www.freedesktop.org/software/systemd/man/latest/modules-load.d.html
"""

EXAMPLES = r"""
- name: Check whether macvlan works
  linuxnet.macvlan.kmod_check:

- name: Load macvlan now and at each boot
  linuxnet.macvlan.kmod_check:
    load: true
    persist: true

- name: See what there is, without failing
  linuxnet.macvlan.kmod_check:
    modules: [macvlan, macvtap, ipvlan]
    required: false
  register: kernel

- name: Remove what this collection loads at boot
  linuxnet.macvlan.kmod_check:
    state: absent
"""

RETURN = r"""
kinds:
  description: One entry per link kind, in the order given.
  returned: when examined
  type: list
  elements: dict
  contains:
    name:
      description: The link kind.
      type: str
    module:
      description: Its kernel module.
      type: str
    status:
      description:
        - V(loaded), V(builtin), V(loadable), V(blacklisted), V(missing), V(no_module_tree) (the modules of the running
          kernel are not on the host), or V(known_bad).
      type: str
    works:
      description: Whether a link of this kind could be created; none where it was not tried.
      type: bool
    evidence:
      description: What was read and tried.
      type: list
      elements: str
    known_bad:
      description: For V(known_bad), what is wrong (C(problem)), where that is known from (C(source)), and C(fixed_in).
      type: dict
  sample:
    - name: macvlan
      module: macvlan
      status: builtin
      works: true
      evidence: [the running kernel was built with CONFIG_MACVLAN=y]
      known_bad:
kernel:
  description:
    - The running kernel, C(release), whether its C(module_tree) is on the host, and whether its build options are known
      (C(config_known)).
  returned: when examined
  type: dict
  sample: {release: 6.1.0-25-amd64, module_tree: true, config_known: true}
kernel_log:
  description: Lines of the kernel log that mention a kind that could not be created.
  returned: when examined
  type: list
  elements: str
python:
  description: The C(executable) and C(version) of the Python that ran the module, and the version of C(pyroute2).
  returned: when examined
  type: dict
  sample: {executable: /usr/bin/python3, version: 3.11.2, pyroute2: 0.7.2}
messages:
  description: What was, or would be, changed.
  returned: when examined
  type: list
  elements: str
problems:
  description: What is wrong, each with key, value, problem and remedy.
  returned: failure
  type: list
  elements: dict
missing_library:
  description: The Python library that is missing.
  returned: when pyroute2 is missing
  type: str
  sample: pyroute2
library_package:
  description: The distribution's package of that library; none where it is not known.
  returned: when pyroute2 is missing
  type: str
  sample: python3-pyroute2
"""

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import compile_once

compile_once.install()

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.results import end
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kmod.task import argument_spec, run


def main() -> None:
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    end(module, run(module.params, module.check_mode))


if __name__ == "__main__":
    main()
