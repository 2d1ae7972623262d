# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's network state before a change, and the way back to it.

Links and settings go the way that every change of links goes: what was is declared, planned and applied. Addresses,
routes and rules are told back to the kernel as it has told them.
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
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm.undo import Look
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

#: Answers of the kernel that mean: there already, gone already (rtnetlink's, for addresses, routes and rules).
DONE_ALREADY = (errno.EEXIST, errno.ESRCH, errno.EADDRNOTAVAIL, errno.ENOENT)

#: An address whose lifetime differs is changed; a route goes behind those that are equal, as it may have been one.
FLAGS = {RTM_NEWADDR: NLM_F_REPLACE, RTM_NEWROUTE: NLM_F_APPEND}


@dataclass(frozen=True)
class Kernel:
    """facts: links; none where pyroute2 is missing. settings: texts below /proc/sys by path."""

    facts: Facts
    tables: Tables
    settings: dict[str, str]


def read(interfaces: Iterable[str] = ()) -> Kernel:
    """interfaces: whose settings are read. Errors: OSError."""
    facts = _facts.read() if pyroute2 is not None else Facts()
    names = dict(socket.if_nameindex())
    with Rtnetlink() as netlink:
        messages = [message for kind in HEADERS for message in _dump(netlink, kind)]
    return Kernel(facts, Tables(names, tuple(messages), time.monotonic()), _settings(interfaces))


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


def undo(then: Kernel, owned: Iterable[str], beside: Iterable[str]) -> Look:
    """Write what differs. Errors: OSError where nothing can be read.

    owned: links that the change was about; they become what they were, or go. beside: links that may have been
    touched on the way, their parents above all; they get back MAC address, MTU and being up.
    """
    owned, beside = list(owned), list(beside)
    now = read(_interfaces(then))
    difference = Difference()
    steps = _links(then.facts, now.facts, owned, beside, difference)
    look = Look(difference.messages())
    _trying(look, lambda: link_apply.apply(steps))
    _put_back_settings(then.settings, now.settings, look)
    # What was just made has an index now, and what went has taken its routes along.
    _put_back_tables(then.tables, read().tables if steps else now.tables, owned, look)
    return look


def _trying(look: Look, write: Callable[[], object]) -> None:
    try:
        write()
    except (OSError, link_apply.ApplyFailed) as error:
        if getattr(error, "errno", None) not in DONE_ALREADY:
            look.errors.append(str(error))


def _interfaces(then: Kernel) -> list[str]:
    """Whose settings were read."""
    return list(dict.fromkeys(path.rsplit("/", 2)[1] for path in then.settings))


def _links(then: Facts, now: Facts, owned: list[str], beside: list[str], difference: Difference) -> list[Step]:
    were = [link for link in map(then.link, owned) if link is not None and link.kind in MACVLAN_KINDS]
    gone = [name for name in owned if then.link(name) is None]
    present = [link for link in (_declared(link, then, now) for link in were) if link is not None]
    marked = {link.name for link in were if link.alias == MARK}
    steps = link_plan.plan(present, gone, now, {}, marked, difference)
    first = [_changed(then.link(name), now.link(name), ("mac", "mtu", "up"), difference) for name in beside]
    # A link that is made carries our mark; what stood there instead comes with the next round.
    unmarked = [link for link in were if link.name not in marked]
    last = [_changed(link, now.link(link.name), ("alias",), difference) for link in unmarked]
    return [*filter(None, first), *steps, *filter(None, last)]


def _declared(link: Link, then: Facts, now: Facts) -> DesiredLink | None:
    """A link that was, as a declaration; None where its parent is gone. Addresses and routes come by other means."""
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


def _put_back_settings(then: dict[str, str], now: dict[str, str], look: Look) -> None:
    """Settings of interfaces that are there."""
    for path, text in then.items():
        if now.get(path, text) != text:
            look.differences.append(f"{path[len('/proc/sys/') :]}: {now[path].strip()} -> {text.strip()}")
            _trying(look, partial(write_setting, path, text))


def _put_back_tables(then: Tables, now: Tables, owned: list[str], look: Look) -> None:
    lacking = compare(then, now, owned)
    look.differences += [f"{words(message, now.names)}: remove" for message in lacking.remove]
    look.differences += [f"{words(message, now.names)}: add" for message in lacking.add]
    with Rtnetlink() as netlink:
        for message in lacking.remove:
            _trying(look, partial(netlink.delete, message))
        for message in lacking.add:
            _trying(look, partial(netlink.add, message, FLAGS.get(message.kind, 0)))
