# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What docs/causes.md says of a cause happens: one that is refused is declared here, and one that is prevented made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ansible_collections.linuxnet.macvlan.plugins.filter.intent import intent
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent import link_parser, parents
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.links import DesiredLink
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Facts, Link
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kmod import check as _kmod
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kmod import kinds as _kinds
from ansible_collections.linuxnet.macvlan.plugins.module_utils._nm import daemon, exclusion
from ansible_collections.linuxnet.macvlan.plugins.module_utils._nm import plan as _nm
from ansible_collections.linuxnet.macvlan.plugins.module_utils._nm.config import LOCAL, File
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.backends import networkd, systemd_unit
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.base import HostState, Owner
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.registry import CAUSES
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet.plan import HostDeclaration, plan
from labkit import dhcp
from labkit.segment import Host, Segment

SHIM, CONTAINER, MAC = "192.168.100.3", "192.168.100.129", "02:00:00:00:00:77"
NETWORK = {
    "name": "lan0",
    "parent": "eth0",
    "subnet": "192.168.100.0/24",
    "container_range": "192.168.100.128/28",
    "host_address": SHIM,
}
#: Cause -> a function that shows it.
REFUSED: dict[str, Callable[[Lab], str]] = {}
PREVENTED: dict[str, Callable[[Made], None]] = {}


@dataclass
class Lab:
    """A host on a segment."""

    segment: Segment
    host: Host
    folder: Path

    def refusal(self, module: str = "macvlan_link", **options: object) -> str:
        """The message of a module that refuses; in check mode, as it is before anything is changed."""
        result = self.host.module(module, options, check=True)
        assert result.get("failed"), result
        return str(result["msg"])

    def declared(self, **given: object) -> str:
        """The same for a network of the declaration."""
        return self.refusal(links=derived(**given)["links"], host_id="h1")

    def converge(self) -> None:
        result = self.host.module("macvlan_link", {"links": derived()["links"], "host_id": "h1"})
        assert result.get("changed"), result


def derived(**given: object) -> dict:
    return intent({"inventory_hostname": "h1"}, [{**NETWORK, **given}])


@pytest.fixture
def lab(segment: Segment, tmp_path: Path) -> Lab:
    return Lab(segment, segment.host("h1", addresses=["192.168.100.11/24"]), tmp_path)


def refused(text: str) -> Callable:
    """The text is part of the refusal."""

    def register(function: Callable[[Lab], str]) -> Callable[[Lab], str]:
        def case(lab: Lab) -> str:
            message = function(lab)
            assert text in message
            return message

        REFUSED[function.__name__.lstrip("_")] = case
        return function

    return register


def fleet(*hosts: HostDeclaration) -> str:
    return plan(hosts, {host.host for host in hosts}).problems.report()


# ---- refused ---------------------------------------------------------------------------------------------------------


@refused("this is taken: Ansible reaches h1 by it")
def _address_belongs_to_host(_lab: Lab) -> str:
    return fleet(HostDeclaration("h1", [{**NETWORK, "containers": [CONTAINER]}], [], CONTAINER))


@refused("which rewrites MAC addresses")
def _bond_mode_unsupported(_lab: Lab) -> str:
    return capable(Link(2, "bond0", "bond", bond_mode=6))


@refused("192.168.100.128/28 is declared here, and the DHCP server 192.168.100.1")
def _dhcp_pool_overlap(lab: Lab) -> str:
    server = lab.segment.host("router", addresses=["192.168.100.1/24"])
    dhcp.dnsmasq(server, lab.folder, "--dhcp-range=192.168.100.128,192.168.100.150,1h")
    return lab.refusal("dhcp_check", probes=derived()["dhcp_probes"], attempts=1, wait=1, fail_on=["overlap"])


@refused("192.168.100.3 on eth0: in_use")
def _duplicate_ip(lab: Lab) -> str:
    lab.segment.host("printer", addresses=[f"{SHIM}/24"])
    return lab.refusal("arp_conflict_check", probes=derived()["probes"], fail_on=["in_use"])


@refused("this is declared by h2 too")
def _duplicate_ip_in_fleet(_lab: Lab) -> str:
    both = [{**NETWORK, "container_range": f"192.168.100.{end}/28"} for end in (128, 144)]
    return fleet(*(HostDeclaration(f"h{number}", [one], []) for number, one in enumerate(both, 1)))


