# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""systemd-networkd: a .netdev and a .network file for the link, and a drop-in for its parent's own .network file.

What loading the drop-in does to the parent was measured with systemd 252 and 257, static and DHCP:

========  ====================================  =========================================================
systemd   ``networkctl reload``                 ``systemctl restart systemd-networkd``
========  ====================================  =========================================================
252       removes all addresses and routes of   nothing goes, not even what others have put on the parent
          the parent, 10 to 50 ms without
257       keeps its own, removes the addresses  the same, on every interface that it manages
          and routes that others have put there
========  ====================================  =========================================================

So older ones are restarted, as every update of their package does, and newer ones reload, unless that would take
something away. systemd 257 also fails the parent ("Failed to create netdev: File exists") when drop-in and .netdev
become known at once and the link exists: the .netdev comes first, then a notification of the link, then the drop-in.
Where the .netdev alone has been missing since networkd's start, the drop-in goes and comes back for that.
"""

from __future__ import annotations

import glob
import os
import time
from collections.abc import Collection, Mapping
from dataclasses import field

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import files as _files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.command import CommandFailed, run, run_json
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.systemd import PAUSE, SETTLE, is_active, version
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.attributes import NETDEV
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.links import MARK, DesiredLink
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
    inexpressible,
    link_of,
    parent_name,
    section,
)

from . import network_files, networkd_texts
from .network_files import NetworkFile

SERVICE = "systemd-networkd"
DIRECTORY = "/etc/systemd/network"
#: The first .network file by name that matches wins (systemd.network(5)): ours come before most catch-alls.
PREFIX = f"{DIRECTORY}/05-linuxnet-macvlan-"
#: Before those, too, that are called 00-something.
FIRST_PREFIX = f"{DIRECTORY}/00-0-linuxnet-macvlan-"
DROP_IN = "linuxnet-macvlan-"

#: Where it keeps what it knows of its links.
LINKS = "/run/systemd/netif/links"
#: The files that ``netplan generate`` makes for it (netplan's src/networkd.c).
NETPLAN_FILES = "/run/systemd/network/10-netplan-"
NETPLAN = "netplan"

#: The values of ActivationPolicy (systemd.network(5)) that leave a link down, and the one that takes it down again.
LEAVES_DOWN, KEEPS_DOWN = ("manual", "down"), "always-down"

#: From here on a reload keeps a link's own addresses (measured: 252 does not, 257 does).
GENTLE_RELOAD = 257


@dataclass(frozen=True)
class NetworkdLink:
    """A device as systemd-networkd sees it. ``state`` is its SetupState (configured, unmanaged, …).

    file: the .network file in use, "" for none. drop_ins: None where this systemd does not say (before 254).
    """

    index: int
    name: str
    state: str
    file: str = ""
    drop_ins: tuple[str, ...] | None = None

    @property
    def owner(self) -> str:
        """Who configures it; empty where systemd-networkd does not."""
        if self.state in ("", "unmanaged"):
            return ""
        return NETPLAN if self.file.startswith(NETPLAN_FILES) else SERVICE


@dataclass(frozen=True)
class NetworkdState:
    """links: by name. foreign: those on which it knows of addresses or routes that it did not make.

    files: its .network files, in the order in which it asks them.
    """

    running: bool = False
    links: Mapping[str, NetworkdLink] = field(default_factory=dict)
    foreign: frozenset[str] = frozenset()
    files: tuple[NetworkFile, ...] = ()

    def owned_by(self, name: str) -> dict[str, Owner]:
        return {
            link.name: Owner((name,), (f"systemd-networkd configures it with {link.file or 'no file'}",))
            for link in self.links.values()
            if link.owner == name
        }


def read() -> NetworkdState:
    """systemd-networkd now. Errors: none; what networkctl does not say is not known."""
    links = read_links()
    if links is None:
        return NetworkdState()
    return NetworkdState(True, links, foreign_links() if links else frozenset(), network_files.read())


def read_links() -> dict[str, NetworkdLink] | None:
    """The links of a running systemd-networkd by name, None where it does not run. These are the files that sd-network
    gives to networkctl; unlike networkctl's own output they are the same in all versions."""
    if not is_active(f"{SERVICE}.service"):
        return None
    found = {}
    for path in glob.glob(f"{LINKS}/*"):
        index = os.path.basename(path)
        name = _interface(index)
        text = _files.read(path)
        if name is not None and text is not None:
            found[name] = parse_link(int(index), name, text)
    return found


