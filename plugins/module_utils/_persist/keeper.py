# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keeper: a script that puts a link back as it was declared, at boot and whenever its parent changes. Pure.

It follows the kernel's events of the parent (ip-monitor(8)): it came back and its children did not, it has a carrier
at last, its MTU grew again, where children only follow it down (macvlan_device_event). No daemon and no udev is needed
for that, so it is the same on every host. It ignores changes of the link itself: what an administrator does to that is
left for the next run to report.
"""

from __future__ import annotations

from shlex import quote

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import files as _files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.attributes import Attribute, Value
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.links import DesiredLink, DesiredRoute
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.names import IPV6_DEFAULT_METRIC, RT_TABLE_MAIN

from . import sysctl
from .base import Action, Changed, HostState, Part, head, parent_name

DIRECTORY = _files.CONFIG

#: Seconds for which the first run waits for its device; one that comes later is seen when it comes.
WAIT = 20
#: Seconds until the end of duplicate address detection, which takes a second or two (RFC 4862, 5.4).
DAD_WAIT = 5
#: Seconds between two attempts where a command fails, as it does when the parent goes in the middle of them.
RETRY = 1

SCRIPT = """\
# {what}: `once`, or at each change: `watch`.

PATH=/usr/sbin:/usr/bin:/sbin:/bin

has() {{ test -n "$("$@")"; }}

apply() {{
{guard}
{commands}
}}

case $1 in
once)
    n=0
    until test -e {awaited} || test $n -ge {tries}; do n=$((n+1)); sleep 0.2; done
    apply
    ;;
watch)
    # Only index, flags (so the carrier) and MTU of the parent count: each child that comes or goes is an event, too.
    seen=$(ip -o link show dev {parent} 2>/dev/null)
    seen=${{seen%% qdisc *}}
    # The monitor does not report what happened before it listened: hence the first line, and one a second later.
    {{
        {{ echo; sleep 1; ip -o link show dev {parent} 2>/dev/null; }} &
        exec ip -o monitor {objects}
    }} | while read -r event; do
        case $event in
        '') ;;
        *{event}* | *{child_event}*)
            test "${{event%% qdisc *}}" != "$seen" || continue
            seen=${{event%% qdisc *}}
            ;;
{more}        *) continue ;;
        esac
        until apply; do sleep {retry}; done
    done
    ;;
esac
"""

#: A link that a daemon recreates has another index; changes of the same one are left alone.
NEW_LINK = """\
        *{event}*)
            index=$(cat {index} 2>/dev/null)
            test "$index" != "$last" || continue
            last=$index
            ;;
"""

#: With a lease the last IPv4 address goes, and with that the kernel removes every IPv4 route (fib_disable_ip).
NEW_LEASE = """\
        *{event}*) ;;
