# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""NetworkManager's device specs: the grammar, how a list is written, and which device a list matches. Pure.

The rules are those of "Device List Format" in NetworkManager.conf(5) and of ``nm_match_spec_split`` and
``nm_match_spec_device`` in NetworkManager's src/core/nm-core-utils.c.
"""

from __future__ import annotations

import re

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import ifname_problem, parse_mac
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass

EXCEPT = "except:"
INTERFACE_NAME = "interface-name:"
MAC = "mac:"
TYPE = "type:"
DRIVER = "driver:"
#: Tags that take any value that is not empty.
TAGS = (TYPE, DRIVER, "s390-subchannels:", "dhcp-plugin:")

_SPACE = " \t\n\r\v\f"
_ESCAPES = {"s": " ", "n": "\n", "t": "\t", "r": "\r", "\\": "\\", ",": ",", ";": ";"}
#: A hardware address has 6 octets, that of InfiniBand 20.
_HARDWARE_ADDRESS = re.compile(r"[0-9a-fA-F]{1,2}(?:[:-][0-9a-fA-F]{1,2}){5,19}")


@dataclass(frozen=True)
class Device:
    """What NetworkManager compares a spec with.

    name: interface name. kind: NetworkManager's device type, such as ``macvlan``.
    driver: kernel driver. permanent_mac: lower case, empty where the device has none (as a macvlan).
    version: the driver's, as ethtool(8) says it.
    """

    name: str
    kind: str = ""
    driver: str = ""
    permanent_mac: str = ""
    version: str = ""


def macvlan(name: str) -> Device:
    """A link as NetworkManager sees it once it is there (drivers/net/macvlan.c macvlan_ethtool_get_drvinfo)."""
    return Device(name, "macvlan", "macvlan", version="0.1")


def split(value: str) -> list[str]:
    """The specs of a value as NetworkManager splits it: at commas and semicolons, with backslash escapes."""
    specs: list[str] = []
    piece, kept = "", 0  # `kept`: up to here white space at the end was escaped and stays
    index = 0

    def close() -> None:
        spec = piece[:kept] + piece[kept:].rstrip(_SPACE)
        if spec:
            specs.append(spec)

    while index < len(value):
        char = value[index]
        index += 1
        if char == "\\":
            if index == len(value):
                break
            char = value[index]
            index += 1
            piece += _ESCAPES.get(char, "\\" + char)
            kept = len(piece)
        elif char in ",;":
            close()
            piece, kept = "", 0
        elif piece or char not in _SPACE:
            piece += char
    close()
    return specs


def is_except(spec: str) -> bool:
    return spec.lower().startswith(EXCEPT)


def only_exceptions(specs: list[str]) -> bool:
    """Whether a list has only ``except:`` entries; NetworkManager reads that as "all devices but these"."""
    return bool(specs) and all(is_except(spec) for spec in specs)


def normalise(entry: str) -> str:
    """A plain interface name becomes ``interface-name:NAME``; a spec stays as it is, without white space around."""
    spec = entry.strip()
    if spec == "*" or ":" in spec or _HARDWARE_ADDRESS.fullmatch(spec):
        return spec
    return f"{INTERFACE_NAME}{spec}"


def problem(spec: str) -> tuple[str, str] | None:
    """What is wrong with a (normalised) spec and what to write instead; None when it is valid."""
    if any(char in spec for char in "\\,;") or not spec.isprintable():
        return (
            "a comma, semicolon, backslash or control character separates or escapes entries in NetworkManager's list",
            "give each device as an entry of its own, such as lan0, and write ? for such a character in a name",
        )
    body = spec[len(EXCEPT) :] if is_except(spec) else spec
    tag, dummy, value = body.partition(":")
    tag = tag.lower() + ":"
    if body == "*" or _HARDWARE_ADDRESS.fullmatch(body):
        return None
    if tag == INTERFACE_NAME:
        why = ifname_problem(value.lstrip("~=").replace("*", "x").replace("?", "x"))
        return (why, "write the device's name, or a pattern with * and ?, such as lan*") if why else None
    if tag == MAC:
        if _HARDWARE_ADDRESS.fullmatch(value):
            return None
        return "this is no hardware address", "write one such as mac:02:00:5e:10:00:01"
    if tag in TAGS:
        return None if value else (f"{tag} needs a value", f"write {tag}VALUE")
    return (
        "this is no device spec of NetworkManager",
        f"write a name such as lan0, or one of {', '.join([INTERFACE_NAME, MAC, *TAGS])}, or {EXCEPT} and one of them",
    )


def hardware_address(spec: str) -> str | None:
    """The MAC that a (normalised) spec names, None when it does not match by MAC."""
    body = spec[len(EXCEPT) :] if is_except(spec) else spec
    return parse_mac(body[len(MAC) :] if body.lower().startswith(MAC) else body)


def exact_name(spec: str) -> str | None:
    """The one interface name that a spec matches, None when it is a pattern or matches by something else."""
    if not spec.lower().startswith(INTERFACE_NAME):
        return None
    value = spec[len(INTERFACE_NAME) :]
    if value.startswith("="):
        return value[1:]
    value = value[1:] if value.startswith("~") else value
    return None if any(char in value for char in "*?") else value


def matches(specs: list[str], device: Device) -> bool | None:
    """Whether a list matches a device: True, False by an ``except:`` entry, None when no entry matches it."""
    taken = any(not is_except(spec) and _takes(spec, device, True) for spec in specs)
    excepted = any(is_except(spec) and _takes(spec[len(EXCEPT) :], device, False) for spec in specs)
    if excepted:
        return False
    return True if taken or only_exceptions(specs) else None


def takes(spec: str, device: Device) -> bool:
    """Whether one entry matches a device, ``except:`` or not."""
    return _takes(spec[len(EXCEPT) :], device, False) if is_except(spec) else _takes(spec, device, True)


def _takes(body: str, device: Device, untagged: bool) -> bool:
    if body == "*":
        return True
    tag, dummy, value = body.partition(":")
    tag = tag.lower() + ":"
    if tag == INTERFACE_NAME:
        if value.startswith("="):
            return value[1:] == device.name
        pattern = value[1:] if value.startswith("~") else value
        return pattern == device.name or _glob(pattern, device.name)
    if tag == TYPE:
        return bool(value) and value == device.kind
    if tag == DRIVER:
        name, slash, version = value.partition("/")
        return bool(name) and name == device.driver and (not slash or _glob(version, device.version))
    if tag == MAC:
        return bool(device.permanent_mac) and parse_mac(value) == device.permanent_mac
    if not untagged:
        return False
    return body == device.name or (bool(device.permanent_mac) and parse_mac(body) == device.permanent_mac)


def _glob(pattern: str, text: str) -> bool:
    """GLib's g_pattern_match_simple: ``*`` and ``?`` and nothing else (fnmatch knows brackets too)."""
    expression = "".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in pattern)
    return re.fullmatch(expression, text, re.DOTALL) is not None
