# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does something before a write of macvlan_link. It stands in front of programs that hosts run, so it imports late."""

import itertools
import typing


def before_write(wanted: int, act) -> None:
    """Call a function before the write of that number: of a step, an action, the memory of parents, or the end."""
    from ansible_collections.linuxnet.macvlan.plugins.module_utils._converge import parent_settings
    from ansible_collections.linuxnet.macvlan.plugins.module_utils._converge import run as convergence
    from ansible_collections.linuxnet.macvlan.plugins.module_utils._link import steps
    from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist import actions

    numbers = itertools.count()

    def counted(write):
        def call(*arguments, **options):
            if next(numbers) == wanted:
                act()
            return write(*arguments, **options)

        return call

    for step in typing.get_args(steps.Step):
        step.write = counted(step.write)
    actions.execute = counted(actions.execute)
    parent_settings.save = counted(parent_settings.save)
    convergence.settle = counted(convergence.settle)
