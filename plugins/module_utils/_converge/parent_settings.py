# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings that links need on their parent, and their values before, which are restored with the last link.

The memory is one small JSON file. Its entries are of devices: a parent keeps its own when its MAC address changes, as
that of a bond or bridge does, and when it is renamed. A setting is restored when no link needs it any more. Planning is
pure; only ``save`` writes.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Dict, TypedDict

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import files as _files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import ifname_problem
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.difference import Difference
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm import boot
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.links import (
    MARK,
    SYSCTLS,
    DesiredLink,
    sysctl_path,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Facts, Link
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netns import cookie, own_label
from ansible_collections.linuxnet.macvlan.plugins.module_utils._link.apply import ApplyFailed
from ansible_collections.linuxnet.macvlan.plugins.module_utils._link.plan import Sysctls
from ansible_collections.linuxnet.macvlan.plugins.module_utils._link.steps import SetLink, Step, WriteSetting

#: For the machine itself the memory has to outlive a reboot; a plain network namespace does not outlive one either.
PERMANENT = _files.STATE
TRANSIENT = _files.RUN
FILE = "parents.json"


class Remembered(TypedDict):
    """A setting: what it was before the first link needed it, and the links that need it now."""

    before: int | None
    links: list[str]


#: parent -> setting
Memory = Dict[str, Dict[str, Remembered]]


def target(parent: str) -> str:
    """The name of a parent in differences."""
    return f"interface {parent}"


def memory_path() -> str:
    """The file of this network namespace."""
    label = own_label()
    return f"{TRANSIENT}/{label}/{FILE}" if label else f"{PERMANENT}/{FILE}"


def load(path: str, facts: Facts) -> Memory:
    """What an earlier run wrote, by the present names of the parents.

    Without what cannot be understood, as the settings themselves are compared anyway.
    """
    try:
        data = json.loads(_files.read(path) or "{}")
    except (ValueError, RecursionError):
        return {}
    memory: Memory = {}
    for name, record in data.items() if isinstance(data, dict) else ():
        if ifname_problem(name) or not _understood(record):
            continue
        parent = _present_name(name, record, facts)
        if _same(path, parent, record, facts):
            memory[parent] = {**record["settings"], **memory.get(parent, {})}
    return memory


def _understood(record: object) -> bool:
    """Whether `save` of this version could have written it, under the name of a parent."""
    if not isinstance(record, dict) or not isinstance(record.get("mac"), str):
        return False
    if not isinstance(record.get("index", 0), int) or not isinstance(record.get("boot", ""), str):
        return False
    settings = record.get("settings")
    return isinstance(settings, dict) and all(
        name in SYSCTLS and isinstance(item, dict) and _is_setting(item) for name, item in settings.items()
    )


def _is_setting(item: dict) -> bool:
    before, links = item.get("before"), item.get("links")
    known = before is None or (isinstance(before, int) and not isinstance(before, bool) and before.bit_length() < 64)
    return known and isinstance(links, list) and all(isinstance(name, str) for name in links)


def check_memory(path: str, problems: Problems) -> None:
    """Add a problem where something is at the path of the memory that is no file, before anything is changed."""
    found = _files.access(path)
    if found is not None and found.kind != "file":
        what = f"this is a {found.kind}, and not the memory of this collection"
        problems.add("path", path, what, _files.NOT_TRUSTED)


def _present_name(name: str, record: dict, facts: Facts) -> str:
    """A device that was renamed since has its index and its MAC address still, until the next boot. One whose MAC
    address changed has its name.
    """
    link, other = facts.link(name), facts.by_index(record.get("index"))
    kept = link is not None and link.mac == record["mac"]
    if not kept and other is not None and other.mac == record["mac"] and record.get("boot") == boot.boot_id():
        return other.name
    return link.name if link else name


def _same(path: str, parent: str, record: dict, facts: Facts) -> bool:
    """Whether it is of this namespace: before Linux 5.14 a later one can have the same number, and another device the
    same name there. The MAC address shows that it is not, or a link of ours that needs the setting.
    """
    if path.startswith(PERMANENT) or cookie():
        return True
    link = facts.link(parent)
    if link is None or link.mac == record["mac"]:
        return link is not None
    needing = {name for item in record["settings"].values() for name in item["links"]}
    return any(child.name in needing and child.alias == MARK for child in facts.children(link))


def save(path: str, memory: Memory, facts: Facts) -> None:
    """Write it, or remove it when there is nothing left to remember. Errors: ApplyFailed with path and reason."""
    try:
        if memory:
            now = boot.boot_id()
            data = {parent: _record(facts.link(parent), now, settings) for parent, settings in memory.items()}
            _files.write(path, json.dumps(data, indent=1, sort_keys=True) + "\n", 0o600)
        else:
            _files.remove(path, prune="/run" if path.startswith(TRANSIENT) else "/var/lib")
    except OSError as error:
        what = f"what the settings of parents were before could not be written to {path}: {error.strerror}"
        raise ApplyFailed(f"{what}. Remedy: make room there, and run it again.") from error


def _record(link: Link | None, now: str, settings: dict[str, Remembered]) -> dict[str, object]:
    """Of one parent in the file, with what recognises the device. now: the boot."""
    known = {"mac": link.mac, "index": link.index, "boot": now} if link else {"mac": ""}
    return {**known, "settings": settings}


def compare(before: Memory, after: Memory, difference: Difference) -> None:
    """Note what else is to be restored with the last link, and for which links it is kept."""
    for parent in dict.fromkeys([*before, *after]):
        then, now = before.get(parent, {}), after.get(parent, {})
        for name in dict.fromkeys([*then, *now]):
            for field, words in (("before", "to restore with the last link"), ("links", "is needed by")):
                old, new = (_recorded(settings.get(name), field) for settings in (then, now))
                difference.compare(target(parent), f"{name} {words}", old, new)


def _recorded(record: Remembered | None, field: str) -> object:
    """A field of a record, in words where there is none."""
    if record is None:
        return [] if field == "links" else "not recorded"
    found: object = dict(record)[field]
    return "nothing, the setting did not exist" if found is None else found


def merged(before: Memory, after: Memory) -> Memory:
    """What to remember during a run: nothing is forgotten before its end, as it may be killed."""
    return {parent: {**before.get(parent, {}), **after.get(parent, {})} for parent in dict.fromkeys([*before, *after])}


def paths(present: list[DesiredLink], memory: Memory) -> list[str]:
    """Every value that a plan depends on."""
    wanted = [sysctl_path(link.lower.name, name) for link in present for name, _value in link.parent_sysctl]
    kept = [sysctl_path(parent, name) for parent, settings in memory.items() for name in settings]
    return list(dict.fromkeys(wanted + kept))


def check(present: list[DesiredLink], problems: Problems) -> None:
    """Two links cannot want different values of one setting."""
    seen: dict[tuple[str, str], tuple[int, str]] = {}
    for link in present:
        for name, value in link.parent_sysctl:
            first, by = seen.setdefault((link.lower.name, name), (value, link.name))
            if first != value:
                remedy = "declare one value for all links of a parent"
                problems.add(
                    f"{link.key}.parent_sysctl.{name}",
                    value,
                    f"link {by} wants {first} on {link.lower.name}",
                    remedy,
                )


@dataclass(frozen=True)
class ParentPlan:
    """before: steps that set what links need, ahead of theirs. after: steps that restore what none needs any more.

    memory: what is to be remembered then.
    """

    before: list[Step]
    after: list[Step]
    memory: Memory


def plan(
    present: list[DesiredLink], removed: list[str], memory: Memory, sysctls: Sysctls, difference: Difference
) -> ParentPlan:
    """Compare and note every difference."""
    after = copy.deepcopy(memory)
    wanted = {(link.lower.name, name): value for link in present for name, value in link.parent_sysctl}
    gone = {link.name for link in present} | set(removed)
    for settings in after.values():
        for record in settings.values():
            record["links"] = [name for name in record["links"] if name not in gone]
    needing: dict[tuple[str, str], set[str]] = {}
    for link in present:
        for name, _value in link.parent_sysctl:
            needing.setdefault((link.lower.name, name), set()).add(link.name)
    for (parent, name), links in needing.items():
        now = sysctls.get(sysctl_path(parent, name))
        record = after.setdefault(parent, {}).setdefault(name, {"before": now, "links": []})
        record["links"] = sorted(links.union(record["links"]))
    first: list[Step | None] = [*_up(present, difference)]
    first += [_write(parent, name, value, sysctls, difference) for (parent, name), value in wanted.items()]
    last: list[Step | None] = []
    for parent in list(after):
        for name in [name for name, record in after[parent].items() if not record["links"]]:
            before = after[parent].pop(name)["before"]
            if before is not None:
                last.append(_write(parent, name, before, sysctls, difference))
        if not after[parent]:
            del after[parent]
    return ParentPlan(list(filter(None, first)), list(filter(None, last)), after)


def down(present: list[DesiredLink], parent_up: bool) -> list[DesiredLink]:
    """The links that shall be up on a parent that is down. parent_up: with or without consent to set that up."""
    return [link for link in present if link.up and not link.lower.up and link.parent_up == parent_up]


def _up(present: list[DesiredLink], difference: Difference) -> Iterator[Step]:
    for parent in dict.fromkeys(link.lower.name for link in down(present, True)):
        difference.compare(target(parent), "up", False, True)
        yield SetLink(parent, {"up": True})


def warnings(present: list[DesiredLink]) -> list[str]:
    """Of parents that are down, and stay so."""
    return [
        f"{link.lower.name}, the parent of {link.name}, is down, and nothing gets through: set parent_up: true for"
        f" {link.key}, or set it up where it is configured (ip link set {link.lower.name} up)"
        for link in down(present, False)
    ]


def _write(parent: str, name: str, value: int, sysctls: Sysctls, difference: Difference) -> WriteSetting | None:
    """None where the value is right, or there is no such setting."""
    now = sysctls.get(sysctl_path(parent, name))
    differs = now is not None and difference.compare(target(parent), name, now, value)
    return WriteSetting(parent, name, value) if differs else None
