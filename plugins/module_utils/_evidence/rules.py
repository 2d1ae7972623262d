# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What drops packets in one network namespace, as one kind of rule: nftables, and the older iptables.

nftables speaks JSON (libnftables-json(5)). The older tables have only the text of iptables-save(8), whose options are
those of iptables(8).
"""

from __future__ import annotations

import ipaddress
import shlex
from collections.abc import Iterator
from typing import Any

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.command import CommandFailed, find, run
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.text import clean

from .filters import Json, address_ranges, chain_of, hooks_of
from .schema import FilterRuleData

#: Rules of a namespace that are kept, and characters of the text of one.
RULES_MAX, TEXT_MAX = 100, 300
NFTABLES, LEGACY, LEGACY6 = "nftables", "iptables-legacy", "ip6tables-legacy"
#: The programs that read the older tables, and where the kernel lists those that are in use in this namespace.
_SAVE = {
    LEGACY: (("iptables-legacy-save", "iptables-save"), "/proc/thread-self/net/ip_tables_names"),
    LEGACY6: (("ip6tables-legacy-save", "ip6tables-save"), "/proc/thread-self/net/ip6_tables_names"),
}
#: Messages of which the probes of a watch consist: echo, neighbour discovery (linux/icmp.h, linux/icmpv6.h), ARP
#: (linux/if_arp.h). nft prints names or, with -n, numbers.
_TYPES = {
    "icmp": {"echo-request", "echo-reply", "8", "0"},
    "icmpv6": {
        "echo-request", "echo-reply", "nd-neighbor-solicit", "nd-neighbor-advert", "neighbour-solicitation",
        "neighbour-advertisement", "128", "129", "135", "136",
    },
    "arp": {"request", "reply", "1", "2"},
}  # fmt: skip
#: Protocols by the numbers that nft -n prints and the names that iptables has.
_PROTOCOLS = {"1": "icmp", "58": "icmpv6", "ipv6-icmp": "icmpv6", "6": "tcp", "17": "udp"}
_HOOKS = {name: name.lower() for name in ("INPUT", "OUTPUT", "FORWARD", "PREROUTING", "POSTROUTING")}
_OTHER = "other"


def legacy() -> list[FilterRuleData]:
    """The rules of the older tables in this thread's namespace. Empty where they are not in use, or cannot be read."""
    found: list[FilterRuleData] = []
    for tool, (programs, names) in _SAVE.items():
        try:
            with open(names, encoding="ascii") as stream:
                used = stream.read().strip()
            program = next((name for name in programs if find(name)), None)
            if used and program:
                found += saved(run([program, "-c"], check=False, timeout=5).out or "", tool)
        except (OSError, CommandFailed):
            continue
    return found[:RULES_MAX]


# ---- nftables --------------------------------------------------------------------------------------------------------


def nftables(ruleset: list[Json]) -> list[FilterRuleData]:
    """The rules that drop or reject, and the policies of chains that do."""
    rules = [item["rule"] for item in ruleset if "rule" in item]
    chains = [item["chain"] for item in ruleset if "chain" in item]
    hooks = hooks_of(chains, rules)
    found = []
    for rule in rules:
        parts = [part for part in rule.get("expr", []) if isinstance(part, dict)]
        verdict = next((name for part in parts for name in ("drop", "reject") if name in part), "")
        if verdict:
            made = _rule(NFTABLES, " ".join(chain_of(rule, "chain")), sorted(hooks.get(chain_of(rule, "chain"), ())))
            counters = [part["counter"] for part in parts if isinstance(part.get("counter"), dict)]
            made["handle"] = rule.get("handle")
            made["verdict"] = verdict
            made["packets"] = sum(int(item.get("packets", 0)) for item in counters) if counters else None
            for part in parts:
                _understand(made, part)
            made["text"] = clean(" ".join(filter(None, map(_text, parts))))[:TEXT_MAX]
            found.append(made)
    for chain in chains:
        if chain.get("policy") == "drop":
            made = _rule(NFTABLES, " ".join(chain_of(chain, "name")), [str(chain.get("hook"))])
            made["verdict"] = "policy"
            made["text"] = "policy drop"
            found.append(made)
    return found[:RULES_MAX]