def parse_link(index: int, name: str, text: str) -> NetworkdLink:
    """One of those files. Pure."""
    values = dict(line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))
    drop_ins = values.get("NETWORK_FILE_DROPINS")
    return NetworkdLink(
        index,
        name,
        values.get("ADMIN_STATE", ""),
        values.get("NETWORK_FILE", ""),
        None if drop_ins is None else tuple(filter(None, drop_ins.strip('"').split(":"))),
    )


def _interface(index: str) -> str | None:
    """The name that belongs to an interface index here; a file of one that has gone has none."""
    for directory in glob.glob("/sys/class/net/*"):
        if (_files.read(f"{directory}/ifindex") or "").strip() == index:
            return os.path.basename(directory)
    return None


def foreign_links() -> frozenset[str]:
    """The links on which networkd knows of addresses or routes that neither it nor the kernel made."""
    try:
        data = run_json(["networkctl", "--json=short", "list"])
    except (CommandFailed, ValueError):
        return frozenset()
    interfaces = data.get("Interfaces") or () if isinstance(data, dict) else ()
    return frozenset(link["Name"] for link in interfaces if link.get("NetworkFile") and has_foreign(link))


def has_foreign(link: dict) -> bool:
    """The same for one link of networkctl's JSON (systemd 250 or newer). Pure."""
    for address in link.get("Addresses") or ():
        octets = address.get("Address") or [0, 0]
        link_local = len(octets) == 16 and octets[0] == 0xFE and octets[1] & 0xC0 == 0x80
        if address.get("ConfigSource") == "foreign" and not link_local:
            return True
    return any(
        route.get("ConfigSource") == "foreign" and route.get("ProtocolString") != "kernel"
        for route in link.get("Routes") or ()
    )


def netdev_path(link: str) -> str:
    return f"{PREFIX}{link}.netdev"


def network_path(link: DesiredLink, daemon: NetworkdState) -> str:
    """Before all files of others that apply to the link; where it is now, if that is still so."""
    paths = [f"{prefix}{link.name}.network" for prefix in (PREFIX, FIRST_PREFIX)]
    good = [path for path in paths if not network_files.winner(daemon.files, link, os.path.basename(path))]
    present = [file.path for file in daemon.files if file.link == link.name and file.path in good]
    return (present or good or paths[-1:])[0]


def drop_in_path(parent: NetworkdLink, link: str) -> str:
    """A drop-in counts for a file of that name in any directory, also for one that netplan made below /run."""
    return f"{DIRECTORY}/{os.path.basename(parent.file)}.d/{DROP_IN}{link}.conf"


def _remake(link: str) -> None:
    """Have it make a link whose files are there again. A restart makes it in any version, a reload in some."""
    restart = ["systemctl", "restart", f"{SERVICE}.service"]
    for command in [restart] if version() < GENTLE_RELOAD else [["networkctl", "reload"], restart]:
        run(command)
        deadline = time.monotonic() + SETTLE / 3
        while time.monotonic() < deadline:
            if os.path.exists(f"/sys/class/net/{link}"):
                return
            time.sleep(PAUSE)


