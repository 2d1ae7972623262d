# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ifupdown: a stanza in interfaces.d, so that ``ifup``, ``ifdown`` and ``ifquery`` know the link, and its keeper.

ifupdown acts at boot and on request. It does not see a parent that goes and comes back, and ``ifup -a`` may come to the
link before its parent. The stanza and the keeper run the same script.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Mapping
from shlex import quote
from typing import IO

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import files as _files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.command import run
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.links import DesiredLink
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist import keeper, units
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.base import (
    Action,
    Backend,
    Changed,
    HostState,
    Owner,
    Refusal,
    Rendered,
    Verb,
    head,
    leaseless,
    parent_name,
)

from . import interfaces

OWNER = "ifupdown"
DIRECTORY = "/etc/network/interfaces.d"
PREFIX = f"{DIRECTORY}/linuxnet-macvlan-"

#: The interfaces that it has brought up.
IFSTATE = "/run/network/ifstate"

#: ``ifdown -a``, so ``systemctl restart networking`` too, leaves the link alone; ``ifdown NAME`` takes it down.
STANZA = """
auto {link}
no-auto-down {link}
iface {link} inet manual
    up /bin/sh {script} once
"""


def stanza_path(link: str) -> str:
    return f"{PREFIX}{link}"


@dataclass(frozen=True)
class IfupdownState:
    """configuration: what it reads, None where there is none. up: the interfaces that it has brought up."""

    configuration: interfaces.Interfaces | None = None
    up: frozenset[str] = frozenset()


def up() -> frozenset[str]:
    return parse_state(_files.read(IFSTATE) or "")


def parse_state(text: str) -> frozenset[str]:
    """The interfaces in ifupdown's state file, which has lines such as ``eth0=eth0``. Pure."""
    return frozenset(line.split("=", 1)[0].strip() for line in text.splitlines() if "=" in line) - {"lo"}


def _ifdown(action: Action) -> None:
    """ifdown leaves its lock behind, an empty file, which is of no use without a stanza."""
    run(["ifdown", action.target], check=False)
    _files.remove(f"{IFSTATE}.{action.target}")


def _set_state(link: str, up: bool) -> None:
    """ifupdown has no command that changes its state alone. It holds the same lock (ifupdown's main.c)."""
    with open(f"{os.path.dirname(IFSTATE)}/.{os.path.basename(IFSTATE)}.lock", "w", encoding="ascii") as lock:
        _wait_for(lock)
        lines = (_files.read(IFSTATE) or "").splitlines(keepends=True)
        others = [line for line in lines if line.split("=", 1)[0].strip() != link]
        _files.write(IFSTATE, "".join([*others, *([f"{link}={link}\n"] if up else [])]))


def _wait_for(lock: IO[str]) -> None:
    """Errors: TimeoutError where another ifup or ifdown does not end in time, as one that waits for DHCP may."""
    deadline = time.monotonic() + units.LIMIT
    while True:
        try:
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise TimeoutError(f"another run of ifup or ifdown has held its lock for {units.LIMIT:g} s") from None
            time.sleep(0.1)
        else:
            return


class IfUpDown(Backend):
    name = "ifupdown"
    owner = OWNER
    patterns = (f"{PREFIX}*",)
    verbs = (
        Verb("ifup", lambda action: run(["ifup", "--force", action.target], timeout=units.LIMIT)),
        Verb("ifupdown forget", lambda action: _set_state(action.target, up=False)),
        Verb("ifupdown remember", lambda action: _set_state(action.target, up=True)),
        # It refuses where there is nothing to do.
        Verb("ifdown", _ifdown, releases=True),
    )

    def read(self) -> IfupdownState:
        return IfupdownState(interfaces.read(), up())

    def devices(self, host: HostState) -> dict[str, Owner]:
        return {name: Owner((OWNER,), (f"it is in ifupdown's {IFSTATE}",)) for name in host.daemon(IfupdownState).up}

    def suits(self, owner: Owner) -> bool:
        return owner.names == (OWNER,)

    def refuse(self, link: DesiredLink, host: HostState) -> Refusal | None:
        owner = host.owner(parent_name(link))
        configuration = host.daemon(IfupdownState).configuration
        if configuration is None:
            return Refusal("this host has no /etc/network/interfaces", "set persistence: auto")
        if not self.suits(owner):
            what = f"{owner.configures(parent_name(link))}, and not ifupdown"
            return Refusal(what, "set persistence: auto, or systemd")
        return self._refuse_stanza(link, configuration)

    def keeps(self, link: DesiredLink, host: HostState, files: Mapping[str, str]) -> bool:
        """A parent that ``ifdown`` took down is still its own, as long as it has a stanza."""
        configuration = host.daemon(IfupdownState).configuration
        if configuration is None or stanza_path(link.name) not in files:
            return False
        return bool(configuration.stanzas(parent_name(link))) and self._refuse_stanza(link, configuration) is None

    def _refuse_stanza(self, link: DesiredLink, configuration: interfaces.Interfaces) -> Refusal | None:
        path = stanza_path(link.name)
        if not configuration.reads(path):
            remedy = f"write the line `source {DIRECTORY}/*` into /etc/network/interfaces, or set persistence: systemd"
            return Refusal(f"ifupdown does not read {path}", remedy)
        others = [item for item in configuration.stanzas(link.name) if item != path]
        if others:
            return Refusal(f"{others[0]} configures {link.name} too", "remove that stanza")
        mapping = configuration.mapping(link.name)
        if mapping:
            remedy = "give it patterns that do not match, or set persistence: systemd"
            return Refusal(f"a mapping in {mapping} decides which stanza {link.name} gets", remedy)
        if not link.up:
            return Refusal("ifupdown brings every link up", "leave it out, or set persistence: systemd")
        # Its clients would make a default route over the link.
        return leaseless(link, "a stanza of this form has no DHCP client")

    def render(self, link: DesiredLink, host: HostState) -> Rendered:
        stanza = STANZA.format(link=link.name, script=quote(keeper.path(link.name)))
        kept = units.keeping(link, keeper.making(link, host), "networking.service")
        return kept.plus({stanza_path(link.name): head(link.name) + stanza})

    def before_kernel(self, changed: Changed, have: Mapping[str, str], host: HostState) -> list[Action]:
        """ifupdown's own state goes before the stanza does. That takes the link down, before the kernel's part."""
        return [Action("ifdown", link_of_path(path)) for path in self.own(changed).remove]

    def after_kernel(self, changed: Changed, host: HostState) -> list[Action]:
        stanzas = self.own(changed)
        new = [Action("ifup", link_of_path(path)) for path in (*stanzas.write, *stanzas.again)]
        return [*stanzas.file_actions(), *new]

    def verify(self, link: DesiredLink, host: HostState) -> list[str]:
        return [] if link.name in up() else [f"ifupdown does not know that {link.name} is up"]


BACKEND = IfUpDown()


def link_of_path(path: str) -> str:
    return path[len(PREFIX) :]