def _rule(tool: str, place: str, hooks: list[str]) -> FilterRuleData:
    return {
        "tool": tool,
        "place": clean(place),
        "hooks": hooks,
        "handle": None,
        "verdict": "drop",
        "packets": None,
        "text": "",
        "protocols": [],
        "iif": [],
        "oif": [],
        "sources": [],
        "targets": [],
        "partial": False,
    }


def _understand(rule: FilterRuleData, part: Json) -> None:
    """Add what one expression demands; what is not understood leaves the rule partial."""
    match = part.get("match")
    if match is None:
        # besides verdicts and counters, everything narrows what the rule applies to: limits, lookups, mappings
        rule["partial"] |= not set(part) & {"counter", "drop", "reject", "log", "comment"}
        return
    left, op = match.get("left"), match.get("op")
    values = [str(value) for value in _values(match.get("right")) if not isinstance(value, dict)]
    meta = left.get("meta", {}).get("key") if isinstance(left, dict) else None
    payload = left.get("payload", {}) if isinstance(left, dict) else {}
    protocol, field = _PROTOCOLS.get(str(payload.get("protocol")), payload.get("protocol")), payload.get("field")
    if op not in ("==", "in"):
        rule["partial"] = True
    elif meta in ("iifname", "oifname") and values:
        (rule["iif"] if meta == "iifname" else rule["oif"]).extend(values)
    elif (meta in ("l4proto", "nfproto") or field in ("protocol", "nexthdr")) and values and meta != "nfproto":
        _demand(rule, [_PROTOCOLS.get(value, value) for value in values])
    elif field in ("saddr", "daddr") and protocol in ("ip", "ip6"):
        ranges = list(address_ranges(match))
        (rule["sources"] if field == "saddr" else rule["targets"]).extend(ranges)
        rule["partial"] |= not ranges
    elif protocol in _TYPES and field in ("type", "operation"):
        _demand(rule, [protocol if set(values) & _TYPES[protocol] else _OTHER])
    elif protocol in ("tcp", "udp"):
        _demand(rule, [protocol])
    else:
        rule["partial"] = True


def _demand(rule: FilterRuleData, protocols: list[str]) -> None:
    """One of these protocols, beside what was demanded before."""
    known = rule["protocols"]
    rule["protocols"] = [item for item in known if item in protocols] or [_OTHER] if known else protocols


def _values(right: Any) -> list[Any]:
    if isinstance(right, dict) and isinstance(right.get("set"), list):
        return list(right["set"])
    return list(right) if isinstance(right, list) else [right]


def _text(part: Json) -> str:
    """One expression, nearly as nft(8) writes it."""
    match = part.get("match")
    if match is not None:
        op = "" if match.get("op") in ("==", "in") else f"{match.get('op')} "
        return f"{_side(match.get('left'))} {op}{_side(match.get('right'))}"
    name = next(iter(part), "")
    return "counter" if name == "counter" else name


def _side(value: Any) -> str:
    if isinstance(value, dict):
        if "meta" in value:
            return str(value["meta"].get("key"))
        if "payload" in value:
            return f"{value['payload'].get('protocol', '')} {value['payload'].get('field', '')}".strip()
        if "prefix" in value:
            return f"{value['prefix'].get('addr')}/{value['prefix'].get('len')}"
        if "range" in value:
            return "-".join(map(str, value["range"]))
        if "set" in value:
            return f"{{ {', '.join(map(_side, _values(value)))} }}"
        return ", ".join(value)
    return str(value)


# ---- iptables-save ---------------------------------------------------------------------------------------------------


