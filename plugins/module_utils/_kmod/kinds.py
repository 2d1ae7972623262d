# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kernel modules and link kinds, as files describe them. Pure.

Formats: modules.dep(5), modules.builtin (Documentation/kbuild/kbuild.rst), modprobe.d(5), /proc/modules (proc(5)),
/proc/config.gz (CONFIG_IKCONFIG_PROC).
"""

from __future__ import annotations

import os
import re
from dataclasses import field

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.requirements import version_tuple

LOADED = "loaded"
BUILTIN = "builtin"
LOADABLE = "loadable"
BLACKLISTED = "blacklisted"
MISSING = "missing"
NO_MODULE_TREE = "no_module_tree"
KNOWN_BAD = "known_bad"


@dataclass(frozen=True)
class Kind:
    """A link kind of rtnetlink: its kernel module, its build option, and whether a link needs one below it."""

    name: str
    module: str
    option: str
    on_parent: bool = False


KINDS = {
    kind.name: kind
    for kind in (
        Kind("macvlan", "macvlan", "CONFIG_MACVLAN", on_parent=True),
        Kind("macvtap", "macvtap", "CONFIG_MACVTAP", on_parent=True),
        Kind("ipvlan", "ipvlan", "CONFIG_IPVLAN", on_parent=True),
        Kind("ipvtap", "ipvtap", "CONFIG_IPVTAP", on_parent=True),
        Kind("vlan", "8021q", "CONFIG_VLAN_8021Q", on_parent=True),
        Kind("bond", "bonding", "CONFIG_BONDING"),
        Kind("bridge", "bridge", "CONFIG_BRIDGE"),
        Kind("dummy", "dummy", "CONFIG_DUMMY"),
        Kind("veth", "veth", "CONFIG_VETH"),
    )
}


@dataclass(frozen=True)
class KnownBad:
    """Stable releases in which macvlan does not do what it should.

    series, first, fixed: the first bad and the first good patch level of a series, such as 4.19, 95 and 98.
    """

    series: str
    first: int
    fixed: int
    problem: str
    source: str


_BROADCAST = "macvlan reads the header of a received broadcast at the wrong place, so that ARP requests do not get in"
_SOURCE = (
    "brought by 96cc4b69581d (macvlan: do not assume mac_header is set in macvlan_broadcast()), "
    "repaired by 1712b2fff8c6 (macvlan: use skb_reset_mac_header() in macvlan_queue_xmit())"
)
#: From the announcements of the releases of 12 and 23 January 2020 (lore.kernel.org/stable); seen in the field with
#: 4.19.97 (github.com/raspberrypi/linux/issues/3470) and 5.4.11 (github.com/moby/libnetwork/issues/2499).
KNOWN_BAD_RELEASES = (
    KnownBad("4.4", 209, 211, _BROADCAST, _SOURCE),
    KnownBad("4.9", 209, 211, _BROADCAST, _SOURCE),
    KnownBad("4.14", 164, 167, _BROADCAST, _SOURCE),
    KnownBad("4.19", 95, 98, _BROADCAST, _SOURCE),
    KnownBad("5.4", 11, 14, _BROADCAST, _SOURCE),
)
_AFFECTED = ("macvlan", "macvtap")


def known_bad(kind: str, release: str) -> KnownBad | None:
    """The entry that a kernel release (``uname -r``) falls under.

    A distribution's kernel keeps the number of the release it started from and backports fixes, so that its number says
    nothing: only releases in the numbering of kernel.org, with a patch level, are compared.
    """
    numbers = version_tuple(release)
    if kind not in _AFFECTED or len(numbers) < 3:
        return None
    series = f"{numbers[0]}.{numbers[1]}"
    return next(
        (item for item in KNOWN_BAD_RELEASES if item.series == series and item.first <= numbers[2] < item.fixed), None
    )


@dataclass(frozen=True)
class Rule:
    """A line of modprobe.d(5), or of the kernel's command line, that keeps a module out. where: the file."""

    module: str
    where: str
    line: str


@dataclass(frozen=True)
class KernelFacts:
    """What is known of the running kernel without asking it to do anything.

    tree: whether /lib/modules has a directory for it. loaded: module names out of /proc/modules. builtin: out of
    modules.builtin, and of /sys/module where the entry is no loaded module. loadable: module -> file. options: build
    options, None where they are not readable. rules: what keeps modules from being loaded.
    """

    release: str
    tree: bool
    loaded: frozenset[str] = frozenset()
    builtin: frozenset[str] = frozenset()
    loadable: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] | None = None
    rules: tuple[Rule, ...] = ()