class Networkd(Backend):
    name = "networkd"
    owner = SERVICE
    service = f"{SERVICE}.service"
    patterns = (
        f"{PREFIX}*.netdev",
        f"{PREFIX}*.network",
        f"{FIRST_PREFIX}*.network",
        f"{DIRECTORY}/*.network.d/{DROP_IN}*.conf",
    )
    verbs = (
        Verb("reload networkd", lambda _action: run(["networkctl", "reload"])),
        Verb("restart networkd", lambda _action: run(["systemctl", "restart", f"{SERVICE}.service"])),
        Verb("networkd remake", lambda action: _remake(action.target)),
        # The kernel notifies everybody of a link whose alias is set, also to what it was (do_setlink,
        # netdev_state_change).
        Verb("announce", lambda action: run(["ip", "link", "set", "dev", action.target, "alias", MARK])),
    )

    def read(self) -> NetworkdState:
        return read()

    def devices(self, host: HostState) -> dict[str, Owner]:
        return host.daemon(NetworkdState).owned_by(SERVICE)

    def suits(self, owner: Owner) -> bool:
        return owner.names == (SERVICE,)

    def refuse(self, link: DesiredLink, host: HostState) -> Refusal | None:
        parent = parent_name(link)
        owner = host.owner(parent)
        daemon = host.daemon(NetworkdState)
        if not daemon.running:
            return Refusal("systemd-networkd does not run on this host", "set persistence: auto")
        if owner.names not in ((SERVICE,), (NETPLAN,)):
            what = f"{owner.configures(parent)}, and systemd-networkd makes links only on a parent of its own"
            return Refusal(what, "set persistence: auto, or systemd")
        return (
            _refuse_parent(daemon.links[parent], link.name, host)
            or (_inactive(parent, daemon, LEAVES_DOWN) if link.parent_up else None)
            or _refuse_values(link, host)
            or _beaten(link, daemon)
        )

    def render(self, link: DesiredLink, host: HostState) -> Rendered:
        parent = host.daemon(NetworkdState).links[parent_name(link)]
        files = {
            netdev_path(link.name): networkd_texts.netdev(link),
            network_path(link, host.daemon(NetworkdState)): networkd_texts.network(link),
            drop_in_path(parent, link.name): networkd_texts.drop_in(link.name),
        }
        return units.keeping(link, keeper.settings(link, host), f"{SERVICE}.service").plus(files)

    def exclude(self, link: DesiredLink, host: HostState) -> dict[str, str]:
        """A .network file that matches everything would make networkd a second owner."""
        daemon = host.daemon(NetworkdState)
        if not daemon.running:
            return {}
        text = head(link.name) + section("Match", [("Name", link.name)]) + section("Link", [("Unmanaged", "yes")])
        return {network_path(link, daemon): text}

    def overrules(self, link: DesiredLink, host: HostState, excluded: bool) -> Refusal | None:
        daemon = host.daemon(NetworkdState)
        if excluded:
            beaten = _beaten(link, daemon)
            return None if beaten is None or beaten.file.unmanaged else beaten
        file = network_files.winner(daemon.files, link)
        return None if file is None or file.unmanaged else _Beaten.by(file, link)

    def keeps_down(self, parent: str, host: HostState) -> Refusal | None:
        return _inactive(parent, host.daemon(NetworkdState), (KEEPS_DOWN,))

    def before_kernel(self, changed: Changed, have: Mapping[str, str], host: HostState) -> list[Action]:
        """A link that comes before its file would get what a catch-all says: for a moment, or a lease for good."""
        daemon = host.daemon(NetworkdState)
        files = {path: text for path, text in self.own(changed).write.items() if _ahead(text, daemon)}
        actions = [Action("write", path, text) for path, text in files.items() if path.endswith(".network")]
        reload = "reload" if host.version >= GENTLE_RELOAD else "restart"
        return [*actions, Action(f"{reload} networkd")] if actions and daemon.running else []

    def after_kernel(self, changed: Changed, host: HostState) -> list[Action]:
        """The order in which files come and go and networkd reads them; see the table above."""
        changed = self.own(changed)
        daemon = host.daemon(NetworkdState)
        actions = changed.file_actions(prune=DIRECTORY)
        if not daemon.running or not (actions or changed.interrupted):
            return actions
        if host.version < GENTLE_RELOAD or (changed.interrupted and not daemon.foreign):
            # Not even for a link's own files a reload: netplan rewrites the parent's file at each daemon-reload.
            return [*actions, Action("restart networkd")]
        return _reloads([*_again(changed, daemon), *actions], daemon)

    def verify(self, link: DesiredLink, host: HostState) -> list[str]:
        deadline = time.monotonic() + SETTLE
        while True:
            wrong = _wrong(link, host)
            if not wrong or time.monotonic() > deadline:
                return wrong
            time.sleep(PAUSE)


