# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What macvlan_link is about to change, and how to restore it: the kernel first, then files, units and daemons.

The order is that of the change itself: the persistent form adopts the links that it finds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.command import CommandFailed, run
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.difference import Difference
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.systemd import UnitState
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm import files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm.undo import Restored, Undone, undo
from ansible_collections.linuxnet.macvlan.plugins.module_utils._link import restore as kernel
from ansible_collections.linuxnet.macvlan.plugins.module_utils._makers import adoption, record
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist import actions, registry, units
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist import plan as _persistence
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.base import Changed, link_of
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.plan import Persisted

from . import parent_settings
from .plan import ConvergePlan
from .state import ConvergeState

#: The symbolic links by which a unit of ours is enabled (systemd.unit(5), [Install]).
ENABLED = f"{units.DIRECTORY}/*.*/linuxnet-macvlan-*.service"


class LinkSnapshot:
    """A host before a change of links. Errors: OSError."""

    def __init__(self, state: ConvergeState, planned: ConvergePlan) -> None:
        facts = state.facts
        self._state = state
        self.present = state.present
        self.persisted = state.persisted
        self.owned = [*(link.name for link in self.present), *state.removed]
        parents = [facts.by_index(link.parent) for link in map(facts.link, self.owned) if link is not None]
        beside = {parent.name for parent in parents if parent is not None}
        beside |= {link.lower.name for link in self.present} | (state.uplink.carriers if state.uplink else set())
        self.beside = sorted(beside - set(self.owned))
        self.kernel = kernel.read([*self.owned, *self.beside])
        self.adoptions, self.given_back = planned.adoptions, planned.given_back
        touched = [action.target for action in planned.persistence.actions if action.kind in ("write", "remove")]
        patterns = [] if self.persisted.host.unfit else [*registry.patterns(), ENABLED]
        for item in (*self.adoptions, *self.given_back):
            touched += [record.path(item.link), *(edit.path for edit in item.edits)]
        self.files = files.read([*touched, state.memory_path, actions.MARKER], patterns)
        # Files that are right again say nothing about daemons. Until these have been reloaded, the files count as they
        # were when an attempt failed; and systemd has units to read.
        self._known: Mapping[str, str] | None = None
        self._reload_owed = False

    def undo(self, patience: float) -> Undone:
        stages = [self._memory, self._taken, self._kernel, self._persistence, self._given_back, self._files]
        return undo(stages, patience)

    def _memory(self) -> Restored:
        """While settings of parents are restored, nothing of what they were is forgotten, as the undo may be killed."""
        path, facts = self._state.memory_path, self._state.facts
        now = parent_settings.load(path, facts)
        during = parent_settings.merged(now, self._state.memory)
        if during != now:
            parent_settings.save(path, during, facts)
        return Restored()

    def _kernel(self) -> Restored:
        return kernel.undo(self.kernel, self.owned, self.beside)

    def _files(self) -> Restored:
        restored = files.undo(self.files)
        self._reload_owed = self._reload_owed or any(units.DIRECTORY in text for text in restored.differences)
        if self._reload_owed:
            try:
                run(["systemctl", "daemon-reload"])
                self._reload_owed = False
            except CommandFailed as error:
                restored.errors.append(str(error))
        return restored

    def _taken(self) -> Restored:
        """What was given back is ours again. The link that its maker made goes: it was another one. Errors: many."""
        known = record.read() if self.given_back else {}
        lost = [item for item in self.given_back if item.link not in known]
        for item in lost:
            adoption.take(item)
            run(["ip", "link", "delete", "dev", item.link], check=False)
        return Restored([f"adoption of {item.link}: add" for item in lost])

    def _given_back(self) -> Restored:
        """What was disabled is enabled again. The link stays: it is as it was already. Errors: many."""
        known = record.read() if self.adoptions else {}
        ours = [item for item in self.adoptions if item.link in known]
        for item in ours:
            adoption.give_back(item, there=True)
        return Restored([f"adoption of {item.link}: remove" for item in ours])

    def _persistence(self) -> Restored:
        """Like any other persistent change: files, units and daemons, by the back ends. Errors: many."""
        try:
            now = _persistence.read(self.present)
        except Exception:
            # The stage of files restores them all the same, and reloads no daemon.
            self._known = _persistence.read_files() if self._known is None else self._known
            raise
        if now.host.unfit:
            return Restored()
        now = now if self._known is None else replace(now, files=self._known)
        difference = Difference()
        changed = back(self.persisted, now, difference)
        restored = Restored(difference.messages())
        if difference:
            self._known = now.files
            try:
                before = _persistence.before_kernel(changed, now.files, now.host)
                actions.apply([*before, *_persistence.after_kernel(changed, now.host)], unmarked=True)
            except actions.PersistFailed as error:
                restored.errors.append(str(error))
                return restored
        self._known = None
        return restored


def back(then: Persisted, now: Persisted, difference: Difference) -> Changed:
    """From the persistent state that is to the one that was. Pure; files that are not ours are left alone."""
    ours = {path: text for path, text in then.files.items() if link_of(text) is not None}
    states = {name: then.units.get(name, UnitState()) for name in [*then.units, *now.units]}
    changed = _persistence.compare(now, ours, states, now.links(), frozenset(), difference)
    return changed.sharing(_persistence.shared(now.host), _persistence.shared(then.host), difference)
