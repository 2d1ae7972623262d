# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._kmod import kinds as kmod

MACVLAN = kmod.KINDS["macvlan"]
MODULAR = kmod.KernelFacts("6.1.0-25-amd64", True, loadable={"macvlan": "kernel/drivers/net/macvlan.ko"})
BLACKLIST = kmod.Rule("macvlan", "/etc/modprobe.d/no.conf", "blacklist macvlan")


@pytest.mark.parametrize(
    ("kernel", "status", "evidence"),
    [
        (replace(MODULAR, loaded=frozenset({"macvlan"})), kmod.LOADED, "/proc/modules lists macvlan"),
        (replace(MODULAR, loaded=frozenset({"macvlan"}), rules=(BLACKLIST,)), kmod.LOADED, "/proc/modules"),
        (replace(MODULAR, options={"CONFIG_MACVLAN": "m"}), kmod.LOADABLE, "CONFIG_MACVLAN=m"),
        (MODULAR, kmod.LOADABLE, "/lib/modules/6.1.0-25-amd64/kernel/drivers/net/macvlan.ko"),
        (replace(MODULAR, rules=(BLACKLIST,)), kmod.BLACKLISTED, "/etc/modprobe.d/no.conf: blacklist macvlan"),
        (replace(MODULAR, loadable={}), kmod.MISSING, "modules.dep has no macvlan"),
        (replace(MODULAR, loadable={}, builtin=frozenset({"macvlan"})), kmod.BUILTIN, "built into"),
        (kmod.KernelFacts("6.18.44", False, options={"CONFIG_MACVLAN": "y"}), kmod.BUILTIN, "CONFIG_MACVLAN=y"),
        (kmod.KernelFacts("6.18.44", False, options={"CONFIG_NET": "y"}), kmod.MISSING, "CONFIG_MACVLAN=n"),
        (kmod.KernelFacts("6.18.44", False, options={"CONFIG_MACVLAN": "m"}), kmod.NO_MODULE_TREE, "does not exist"),
        (kmod.KernelFacts("6.18.44", False), kmod.NO_MODULE_TREE, "/lib/modules/6.18.44 does not exist"),
    ],
)
def test_classify(kernel, status, evidence):
    found, reasons = kmod.classify(MACVLAN, kernel)
    assert found == status
    assert any(evidence in reason for reason in reasons), reasons


def test_a_module_whose_name_is_not_its_kind():
    kernel = kmod.KernelFacts("6.1.0", True, loadable={"8021q": "kernel/net/8021q/8021q.ko.xz"})
    assert kmod.classify(kmod.KINDS["vlan"], kernel)[0] == kmod.LOADABLE


@pytest.mark.parametrize(
    ("release", "fixed"),
    [
        ("4.4.208", None),
        ("4.4.209", 211),
        ("4.9.210", 211),
        ("4.14.164", 167),
        ("4.14.167", None),
        ("4.19.97-v7l+", 98),
        ("4.19.98", None),
        ("5.4.11-arch1-1", 14),
        ("5.4.14", None),
        ("4.19.0-8-amd64", None),
        ("5.4.0-12-generic", None),
        ("6.1.12", None),
        ("5.4", None),
    ],
)
def test_known_bad(release, fixed):
    found = kmod.known_bad("macvlan", release)
    assert (found.fixed if found else None) == fixed


def test_only_macvlan_and_macvtap_are_affected():
    assert kmod.known_bad("macvtap", "5.4.12")
    assert kmod.known_bad("ipvlan", "5.4.12") is None


def test_parse_modules_files():
    assert kmod.parse_builtin("kernel/net/8021q/8021q.ko\nkernel/drivers/net/ipvlan/ipvlan.ko\n\n") == {
        "8021q",
        "ipvlan",
    }
    assert kmod.parse_dep(
        "kernel/drivers/net/macvtap.ko.zst: kernel/drivers/net/tap.ko.zst\nkernel/a/snd-hda.ko.xz:\n"
    ) == {"macvtap": "kernel/drivers/net/macvtap.ko.zst", "snd_hda": "kernel/a/snd-hda.ko.xz"}
    assert kmod.parse_loaded("macvlan 36864 1 macvtap, Live 0x0000000000000000\nveth 40960 0 - Live 0x0\n") == {
        "macvlan",
        "veth",
    }
    assert kmod.parse_options('# CONFIG_IPVLAN is not set\nCONFIG_MACVLAN=m\nCONFIG_X="a b"\n# comment\n') == {
        "CONFIG_IPVLAN": "n",
        "CONFIG_MACVLAN": "m",
        "CONFIG_X": '"a b"',
    }


@pytest.mark.parametrize(
    ("text", "modules"),
    [
        ("blacklist macvlan\n", ["macvlan"]),
        ("# blacklist macvlan\n", []),
        ("install macvlan /bin/true\n", ["macvlan"]),
        ("install macvlan \\\n  /bin/false\n", ["macvlan"]),
        ("install macvlan /sbin/modprobe --ignore-install macvlan && echo ok\n", []),
        ("options bonding max_bonds=0\nalias a b\nblacklist snd-pcm\n", ["snd_pcm"]),
        ("blacklist\n", []),
    ],
)
def test_parse_modprobe(text, modules):
    rules = kmod.parse_modprobe("/etc/modprobe.d/x.conf", text)
    assert [rule.module for rule in rules] == modules
    assert all(rule.where == "/etc/modprobe.d/x.conf" for rule in rules)


def test_parse_command_line():
    rules = kmod.parse_command_line("ro quiet module_blacklist=macvlan,ip-vlan modprobe.blacklist=veth\n")
    assert [rule.module for rule in rules] == ["macvlan", "ip_vlan", "veth"]


def test_kernel_log():
    records = [
        kmod.parse_kmsg("6,1,251723,-;Console: colour dummy device 80x25\n"),
        kmod.parse_kmsg("3,2,9000000,-;macvlan: Unknown symbol foo (err -2)\n SUBSYSTEM=net\n"),
        kmod.parse_kmsg("6,3,9100000,c;eth0: link up\n"),
    ]
    assert kmod.log_lines(records, ["macvlan"]) == ["[9.000000] macvlan: Unknown symbol foo (err -2)"]
    assert kmod.log_lines(records, ["eth"]) == []