BACKEND = Networkd()


@dataclass(frozen=True)
class _Beaten(Refusal):
    """By a file of somebody else's that applies to the link, whatever ours says."""

    file: NetworkFile

    @classmethod
    def by(cls, file: NetworkFile, link: DesiredLink) -> _Beaten:
        applies = "applies" if file.takes(link.name, link.mac) else "may apply"
        what = f"systemd-networkd would configure {link.name} with {file}, which {applies} to it"
        remedy = (
            f"add the line Name=!{link.name} to its [Match], or rename it so that it sorts after 05-linuxnet-macvlan"
        )
        return cls(what, remedy, file)


def _beaten(link: DesiredLink, daemon: NetworkdState) -> _Beaten | None:
    file = network_files.winner(daemon.files, link, os.path.basename(network_path(link, daemon)))
    return _Beaten.by(file, link) if file else None


def _ahead(text: str, daemon: NetworkdState) -> bool:
    """Whether the link of a file of ours would get the configuration of somebody else's without it."""
    link = link_of(text)
    return link is not None and any(file.link is None and file.takes(link) is not False for file in daemon.files)


def _refuse_parent(parent: NetworkdLink, link: str, host: HostState) -> Refusal | None:
    if not parent.file:
        return Refusal(f"systemd-networkd uses no .network file for {parent.name}", "set persistence: systemd")
    daemon = host.daemon(NetworkdState)
    used = next((file for file in daemon.files if file.path == parent.file), None)
    if used is not None and not used.pins_one:
        # Decided by the file, and not by who is there now: a container's interface must not change it.
        what = f"{used} can take other interfaces than {parent.name}, and each would get the link as well"
        return Refusal(what, f"give {parent.name} a .network file of its own, or set persistence: systemd")
    others = [item.name for item in daemon.links.values() if item.file == parent.file and item != parent]
    if others:
        what = f"{parent.file} is in use for {', '.join(sorted(others))} too, which would get the link as well"
        return Refusal(what, f"give {parent.name} a .network file of its own, or set persistence: systemd")
    loaded = drop_in_path(parent, link) in (parent.drop_ins or ())
    if host.version >= GENTLE_RELOAD and parent.name in daemon.foreign and not loaded:
        what = f"{parent.name} has addresses or routes that systemd-networkd did not make and would remove now"
        return Refusal(what, f"put them into {parent.file}, or set persistence: systemd")
    return None


def _inactive(parent: str, daemon: NetworkdState, policies: Collection[str]) -> Refusal | None:
    """A parent that systemd-networkd does not set up at boot, by one of these policies."""
    used = daemon.links[parent].file if parent in daemon.links else ""
    file = next((item for item in daemon.files if used and item.path == used), None)
    if file is None or file.activation not in policies:
        return None
    remedy = f"set ActivationPolicy=up in the [Link] section of {used} or its drop-ins"
    if used.startswith(NETPLAN_FILES):
        remedy = f"remove activation-mode from {parent} in netplan's files"
    return Refusal(f"systemd-networkd leaves {parent} down: {used} has ActivationPolicy={file.activation}", remedy)


def _refuse_values(link: DesiredLink, host: HostState) -> Refusal | None:
    remedy = "leave it out, or set persistence: systemd"
    what = inexpressible(link, NETDEV, SERVICE, host.version)
    if what:
        return Refusal(what, remedy)
    if not link.up:
        # Routes cannot be configured on it, and nobody is notified when its alias is set.
        return Refusal("systemd-networkd calls a link that stays down failed, and 257 its parent too", remedy)
    if dict(link.sysctl).get("accept_ra"):
        return Refusal("systemd-networkd sets accept_ra to 0 and reads router advertisements itself", remedy)
    return None


