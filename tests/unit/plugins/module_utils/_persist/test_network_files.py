# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What [Match] takes was measured with systemd 252 and 257: a macvlan link lan0, made while the file was loaded."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.backends import network_files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.backends.network_files import NetworkFile
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.base import head

from .persistence_cases import (
    BARE_HOST,
    DROP_IN,
    ETH0,
    NETDEV,
    NETPLAN_FILE,
    NETPLAN_HOST,
    NETWORK,
    NETWORKD_HOST,
    full,
    kinds_before,
    link,
    made_of,
    networkd,
    planned,
)

MAC = "02:00:5e:00:00:77"
FIRST = "/etc/systemd/network/00-0-linuxnet-macvlan-lan0.network"
MEASURED = [
    ("Type=ether", True),
    ("Type=macvlan", False),
    ("Kind=macvlan", True),
    ("Kind=!veth", True),
    ("Kind=veth", False),
    ("Name=*", True),
    ("Name=!eth0", True),
    ("Name=!lan*", False),
    ("Name=e* l*", True),
    ("Name=e*", False),
    ("Name=e*\nName=lan0", True),
    (f"MACAddress={MAC}", True),
    ("MACAddress=02-00-5e-00-00-77 02:00:00:00:00:01", True),
    (f"PermanentMACAddress={MAC}", False),
    ("Driver=macvlan", True),
    ("Driver=*", True),
    ("Driver=!veth", True),
    ("Path=*", False),
    ("SSID=x", False),
    ("WLANInterfaceType=station", False),
    ("BSSID=00:11:22:33:44:55", False),
    ("Nonsense=1\nName=*", True),
    ("Nonsense=1", False),
    ("Name=", False),
    ("Name=\nType=ether", True),
    ("", False),
    ("OriginalName=*", False),
    ("Type=!wlan", True),
    ("Type=!wlan ether", False),
    ("Name=!eth0 lan0", False),
    ("Name=lan?", True),
    ("Name=lan[0-3]", True),
    ('Name="lan0"', False),
    ("Name=lan0 # x", True),
    ("#Name=x\nName=lan0", True),
    ("Name=x \\\n  lan0", True),
    ("Name=lan0\n[Network]\nDHCP=no\n[Match]\nType=wlan", False),
]


def file(path: str, match: str, **more) -> NetworkFile:
    sections = network_files.parse([f"[Match]\n{match}\n"])
    return NetworkFile(path, network_files.matching(sections.get("Match", {})), **more)


@pytest.mark.parametrize(("match", "taken"), MEASURED)
def test_what_a_match_takes(match, taken):
    assert file("/etc/systemd/network/a.network", match).takes("lan0", MAC) is taken


def test_what_is_not_known_beforehand():
    assert file("a", "Property=ID_X=1").takes("lan0") is None
    assert file("a", "Property=ID_X=1\nName=e*").takes("lan0") is False
    assert file("a", "Name=*", holds=None).takes("lan0") is None
    assert file("a", "Name=*\nHost=other", holds=False).takes("lan0") is False


@pytest.mark.parametrize(
    ("match", "pins"),
    [
        ("Name=eth0", True),
        ("Name=eth0 eth1", False),
        ("Name=e*", False),
        ("Name=!lo", False),
        ("Type=ether", False),
        ("PermanentMACAddress=02:00:00:00:00:01", True),
        ("MACAddress=02:00:00:00:00:01\nName=e*", True),
    ],
)
def test_a_file_for_one_device(match, pins):
    assert file("a", match).pins_one is pins


def host(*files: NetworkFile):
    return networkd(NETWORKD_HOST, files=(*files,))


def test_the_file_sorts_before_the_catch_all():
    later, earlier = file("/etc/systemd/network/20-a.network", "Name=*"), file("/run/00-a.network", "Name=*")
    assert {*made_of(full(), host(later))} >= {NETWORK, NETDEV, DROP_IN}
    assert {*made_of(full(), host(earlier))} >= {FIRST, NETDEV, DROP_IN}


def test_a_place_that_was_taken_is_kept():
    """The file does not move back when the catch-all goes, nor when another one comes."""
    ours = file(FIRST, "Name=lan0", link="lan0")
    assert FIRST in made_of(full(), host(ours))
    assert FIRST in made_of(full(), host(ours, file("/etc/systemd/network/20-a.network", "Name=*")))