@refused("this is declared by h2 too")
def _duplicate_mac_in_fleet(_lab: Lab) -> str:
    link = {"name": "mv0", "parent": "eth0", "mac": MAC}
    return fleet(HostDeclaration("h1", [], [link]), HostDeclaration("h2", [], [link]))


@refused("has the same MAC address")
def _duplicate_mac_on_host(lab: Lab) -> str:
    lab.host.container("twin", mac=MAC)
    return lab.declared(mac=MAC)


@refused("already carries ipvlan links (iv0)")
def _ipvlan_on_parent(_lab: Lab) -> str:
    return capable(Link(2, "eth0"), Link(3, "iv0", "ipvlan", parent=2))


@refused("has no macvlan links")
def _kind_missing(_lab: Lab) -> str:
    return kernel(_kinds.MISSING, False, None)


@refused("update the kernel to 5.4.14")
def _known_bad_kernel(_lab: Lab) -> str:
    return kernel(_kinds.LOADED, True, _kinds.known_bad("macvlan", "5.4.11"))


@refused("is a port of br1")
def _parent_enslaved(lab: Lab) -> str:
    lab.host.ip("link", "add", "br1", "type", "bridge")
    lab.host.ip("link", "set", "eth0", "master", "br1")
    return lab.declared()


@refused("a passthru link is its parent's only one")
def _passthru_exclusive(lab: Lab) -> str:
    lab.host.ip("link", "add", "link", "eth0", "name", "vm0", "type", "macvlan", "mode", "passthru")
    return lab.declared()


@refused("eth1 of this host has 192.168.100.99/24")
def _two_uplinks_one_subnet(lab: Lab) -> str:
    lab.segment.plug(lab.host, "eth1")
    lab.host.ip("address", "add", "192.168.100.99/24", "dev", "eth1")
    return lab.declared()


@refused("an access point accepts one MAC address per association")
def _wifi_parent(_lab: Lab) -> str:
    return capable(Link(2, "wlan0", wireless=True))


@refused("which is the network of eth0, and eth1 has addresses only in 10.0.0.0/24")
def _wrong_parent(lab: Lab) -> str:
    lab.segment.plug(lab.host, "eth1")
    lab.host.ip("address", "add", "10.0.0.5/24", "dev", "eth1")
    return lab.declared(parent="eth1")


def capable(*links: Link) -> str:
    """Of parents that no namespace has."""
    problems = Problems()
    parents.check_capable(links[0], Facts(links), "macvlan_networks[0].parent", links[0].name, problems)
    return problems.report()


def kernel(status: str, works: bool, bad: object) -> str:
    found = _kmod.KindFinding(_kinds.KINDS["macvlan"], status, ["seen"], works, bad)
    return _kmod.shortcomings([found], _kinds.KernelFacts("6.1.0", True), [], "debian").report()


# ---- prevented -------------------------------------------------------------------------------------------------------


@dataclass
class Made:
    """A host whose link was made, broken by somebody in every way, made again, deleted, and made once more."""

    reached: tuple[bool, bool]
    before: list[object]
    broken: list[object]
    after: list[object]
    replaced: list[object]
    settings: set[str]
    connected: list[str]


@pytest.fixture(scope="module")
def made() -> Iterator[Made]:
    with Segment() as segment:
        lab = Lab(segment, segment.host("h1", addresses=["192.168.100.11/24"]), Path())
        lab.host.container("c1", addresses=["192.168.100.130/24"])
        lab.host.ip("link", "set", "eth0", "mtu", "1400")
        isolated = lab.host.pings("192.168.100.130")
        lab.converge()
        reached = isolated, lab.host.pings("192.168.100.130")
        before = seen(lab.host)
        lab.host.ip("link", "set", "lan0", "down")
        lab.host.ip("address", "flush", "dev", "lan0")
        lab.host.ip("link", "set", "lan0", "address", MAC, "type", "macvlan", "mode", "vepa")
        broken = seen(lab.host)
        lab.converge()
        after = seen(lab.host)
        lab.host.ip("link", "delete", "lan0")
        lab.converge()
        settings = {lab.host.sysctl(f"net/ipv4/conf/{name}/arp_filter") for name in ("eth0", "lan0")}
        connected = [route["dev"] for route in lab.host.json("route") if route["dst"] == NETWORK["subnet"]]
        yield Made(reached, before, broken, after, seen(lab.host), settings, connected)


