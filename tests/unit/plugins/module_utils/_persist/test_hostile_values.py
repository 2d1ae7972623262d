# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that a shell or systemd would take apart: parsers refuse them, and they are quoted where they arrive."""

from __future__ import annotations

import copy
import ipaddress
import itertools
import shlex
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent import declaration, link_parser
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.attributes import ATTRIBUTES
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.links import SYSCTLS, DesiredLink, DesiredRoute
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.slices import Groups
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Link
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist import keeper, sysctl, units
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.backends.ifupdown import BACKEND as IFUPDOWN
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.base import HostState, head, section
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet.table import container_network

from .persistence_cases import BARE_HOST, IFUPDOWN_HOST, NETWORKD_HOST, NM_HOST, planned

FORMS = ((BARE_HOST, "auto"), (IFUPDOWN_HOST, "auto"), (NETWORKD_HOST, "auto"), (NM_HOST, "networkmanager"))

LINK = {
    "name": "lan0",
    "state": "present",
    "parent": "eth0",
    "mode": "bridge",
    "mac": "02:00:00:00:00:01",
    "mtu": 1400,
    "bcqueuelen": 2000,
    "nopromisc": False,
    "addresses": ["192.0.2.3/32", "2001:db8::3/128"],
    "routes": [
        {"destination": "192.0.2.128/28", "gateway": "192.0.2.1", "source": "192.0.2.3", "metric": 5, "table": 100},
        {"destination": "2001:db8::80/124", "gateway": "fe80::1"},
    ],
    "announce": ["192.0.2.128/28", "2001:db8::81"],
    "up": True,
    "adopt": True,
    "parent_up": True,
    "sysctl": {"arp_filter": 1, "accept_ra": 0},
    "parent_sysctl": {"arp_filter": 1},
}
NETWORK = {
    "name": "lan0",
    "parent": "eth0",
    "subnet": ["192.0.2.0/24", "2001:db8::/64"],
    "gateway": ["192.0.2.1", "fe80::1"],
    "container_range": ["192.0.2.128/26", "2001:db8::80/122"],
    "container_range_per_host": {"ipv4": 28, "ipv6": 124},
    "container_range_group": "all",
    "container_slice": {"h1": 0},
    "host_address": ["192.0.2.3", "2001:db8::3"],
    "containers": ["192.0.2.129", "2001:db8::81"],
    "engine": "docker",
    "announce": True,
    "exclude": ["192.0.2.130"],
    "container_fixed_range": ["192.0.2.64/28"],
    "internal": True,
    "labels": {"com.example.owner": "network"},
    "driver_options": {"com.example.option": "1"},
    "check": "tcp:443",
    "segment": "office",
    "link_name": "lan0",
    "adopt": True,
    "parent_up": True,
    "sysctl": {"rp_filter": 2},
    "parent_sysctl": {"rp_filter": 2},
    "mode": "bridge",
    "mac": "02:00:00:00:00:01",
    "mtu": 1400,
    "bcqueuelen": 2000,
}
#: Each is taken apart by something: a shell, a file of lines, systemd, a list of NetworkManager.
PAYLOADS = (
    ";touch PWNED;true",
    "%x;touch PWNED;true",
    "%x;PWNED;",
    ";PWNED;",
    "$(touch PWNED)",
    "$(PWNED)",
    "`PWNED`",
    "|PWNED",
    "&PWNED&",
    "\nPWNED\n",
    "\rPWNED",
    "\nExecStart=PWNED\n",
    "\x00PWNED",
    "\u2028PWNED",
    "';PWNED;'",
    '";PWNED;"',
    "\\\nPWNED",
    " PWNED ",
    "#PWNED",
    "%nPWNED",
    ",PWNED",
    ">PWNED",
    "*PWNED?",
    "{PWNED}",
    "\u0661PWNED",
)


