# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of systemd-networkd and netplan that make or match a link, as administrators write them."""

from __future__ import annotations

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import files as _files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._makers.base import unhidden
from ansible_collections.linuxnet.macvlan.plugins.module_utils._makers.kinds import netplan, networkd

ETC, RUN, LIB = networkd.DIRECTORIES[:2] + networkd.DIRECTORIES[3:4]
NETDEV = "[NetDev]\nName=lan0\nKind=macvlan\n\n[MACVLAN]\nMode=bridge\n"
PARENT = "[Match]\nName=eth0\n\n[Network]\nDHCP=yes\nMACVLAN=lan0\n"
OWN = f"{_files.HEADER}\n# Link: lan0\n"


def found(files: dict[str, str], drop_ins: dict[str, str] | None = None) -> list[str]:
    return [str(item) for item in networkd.KIND.find(networkd.merge(files, drop_ins or {}), ["lan0"])]


def test_a_netdev_and_the_network_file_of_its_parent_are_both_named() -> None:
    assert found({f"{ETC}/20-lan0.netdev": NETDEV, f"{ETC}/10-eth0.network": PARENT}) == [
        f"systemd-networkd's file {ETC}/20-lan0.netdev with Name=lan0 and Kind=macvlan makes lan0",
        f"systemd-networkd's file {ETC}/10-eth0.network with MACVLAN=lan0 makes lan0",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "[NetDev]\n Name = lan0\nKind=macvlan\n",
        '[NetDev]\nKind=macvlan\nName="lan0"',
        "; shim\n[NetDev]\nName=\\\nlan0\n",
        "[Network]\nMACVLAN=lan1\nMACVLAN=lan0\n",
        "[Network]\nMACVLAN=lan1 lan0\n",
    ],
)
def test_odd_spellings(text: str) -> None:
    assert len(found({f"{ETC}/x.netdev": text})) == 1


@pytest.mark.parametrize(
    "text",
    [
        NETDEV.replace("lan0", "lan01"),
        NETDEV.replace("Name=", "#Name="),
        OWN + NETDEV,
        # a pattern is a catch-all, and no file for this link
        "[Match]\nName=lan*\n",
        "[Match]\nName=lan0\n[Link]\nUnmanaged=yes\n",
        "[Match]\nName=eth0\n[Network]\nDescription=lan0\n",
        "",
    ],
)
def test_files_that_make_no_link_of_the_name(text: str) -> None:
    assert found({f"{ETC}/x.network": text}) == []


def test_drop_ins_count_and_ours_do_not() -> None:
    eth0 = {f"{LIB}/10-eth0.network": "[Match]\nName=eth0\n", f"{ETC}/20-lan0.netdev": NETDEV}
    theirs = {f"{ETC}/10-eth0.network.d/shim.conf": "[Network]\nMACVLAN=lan0\n"}
    ours = {f"{ETC}/10-eth0.network.d/linuxnet-macvlan-lan0.conf": f"{OWN}[Network]\nMACVLAN=lan0\n"}
    assert len(found(eth0, theirs)) == 2
    assert len(found(eth0, ours)) == 1


def test_a_line_for_the_link_makes_nothing_without_a_netdev() -> None:
    """That of its parent stays when the link is adopted, and asks for the one of ours then."""
    files = {f"{ETC}/10-eth0.network": PARENT}
    assert found(files) == []
    assert found({**files, f"{ETC}/05-linuxnet-macvlan-lan0.netdev": OWN + NETDEV}) == []


def test_a_file_that_another_one_replaces_does_not_count() -> None:
    texts = {f"{LIB}/a.netdev": NETDEV, f"{ETC}/a.netdev": "", f"{RUN}/b.netdev": NETDEV}
    assert list(unhidden(texts, networkd.DIRECTORIES)) == [f"{RUN}/b.netdev"]


def test_what_netplan_generated_is_called_so() -> None:
    (words,) = found({"/run/systemd/network/10-netplan-lan0.network": "[Match]\nName=lan0\n[Network]\nLLDP=no\n"})
    assert words.startswith("netplan's file /run/systemd/network/10-netplan-lan0.network with Name=lan0 in [Match]")


@pytest.mark.parametrize(
    "text",
    [
        "network:\n  ethernets:\n    lan0:\n      addresses: [192.0.2.3/32]\n",
        'network:\n  ethernets:\n    "lan0": {dhcp4: true}\n',
        "network: {ethernets: {eth0: {dhcp4: true}, lan0: {}}}\n",
        "network:\n  ethernets:\n    a:\n      match: {macaddress: x}\n      set-name: lan0\n",
        'network:\n  nm-devices:\n    x: {networkmanager: {passthrough: {connection.interface-name: "lan0"}}}\n',
    ],
)
def test_yaml_that_defines_the_link(text: str) -> None:
    (maker,) = netplan.KIND.find({"/etc/netplan/50-x.yaml": text}, ["lan0"])
    assert maker.path == "/etc/netplan/50-x.yaml"
    assert maker.does == ("makes" if "passthrough" in text else "configures")


@pytest.mark.parametrize(
    "text",
    [
        "network:\n  ethernets:\n    eth0:\n      optional: true # not lan0: that is a macvlan\n",
        "network:\n  ethernets:\n    lan01: {}\n    xlan0: {}\n",
        "network:\n  ethernets:\n#    lan0: {}\n",
    ],
)
def test_yaml_that_does_not(text: str) -> None:
    assert netplan.KIND.find({"/etc/netplan/50-x.yaml": text}, ["lan0"]) == []
