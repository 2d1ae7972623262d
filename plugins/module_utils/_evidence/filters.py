# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of a host's nftables that drop and count, from what ``nft --json list ruleset`` says. Pure."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterator
from typing import Any, Dict, Tuple

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address

from .experiments.results import DroppingRule, RulePlace

#: Rules that are kept, and addresses that are kept of one.
RULES_MAX, ADDRESSES_MAX = 100, 32

#: One object of libnftables-json(5).
Json = Dict[str, Any]
#: Family, table and name.
Chain = Tuple[str, str, str]


def dropping(ruleset: list[Json]) -> list[DroppingRule]:
    """The rules that drop and count."""
    rules, hooks = _rules(ruleset)
    found: list[DroppingRule] = []
    for rule in rules:
        parts = rule.get("expr", [])
        counters = _counters(rule)
        if counters and _drops(rule):
            matches = [part for part in parts if "match" in part]
            addresses = [text for part in matches for text in address_ranges(part["match"])]
            found.append(
                {
                    **_place(rule, "chain", hooks),
                    "packets": sum(counter.get("packets", 0) for counter in counters),
                    "addresses": addresses[:ADDRESSES_MAX],
                    "matches": json.dumps(matches)[:400],
                }
            )
    return found[:RULES_MAX]


def uncounted(ruleset: list[Json]) -> list[RulePlace]:
    """What drops and does not count: rules, and policies of chains."""
    rules, hooks = _rules(ruleset)
    found = [_place(rule, "chain", hooks) for rule in rules if _drops(rule) and not _counters(rule)]
    chains = [item["chain"] for item in ruleset if "chain" in item]
    for chain in chains:
        if chain.get("policy") == "drop":
            policy = _place(chain, "name", hooks)
            policy["handle"] = None
            found.append(policy)
    return found[:RULES_MAX]


def _rules(ruleset: list[Json]) -> tuple[list[Json], dict[Chain, set[str]]]:
    """The rules, and of each chain the hooks from which packets get there."""
    rules = [item["rule"] for item in ruleset if "rule" in item]
    return rules, hooks_of([item["chain"] for item in ruleset if "chain" in item], rules)


def _place(data: Json, name: str, hooks: dict[Chain, set[str]]) -> RulePlace:
    chain = chain_of(data, name)
    return {"place": " ".join(chain), "hooks": sorted(hooks.get(chain, ())), "handle": data.get("handle")}


def _counters(rule: Json) -> list[Json]:
    return [part["counter"] for part in rule.get("expr", []) if isinstance(part.get("counter"), dict)]


def _drops(rule: Json) -> bool:
    return any("drop" in part or "reject" in part for part in rule.get("expr", []))


def chain_of(data: Json, name: str) -> Chain:
    return str(data.get("family")), str(data.get("table")), str(data.get(name))


def hooks_of(chains: list[Json], rules: list[Json]) -> dict[Chain, set[str]]:
    """Of each chain the hooks from which packets get there, its own or by jumps."""
    found = {chain_of(chain, "name"): {chain["hook"]} if chain.get("hook") else set() for chain in chains}
    jumps = [
        (chain_of(rule, "chain"), (str(rule.get("family")), str(rule.get("table")), str(part[verdict]["target"])))
        for rule in rules
        for part in rule.get("expr", [])
        for verdict in ("jump", "goto")
        if isinstance(part.get(verdict), dict)
    ]
    news = True
    while news:
        news = False
        for origin, target in jumps:
            missing = found.get(origin, set()) - found.get(target, set())
            if missing:
                found.setdefault(target, set()).update(missing)
                news = True
    return found


def address_ranges(match: Json) -> Iterator[str]:
    """The values that a source or target address has to equal; named sets are left out."""
    left = match.get("left")
    field = left.get("payload", {}).get("field") if isinstance(left, dict) else None
    if field not in ("saddr", "daddr") or match.get("op") not in ("==", "in"):
        return
    right = match.get("right")
    values = right.get("set", [right]) if isinstance(right, dict) else right if isinstance(right, list) else [right]
    for value in values if isinstance(values, list) else [values]:
        try:
            first, last = _ends(value)
        except (KeyError, TypeError, ValueError):
            continue
        yield f"{first}-{last}"


def _ends(value: Any) -> tuple[Address, Address]:
    """The first and the last address. Errors: KeyError, TypeError, ValueError where it is none."""
    if isinstance(value, dict) and "range" in value:
        first, last = value["range"]
        return ipaddress.ip_address(first), ipaddress.ip_address(last)
    if isinstance(value, dict):
        network = ipaddress.ip_network(f"{value['prefix']['addr']}/{value['prefix']['len']}", strict=False)
        return network[0], network[-1]
    return ipaddress.ip_address(str(value)), ipaddress.ip_address(str(value))
