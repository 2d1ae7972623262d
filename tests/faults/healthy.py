# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What resembles a fault and is none: events in a healthy network during a diagnosis."""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from labkit.segment import Namespace

from . import bridged
from .lab import FLEET, GATEWAY, WEB1, NamespaceLab

#: RFC 9568, 7.3: the MAC address of virtual router 51.
VIRTUAL_MAC = "00:00:5e:00:01:33"
#: Addresses for which the gateway is a proxy, and one of web1's range for a container that comes and goes.
PROXIED, PASSING = "192.168.100.200/29", "192.168.100.135"
#: Seconds between two events.
PAUSE = 0.7

#: The rules of a router that drops pings.
NO_PINGS = """
table ip quiet {
    chain in {
        type filter hook input priority 0
        icmp type echo-request drop
    }
}
"""
#: The rules of a host that forwards nothing.
NO_ROUTER = """
table inet norouter {
    chain passing {
        type filter hook forward priority filter
        counter drop
    }
}
"""
#: A virtual machine's port on the host's bridge.
MACHINE = "machine0"


@dataclass(frozen=True)
class Condition:
    """A context that is active while the lab is diagnosed."""

    name: str
    during: Callable[[NamespaceLab], contextlib.AbstractContextManager[None]]


@contextlib.contextmanager
def nothing(lab: NamespaceLab) -> Iterator[None]:
    yield


@contextlib.contextmanager
def _virtual_router(lab: NamespaceLab) -> Iterator[None]:
    """The gateway's address has a virtual router's MAC address, as with keepalived's use_vmac."""
    gateway = lab.gateway
    gateway.ip("link", "add", "vrrp.51", "link", "eth0", "address", VIRTUAL_MAC, "type", "macvlan", "mode", "private")
    gateway.sysctl("net/ipv4/conf/eth0/arp_ignore", 1)
    gateway.sysctl("net/ipv4/conf/vrrp.51/arp_ignore", 1)
    for link in ("eth0", "vrrp.51"):
        # both are in the one subnet: who proxies between them answers for all of it (net/ipv4/arp.c arp_fwd_proxy)
        gateway.sysctl(f"net/ipv4/conf/{link}/medium_id", 1)
    gateway.ip("link", "set", "vrrp.51", "up")
    gateway.ip("address", "delete", f"{GATEWAY}/24", "dev", "eth0")
    gateway.ip("address", "add", f"{GATEWAY}/24", "dev", "vrrp.51")
    _forget(lab)
    try:
        yield
    finally:
        gateway.ip("link", "delete", "vrrp.51")
        gateway.sysctl("net/ipv4/conf/eth0/arp_ignore", 0)
        gateway.sysctl("net/ipv4/conf/eth0/medium_id", 0)
        gateway.ip("address", "add", f"{GATEWAY}/24", "dev", "eth0")
        _forget(lab)


def _forget(lab: NamespaceLab) -> None:
    for place in (lab.station, *lab.hosts.values(), *lab.containers.values()):
        place.ip("neighbour", "flush", "all")


@contextlib.contextmanager
def _proxy(lab: NamespaceLab) -> Iterator[None]:
    """The gateway answers ARP for addresses behind it, and the station asks for them."""
    lab.gateway.ip("link", "add", "behind", "type", "veth", "peer", "name", "behind-peer")
    lab.gateway.ip("link", "set", "behind", "up")
    lab.gateway.ip("link", "set", "behind-peer", "up")
    lab.gateway.ip("route", "add", PROXIED, "dev", "behind")
    lab.gateway.sysctl("net/ipv4/conf/eth0/proxy_arp", 1)
    lab.gateway.sysctl("net/ipv4/conf/eth0/forwarding", 1)
    try:
        with _repeating(lambda: lab.station.pings(PROXIED.split("/", maxsplit=1)[0], "-c", "1")):
            yield
    finally:
        lab.gateway.sysctl("net/ipv4/conf/eth0/proxy_arp", 0)
        lab.gateway.sysctl("net/ipv4/conf/eth0/forwarding", 0)
        lab.gateway.ip("link", "delete", "behind")


