# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""host = manager, files of an administrator, links that exist, a declaration. Pure: a seed is always the same host."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

#: Host of the lab -> operating system and manager. A seed is for the host at its rest.
HOSTS = {
    "nd": ("trixie", "networkd"),
    "nm": ("bookworm", "networkmanager"),
    "np": ("bookworm", "netplan"),
    "ifup": ("bookworm", "ifupdown"),
    "bare": ("trixie", "none"),
    "ndold": ("bookworm", "networkd"),
}
SUBNET = "192.168.100"
GATEWAY = f"{SUBNET}.1"
NETWORK_DIRECTORIES = ("/etc", "/run", "/usr/local/lib", "/usr/lib")


@dataclass(frozen=True)
class Piece:
    """Something that is on a host before. names: what a refusal because of it mentions.

    files: texts by path; a text that begins with ``->`` is the target of a symbolic link. commands: shell, after them.
    """

    names: tuple[str, ...]
    files: dict[str, str] = field(default_factory=dict)
    commands: tuple[str, ...] = ()
    undo: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Case:
    """variables: those of the host in the inventory."""

    seed: int
    host: str
    pieces: tuple[Piece, ...]
    variables: dict[str, object]

    def __str__(self) -> str:
        there = [
            f"{path}: {' | '.join(text.split(chr(10)))}" for piece in self.pieces for path, text in piece.files.items()
        ]
        there += [command for piece in self.pieces for command in piece.commands]
        return f"seed {self.seed} on {self.host}: {self.variables}; " + "; ".join(there)


def number(host: str) -> int:
    """The last octet of the host's own address."""
    return 11 + list(HOSTS).index(host)


def compose(seed: int) -> Case:
    chance = random.Random(seed)
    host = list(HOSTS)[seed % len(HOSTS)]
    makers = [*ANYWHERE, *BY_MANAGER[HOSTS[host][1]] * 2]
    chosen: list[Callable[[random.Random, str], Piece]] = []
    for maker in chance.sample(makers, chance.choice((0, 1, 1, 2, 2, 3))):
        if maker not in chosen:
            chosen.append(maker)
    pieces = tuple(maker(chance, host) for maker in chosen)
    return Case(seed, host, pieces, _variables(chance, host))


def _variables(chance: random.Random, host: str) -> dict[str, object]:
    """The declaration."""
    index = list(HOSTS).index(host)
    network: dict[str, object] = {
        "name": "lan0",
        "parent": chance.choice(("eth0", "eth0", "eth0", {"subnet": f"{SUBNET}.0/24"}, {"default_route": True})),
        "subnet": f"{SUBNET}.0/24",
        "gateway": GATEWAY,
        "container_range": f"{SUBNET}.{128 + 16 * index}/28",
        "host_address": f"{SUBNET}.{31 + index}",
    }
    if chance.random() < 0.2:
        network["mtu"] = 1400
    if chance.random() < 0.15:
        network["mode"] = "private"
    native = {"networkd": "networkd", "netplan": "netplan", "ifupdown": "ifupdown", "networkmanager": "networkmanager"}
    forms = ("auto", "auto", "auto", "systemd", "none", native.get(HOSTS[host][1], "systemd"))
    variables: dict[str, object] = {"macvlan_networks": [network], "macvlan_persistence": chance.choice(forms)}
    if chance.random() < 0.2:
        address = f"{SUBNET}.{51 + index}/32"
        variables["macvlan_links"] = [{"name": "mv1", "parent": "eth0", "addresses": [address], "routes": []}]
    return variables


def _sibling(chance: random.Random, host: str) -> Piece:
    """Another macvlan link on the same parent, with a host prefix or with the whole subnet."""
    address = f"{SUBNET}.{71 + list(HOSTS).index(host)}/{chance.choice((32, 24))}"
    commands = ("ip link add shim0 link eth0 type macvlan mode bridge", f"ip address add {address} dev shim0")
    return Piece(("shim0",), {}, (*commands, "ip link set shim0 up"), ("ip link delete shim0",))


def _container(chance: random.Random, host: str) -> Piece:
    """The two ends of a container engine's link."""
    commands = ("ip netns add c1", "ip link add veth1a2b up type veth peer name eth1 netns c1")
    if chance.random() < 0.5:
        commands += ("ip -n c1 link set eth1 up",)
    return Piece(("veth1a2b",), {}, commands, ("ip netns delete c1",))


def _same_name(chance: random.Random, host: str) -> Piece:
    """Something else that is called like the link."""
    kind = chance.choice(("type bridge", "type veth peer name lan9"))
    return Piece(("interface of this name",), {}, (f"ip link add lan0 {kind}",), ("ip link delete lan0",))


def _foreign_file(chance: random.Random, host: str) -> Piece:
    """In the place of one of ours."""
    path = chance.choice(
        ("/etc/sysctl.d/90-linuxnet-macvlan-lan0.conf", "/etc/systemd/system/linuxnet-macvlan-lan0.service")
    )
    return Piece((path,), {path: "# by hand\n"})


def _sysctl(chance: random.Random, host: str) -> Piece:
    value = chance.choice((0, 1, 2))
    return Piece(("rp_filter",), {"/etc/sysctl.d/99-filter.conf": f"net.ipv4.conf.all.rp_filter = {value}\n"})


