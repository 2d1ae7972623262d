# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From declared links and the kernel's present state to the steps between them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Mapping, NamedTuple

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Interface
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.difference import Difference
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent import attributes as _attributes
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.links import (
    MARK,
    DesiredLink,
    DesiredRoute,
    sysctl_path,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Facts, Link

from . import handover, routes
from .steps import (
    AddAddress,
    CreateLink,
    DeleteLink,
    RemoveAddress,
    SetLink,
    Step,
    WriteSetting,
)

#: The value of a per-interface setting now, by path below /proc/sys; None where there is no such file.
#: (collections.abc cannot be subscripted at run time before Python 3.9.)
Sysctls = Mapping[str, "int | None"]


class Recreation(NamedTuple):
    """Why a link has to be recreated: what of it differs, by the name of the option, and the reason in words."""

    option: str
    reason: str


def target(name: str) -> str:
    """The name of a link in differences."""
    return f"link {name}"


def plan(
    present: list[DesiredLink],
    removed: list[str],
    facts: Facts,
    sysctls: Sysctls,
    marked: set[str],
    difference: Difference,
) -> list[Step]:
    """Compare and note every difference; the steps in the order in which they are made, removals first.

    present: links with their parent resolved. removed: names that shall not be there.
    marked: names whose link carries our mark (the others are known as ours by their files).
    """
    steps: list[Step] = []
    for name in removed:
        link = facts.link(name)
        if link is not None:
            _note(difference, name, describe(link, facts), None)
            steps.append(DeleteLink(name))
    changes: dict[str, list[Step]] = {}
    for desired in present:
        link = facts.link(desired.name)
        if link is None:
            _note(difference, desired.name, None, {**intended(desired), **dict(desired.sysctl)})
            changes[desired.name] = _create(desired)
        elif needs_recreation(desired, link, facts):
            _compare(desired, link, facts, difference)
            changes[desired.name] = [DeleteLink(desired.name), *_create(desired)]
        else:
            changes[desired.name] = _change(desired, link, facts, sysctls, difference, desired.name in marked)
    return [*steps, *handover.ordered(changes, handover.givers(present, facts))]


def needs_recreation(desired: DesiredLink, link: Link, facts: Facts) -> Recreation | None:
    """Why the kernel cannot turn the link into the declared one in place (macvlan_changelink), None when it can."""
    parent, wanted = desired.lower, desired.wanted()
    if link.parent != parent.index or link.parent_nsid is not None:
        below = facts.by_index(link.parent) if link.parent_nsid is None else None
        found = below.name if below else "another interface"
        return Recreation("parent", f"its parent is {found} and shall be {parent.name}")
    for row in _attributes.ATTRIBUTES:
        have, want = row.found(link), wanted.get(row.name)
        if want not in (None, have) and (have in row.fixed or want in row.fixed):
            return Recreation(row.name, f"its {row.name} is {have} and shall be {want}")
    return None


def wanted_addresses(desired: DesiredLink) -> list[Interface]:
    return list(desired.addresses or ())


def present_addresses(link: Link, facts: Facts) -> list[Interface]:
    """Configured addresses. Dynamic ones belong to whoever leases them, fe80::/64 to the kernel."""
    found = [item for item in facts.addresses_of(link) if item.permanent and not item.kernel_link_local]
    return sorted(
        (item.interface for item in found), key=lambda item: (item.version, int(item.ip), item.network.prefixlen)
    )


def describe(link: Link, facts: Facts, left: Iterable[DesiredRoute] = ()) -> dict[str, object]:
    """A link as it is, in plain data. left: further routes that it has."""
    below = facts.by_index(link.parent) if link.parent_nsid is None else None
    return {
        "parent": below.name if below else None,
        **{row.name: row.found(link) for row in _attributes.ATTRIBUTES},
        "up": link.up,
        "addresses": [str(item) for item in present_addresses(link, facts)],
        "routes": [str(item) for item in (*routes.present(link, facts), *left)],
    }


def intended(desired: DesiredLink) -> dict[str, object]:
    """A link as it shall be, in the same form as `describe`; what is not managed is left out."""
    data: dict[str, object] = {"parent": desired.lower.name, **desired.wanted(), "up": desired.up}
    if desired.addresses is not None:
        data["addresses"] = [str(item) for item in wanted_addresses(desired)]
    if desired.routes is not None and desired.up:
        data["routes"] = [str(item) for item in routes.wanted(desired)]
    return data


def _note(difference: Difference, name: str, before: dict | None, after: dict | None) -> None:
    """A whole link that comes or goes."""
    for attribute in before or after or {}:
        difference.compare(target(name), attribute, (before or {}).get(attribute), (after or {}).get(attribute))


def _compare(desired: DesiredLink, link: Link, facts: Facts, difference: Difference) -> set[str]:
    """Note the attributes that differ; their names."""
    before, after = describe(link, facts, routes.left_behind(desired, link, facts)), intended(desired)
    return {name for name in after if difference.compare(target(desired.name), name, before[name], after[name])}


def _create(desired: DesiredLink) -> list[Step]:
    name = desired.name
    return [
        CreateLink(name, desired.lower, desired.wanted()),
        *(WriteSetting(name, setting, value) for setting, value in desired.sysctl),
        *(AddAddress(name, address) for address in wanted_addresses(desired)),
        *([SetLink(name, {"up": True})] if desired.up else []),
        *routes.add(name, routes.wanted(desired)),
    ]


def _change(
    desired: DesiredLink, link: Link, facts: Facts, sysctls: Sysctls, difference: Difference, marked: bool
) -> list[Step]:
    """In place, without taking the link down. Settings and addresses come before "up" and after "down"."""
    name = desired.name
    differs = _compare(desired, link, facts, difference)
    simple = {attribute: value for attribute, value in desired.wanted().items() if attribute in differs}
    if marked and difference.compare(target(name), "alias", link.alias or None, MARK):
        simple["alias"] = MARK
    steps: list[Step] = [SetLink(name, simple)] if simple else []
    for path, setting, value in own_sysctls(desired):
        if sysctls.get(path) is not None and difference.compare(target(name), setting, sysctls[path], value):
            steps.append(WriteSetting(name, setting, value))
    up: list[Step] = [SetLink(name, {"up": desired.up})] if "up" in differs else []
    first, last = ([], up) if desired.up else (up, [])
    addresses = _addresses(desired, link, facts)
    return [
        *steps,
        *first,
        *(AddAddress(name, address) for address in addresses.new),
        *(RemoveAddress(name, address) for address in addresses.extra),
        *(AddAddress(name, address) for address in addresses.flushed),
        *last,
        *_routes(desired, link, facts, addresses, "routes" in differs),
    ]


class _Addresses(NamedTuple):
    """What is to change. flushed: wanted ones that the kernel drops on the way, or may."""

    new: list[Interface]
    extra: list[Interface]
    flushed: list[Interface]


def _addresses(desired: DesiredLink, link: Link, facts: Facts) -> _Addresses:
    """New ones come first: with its last IPv4 address a link loses its IPv4 routes (fib_disable_ip)."""
    if desired.addresses is None:
        return _Addresses([], [], [])
    have, want = present_addresses(link, facts), wanted_addresses(desired)
    extra = [address for address in have if address not in want]
    # With the first address of an IPv4 subnet the others go (__inet_del_ifa), unless promote_secondaries is set.
    subnets = {address.network for address in extra if address.version == 4}
    # A link that goes down loses its IPv6 addresses (addrconf_ifdown), unless keep_addr_on_down is set.
    down = [address for address in have if address.version == 6 and link.up and not desired.up]
    flushed = [address for address in want if address.network in subnets or address in down]
    return _Addresses([address for address in want if address not in have], extra, flushed)


def _routes(desired: DesiredLink, link: Link, facts: Facts, addresses: _Addresses, differ: bool) -> list[Step]:
    if desired.routes is None or not desired.up:
        return []
    have = [*routes.present(link, facts), *routes.left_behind(desired, link, facts)]
    lost = [route for route in have if _goes_with_address(route, desired, addresses)]
    return routes.change(desired.name, have, routes.wanted(desired), lost) if differ or lost else []


def _goes_with_address(route: DesiredRoute, desired: DesiredLink, addresses: _Addresses) -> bool:
    """Whether the kernel drops the route when the addresses change: with its source, or with the last IPv4 address."""
    gone = [*addresses.extra, *addresses.flushed]
    if route.source is not None and route.source in [address.ip for address in gone]:
        return True
    stays = any(address.version == 4 for address in wanted_addresses(desired) if address not in gone)
    return route.destination.version == 4 and any(address.version == 4 for address in gone) and not stays


def own_sysctls(desired: DesiredLink) -> Iterator[tuple[str, str, int]]:
    """Path, name and wanted value of each setting of the link itself."""
    for name, value in (*desired.sysctl, *desired.reset):
        yield sysctl_path(desired.name, name), name, value