@contextlib.contextmanager
def _renewals(lab: NamespaceLab) -> Iterator[None]:
    """The parent's address has a lease that is renewed again and again, as by a DHCP client."""

    def renew() -> None:
        lease = ["valid_lft", "3600", "preferred_lft", "3600"]
        lab.web1.ip("address", "change", FLEET[WEB1].parent_address, "dev", "eth0", *lease)

    with _repeating(renew):
        yield
    forever = ["valid_lft", "forever", "preferred_lft", "forever"]
    lab.web1.ip("address", "change", FLEET[WEB1].parent_address, "dev", "eth0", *forever)


@contextlib.contextmanager
def _coming_and_going(lab: NamespaceLab) -> Iterator[None]:
    """Containers start and end with their namespaces, each with another MAC address, as engines do it."""
    numbers = itertools.count()
    living: list[Namespace] = []

    def next_one() -> None:
        for namespace in living:
            lab.segment.remove(namespace)
        living.clear()
        # without its parent, which may be the fault, no container starts
        if lab.web1.link("eth0") is not None:
            living.append(lab.web1.container(f"passing{next(numbers)}", [f"{PASSING}/24"]))

    with _repeating(next_one):
        yield
    for namespace in living:
        lab.segment.remove(namespace)


@contextlib.contextmanager
def _no_pings(lab: NamespaceLab) -> Iterator[None]:
    """The gateway drops pings, like many."""
    lab.gateway.run("nft", "-f", "-", input=NO_PINGS)
    try:
        yield
    finally:
        lab.gateway.run("nft", "delete", "table", "ip", "quiet")


@contextlib.contextmanager
def _repeating(act: Callable[[], object]) -> Iterator[None]:
    """Do something in the background, again and again. Errors: those of the act, at the end."""
    over = threading.Event()
    failures: list[BaseException] = []

    def run() -> None:
        try:
            while not over.is_set():
                act()
                over.wait(PAUSE)
        # raised again by whoever waits for the thread
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    if failures:
        raise failures[0]


@contextlib.contextmanager
def _everything(lab: NamespaceLab) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        for condition in CONDITIONS:
            if condition.during not in (nothing, _bridged, _everything):
                stack.enter_context(condition.during(lab))
        yield


@contextlib.contextmanager
def _reflecting(lab: NamespaceLab) -> Iterator[None]:
    """The switch sends back what comes from a host, as some do for virtual machines (IEEE 802.1Qbg)."""
    lab.switch.run("bridge", "link", "set", "dev", lab.web1.port, "hairpin", "on")
    try:
        yield
    finally:
        lab.switch.run("bridge", "link", "set", "dev", lab.web1.port, "hairpin", "off")


@contextlib.contextmanager
def _bridged(lab: NamespaceLab) -> Iterator[None]:
    """The parent is a bridge, and the host forwards nothing: its rule counts flooded frames, and does no harm."""
    bridged.make(lab, WEB1, ports={MACHINE: "06:00:00:00:00:48"})
    lab.web1.run("nft", "-f", "-", input=NO_ROUTER)
    try:
        lab.rest()
        yield
    finally:
        lab.web1.run("nft", "delete", "table", "inet", "norouter")
        bridged.undo(lab, WEB1, MACHINE)


CONDITIONS = (
    Condition("quiet", nothing),
    Condition("virtual router", _virtual_router),
    Condition("proxy ARP", _proxy),
    Condition("DHCP renewals", _renewals),
    Condition("containers come and go", _coming_and_going),
    Condition("gateway drops pings", _no_pings),
    Condition("port that reflects", _reflecting),
    Condition("bridge with a firewall", _bridged),
    Condition("all of it", _everything),
)