def test_what_sorts_before_everything_is_refused_by_its_name():
    first = file("/etc/systemd/network/0-a.network", "Type=ether")
    for form in ("auto", "networkd", "systemd", "none"):
        steps, difference, problems = planned([full()], host=host(first), persistence=form)
        assert not steps
        assert not difference
        (problem,) = {item.problem: item for item in problems.items}.values()
        assert "/etc/systemd/network/0-a.network ([Match] Type=ether), which applies to it" in problem.problem
        assert "Name=!lan0" in problem.remedy


def test_what_may_apply_is_refused_in_these_words():
    first = file("/etc/systemd/network/0-a.network", "Property=ID_X=1")
    assert "which may apply to it" in planned([full()], host=host(first))[2].items[0].problem


def test_a_file_that_leaves_links_to_others_is_no_danger():
    first = file("/etc/systemd/network/0-a.network", "Name=lan*", unmanaged=True)
    for form in ("systemd", "none"):
        assert not planned([full()], host=host(first), persistence=form)[2]
    assert planned([full()], host=host(first))[0].choices[0].backend == "systemd"


def test_without_systemd_networkd_files_do_not_count():
    assert not planned([link()], host=BARE_HOST)[2]


def test_a_catch_all_of_the_parent_is_decided_once():
    """Not by who else is there: the interface of a container comes and goes."""
    used = file(NETPLAN_FILE, "Name=e*")
    alone = host(used)
    veth = networkd(alone, links={"eth0": ETH0, "ether1": replace(ETH0, index=9, name="ether1")})
    choices = [planned([full()], host=state)[0].choices[0] for state in (alone, veth)]
    assert [choice.backend for choice in choices] == ["systemd", "systemd"]
    assert choices[0].reason == choices[1].reason


def test_the_file_is_loaded_before_the_link_is_made():
    catch_all = file("/etc/systemd/network/20-a.network", "Name=*")
    for version, how in ((252, "restart"), (257, "reload")):
        state = networkd(host(catch_all), version=version)
        before = kinds_before(planned([full()], host=state, deleted=frozenset({"lan0"}))[0])
        assert before == [f"write {NETWORK}", f"{how} networkd"]
    assert kinds_before(planned([full()], host=host(), deleted=frozenset({"lan0"}))[0]) == []


@pytest.mark.parametrize(
    ("policy", "consent", "form", "key"),
    [
        ("", True, "netplan", None),
        ("up", True, "netplan", None),
        ("manual", False, "netplan", None),
        ("manual", True, "systemd", None),
        ("down", True, "systemd", None),
        ("always-down", False, "netplan", None),
        ("always-down", True, None, "parent_up"),
    ],
)
def test_a_parent_is_set_up_by_who_does_so_at_boot(policy, consent, form, key):
    own = file(NETPLAN_FILE, "Name=eth0", activation=policy)
    state = networkd(NETPLAN_HOST, files=(own,))
    steps, _difference, problems = planned([full(parent_up=consent)], host=state)
    assert [item.key.rpartition(".")[2] for item in problems.items] == ([key] if key else [])
    if key:
        assert "remove activation-mode from eth0 in netplan's files" in problems.items[0].remedy
    else:
        assert steps.choices[0].backend == form


def test_files_are_merged_like_systemd_does(tmp_path, monkeypatch):
    folders = [tmp_path / name for name in ("etc", "run", "usr")]
    monkeypatch.setattr(network_files, "DIRECTORIES", tuple(map(str, folders)))
    texts = {
        "usr/50-a.network": "[Match]\nName=hidden\n",
        "etc/50-a.network": "[Match]\nName=e*\n",
        "run/60-b.network": "[Match]\nName=lan0\n[Link]\nUnmanaged=yes\nActivationPolicy=down\n",
        "usr/60-b.network.d/x.conf": "[Match]\nType=ether\n",
        "usr/10-masked.network": "[Match]\nName=*\n",
        "etc/05-ours.network": f"{head('lan0')}\n[Match]\nName=lan0\n",
        "usr/no.netdev": "[Match]\nName=*\n",
    }
    for path, text in texts.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    (folders[1] / "10-masked.network").symlink_to("/dev/null")
    assert network_files.read() == (
        NetworkFile(f"{folders[0]}/05-ours.network", {"Name": ("lan0",)}, link="lan0"),
        NetworkFile(f"{folders[0]}/50-a.network", {"Name": ("e*",)}),
        NetworkFile(
            f"{folders[1]}/60-b.network", {"Name": ("lan0",), "Type": ("ether",)}, unmanaged=True, activation="down"
        ),
    )