def seen(host: Host) -> list[object]:
    """Each thing that somebody can change about the link."""
    link = host.link("lan0")
    mode = link["linkinfo"]["info_data"]["mode"]
    routes = [route["dst"] for route in host.json("route", "show", "dev", "lan0")]
    return [link["address"], mode, "UP" in link["flags"], link["mtu"], host.addresses("lan0"), routes]


def shown(*causes: str) -> Callable:
    def register(function: Callable[[Made], None]) -> Callable[[Made], None]:
        PREVENTED.update(dict.fromkeys(causes, function))
        return function

    return register


@shown("address_absent", "link_down", "mac_rewritten", "route_absent", "wrong_mode")
def _what_somebody_changes_is_restored(made: Made) -> None:
    changed = [one != other for one, other in zip(made.before, made.broken, strict=True)]
    assert changed == [True, True, True, False, True, True]
    assert made.after == made.before


@shown("link_absent", "announcement_lost", "stale_neighbour")
def _a_link_that_is_made_again_has_its_old_mac_address(made: Made) -> None:
    """So that no neighbour has to hear of it."""
    assert made.replaced == made.before


@shown("host_isolation")
def _the_host_reaches_its_containers_over_the_link(made: Made) -> None:
    assert made.reached == (False, True)


@shown("arp_flux", "strict_rp_filter")
def _each_address_has_one_mac_address(made: Made) -> None:
    assert made.settings == {"1"}


@shown("route_order")
def _the_link_adds_no_second_connected_route(made: Made) -> None:
    assert made.connected == ["eth0"]


@shown("mtu_mismatch")
def _the_link_has_the_mtu_of_its_parent(made: Made) -> None:
    assert made.before[3] == 1400


@shown("boot_order", "not_persistent", "parent_vanished")
def _a_unit_follows_the_events_of_the_parent(_made: Made) -> None:
    files = systemd_unit.BACKEND.render(link(), HostState(version=252)).files
    script, unit = (next(text for path, text in files.items() if path.endswith(end)) for end in (".sh", ".service"))
    assert "ip -o monitor link" in script
    assert "WantedBy=" in unit


@shown("carrier_loss_drops_config")
def _networkd_keeps_addresses_without_carrier(_made: Made) -> None:
    there = networkd.NetworkdState(True, {"eth0": networkd.NetworkdLink(2, "eth0", "configured", "/etc/x.network")})
    host = HostState(version=252, daemons=(there,), owners={"eth0": Owner(("systemd-networkd",))})
    assert "IgnoreCarrierLoss=yes" in "".join(networkd.BACKEND.render(link(), host).files.values())


@shown("nm_dhcp_on_link")
def _networkmanager_leaves_the_link_alone(_made: Made) -> None:
    assert "unmanaged-devices+=interface-name:lan0" in str(excluded().text)


@shown("nm_exclusion_overridden")
def _a_file_that_overrides_the_exclusion_is_named(_made: Made) -> None:
    other = File(f"{LOCAL}/99-zz.conf", "[keyfile]\nunmanaged-devices=interface-name:eth9\n")
    with pytest.raises(_nm.Ineffective, match=r"99-zz\.conf"):
        _nm.plan(excluded(), _nm.NMFacts(daemon.Status(True, True, "1.42.4"), files=[other]))


def link() -> DesiredLink:
    (made,) = link_parser.parse(derived()["links"], "h1", Problems()).present
    return made.on(Link(2, "eth0"))


def excluded() -> _nm.DesiredExclusion:
    return _nm.parse("present", derived()["unmanaged_devices"], exclusion.PATH, True)


# ----------------------------------------------------------------------------------------------------------------------


def duty(letter: str) -> list[str]:
    return sorted(cause.id for cause in CAUSES if letter in cause.must.split())


@pytest.mark.parametrize("cause", duty("R"))
def test_what_is_documented_as_refused_is_refused(lab, cause):
    assert cause in REFUSED, f"declare {cause} here, and read the refusal"
    assert "Remedy: " in REFUSED[cause](lab) or cause in ("dhcp_pool_overlap", "duplicate_ip")


@pytest.mark.parametrize("cause", duty("P"))
def test_what_is_documented_as_prevented_is_prevented(made, cause):
    assert cause in PREVENTED, f"show here how {cause} is prevented"
    PREVENTED[cause](made)


def test_nothing_here_is_undocumented():
    assert (sorted(REFUSED), sorted(PREVENTED)) == (duty("R"), duty("P"))
