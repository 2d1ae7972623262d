# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names, MAC addresses and IP addresses: parsing, the rules of the field, and stable MACs. Pure."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from functools import lru_cache
from typing import Union

Address = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]
Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]
Interface = Union[ipaddress.IPv4Interface, ipaddress.IPv6Interface]

#: So many texts are kept with what they are: on one host, and in a fleet with the same subnets, most come again.
_KEPT = 4096

#: linux/if.h IFNAMSIZ is 16 with the closing NUL.
IFNAME_MAX = 15

_NUMBER = re.compile(r"[0-9]{9,12}")
_MAC = re.compile(r"[0-9a-f]{2}(?::[0-9a-f]{2}){5}")
#: What an address or network consists of (RFC 4291, 2.2 and 2.3). `ipaddress` takes any text behind a %, as a zone id
#: (RFC 4007, 11): that is no part of an address, and belongs to one host.
_IP = re.compile(r"[0-9A-Fa-f:.]+(?:/[0-9.]+)?")


def ifname_problem(name: object) -> str | None:
    """Why the kernel would refuse this interface name (net/core/dev.c dev_valid_name), None when it is valid."""
    if not isinstance(name, str) or not name:
        return "an interface name is a non-empty string"
    length = len(name.encode(errors="surrogatepass"))
    if length > IFNAME_MAX:
        return f"an interface name has at most {IFNAME_MAX} characters, this one has {length}"
    if name in (".", "..") or any(char in "/:" or char.isspace() for char in name):
        return "an interface name contains no slash, colon or white space and is not . or .."
    if not name.isprintable() or not name.isascii() or "%" in name:
        return "an interface name consists of printable ASCII characters without %"
    return None


def parse_mac(text: object) -> str | None:
    """A MAC address in the kernel's form (``02:00:5e:10:00:01``), None when it is none."""
    if not isinstance(text, str):
        return None
    mac = text.strip().lower().replace("-", ":")
    return mac if _MAC.fullmatch(mac) else None


def mac_fault(given: object) -> tuple[str, str]:
    """Why something is no MAC address, and how to write one.

    YAML 1.1 takes digits and colons for a number of base 60.
    """
    octets: list[int] = []
    number = int(given) if isinstance(given, int) or (isinstance(given, str) and _NUMBER.fullmatch(given)) else 0
    while number > 0:
        number, octet = divmod(number, 60)
        octets.insert(0, octet)
    if len(octets) == 6:
        mac = ":".join(f"{octet:02}" for octet in octets)
        return "YAML reads a MAC address of nothing but digits as a number", f"write it in quotes: '{mac}'"
    return "this is not a MAC address", "write six octets, such as 52:54:00:ab:cd:ef"


def mac_problem(mac: str) -> str | None:
    """Why a device cannot carry this (parsed) MAC, None when it can (is_valid_ether_addr, linux/etherdevice.h)."""
    if int(mac[:2], 16) & 1:
        return "a multicast MAC address cannot be a device's own"
    if mac == "00:00:00:00:00:00":
        return "the all-zero MAC address is not a valid one"
    return None


def stable_mac(host: str, link: str) -> str:
    """The MAC that follows from inventory name and link name alone: the same after recreate, reboot and reinstall.

    Locally administered and unicast (IEEE 802-2014, 8.2.2): the low two bits of the first octet are 10.
    """
    octets = bytearray(hashlib.sha256(f"linuxnet.macvlan\0{host}\0{link}".encode()).digest()[:6])
    octets[0] = octets[0] & 0xFC | 0x02
    return ":".join(f"{octet:02x}" for octet in octets)


def _plain(text: str) -> str:
    """The text of an address without white space around it. Errors: ValueError for a character that none has."""
    plain = text.strip(" \t\r\n")
    if not _IP.fullmatch(plain):
        raise ValueError("not an address")
    return plain


def address_remedy(given: object, remedy: str) -> str:
    """What to write instead of something that is no address or network; `remedy` is for all but a zone id."""
    if not isinstance(given, str) or "%" not in given:
        return remedy
    without = without_zone(given)
    return remedy if parse_interface(without) is None else f"write {written(without)}, without a zone id (%…)"


def one_address_remedy(given: object, remedy: str = "write one such as 192.168.100.3", version: int = 0) -> str:
    """The same for one address (of this IP version, where one is given): what it is that stands beside it."""
    if not isinstance(given, str):
        return remedy
    beside = [word for word, sign in (("prefix length", "/"), ("zone id (%…)", "%")) if sign in given]
    interface = parse_interface(without_zone(given))
    if not beside or interface is None or version not in (0, interface.version):
        return remedy
    return f"write {written(str(interface.ip))}, without a {' or '.join(beside)}"


