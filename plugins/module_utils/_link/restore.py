# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's network state before a change, and how to restore it.

Links are restored like any other change of links: what was is declared, planned and applied. Addresses, routes and
rules are written as the kernel's own messages, as they were read.
"""

from __future__ import annotations

import errno
import glob
import os
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Callable

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import files as _files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.difference import Difference
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.requirements import pyroute2
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm.undo import Restored
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent import attributes as _attributes
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.links import MARK, DesiredLink
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel import read as _facts
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Facts, Link
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.names import MACVLAN_KINDS
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netlink import (
    NLM_F_APPEND,
    NLM_F_REPLACE,
    RTM_NEWADDR,
    RTM_NEWROUTE,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.rtnetlink import (
    HEADERS,
    Rtnetlink,
    RtnetlinkMessage,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.sysctl import write_setting
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.tables import Tables, compare, words

from . import apply as link_apply
from . import plan as link_plan
from .steps import SetLink, Step

SETTINGS = ("/proc/sys/net/ipv4/conf", "/proc/sys/net/ipv6/conf")

#: Errors of the kernel that mean: there already, gone already (for addresses, routes and rules).
DONE_ALREADY = (errno.EEXIST, errno.ESRCH, errno.EADDRNOTAVAIL, errno.ENOENT)

#: An address whose lifetime differs is replaced; a route is appended to equal ones, as it may have been one of them.
FLAGS = {RTM_NEWADDR: NLM_F_REPLACE, RTM_NEWROUTE: NLM_F_APPEND}


@dataclass(frozen=True)
class KernelState:
    """facts: links; empty where pyroute2 is missing. settings: texts below /proc/sys by path."""

    facts: Facts
    tables: Tables
    settings: dict[str, str]


def read(interfaces: Iterable[str] = ()) -> KernelState:
    """interfaces: whose settings are read. Errors: OSError."""
    facts = _facts.read() if pyroute2 is not None else Facts()
    names = dict(socket.if_nameindex())
    with Rtnetlink() as netlink:
        messages = [message for kind in HEADERS for message in _dump(netlink, kind)]
    return KernelState(facts, Tables(names, tuple(messages), time.monotonic()), _settings(interfaces))


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
    steps = _links(then.facts, now.facts, owned, beside, difference)
    restored = Restored(difference.messages())
    _trying(restored, lambda: link_apply.apply(steps))
    _restore_settings(then.settings, now.settings, restored)
    # Read again: links that were made have an index now, and routes went with those that were removed.
    _restore_tables(then.tables, read().tables if steps else now.tables, owned, restored)
    return restored


def _trying(restored: Restored, write: Callable[[], object]) -> None:
    try:
        write()
    except (OSError, link_apply.ApplyFailed) as error:
        if getattr(error, "errno", None) not in DONE_ALREADY:
            restored.errors.append(str(error))


def _interfaces(then: KernelState) -> list[str]:
    """The interfaces whose settings were read."""
    return list(dict.fromkeys(path.rsplit("/", 2)[1] for path in then.settings))


def _links(then: Facts, now: Facts, owned: list[str], beside: list[str], difference: Difference) -> list[Step]:
    were = [link for link in map(then.link, owned) if link is not None and link.kind in MACVLAN_KINDS]
    gone = [name for name in owned if then.link(name) is None]
    present = [link for link in (_declared(link, then, now) for link in were) if link is not None]
    marked = {link.name for link in were if link.alias == MARK}
    steps = link_plan.plan(present, gone, now, {}, marked, difference)
    first = [_changed(then.link(name), now.link(name), ("mac", "mtu", "up"), difference) for name in beside]
    # A link that is recreated carries our mark at first; its own alias is restored in the next round.
    unmarked = [link for link in were if link.name not in marked]
    last = [_changed(link, now.link(link.name), ("alias",), difference) for link in unmarked]
    return [*filter(None, first), *steps, *filter(None, last)]


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


def _restore_tables(then: Tables, now: Tables, owned: list[str], restored: Restored) -> None:
    lacking = compare(then, now, owned)
    restored.differences += [f"{words(message, now.names)}: remove" for message in lacking.remove]
    restored.differences += [f"{words(message, now.names)}: add" for message in lacking.add]
    with Rtnetlink() as netlink:
        for message in lacking.remove:
            _trying(restored, partial(netlink.delete, message))
        for message in lacking.add:
            _trying(restored, partial(netlink.add, message, FLAGS.get(message.kind, 0)))
