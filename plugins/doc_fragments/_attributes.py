# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every module states about itself in its `attributes`."""

from __future__ import annotations


class ModuleDocFragment:
    # A module adds `support` (and `details`) to check_mode, diff_mode and idempotent; the other two are complete.
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Predicts in check mode what a run would change, and writes nothing.
  diff_mode:
    description: Returns before and after of what it changes, or would change, as a diff.
  idempotent:
    description: A second run with the same input, on a host that was not changed in between, changes nothing.
  platform:
    description: The operating systems that a target may run.
    platforms: linux
    support: full
  action_group:
    description: The group that takes defaults for all modules of this collection from C(module_defaults).
    support: full
    membership:
      - linuxnet.macvlan.macvlan
"""
