# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""systemd-networkd: a .netdev and a .network file for the link, and a drop-in for its parent's own .network file.

What loading the drop-in does to the parent was measured with systemd 252 and 257, static and DHCP:

========  ====================================  =========================================================
systemd   ``networkctl reload``                 ``systemctl restart systemd-networkd``
========  ====================================  =========================================================
252       takes all addresses and routes off    nothing goes, not even what others have put on the parent
          the parent, 10 to 50 ms without
257       keeps its own, removes the addresses  the same, on every interface that it manages
          and routes that others have put there
========  ====================================  =========================================================

So older ones are restarted, as every update of their package does, and newer ones reload, unless that would take
something away. systemd 257 also fails the parent ("Failed to create netdev: File exists") when drop-in and .netdev
become known at once and the link exists: the .netdev comes first, and the link announces itself, before the drop-in.
Where the .netdev alone has been missing since networkd's start, the drop-in goes and comes back for that.
"""

from __future__ import annotations

import os
import time

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.systemd import PAUSE, SETTLE, check_units
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.links import DesiredLink, DesiredRoute
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.names import RT_TABLE_MAIN
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist import detect, keeper, units
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.base import (
    Action,
    Backend,
    Changed,
    Host,
    NetworkdLink,
    Owner,
    Refusal,
    Rendered,
    head,
    parent_name,
)

SERVICE = "systemd-networkd"
DIRECTORY = "/etc/systemd/network"
#: The first .network file by name that matches wins, so ours come before any catch-all (systemd.network(5)).
PREFIX = f"{DIRECTORY}/05-linuxnet-macvlan-"
DROP_IN = "linuxnet-macvlan-"
PATTERNS = (f"{PREFIX}*.netdev", f"{PREFIX}*.network", f"{DIRECTORY}/*.network.d/{DROP_IN}*.conf")

#: BroadcastMulticastQueueLength= came with this systemd (NEWS 248).
QUEUE_LENGTH = 248
#: From here on a reload keeps a link's own addresses (measured: 252 does not, 257 does).
GENTLE_RELOAD = 257


def netdev_path(link: str) -> str:
    return f"{PREFIX}{link}.netdev"


def network_path(link: str) -> str:
    return f"{PREFIX}{link}.network"


def drop_in_path(parent: NetworkdLink, link: str) -> str:
    """A drop-in counts for a file of that name in any directory, also for one that netplan made below /run."""
    return f"{DIRECTORY}/{os.path.basename(parent.file)}.d/{DROP_IN}{link}.conf"


def hands_off(link: DesiredLink, host: Host) -> dict[str, str]:
    """For links of other forms: a .network file that matches everything would make networkd a second owner."""
    if host.networkd is None:
        return {}
    text = head(link.name) + _section("Match", [("Name", link.name)]) + _section("Link", [("Unmanaged", "yes")])
    return {network_path(link.name): text}


class Networkd(Backend):
    name = "networkd"
    owner = SERVICE

    def suits(self, owner: Owner) -> bool:
        return owner.names == (SERVICE,)

    def refuse(self, link: DesiredLink, host: Host) -> Refusal | None:
        parent = parent_name(link)
        owner = host.owner(parent)
        if host.networkd is None:
            return Refusal("systemd-networkd does not run on this host", "set persistence: auto")
        if owner.names not in ((SERVICE,), (detect.NETPLAN,)):
            what = f"{owner} configures {parent}, and systemd-networkd makes links only on a parent of its own"
            return Refusal(what, "set persistence: auto, or systemd")
        return _refuse_parent(host.networkd[parent], link.name, host) or _refuse_values(link, host)

    def render(self, link: DesiredLink, host: Host) -> Rendered:
        parent = (host.networkd or {})[parent_name(link)]
        files = {
            netdev_path(link.name): _netdev(link),
            network_path(link.name): _network(link),
            drop_in_path(parent, link.name): _drop_in(link.name),
        }
        return units.keeping(link, keeper.settings(link, host), f"{SERVICE}.service").plus(files)

    def verify(self, link: DesiredLink, host: Host) -> list[str]:
        deadline = time.monotonic() + SETTLE
        while True:
            wrong = _wrong(link, host)
            if not wrong or time.monotonic() > deadline:
                break
            time.sleep(PAUSE)
        return wrong + check_units(list(self.render(link, host).units))


BACKEND = Networkd()


def _refuse_parent(parent: NetworkdLink, link: str, host: Host) -> Refusal | None:
    if not parent.file:
        return Refusal(f"systemd-networkd uses no .network file for {parent.name}", "set persistence: systemd")
    others = [item.name for item in (host.networkd or {}).values() if item.file == parent.file and item != parent]
    if others:
        what = f"{parent.file} is in use for {', '.join(sorted(others))} too, which would get the link as well"
        return Refusal(what, f"give {parent.name} a .network file of its own, or set persistence: systemd")
    if host.version >= GENTLE_RELOAD and parent.name in host.foreign and not _is_loaded(parent, link):
        what = f"{parent.name} has addresses or routes that systemd-networkd did not make and would remove now"
        return Refusal(what, f"put them into {parent.file}, or set persistence: systemd")
    return None


def _is_loaded(parent: NetworkdLink, link: str) -> bool:
    """Whether networkd has the drop-in of this link for its parent already."""
    return drop_in_path(parent, link) in (parent.drop_ins or ())


def _refuse_values(link: DesiredLink, host: Host) -> Refusal | None:
    remedy = "leave it out, or set persistence: systemd"
    if link.nopromisc:
        return Refusal("systemd-networkd has no key for nopromisc", remedy)
    if link.bcqueuelen is not None and host.version < QUEUE_LENGTH:
        return Refusal(f"bcqueuelen needs systemd {QUEUE_LENGTH}, this is {host.version}", remedy)
    if not link.up:
        # Routes cannot be configured on it, and nobody hears of it when it announces itself.
        return Refusal("systemd-networkd calls a link that stays down failed, and 257 its parent too", remedy)
    if dict(link.sysctl).get("accept_ra"):
        return Refusal("systemd-networkd sets accept_ra to 0 and reads router advertisements itself", remedy)
    return None


def _section(name: str, keys: list[tuple[str, object]]) -> str:
    return f"\n[{name}]\n" + "".join(f"{key}={value}\n" for key, value in keys)


def _netdev(link: DesiredLink) -> str:
    device: list[tuple[str, object]] = [("Name", link.name), ("Kind", "macvlan")]
    if link.mac:
        device.append(("MACAddress", link.mac))
    if link.mtu is not None:
        device.append(("MTUBytes", link.mtu))
    macvlan: list[tuple[str, object]] = [("Mode", link.mode)]
    if link.bcqueuelen is not None:
        macvlan.append(("BroadcastMulticastQueueLength", link.bcqueuelen))
    return head(link.name) + _section("NetDev", device) + _section("MACVLAN", macvlan)


def _drop_in(link: str) -> str:
    return head(link) + _section("Network", [("MACVLAN", link)])


def _network(link: DesiredLink) -> str:
    device: list[tuple[str, object]] = [("RequiredForOnline", "no")]
    network: list[tuple[str, object]] = [
        ("DHCP", "no"),
        ("LLDP", "no"),
        # As the kernel does by itself: fe80::/64 yes, autoconfiguration and a foreign default route no.
        ("LinkLocalAddressing", "ipv6"),
        ("IPv6AcceptRA", "no"),
        # Addresses and routes stay when the cable goes, and come when it is not there yet.
        ("ConfigureWithoutCarrier", "yes"),
        ("IgnoreCarrierLoss", "yes"),
    ]
    if link.addresses is None or link.routes is None:
        # What is not declared is not ours to remove.
        network.append(("KeepConfiguration", "static"))
    network += [("Address", address) for address in link.addresses or ()]
    text = head(link.name) + _section("Match", [("Name", link.name)]) + _section("Link", device)
    return text + _section("Network", network) + "".join(_route(route) for route in link.routes or ())


def _route(route: DesiredRoute) -> str:
    keys: list[tuple[str, object]] = [("Destination", route.destination)]
    if route.gateway is not None:
        keys.append(("Gateway", route.gateway))
    elif route.destination.version == 4:
        keys.append(("Scope", "link"))
    if route.source is not None:
        keys.append(("PreferredSource", route.source))
    if route.metric:
        keys.append(("Metric", route.metric))
    if route.table != RT_TABLE_MAIN:
        keys.append(("Table", route.table))
    return _section("Route", keys)


def activation(changed: Changed, host: Host) -> list[Action]:
    """The order in which files come and go and networkd hears of it; see the table above."""
    changed = changed.below(DIRECTORY)
    actions = changed.file_actions()
    if host.networkd is None or not (actions or changed.interrupted):
        return actions
    if host.version < GENTLE_RELOAD or (changed.interrupted and not host.foreign):
        # Not even for a link's own files a reload: netplan rewrites the parent's file at each daemon-reload.
        return [*actions, Action("restart networkd")]
    return _reloads([*_again(changed, host), *actions], host)


def _again(changed: Changed, host: Host) -> list[Action]:
    """Takes the drop-ins away, to write them anew, that networkd has read without the .netdev which comes now.

    Not where the parent would lose what others have put there: it is left with what networkd knows.
    """
    names = {_link(path) for path in changed.added if path.endswith(".netdev")}
    actions = []
    for parent in (host.networkd or {}).values():
        for path in parent.drop_ins or ():
            known = os.path.dirname(path).startswith(f"{DIRECTORY}/") and os.path.basename(path).startswith(DROP_IN)
            if not known or _link(path) not in names or parent.name in host.foreign:
                continue
            if path not in changed.write and path not in changed.remove:
                actions += [Action("remove", path), Action("write", path, _drop_in(_link(path)))]
    return actions


def _reloads(actions: list[Action], host: Host) -> list[Action]:
    """First what concerns links alone, then what parents gain, last what makes networkd configure parents again."""
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
    rest = [action for action in actions if action not in (*links, *gaining, *leaving)]
    made = [*leaving, *links, Action("reload networkd")] if links else []
    made += [Action("announce", name) for name in sorted(names)]
    made += [*gaining, Action("reload networkd")] if gaining else []
    made += rest
    if rest and not _loses({_link(action.target) for action in rest}, host):
        made.append(Action("reload networkd"))
    return made


def _link(path: str) -> str:
    """The link that a file of ours is for, by its path."""
    name = os.path.basename(path)
    return os.path.splitext(name[name.index(DROP_IN) + len(DROP_IN) :])[0]


def _loses(names: set[str], host: Host) -> bool:
    """Whether a reload would take from the parents of these links what others have put there.

    Then networkd goes on with what it knows of the links, which counts when it makes one, until it reads its files for
    another reason: after a removal that is only when the parent itself goes and comes back before that.
    """
    drop_ins = {f"{DROP_IN}{name}.conf" for name in names}
    parents = [parent for parent in (host.networkd or {}).values() if parent.name in host.foreign]
    return any(os.path.basename(path) in drop_ins for parent in parents for path in parent.drop_ins or ())


def _wrong(link: DesiredLink, host: Host) -> list[str]:
    """networkd's own words against the plan, now."""
    parent = parent_name(link)
    links = detect.networkd_links() or {}
    wrong = []
    mine = links.get(link.name)
    if mine is None:
        return [f"systemd-networkd does not know {link.name}"]
    if mine.file != network_path(link.name):
        wrong.append(f"systemd-networkd uses {mine.file or 'no file'} for {link.name}, not {network_path(link.name)}")
    elif mine.state != "configured":
        wrong.append(f"systemd-networkd says that {link.name} is {mine.state}")
    above = links.get(parent)
    if above is None or above.state == "failed":
        wrong.append(f"systemd-networkd says that {parent} is {above.state if above else 'unknown'}")
    elif above.drop_ins is not None:
        path = drop_in_path((host.networkd or {})[parent], link.name)
        if path not in above.drop_ins:
            wrong.append(f"systemd-networkd has not loaded {path}")
    return wrong
