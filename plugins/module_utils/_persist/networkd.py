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
"""

from __future__ import annotations

import os
import time

from ansible_collections.linuxnet.macvlan.plugins.module_utils._facts import RT_TABLE_MAIN
from ansible_collections.linuxnet.macvlan.plugins.module_utils._links import DesiredLink, DesiredRoute

from . import detect, sysctl, units
from .base import Action, Backend, Changed, Host, NetworkdLink, Owner, Refusal, Rendered, head, parent_name
from .systemd import PAUSE, SETTLE, check_units

SERVICE = "systemd-networkd"
DIRECTORY = "/etc/systemd/network"
#: The first .network file by name that matches wins, so ours come before any catch-all (systemd.network(5)).
PREFIX = f"{DIRECTORY}/05-linuxnet-macvlan-"
DROP_IN = "linuxnet-macvlan-"
PATTERNS = (f"{PREFIX}*.netdev", f"{PREFIX}*.network", f"{DIRECTORY}/*.network.d/{DROP_IN}*.conf")

#: BroadcastMulticastQueueLength= and ActivationPolicy= came with this systemd (NEWS 248).
NEWER_KEYS = 248
#: From here on a reload keeps a link's own addresses (measured: 252 does not, 257 does).
GENTLE_RELOAD = 257


def netdev_path(link: str) -> str:
    return f"{PREFIX}{link}.netdev"


def network_path(link: str) -> str:
    return f"{PREFIX}{link}.network"


def drop_in_path(parent: NetworkdLink, link: str) -> str:
    """A drop-in counts for a file of that name in any directory, also for one that netplan made below /run."""
    return f"{DIRECTORY}/{os.path.basename(parent.file)}.d/{DROP_IN}{link}.conf"


def unmanaged(link: str) -> str:
    """A .network file that keeps networkd away from a link."""
    return head(link) + _section("Match", [("Name", link)]) + _section("Link", [("Unmanaged", "yes")])


class Networkd(Backend):
    name = "networkd"

    def suits(self, owner: Owner) -> bool:
        return owner.names == (SERVICE,)

    def refuse(self, link: DesiredLink, host: Host) -> Refusal | None:
        parent = parent_name(link)
        owner = host.owner(parent)
        if host.networkd is None:
            return Refusal("systemd-networkd does not run on this host", "set persistence: auto")
        if not self.suits(owner):
            what = f"{owner} configures {parent}, and systemd-networkd makes links only on a parent of its own"
            return Refusal(what, "set persistence: auto, or systemd")
        return _refuse_parent(host.networkd[parent], host) or _refuse_values(link, host)

    def render(self, link: DesiredLink, host: Host) -> Rendered:
        parent = (host.networkd or {})[parent_name(link)]
        files = {
            netdev_path(link.name): _netdev(link),
            network_path(link.name): _network(link),
            drop_in_path(parent, link.name): head(link.name) + _section("Network", [("MACVLAN", link.name)]),
        }
        # Where no udev runs nobody applies sysctl.d to an interface that appears after systemd-sysctl ran.
        if host.udev or sysctl.render(link) is None:
            return Rendered(files)
        files[units.unit_path(link.name)] = _settings_unit(link, host)
        return Rendered(files, (units.unit_name(link.name),))

    def verify(self, link: DesiredLink, host: Host) -> list[str]:
        deadline = time.monotonic() + SETTLE
        while True:
            wrong = _wrong(link, host)
            if not wrong or time.monotonic() > deadline:
                break
            time.sleep(PAUSE)
        return wrong + check_units(list(self.render(link, host).units))


BACKEND = Networkd()


def _refuse_parent(parent: NetworkdLink, host: Host) -> Refusal | None:
    if not parent.file:
        return Refusal(f"systemd-networkd uses no .network file for {parent.name}", "set persistence: systemd")
    others = [item.name for item in (host.networkd or {}).values() if item.file == parent.file and item != parent]
    if others:
        what = f"{parent.file} is in use for {', '.join(sorted(others))} too, which would get the link as well"
        return Refusal(what, f"give {parent.name} a .network file of its own, or set persistence: systemd")
    if host.version >= GENTLE_RELOAD and parent.name in host.foreign and not _has_drop_in(parent):
        what = f"{parent.name} has addresses or routes that systemd-networkd did not make and would remove now"
        return Refusal(what, f"put them into {parent.file}, or set persistence: systemd")
    return None


def _has_drop_in(parent: NetworkdLink) -> bool:
    """Whether networkd has loaded a drop-in of ours for this parent already."""
    return any(os.path.basename(path).startswith(DROP_IN) for path in parent.drop_ins or ())


def _refuse_values(link: DesiredLink, host: Host) -> Refusal | None:
    remedy = "leave it out, or set persistence: systemd"
    if link.nopromisc:
        return Refusal("systemd-networkd has no key for nopromisc", remedy)
    if link.bcqueuelen is not None and host.version < NEWER_KEYS:
        return Refusal(f"bcqueuelen needs systemd {NEWER_KEYS}, this is {host.version}", remedy)
    if not link.up and host.version < NEWER_KEYS:
        return Refusal(f"a link that stays down needs systemd {NEWER_KEYS}, this is {host.version}", remedy)
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


def _network(link: DesiredLink) -> str:
    device: list[tuple[str, object]] = [("RequiredForOnline", "no")]
    if not link.up:
        device.append(("ActivationPolicy", "down"))
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


def _settings_unit(link: DesiredLink, host: Host) -> str:
    return units.service(
        link.name,
        description=f"settings of macvlan link {link.name}",
        ordering=[f"After={SERVICE}.service"],
        wait=[units.wait_for(link.name)],
        commands=[units.command(host.sysctl, sysctl.path(link.name))],
        wanted_by=["multi-user.target"],
        version=host.version,
    )


def activation(changed: Changed, host: Host) -> list[Action]:
    """The order in which files come and go and networkd hears of it; see the table above."""
    changed = changed.below(DIRECTORY)
    if host.networkd is None:
        return changed.file_actions()
    parents, own = _split(changed)
    moved = bool(parents.write or parents.remove)
    if not moved and not changed.again:
        return [*own.file_actions(), Action("reload networkd")] if own.write or own.remove else []
    if host.version < GENTLE_RELOAD:
        return [*changed.file_actions(), Action("restart networkd")]
    netdevs = [path for path in (*own.write, *changed.again) if path.endswith(".netdev")]
    actions = [*own.file_actions(), Action("reload networkd")]
    actions += [Action("announce", path[len(PREFIX) : -len(".netdev")]) for path in dict.fromkeys(netdevs)]
    actions += parents.file_actions()
    if moved and not (parents.remove and _loses(parents, host)):
        actions.append(Action("reload networkd"))
    return actions


def _split(changed: Changed) -> tuple[Changed, Changed]:
    """Drop-ins of parents, and the rest."""
    parents = Changed(
        {path: text for path, text in changed.write.items() if path.endswith(".conf")},
        tuple(path for path in changed.remove if path.endswith(".conf")),
    )
    own = Changed(
        {path: text for path, text in changed.write.items() if not path.endswith(".conf")},
        tuple(path for path in changed.remove if not path.endswith(".conf")),
    )
    return parents, own


def _loses(parents: Changed, host: Host) -> bool:
    """Whether a reload would now take from a parent what others have put there. Then the removed drop-in, which names a
    link that nothing defines any more, may stay loaded until networkd reads its files for another reason."""
    files = {os.path.basename(os.path.dirname(path))[: -len(".d")] for path in parents.remove}
    links = (host.networkd or {}).values()
    return any(link.name in host.foreign and os.path.basename(link.file) in files for link in links)


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
