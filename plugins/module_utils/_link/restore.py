# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's network state before a change, and how to restore it.

Links are restored like any other change of links: what was is declared, planned and applied. What nobody declares of
them (`properties`), addresses, routes, rules and neighbours are written as the kernel's own messages, as they were.
"""

from __future__ import annotations

import errno
import glob
import os
import socket
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Callable

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import files as _files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.difference import Difference
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm.undo import Restored
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent import attributes as _attributes
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.links import MARK, DesiredLink
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel import neighbours
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel import read as _facts
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Facts, Link
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.names import MACVLAN_KINDS
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netlink import (
    NLM_F_APPEND,
    NLM_F_REPLACE,
    RTM_NEWADDR,
    RTM_NEWNEIGH,
    RTM_NEWROUTE,
    RTM_NEWRULE,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.rtnetlink import (
    Rtnetlink,
    RtnetlinkMessage,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.sysctl import write_setting
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.tables import Tables, compare, words

from . import apply as link_apply
from . import plan as link_plan
from . import properties
from .properties import LinkProperties
from .steps import CreateLink, SetLink, Step

SETTINGS = tuple(f"/proc/sys/net/{family}/{what}" for family in ("ipv4", "ipv6") for what in ("conf", "neigh"))
#: The kind of links that a plan makes.
MADE_HERE = "macvlan"
#: Settings that are another one in coarser units (net/core/neighbour.c).
COARSE = {"base_reachable_time", "retrans_time", "unres_qlen"}

#: Errors of the kernel that mean: there already, gone already (for addresses, routes and rules).
DONE_ALREADY = (errno.EEXIST, errno.ESRCH, errno.EADDRNOTAVAIL, errno.ENOENT)

#: An address whose lifetime differs is replaced; a route is appended to equal ones, as it may have been one of them.
FLAGS = {RTM_NEWADDR: NLM_F_REPLACE, RTM_NEWROUTE: NLM_F_APPEND, RTM_NEWNEIGH: NLM_F_REPLACE}


@dataclass(frozen=True)
class KernelState:
    """facts: links. settings: texts below /proc/sys by path. links: by name."""

    facts: Facts
    tables: Tables
    settings: dict[str, str]
    links: dict[str, LinkProperties]

    def indexes(self) -> dict[str, int]:
        return {name: found.index for name, found in self.links.items()}


def read(interfaces: Iterable[str] = ()) -> KernelState:
    """interfaces: whose settings are read. Errors: OSError."""
    facts = _facts.read()
    names = dict(socket.if_nameindex())
    with Rtnetlink() as netlink:
        messages = [message for kind in (RTM_NEWADDR, RTM_NEWROUTE, RTM_NEWRULE) for message in _dump(netlink, kind)]
        messages += filter(neighbours.configured, netlink.neighbours())
        links = properties.read(netlink)
    return KernelState(facts, Tables(names, tuple(messages), time.monotonic()), _settings(interfaces), links)


def _dump(netlink: Rtnetlink, kind: int) -> list[RtnetlinkMessage]:
    """A kernel without policy routing has no rules."""
    try:
        return netlink.dump(kind)
    except OSError as error:
        if error.errno != errno.EOPNOTSUPP:
            raise
        return []


def _settings(interfaces: Iterable[str]) -> dict[str, str]:
    paths = [path for name in interfaces for top in SETTINGS for path in glob.glob(f"{glob.escape(f'{top}/{name}')}/*")]
    found = {}
    for path in paths:
        if os.path.basename(path) in COARSE:
            continue
        try:
            if os.access(path, os.W_OK):
                found[path] = _files.read(path) or ""
        except OSError:
            continue  # stable_secret has none yet
    return found


def undo(then: KernelState, owned: Iterable[str], beside: Iterable[str]) -> Restored:
    """Write what differs. Errors: OSError where nothing can be read.

    owned: links that were to be changed; they become what they were, or are removed. beside: links that the change may
    have affected, their parents above all; their MAC address, MTU and state (up or down) are restored.
    """
    owned, beside = list(owned), list(beside)
    now = read(_interfaces(then))
    difference = Difference()
    queues = {name: found.queues for name, found in then.links.items()}
    steps = _links(then.facts, now.facts, owned, beside, queues, difference)
    restored = Restored(difference.messages())
    _trying(restored, lambda: link_apply.apply(steps))
    # Read again: links that were made have an index now, and routes went with those that were removed.
    now = read(_interfaces(then)) if steps else now
    _restore_settings(then.settings, now.settings, restored)
    _restore_properties(then, now, [*owned, *beside], restored)
    _restore_tables(then.tables, now.tables, owned, restored)
    _note_missing(then, now, owned, restored)
    return restored


def _trying(restored: Restored, write: Callable[[], object], what: str = "") -> None:
    """what: is named where the error does not say it."""
    try:
        write()
    except (OSError, link_apply.ApplyFailed) as error:
        if getattr(error, "errno", None) not in DONE_ALREADY:
            restored.errors.append(f"{what}: {error}" if what else str(error))


def _interfaces(then: KernelState) -> list[str]:
    """The interfaces whose settings were read."""
    return list(dict.fromkeys(path.rsplit("/", 2)[1] for path in then.settings))


def _links(
    then: Facts,
    now: Facts,
    owned: list[str],
    beside: list[str],
    queues: Mapping[str, tuple[int, int]],
    difference: Difference,
) -> list[Step]:
    were = [link for link in map(then.link, owned) if link is not None and _restorable(link, now)]
    gone = [name for name in owned if then.link(name) is None]
    present = [link for link in (_declared(link, then, now) for link in were) if link is not None]
    marked = {link.name for link in were if link.alias == MARK}
    steps = link_plan.plan(present, gone, now, {}, marked, difference)
    steps = [_queued(step, queues) if isinstance(step, CreateLink) else step for step in steps]
    first = [_changed(then.link(name), now.link(name), ("mac", "mtu", "up"), difference) for name in beside]
    # A link that is recreated carries our mark at first; its own alias is restored in the next round.
    unmarked = [link for link in were if link.name not in marked]
    last = [_changed(link, now.link(link.name), ("alias",), difference) for link in unmarked]
    return [*filter(None, first), *steps, *filter(None, last)]


def _restorable(link: Link, now: Facts) -> bool:
    """The plan makes macvlan links; it can change a macvtap link that is there."""
    return link.kind == MADE_HERE or (link.kind in MACVLAN_KINDS and now.link(link.name) is not None)


def _queued(step: CreateLink, queues: Mapping[str, tuple[int, int]]) -> CreateLink:
    """With the number of queues, which the kernel takes at no other time."""
    transmit, receive = queues.get(step.link, (1, 1))
    if (transmit, receive) == (1, 1):
        return step
    return replace(step, attributes={**step.attributes, "num_tx_queues": transmit, "num_rx_queues": receive})


def _declared(link: Link, then: Facts, now: Facts) -> DesiredLink | None:
    """A link as it was, as a declaration; None where its parent is gone. Addresses and routes are restored apart."""
    below = then.by_index(link.parent)
    parent = now.link(below.name) if below is not None and link.parent_nsid is None else None
    if parent is None:
        return None
    attributes = {row.name: row.found(link) for row in _attributes.ATTRIBUTES}
    if link.mode == "passthru":
        attributes["mac"] = None
    return DesiredLink(link.name, parent.name, attributes, up=link.up).on(parent)


def _changed(then: Link | None, now: Link | None, names: tuple[str, ...], difference: Difference) -> SetLink | None:
    if then is None or now is None:
        return None
    pairs = {name: (getattr(now, name), getattr(then, name)) for name in names}
    attributes = {
        name: wanted
        for name, (current, wanted) in pairs.items()
        if difference.compare(link_plan.target(then.name), name, current, wanted)
    }
    return SetLink(then.name, attributes) if attributes else None


def _restore_settings(then: dict[str, str], now: dict[str, str], restored: Restored) -> None:
    """Settings of interfaces that exist."""
    for path, text in then.items():
        if now.get(path, text) != text:
            restored.differences.append(f"{path[len('/proc/sys/') :]}: {now[path].strip()} -> {text.strip()}")
            _trying(restored, partial(write_setting, path, text))


def _restore_properties(then: KernelState, now: KernelState, names: list[str], restored: Restored) -> None:
    both = [name for name in dict.fromkeys(names) if name in then.links and name in now.links]
    with Rtnetlink() as netlink:
        for name in both:
            for repair in properties.repairs(name, then.links[name], now.links[name], now.indexes()):
                restored.differences.append(repair.words)
                _trying(restored, partial(repair.write, netlink), repair.words)
    restored.lost += [text for name in both for text in properties.lost(name, then.links[name], now.links[name])]


def _note_missing(then: KernelState, now: KernelState, owned: list[str], restored: Restored) -> None:
    """Links that are not there and that nothing here can make."""
    restored.lost += properties.stacked(then.links, now.links, owned)
    for name in owned:
        link = then.facts.link(name)
        if link is None or name in now.links:
            continue
        if link.parent_nsid is not None:
            restored.lost.append(f"link {name}: its parent is in another network namespace, so it cannot be made here")
        elif link.kind != MADE_HERE:
            restored.lost.append(f"link {name}: it is gone, and links of the kind {link.kind} are not made here")
        elif then.links[name].lower not in now.links:
            restored.errors.append(f"link {name}: its parent {then.links[name].lower} is not there")


def _restore_tables(then: Tables, now: Tables, owned: list[str], restored: Restored) -> None:
    lacking = compare(then, now, owned)
    restored.differences += [f"{words(message, now.names)}: remove" for message in lacking.remove]
    restored.differences += [f"{words(message, now.names)}: add" for message in lacking.add]
    with Rtnetlink() as netlink:
        for message in lacking.remove:
            _trying(restored, partial(netlink.delete, message))
        for message in lacking.add:
            _trying(restored, partial(netlink.add, message, FLAGS.get(message.kind, 0)))