def places(value, path=()):
    """The paths to all values of a declaration, and to the names of mappings below it."""
    if isinstance(value, dict):
        for key, item in value.items():
            if path:
                yield (*path, key), True
            yield from places(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from places(item, (*path, index))
    else:
        yield path, False


def changed(plain, place, payload, at, alone=False):
    """A declaration with a payload in the value, or in the name of one, at that place. at: where in its text."""
    path, is_name = place
    made = copy.deepcopy(plain)
    holder = made
    for step in path[:-1]:
        holder = holder[step]
    text = str(path[-1] if is_name else holder[path[-1]])
    text = payload if alone else text[:at] + payload + text[at:]
    if is_name:
        holder[text] = holder.pop(path[-1])
    else:
        holder[path[-1]] = text
    return made


def ends(plain, place):
    """Before and behind a value, and behind the address of one with a prefix length: where a zone id belongs."""
    path, is_name = place
    value = plain
    for step in path:
        value = value[step]
    text = str(path[-1] if is_name else value)
    return {0, len(text), len(text.partition("/")[0])}


@st.composite
def hostile(draw, plain):
    return changed(
        plain,
        draw(st.sampled_from(list(places(plain)))),
        draw(st.sampled_from(PAYLOADS) | st.text(min_size=1).map(lambda text: f"%{text};PWNED;")),
        draw(st.integers(0, 20)),
        draw(st.booleans()),
    )


def check_problems(problems: Problems) -> None:
    for item in problems.items:
        assert item.key
        assert item.problem
        assert item.remedy


def check_files(links) -> None:
    """Every form of these links has files without a trace of the payload, unless it is refused."""
    for link in links:
        desired = link.on(Link(2, str(link.parent)))
        for host, persistence in FORMS:
            steps, _difference, problems = planned([desired], host=host, persistence=persistence)
            check_problems(problems)
            assert steps.files or problems
            for path, text in steps.files.items():
                assert "PWNED" not in path
                assert "PWNED" not in text
                if path.endswith(".sh"):
                    subprocess.run(["sh", "-n"], input=text, text=True, check=True)
                if path.endswith(".py"):
                    compile(text, path, "exec")


def test_every_key_is_tried():
    attributes = {row.name for row in ATTRIBUTES}
    assert set(LINK) == {*link_parser.LINK_KEYS, *attributes}
    assert set(LINK["routes"][0]) == set(link_parser.ROUTE_KEYS)
    assert set(NETWORK) == {*declaration.KEYS, *(row.name for row in ATTRIBUTES if row.of_network)}
    assert set(LINK["sysctl"]) < set(SYSCTLS)


@pytest.mark.parametrize("host_form", FORMS)
def test_the_plain_ones_are_written(host_form):
    host, persistence = host_form
    problems = Problems()
    links = link_parser.parse([LINK], "h1", problems).present
    steps, _difference, refused = planned([links[0].on(Link(2, "eth0"))], host=host, persistence=persistence)
    assert steps.files
    assert not [*problems.items, *refused.items]
    intent = declaration.expand([NETWORK], [], problems, "h1", Groups({"all": ["h1"]}))
    assert not problems, problems.report()
    assert len(intent.links) == 1


def check_links(declared) -> None:
    problems = Problems()
    links = link_parser.parse([declared], "h1", problems, "macvlan_links")
    check_problems(problems)
    if not problems:
        check_files(links.present)


def check_networks(declared) -> None:
    problems = Problems()
    intent = declaration.expand([declared], [], problems, "h1", Groups({"all": ["h1"]}))
    links = link_parser.parse(list(intent.links), "h1", problems)
    check_problems(problems)
    if problems:
        return
    check_files(links.present)
    for network in intent.networks:
        command = container_network(network, str(network.parent))
        (words,) = called("docker", command)
        assert ["docker", *words] == shlex.split(command)
        assert words[5] == f"parent={network.parent}"
        assert "PWNED" not in " ".join([*words[:5], *words[6:]])


@pytest.mark.parametrize("place", list(places(LINK)), ids=str)
def test_each_value_of_a_link(place):
    for payload, at in itertools.product(PAYLOADS, ends(LINK, place)):
        check_links(changed(LINK, place, payload, at))


@pytest.mark.parametrize("place", list(places(NETWORK)), ids=str)
def test_each_value_of_a_network(place):
    for payload, at in itertools.product(PAYLOADS, ends(NETWORK, place)):
        check_networks(changed(NETWORK, place, payload, at))


@given(hostile(LINK))
@settings(max_examples=200)
def test_links(declared):
    check_links(declared)


@given(hostile(NETWORK))
@settings(max_examples=200)
def test_networks(declared):
    check_networks(declared)


def called(name: str, script: str, *arguments: str) -> list[list[str]]:
    """The arguments of each call of a command in a script, which calls nothing that it shall not."""
    with tempfile.TemporaryDirectory() as directory:
        log, commands = Path(directory, "log"), Path(directory, "bin")
        commands.mkdir()
        stub = f"#!/bin/sh\n{{ printf '%s\\0' \"$@\"; printf '\\001\\0'; }} >>{log}\n"
        for command, text in ((name, stub), ("PWNED", "#!/bin/sh\n: >PWNED\n")):
            Path(commands, command).write_text(text)
            Path(commands, command).chmod(0o755)
        subprocess.run(
            ["sh", "-s", *arguments],
            input=f"PATH={commands}:/usr/bin:/bin; cd {directory}\n{script}",
            text=True,
            check=True,
            capture_output=True,
            timeout=20,
        )
        assert {item.name for item in Path(directory).iterdir()} <= {"log", "bin"}
        text = log.read_bytes().decode() if log.exists() else ""
    return [call.split("\0")[:-1] for call in text.split("\1\0")[:-1]]


@pytest.mark.parametrize("parent", [payload for payload in PAYLOADS if "\0" not in payload])
def test_a_container_network_with_any_name(parent):
    network = declaration.expand([NETWORK], [], Problems(), "h1", Groups({"all": ["h1"]})).networks[0]
    command = container_network(replace(network, name=f"x{parent}"), parent)
    (words,) = called("docker", command)
    assert words[5] == f"parent={parent}"
    assert words[-1] == f"x{parent}"


# ---- where values arrive: no parser helps ----------------------------------------------------------------------------

#: What a device may be called, and more than that. A directory of that name stands for the device.
NAMES = st.text("ab-_.;$()`'\"|&<>*?[]#~=%{}!\\ é", min_size=1, max_size=15).filter(lambda it: it not in (".", ".."))
ZONES = st.sampled_from(
    ["", "%x;PWNED;true", "%$(PWNED)", "%`PWNED`", "%x|PWNED", "%' PWNED '", "%a b", "%x;touch PWNED"]
)


@st.composite
def unchecked(draw) -> DesiredLink:
    address = ipaddress.IPv6Interface("fe80::77" + draw(ZONES) + "/64")
    gateway = ipaddress.IPv6Address("fe80::1" + draw(ZONES))
    name, parent = draw(st.lists(NAMES, min_size=2, max_size=2, unique=True))
    return DesiredLink(
        name=name,
        parent=parent,
        attributes={"mode": draw(NAMES), "mac": draw(NAMES), "mtu": 1400, "bcqueuelen": draw(NAMES)},
        addresses=(address,),
        routes=(DesiredRoute(ipaddress.ip_network("2001:db8::/64"), gateway, address.ip, 5, 100),),
        sysctl=(("arp_filter", 1),),
        resolved=Link(2, parent),
    )


def run_once(script: str, *devices: str) -> list[list[str]]:
    """The calls of ip(8) by a keeper on a host with these devices."""
    with tempfile.TemporaryDirectory() as sys:
        for device in devices:
            Path(sys, device).mkdir()
            for attribute in ("mtu", "ifindex", "carrier"):
                Path(sys, device, attribute).write_text("1400\n")
        script = script.replace("/sys/class/net", sys).replace("-ge 100;", "-ge 0;")
        return called("ip", script.replace("\nPATH=", "\nIGNORED="), "once")


@given(unchecked())
@settings(max_examples=200)
def test_a_script_makes_the_link_and_nothing_else(link):
    calls = run_once(keeper.making(link, HostState(sysctl="true")), link.parent)
    mode, mac, queue = (str(link.attributes[key]) for key in ("mode", "mac", "bcqueuelen"))
    (address,), (route,) = link.addresses, link.routes
    added = ["link", "add", "link", link.parent, "name", link.name, "address", mac, "mtu", "1400", "type", "macvlan"]
    assert calls[0] == [*added, "mode", mode, "bcqueuelen", queue]
    assert ["address", "replace", str(address), "dev", link.name] in calls
    assert ["link", "set", "dev", link.name, "up"] in calls
    appended = ["-6", "route", "append", "2001:db8::/64", "dev", link.name, "via", str(route.gateway)]
    assert calls[-1] == [*appended, "proto", "static", "src", str(route.source), "metric", "5", "table", "100"]


@given(unchecked())
@settings(max_examples=100)
def test_a_script_sets_the_link_and_nothing_else(link):
    calls = run_once(keeper.settings(link, HostState(sysctl="true")), link.parent, link.name)
    queue = ["type", "macvlan", "bcqueuelen", str(link.attributes["bcqueuelen"])]
    assert calls == [["link", "set", "dev", link.name, *queue]]


@given(unchecked())
def test_ifupdown_runs_one_script(link):
    stanza = IFUPDOWN.render(link, IFUPDOWN_HOST).files[f"/etc/network/interfaces.d/linuxnet-macvlan-{link.name}"]
    command = next(line for line in stanza.splitlines() if line.startswith("    up "))
    assert shlex.split(command) == ["up", "/bin/sh", keeper.path(link.name), "once"]


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("lan0", "/etc/linuxnet-macvlan/lan0.sh"),
        ("a%n", '"/etc/linuxnet-macvlan/a%%n.sh"'),
        ("a b", '"/etc/linuxnet-macvlan/a b.sh"'),
        ('$a"b', '"/etc/linuxnet-macvlan/$$a\\"b.sh"'),
        ("a\\b", '"/etc/linuxnet-macvlan/a\\\\b.sh"'),
    ],
)
def test_a_unit_runs_one_script(name, word):
    link = DesiredLink(name, "eth%n", resolved=Link(2, "eth%n"))
    unit = units.keeping(link, "", "x.service").files[units.unit_path(name)].splitlines()
    assert f"ExecStart=/bin/sh {word} watch" in unit
    assert f"Description=macvlan link {name.replace('%', '%%')} on eth%%n" in unit


@pytest.mark.parametrize("text", ["a\nb", "a\rb", "a\x00", "a\u2028b"])
def test_a_line_is_one_line(text):
    link = DesiredLink("lan0", text, parent_sysctl=(("arp_filter", 1),), resolved=Link(2, text))
    for write in (lambda: head(text), lambda: section("Match", [("Name", text)]), lambda: sysctl.render(link)):
        with pytest.raises(ValueError, match="not one line"):
            write()
