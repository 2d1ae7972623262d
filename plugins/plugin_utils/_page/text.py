# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text for people, from data that hosts sent: times, names, what is safe in HTML and in Markdown. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from markupsafe import Markup

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import text as _text
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import ActorData, ProcessData
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.report_data import Culprit

#: Longer texts of hosts are cut; the whole text is in report.json.
TEXT_MAX = 600

#: What GitHub Flavored Markdown gives a meaning within a line. An underscore inside a word has none.
_MARKDOWN = re.compile(r"[\\`*\[\]|~!#]|(?<![0-9A-Za-z])_|_(?![0-9A-Za-z])")
_MENTION = re.compile(r"(?<![0-9A-Za-z])@")


def clean(value: object, limit: int = TEXT_MAX) -> str:
    """One line of a text, a list or a mapping, with single spaces between its words."""
    if value is None:
        return ""
    if isinstance(value, (list, tuple)):
        value = ", ".join(clean(item) for item in value)
    elif isinstance(value, Mapping):
        value = ", ".join(f"{key}: {clean(item)}" for key, item in value.items())
    return _text.clean(" ".join(str(value).split()), limit)


def clean_lines(value: object, limit: int = 4000) -> str:
    """Like `clean`, but the lines stay: commands."""
    lines = [clean(line, limit) for line in str(value or "")[:limit].strip().splitlines()]
    return "\n".join(lines)


def short(value: object, limit: int) -> str:
    return clean(value, limit)


def parse_time(value: object) -> datetime | None:
    """An RFC 3339 time in UTC; None where it is none."""
    try:
        moment = datetime.fromisoformat(str(value))
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def moment_text(moment: datetime | None, full: bool = False) -> str:
    """``20:00:04.213 UTC``, or with the date."""
    if moment is None:
        return ""
    text = moment.isoformat(sep=" ", timespec="milliseconds").replace("+00:00", "")
    return f"{text if full else text[11:]} UTC"


def later(moment: datetime | None, seconds: float) -> datetime | None:
    """None too where the sum is out of the range of datetime."""
    try:
        return None if moment is None else moment + timedelta(seconds=seconds)
    except OverflowError:
        return None


def seconds_text(seconds: float) -> str:
    """``4.2 s``, ``0.013 s``, ``2 min 5 s``, ``3 h 20 min``"""
    size = abs(seconds)
    if size >= 3600:
        hours, minutes = divmod(round(size / 60), 60)
        return f"{hours} h {minutes} min"
    if size >= 120:
        minutes, rest = divmod(round(size), 60)
        return f"{minutes} min {rest} s"
    return f"{size:.3f} s" if 0 < size < 0.1 else f"{size:.1f} s"


def after_text(seconds: float | None) -> str:
    """``+4.2 s``: after the watch began."""
    if seconds is None:
        return ""
    return f"{'-' if seconds < 0 else '+'}{seconds_text(seconds)}"


def process_text(process: ProcessData | None) -> str:
    """``NetworkManager (PID 812, NetworkManager.service)``"""
    if not process:
        return ""
    if process.get("self"):
        return "this diagnosis"
    return _process(process.get("name"), process.get("pid"), process.get("unit"))


def _process(name: str | None, pid: int | None, unit: str | None) -> str:
    known = [f"PID {clean(pid)}"] if pid is not None else []
    known += [clean(unit)] if unit else []
    inner = f" ({', '.join(known)})" if known else ""
    return f"{clean(name) or 'a process'}{inner}"


def origin_text(process: ActorData | None) -> str:
    """The command and the parents of a process, unless its name says it all: ``ip addr flush eth0, started by cron``"""
    if not process or process.get("self"):
        return ""
    name, command = clean(process.get("name")), clean(process.get("command"), 160)
    # for a daemon the unit is enough
    daemon = clean(process.get("unit")).split(".", maxsplit=1)[0] == name
    parts = [command] if command and command != name and not daemon else []
    parents = [clean(parent.get("name")) for parent in process.get("parents") or []]
    known = [parent for parent in parents if parent and parent != "systemd"][:3]
    parts += [f"started by {', by '.join(known)}"] if known else []
    return ", ".join(parts)


_COMMAND = re.compile(
    r"(sudo |ansible|ip |nmcli|systemctl|networkctl|netplan|sysctl|bridge |ethtool|modprobe|docker|podman|nft |arping"
    r"|[A-Za-z][A-Za-z0-9_.-]*(=|: ))"
)


def is_command(remedy: str) -> bool:
    """Whether it can be copied as it stands: a command, ``key: value`` or ``Key=value``."""
    return bool(_COMMAND.match(remedy))


def culprit_text(culprit: Culprit | None) -> str:
    """In one line; empty without a culprit."""
    if not culprit:
        return ""
    if culprit.get("text"):
        return clean(culprit["text"])
    if culprit.get("pid") is not None or culprit.get("unit"):
        return _process(culprit.get("name"), culprit.get("pid"), culprit.get("unit"))
    known = (culprit.get("name"), culprit.get("host"), culprit.get("mac"))
    return ", ".join(clean(item) for item in known if item)


#: Words of ids that are not in lower case.
_WORDS = {
    "arp": "ARP", "dad": "DAD", "dhcp": "DHCP", "ip": "IP", "ipv6": "IPv6", "mac": "MAC", "mtu": "MTU",
    "nm": "NetworkManager", "vlan": "VLAN", "wifi": "Wi-Fi",
}  # fmt: skip


def cause_title(cause: str) -> str:
    """``duplicate_ip_in_fleet`` as ``Duplicate IP in fleet``"""
    words = " ".join(_WORDS.get(word, word) for word in cause.split("_")).replace("rp filter", "rp_filter")
    return words[:1].upper() + words[1:]


def counted(number: int, noun: str, plural: str = "") -> str:
    """``1 host``, ``2 hosts``"""
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"


def markdown(value: object) -> str:
    """Text that Markdown shows as it is: no markup, no HTML, no mention. What is Markup already stays."""
    if isinstance(value, Markup):
        return value
    text = str(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MENTION.sub("&#64;", _MARKDOWN.sub(lambda found: f"\\{found[0]}", text))


def markdown_code(value: object, cell: bool = False) -> Markup:
    """A code span, fenced by more backticks than the text holds. In a cell of a table its | are escaped too."""
    text = str(value)
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    space = " " if text[:1] == "`" or text[-1:] == "`" else ""
    if cell:
        text = text.replace("|", "\\|")
    return Markup(f"{fence}{space}{text or ' '}{space}{fence}")


def markdown_block(value: object, indent: str = "") -> Markup:
    """A fenced block for commands."""
    text = str(value)
    fence = "`" * max(3, max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    return Markup("\n").join(Markup(f"{indent}{line}".rstrip()) for line in [f"{fence}sh", *text.split("\n"), fence])