def saved(text: str, tool: str) -> list[FilterRuleData]:
    """What ``iptables-save -c`` printed. Lines of another form are left out."""
    table = ""
    found: list[tuple[str, str, FilterRuleData]] = []
    policies: list[FilterRuleData] = []
    for line in text.splitlines():
        if line.startswith("*"):
            table = line[1:].strip()
        elif line.startswith(":"):
            policies += _policy(line, table, tool)
        elif line.startswith("["):
            found += _saved_rule(line, table, tool)
    hooks = _reached([(rule["place"], f"{rule['place'].split()[0]} {target}") for dummy, target, rule in found])
    for chain, dummy, rule in found:
        rule["hooks"] = [_HOOKS[chain]] if chain in _HOOKS else sorted(hooks.get(rule["place"], ()))
    drops = [rule for dummy, target, rule in found if target in ("DROP", "REJECT")]
    return [*drops, *policies][:RULES_MAX]


def _reached(jumps: list[tuple[str, str]]) -> dict[str, set[str]]:
    """Of each chain of the user the hooks from which packets get there. jumps: from chain to chain, with tables."""
    found: dict[str, set[str]] = {}
    news = True
    while news:
        news = False
        for origin, target in jumps:
            chain = origin.split()[-1]
            missing = ({_HOOKS[chain]} if chain in _HOOKS else found.get(origin, set())) - found.get(target, set())
            if missing:
                found.setdefault(target, set()).update(missing)
                news = True
    return found


def _policy(line: str, table: str, tool: str) -> Iterator[FilterRuleData]:
    """``:INPUT DROP [12:1008]``."""
    parts = line[1:].split()
    if len(parts) == 3 and parts[1] == "DROP" and parts[0] in _HOOKS:
        made = _rule(tool, f"{table} {parts[0]}", [_HOOKS[parts[0]]])
        made["verdict"] = "policy"
        made["text"] = f"-P {parts[0]} DROP"
        made["packets"] = _packets(parts[2])
        yield made


def _saved_rule(line: str, table: str, tool: str) -> Iterator[tuple[str, str, FilterRuleData]]:
    """``[3:252] -A INPUT -i eth0 -p icmp -j DROP``: chain, target and rule."""
    counter, dummy, rest = line.partition(" ")
    try:
        words = shlex.split(rest)
    except ValueError:
        return
    if len(words) < 2 or words[0] != "-A" or not table:
        return
    made = _rule(tool, f"{table} {words[1]}", [])
    target = _options(made, words[2:])
    made["verdict"] = target.lower()
    made["packets"] = _packets(counter)
    made["text"] = clean(rest)[:TEXT_MAX]
    yield words[1], target, made


def _options(rule: FilterRuleData, words: list[str]) -> str:
    """Add what the options of a rule demand. The target of the rule, empty for none."""
    target, waiting, negated = "", list(words), False
    while waiting:
        word = waiting.pop(0)
        if word == "!":
            rule["partial"], negated = True, True
            continue
        value = waiting.pop(0) if waiting and not waiting[0].startswith("-") and waiting[0] != "!" else ""
        if word in ("-j", "-g"):
            target = value
        elif negated or word in ("-m", "--comment", "--reject-with"):
            # a module alone demands nothing: its options do
            negated = False
        elif word == "-i":
            rule["iif"].append(value)
        elif word == "-o":
            rule["oif"].append(value)
        elif word == "-p":
            _demand(rule, [_PROTOCOLS.get(value, value)])
        elif word in ("-s", "-d"):
            ranges = _range(value)
            (rule["sources"] if word == "-s" else rule["targets"]).extend(ranges)
            rule["partial"] |= not ranges
        elif word in ("--icmp-type", "--icmpv6-type"):
            protocol = "icmp" if word == "--icmp-type" else "icmpv6"
            _demand(rule, [protocol if value in {*_TYPES[protocol], "any"} else _OTHER])
        else:
            rule["partial"] = True
    return target


def _range(text: str) -> list[str]:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return []
    return [f"{network[0]}-{network[-1]}"]


def _packets(text: str) -> int | None:
    """Of ``[12:1008]``."""
    number = text.strip("[]").partition(":")[0]
    return int(number) if number.isdigit() else None