def canonical(name: str) -> str:
    """A module's name as the kernel spells it: dashes are underscores."""
    return name.replace("-", "_")


def _module_of(path: str) -> str:
    """``kernel/drivers/net/macvlan.ko.xz`` is macvlan."""
    return canonical(re.sub(r"\.ko(\.\w+)?$", "", os.path.basename(path)))


def parse_builtin(text: str) -> frozenset[str]:
    """modules.builtin: a path per line."""
    return frozenset(_module_of(line.strip()) for line in text.splitlines() if line.strip())


def parse_dep(text: str) -> dict[str, str]:
    """modules.dep: ``path: paths it needs``."""
    paths = (line.partition(":")[0].strip() for line in text.splitlines() if ":" in line)
    return {_module_of(path): path for path in paths}


def parse_loaded(text: str) -> frozenset[str]:
    """/proc/modules: the name is the first word."""
    return frozenset(line.split()[0] for line in text.splitlines() if line.strip())


def parse_options(text: str) -> dict[str, str]:
    """A kernel's .config: option -> y, m, n or value; a line that says "is not set" is n."""
    # two passes over the text as a whole, which has thousands of lines
    options = dict(re.findall(r"^(CONFIG_[^=\n]*)=(.*)$", text, re.MULTILINE))
    options.update(dict.fromkeys(re.findall(r"^# (CONFIG_\w+) is not set$", text, re.MULTILINE), "n"))
    return options


def parse_modprobe(path: str, text: str) -> list[Rule]:
    """The lines of one file of modprobe.d that keep a module out: ``blacklist``, and ``install`` of something else."""
    rules = []
    for line in text.replace("\\\n", " ").splitlines():
        words = line.split()
        if len(words) < 2 or words[0].startswith("#"):
            continue
        instead = words[0] == "install" and not any("modprobe" in word or "insmod" in word for word in words[2:])
        if words[0] == "blacklist" or instead:
            rules.append(Rule(canonical(words[1]), path, line.strip()))
    return rules


def parse_command_line(text: str) -> list[Rule]:
    """``modprobe.blacklist=`` (kmod) and ``module_blacklist=`` (kernel) on the kernel's command line."""
    rules = []
    for word in text.split():
        name, found, value = word.partition("=")
        if found and name in ("modprobe.blacklist", "module_blacklist"):
            rules += [Rule(canonical(module), "/proc/cmdline", word) for module in value.split(",") if module]
    return rules


def classify(kind: Kind, kernel: KernelFacts) -> tuple[str, list[str]]:
    """Status of a kind by what the files say, and the evidence. A creation may still prove it better."""
    module = canonical(kind.module)
    option = None if kernel.options is None else kernel.options.get(kind.option, "n")
    evidence = [] if option is None else [f"the running kernel was built with {kind.option}={option}"]
    if module in kernel.loaded:
        return LOADED, [*evidence, f"/proc/modules lists {module}"]
    if option == "y" or module in kernel.builtin:
        where = [f"{module} is built into the kernel"] if module in kernel.builtin else []
        return BUILTIN, [*evidence, *where]
    if option == "n":
        return MISSING, evidence
    tree = f"/lib/modules/{kernel.release}"
    if not kernel.tree:
        return NO_MODULE_TREE, [*evidence, f"{tree} does not exist"]
    path = kernel.loadable.get(module)
    if path is None:
        return MISSING, [*evidence, f"{tree}/modules.dep has no {module}"]
    evidence.append(f"{tree}/{path}" if not path.startswith("/") else path)
    rules = [rule for rule in kernel.rules if rule.module == module]
    if rules:
        return BLACKLISTED, [*evidence, *(f"{rule.where}: {rule.line}" for rule in rules)]
    return LOADABLE, evidence


def log_lines(records: list[str], names: list[str], limit: int = 20) -> list[str]:
    """The last `limit` lines of the kernel log that mention one of the names."""
    wanted = re.compile(r"\b(" + "|".join(map(re.escape, names)) + r")\b", re.IGNORECASE)
    return [line for line in records if wanted.search(line)][-limit:]


def parse_kmsg(text: str) -> str:
    """One record of /dev/kmsg (Documentation/ABI/testing/dev-kmsg) as ``[seconds] message``."""
    head, found, message = text.partition(";")
    fields = head.split(",")
    if not found or len(fields) < 3 or not fields[2].isdigit():
        return text.strip()
    return f"[{int(fields[2]) / 1e6:.6f}] {message.splitlines()[0] if message else ''}"