def _catch_all(chance: random.Random, host: str) -> Piece:
    """A .network file that may take the link, or everything."""
    matches = ("Type=ether", "Name=!lo", "Name=e*", "Name=lan* mv*", "Kind=macvlan", "Driver=macvlan", "Property=A=1")
    match = chance.choice((*matches, "Type=ether\nName=!lan0", "Host=elsewhere\nName=*", "Name=eth[0-9]"))
    name = chance.choice(("0-all", "00-ether", "05-all", "05-m", "20-wired", "99-default", "zz")) + ".network"
    path = f"{chance.choice(NETWORK_DIRECTORIES)}/systemd/network/{name}"
    settings = [f"DHCP={chance.choice(('yes', 'ipv4', 'no'))}", f"LinkLocalAddressing={chance.choice(('ipv6', 'no'))}"]
    if match in ("Type=ether", "Name=!lo", "Name=e*", "Name=eth[0-9]", "Type=ether\nName=!lan0"):
        # It may be the file of eth0, which keeps its address.
        settings += [f"Address={SUBNET}.{number(host)}/24", f"Gateway={GATEWAY}", "IPv6AcceptRA=no"]
    link = "[Link]\nUnmanaged=yes\n" if match == "Name=lan* mv*" and chance.random() < 0.5 else ""
    text = f"[Match]\n{match}\n{link}[Network]\n" + "".join(f"{setting}\n" for setting in settings)
    return Piece((path, "veth1a2b"), {path: text})


def _masked(chance: random.Random, host: str) -> Piece:
    name = chance.choice(("05-all", "20-wired")) + ".network"
    hidden = f"/usr/lib/systemd/network/{name}"
    return Piece((hidden,), {hidden: "[Match]\nName=*\n", f"/etc/systemd/network/{name}": "->/dev/null"})


def _drop_in(chance: random.Random, host: str) -> Piece:
    folder = "10-netplan-eth0.network.d" if HOSTS[host][1] == "netplan" else "10-eth0.network.d"
    path = f"/etc/systemd/network/{folder}/by-hand.conf"
    return Piece((path,), {path: "[Network]\nLLDP=yes\n"})


def _netplan_match(chance: random.Random, host: str) -> Piece:
    name = chance.choice(("e*", "l*", "*"))
    text = f'network:\n  version: 2\n  ethernets:\n    all:\n      match: {{name: "{name}"}}\n      dhcp4: true\n'
    return Piece(("10-netplan-all.network",), {"/etc/netplan/60-all.yaml": text}, ("netplan generate",))


def _nm_list(chance: random.Random, host: str) -> Piece:
    lists = (
        "*,except:interface-name:eth0", "except:interface-name:eth0", "interface-name:lan*", "type:macvlan", "none",
        "interface-name:docker0;interface-name:veth*", "*,except:interface-name:eth0,except:interface-name:lan*",
        "*,except:type:ethernet,except:type:macvlan", "driver:macvlan/0.*", "mac:02:00:00:00:00:01",
    )  # fmt: skip
    name = chance.choice(("10-a", "90-list", "99-only", "99-zz")) + ".conf"
    path = f"{chance.choice(('/etc', '/etc', '/usr/lib', '/run'))}/NetworkManager/conf.d/{name}"
    operation = chance.choice(("=", "=", "+="))
    return Piece((path,), {path: f"[keyfile]\nunmanaged-devices{operation}{chance.choice(lists)}\n"})


def _nm_section(chance: random.Random, host: str) -> Piece:
    match = chance.choice(("type:macvlan", "interface-name:lan*", "except:interface-name:eth0"))
    path = "/etc/NetworkManager/conf.d/50-device.conf"
    return Piece((path,), {path: f"[device-a]\nmatch-device={match}\nmanaged={chance.choice((0, 1))}\n"})


def _nm_profile(chance: random.Random, host: str) -> Piece:
    """Without an interface: it is for every device of its type."""
    kind = chance.choice(("type=ethernet\n", "type=macvlan\n[macvlan]\nmode=2\nparent=eth0\n"))
    text = f"[connection]\nid=any\nuuid=6f2b3a46-8a0e-5c55-9a36-5e0e5a1f6d99\nautoconnect-priority=-9\n{kind}"
    path = "/etc/NetworkManager/system-connections/any.nmconnection"
    return Piece((path,), {path: f"{text}[ipv4]\nmethod=auto\n"}, (f"nmcli connection load {path}",))


def _nm_main(chance: random.Random, host: str) -> Piece:
    path = "/etc/NetworkManager/conf.d/00-main.conf"
    return Piece((path,), {path: "[main]\nno-auto-default=*\n"})


def _stanza(chance: random.Random, host: str) -> Piece:
    """Of another interface, or for whatever comes up."""
    text = chance.choice((
        "auto br9\niface br9 inet manual\n", "allow-hotplug eth9\niface eth9 inet dhcp\n",
        "mapping lan*\n    script /bin/true\n", "mapping eth7\n    script /bin/true\n",
    ))  # fmt: skip
    return Piece(("/etc/network/interfaces.d/by-hand",), {"/etc/network/interfaces.d/by-hand": text})


def _sources(chance: random.Random, host: str) -> Piece:
    line = chance.choice(("source-directory /etc/network/interfaces.d", "source /etc/network/interfaces.d/*.cfg"))
    command = f"sed -i 's,^source .*,{line},' /etc/network/interfaces"
    undo = "sed -i 's,^source.*,source /etc/network/interfaces.d/*,' /etc/network/interfaces"
    return Piece(("/etc/network/interfaces",), {}, (command,), (undo,))


ANYWHERE = [_sibling, _container, _same_name, _foreign_file, _sysctl]
BY_MANAGER = {
    "networkd": [_catch_all, _catch_all, _catch_all, _masked, _drop_in],
    "netplan": [_catch_all, _catch_all, _netplan_match, _netplan_match, _drop_in],
    "networkmanager": [_nm_list, _nm_list, _nm_section, _nm_profile, _nm_main],
    "ifupdown": [_stanza, _stanza, _sources],
    "none": [_catch_all],
}