def _again(changed: Changed, daemon: NetworkdState) -> list[Action]:
    """Removes and rewrites the drop-ins that networkd has read without the .netdev which comes now.

    Not where the parent would lose what others have put there: it is left with what networkd knows.
    """
    names = {_link(path) for path in changed.added if path.endswith(".netdev")}
    actions = []
    for parent in daemon.links.values():
        for path in parent.drop_ins or ():
            known = os.path.dirname(path).startswith(f"{DIRECTORY}/") and os.path.basename(path).startswith(DROP_IN)
            if not known or _link(path) not in names or parent.name in daemon.foreign:
                continue
            if path not in changed.write and path not in changed.remove:
                actions += [
                    Action("remove", path, prune=DIRECTORY),
                    Action("write", path, networkd_texts.drop_in(_link(path))),
                ]
    return actions


def _reloads(actions: list[Action], daemon: NetworkdState) -> list[Action]:
    """First what concerns links alone, then what parents gain, last what makes networkd configure parents again.

    What a parent gains makes it configure that again as well: it would make the links again that go in the same run,
    so their files go before.
    """
    gaining = [action for action in actions if action.kind == "write" and action.target.endswith(".conf")]
    names = {_link(action.target) for action in gaining}
    links = [
        action
        for action in actions
        if action.kind == "write"
        and (
            action.target.endswith(".network") or (action.target.endswith(".netdev") and _link(action.target) in names)
        )
    ]
    targets = {action.target for action in gaining}
    leaving = [action for action in actions if action.kind == "remove" and action.target in targets]
    going = [action for action in actions if action.kind == "remove" and action not in leaving] if gaining else []
    rest = [action for action in actions if action not in (*links, *gaining, *leaving, *going)]
    made = [*leaving, *links, Action("reload networkd")] if links else []
    made += [Action("announce", name) for name in sorted(names)]
    made += [*going, *gaining, Action("reload networkd")] if gaining else []
    made += rest
    if rest and not _loses({_link(action.target) for action in rest}, daemon):
        made.append(Action("reload networkd"))
    return made


def _link(path: str) -> str:
    """The link that a file of ours is for, by its path."""
    name = os.path.basename(path)
    return os.path.splitext(name[name.index(DROP_IN) + len(DROP_IN) :])[0]


def _loses(names: set[str], daemon: NetworkdState) -> bool:
    """Whether a reload would take from the parents of these links what others have put there.

    Then networkd goes on with what it knows of the links, which counts when it makes one, until it reads its files for
    another reason: after a removal that is only when the parent itself goes and comes back before that.
    """
    drop_ins = {f"{DROP_IN}{name}.conf" for name in names}
    parents = [parent for parent in daemon.links.values() if parent.name in daemon.foreign]
    return any(os.path.basename(path) in drop_ins for parent in parents for path in parent.drop_ins or ())


def _wrong(link: DesiredLink, host: HostState) -> list[str]:
    """Where networkd does not have what was planned, now."""
    parent = parent_name(link)
    links = read_links() or {}
    wrong = []
    mine = links.get(link.name)
    if mine is None:
        return [f"systemd-networkd does not know {link.name}"]
    path = network_path(link, host.daemon(NetworkdState))
    if mine.file != path:
        wrong.append(f"systemd-networkd uses {mine.file or 'no file'} for {link.name}, not {path}")
    elif mine.state != "configured" and not (link.dhcp and mine.state == "configuring"):
        # It configures a link until that has its lease, which may take as long as a server does not answer.
        wrong.append(f"systemd-networkd says that {link.name} is {mine.state}")
    above = links.get(parent)
    if above is None or above.state == "failed":
        wrong.append(f"systemd-networkd says that {parent} is {above.state if above else 'unknown'}")
    elif above.drop_ins is not None:
        path = drop_in_path(host.daemon(NetworkdState).links[parent], link.name)
        if path not in above.drop_ins:
            wrong.append(f"systemd-networkd has not loaded {path}")
    return wrong