def without_zone(text: str) -> str:
    """An address or network without what is written like a zone id."""
    return re.sub("%[^/]*", "", text).strip()


def written(text: str) -> str:
    """A colon at the end would be YAML's."""
    return f"'{text}'" if text.endswith(":") else text


def parse_address(text: object) -> Address | None:
    """A plain IPv4 or IPv6 address, without a zone id; None when it is none."""
    return _address(text) if isinstance(text, str) else None


@lru_cache(_KEPT)
def _address(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(_plain(text))
    except ValueError:
        return None


def parse_interface(text: object) -> Interface | None:
    """An address with prefix length; a bare address gets the host prefix (/32 or /128). None when it is none."""
    return _interface(text) if isinstance(text, str) else None


@lru_cache(_KEPT)
def _interface(text: str) -> Interface | None:
    try:
        return ipaddress.ip_interface(_plain(text))
    except ValueError:
        return None


@lru_cache(_KEPT)
def ip_of(text: str) -> Address:
    """The address of a text of the kernel, with or without prefix length. Errors: ValueError."""
    return ipaddress.ip_interface(text).ip


def parse_network(text: object, strict: bool = True) -> Network | None:
    """A network in CIDR form, None when it is none (or has host bits set and `strict`)."""
    return _network(text, strict) if isinstance(text, str) else None


@lru_cache(_KEPT)
def _network(text: str, strict: bool) -> Network | None:
    try:
        return ipaddress.ip_network(_plain(text), strict=strict)
    except ValueError:
        return None


#: How many blocks in CIDR form a range from one address to another may need: each is a route on the host.
BLOCKS_MAX = 16


def parse_range(text: object) -> tuple[Network, ...] | None:
    """Networks in CIDR form that make up a range: such a network, one address, or first-last. None when it is none."""
    ends = _ends(text)
    if ends is None:
        network = parse_network(text)
        return None if network is None else (network,)
    blocks = _blocks(*ends)
    return blocks if 0 < len(blocks) <= BLOCKS_MAX else None


def _ends(text: object) -> tuple[Address, Address] | None:
    """The two addresses of ``first-last``."""
    first, _dash, last = text.partition("-") if isinstance(text, str) else ("", "", "")
    ends = parse_address(first), parse_address(last)
    return (ends[0], ends[1]) if ends[0] is not None and ends[1] is not None else None


def _blocks(first: Address, last: Address) -> tuple[Network, ...]:
    """Nothing where the last comes before the first, or is of another family."""
    if first.version != last.version or int(first) > int(last):
        return ()
    return tuple(ipaddress.summarize_address_range(first, last))


def smallest_network(blocks: tuple[Network, ...]) -> Network:
    """The smallest network in CIDR form that contains all of these, which are of one family and in order."""
    found = blocks[0]
    while not within(blocks[-1], found) or not within(blocks[0], found):
        found = found.supernet()
    return found


def network_fault(text: object, what: str) -> tuple[str, str]:
    """Why a text is no network (or range), and how to write it. what: what it should be, such as ``a range``."""
    if isinstance(text, str) and "%" in text:
        return f"this is not {what}", address_remedy(text, "write it in CIDR form, such as 192.168.100.128/28")
    loose = parse_network(text, strict=False)
    if loose is not None:
        return f"this has host bits: the network is {loose}", f"write {loose}"
    ends = _ends(text)
    if ends is None:
        return f"this is not {what}", "write it in CIDR form, such as 192.168.100.128/28"
    if ends[0].version != ends[1].version:
        return "its ends are of two families", "write a range for each family, such as 192.168.100.128/28"
    blocks = _blocks(*ends)
    if not blocks:
        return "it ends before it begins", f"write {ends[1]}-{ends[0]}"
    fits = smallest_network(blocks)
    if what != "a range":
        return f"this is a range and not {what}", f"write it in CIDR form, such as {fits}"
    return f"this needs {len(blocks)} blocks in CIDR form, and each is a route", f"write {fits}, or a part of it"


def overlap(one: Network, other: Network) -> bool:
    """Whether two networks share an address; networks of different families never do."""
    return one.version == other.version and one.overlaps(other)


def within(inner: Address | Network, outer: Network) -> bool:
    """Whether an address or a network lies inside a network, False across families."""
    if inner.version != outer.version:
        return False
    if isinstance(inner, (ipaddress.IPv4Network, ipaddress.IPv6Network)):
        return inner[0] in outer and inner[-1] in outer
    return inner in outer