"""

NO_PARENT = """\
    # It is seen when it comes.
    test -e {parent} || return 0"""

NO_LINK = """\
    # They are seen when they come.
    test -e {parent} && test -e {link} || return 0
    test -n "$last" || last=$(cat {index})"""


class Scripts(Part):
    patterns = (f"{DIRECTORY}/*.sh",)

    def after_kernel(self, changed: Changed, host: HostState) -> list[Action]:
        return self.own(changed).file_actions(prune="/etc")


PART = Scripts()


def path(link: str) -> str:
    return f"{DIRECTORY}/{link}.sh"


def _sys(device: str, *attribute: str) -> str:
    """Its path in sysfs, as a word of a shell."""
    return quote("/".join(["/sys/class/net", device, *attribute]))


def _words(*words: object) -> str:
    """A command whose words a shell does not take apart. What is not quoted stands outside of it."""
    return " ".join(quote(str(word)) for word in words)


def making(link: DesiredLink, host: HostState) -> str:
    """The script for a link that no daemon makes. It removes nothing from one that is there."""
    parent = parent_name(link)
    guard = NO_PARENT.format(parent=_sys(parent))
    commands = [_words("ip", "link", "set", "dev", parent, "up")] if link.parent_up else []
    commands += [*_mtu(link, parent), _unless(f"test -e {_sys(link.name)}", _create(link, parent))]
    # Settings come before the link is up: it answers no ARP request under other rules than its own.
    commands += [*_settings(link, host), _set_mtu(link)]
    commands += [_words("ip", "address", "replace", item, "dev", link.name) for item in link.addresses or ()]
    if link.up:
        commands += [_words("ip", "link", "set", "dev", link.name, "up"), *_add_routes(link)]
    return _script(link, f"Makes {link.name} as declared", guard, commands, "", parent)


def settings(link: DesiredLink, host: HostState) -> str:
    """The script for a link that a daemon makes: what that daemon cannot express."""
    parent = parent_name(link)
    guard = NO_LINK.format(parent=_sys(parent), link=_sys(link.name), index=_sys(link.name, "ifindex"))
    commands = [*_mtu(link, parent), *_settings(link, host), _set_mtu(link)]
    for row, value in link.declared():
        if row.harmless:
            kind = "type macvlan " if row.own else ""
            commands.append(f"{_words('ip', 'link', 'set', 'dev', link.name)} {kind}{_argument(row, value)}")
    more = NEW_LINK.format(event=quote(f": {link.name}@"), index=_sys(link.name, "ifindex"))
    what = f"Sets {link.name} as declared"
    if not link.dhcp:
        return _script(link, what, guard, commands, more, link.name)
    up = _words("has", "ip", "-o", "link", "show", "dev", link.name, "up")
    commands += [_unless(f"! {up}", command) for command in _add_ipv4_routes(link)]
    more += NEW_LEASE.format(event=quote(f": {link.name} "))
    return _script(link, what, guard, commands, more, link.name, "link address")


def _script(
    link: DesiredLink,
    what: str,
    guard: str,
    commands: list[str],
    more: str,
    awaited: str,
    objects: str = "link",
) -> str:
    parent = parent_name(link)
    return head(link.name) + SCRIPT.format(
        what=what,
        guard=guard,
        commands=" &&\n".join(f"    {command}" for command in commands),
        awaited=_sys(awaited),
        tries=WAIT * 5,
        parent=quote(parent),
        event=quote(f": {parent}: "),
        child_event=quote(f": {parent}@"),
        more=more,
        objects=objects,
        retry=RETRY,
    )


def _unless(condition: str, command: str) -> str:
    return f"{{ {condition} || {command}; }}"


def _mtu(link: DesiredLink, parent: str) -> list[str]:
    """$mtu: the parent's, or the declared one where the parent's is not smaller."""
    found = f"mtu=$(cat {_sys(parent, 'mtu')})"
    return [found] if link.mtu is None else [found, _unless(f"test $mtu -le {link.mtu}", f"mtu={link.mtu}")]


def _set_mtu(link: DesiredLink) -> str:
    have = f'test "$(cat {_sys(link.name, "mtu")})" = $mtu'
    return _unless(have, f"{_words('ip', 'link', 'set', 'dev', link.name)} mtu $mtu")


def _settings(link: DesiredLink, host: HostState) -> list[str]:
    """udev applies sysctl.d to a device that appears, if there is udev and once it gets to it."""
    return [_words(host.sysctl, sysctl.path(link.name))] if sysctl.render(link) else []


def _argument(row: Attribute, value: Value) -> str:
    return row.ip.format(quote(str(value)))


def _create(link: DesiredLink, parent: str) -> str:
    """MAC and MTU belong into the create message, where udev's MACAddressPolicy leaves them alone."""
    declared = [(row, value) for row, value in link.declared() if row.name != "mtu"]
    plain = [_argument(row, value) for row, value in declared if not row.own]
    own = [_argument(row, value) for row, value in declared if row.own]
    return " ".join(
        [_words("ip", "link", "add", "link", parent, "name", link.name), *plain, "mtu $mtu type macvlan", *own]
    )


def _add_routes(link: DesiredLink) -> list[str]:
    """A gateway has to be reachable before a route through it is taken.

    The kernel takes no IPv6 source address that is still tentative, as it stays without carrier: that comes later.
    """
    commands = _add_ipv4_routes(link)
    routes = sorted(link.routes or (), key=lambda route: route.gateway is not None)
    ipv6 = [_add_route(route, link.name) for route in routes if route.destination.version == 6]
    if ipv6:
        commands.append(_unless(f'test "$(cat {_sys(link.name, "carrier")})" = 0', _after_dad(link, ipv6)))
    return commands


def _add_ipv4_routes(link: DesiredLink) -> list[str]:
    routes = sorted(link.routes or (), key=lambda route: route.gateway is not None)
    return [_add_route(route, link.name) for route in routes if route.destination.version == 4]


def _after_dad(link: DesiredLink, commands: list[str]) -> str:
    tentative = _words("has", "ip", "-6", "address", "show", "dev", link.name, "tentative")
    wait = f"n=0; while {tentative} && test $n -lt {DAD_WAIT * 5}; do n=$((n+1)); sleep 0.2; done"
    return "{\n        " + wait + "\n        " + " &&\n        ".join(commands) + "\n    }"


def _add_route(route: DesiredRoute, link: str) -> str:
    """Add a route unless it is there. ``replace`` would take another device's of the same metric (fib_table_insert).

    Whatever else is there, too, the next run removes; `has` finds no less than the declared one.
    """
    version = route.destination.version
    metric = route.metric or (IPV6_DEFAULT_METRIC if version == 6 else 0)
    selector = ["dev", link, "proto", "static", "table", str(route.table), "metric", str(metric)]
    options = ["proto", "static"]
    if route.gateway is not None:
        selector += ["via", str(route.gateway)]
        options = ["via", str(route.gateway), *options]
    if route.source is not None:
        selector += ["src", str(route.source)]
        options += ["src", str(route.source)]
    if route.metric:
        options += ["metric", str(route.metric)]
    if route.table != RT_TABLE_MAIN:
        options += ["table", str(route.table)]
    command = ("ip", f"-{version}", "route")
    have = _words("has", *command, "show", "exact", route.destination, *selector)
    return _unless(have, _words(*command, "append", route.destination, "dev", link, *options))
