# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.files import HEADER
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import InvalidInput
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kmod import check
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kmod import kinds as kmod

MACVLAN = kmod.KINDS["macvlan"]
MODULAR = kmod.Kernel("6.1.0-25-amd64", True, loadable={"macvlan": "kernel/drivers/net/macvlan.ko"})
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
        (kmod.Kernel("6.18.44", False, options={"CONFIG_MACVLAN": "y"}), kmod.BUILTIN, "CONFIG_MACVLAN=y"),
        (kmod.Kernel("6.18.44", False, options={"CONFIG_NET": "y"}), kmod.MISSING, "CONFIG_MACVLAN=n"),
        (kmod.Kernel("6.18.44", False, options={"CONFIG_MACVLAN": "m"}), kmod.NO_MODULE_TREE, "does not exist"),
        (kmod.Kernel("6.18.44", False), kmod.NO_MODULE_TREE, "/lib/modules/6.18.44 does not exist"),
    ],
)
def test_classify(kernel, status, evidence):
    found, reasons = kmod.classify(MACVLAN, kernel)
    assert found == status
    assert any(evidence in reason for reason in reasons), reasons


def test_a_module_whose_name_is_not_its_kind():
    kernel = kmod.Kernel("6.1.0", True, loadable={"8021q": "kernel/net/8021q/8021q.ko.xz"})
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


def finding(status: str, works: bool | None = None, kind: str = "macvlan", bad=None) -> check.Finding:
    return check.Finding(kmod.KINDS[kind], status, ["seen"], works, bad)


def desired(**options) -> check.Desired:
    return check.Desired(
        **{"state": "present", "kinds": [MACVLAN], "load": False, "persist": False, "required": True, **options}
    )


@pytest.mark.parametrize(
    ("status", "options", "text", "messages"),
    [
        (kmod.LOADABLE, {}, None, []),
        (kmod.LOADABLE, {"load": True}, None, ["kernel module macvlan loaded: False -> True"]),
        (kmod.LOADED, {"load": True}, None, []),
        (kmod.LOADED, {"persist": True}, None, [f"file {check.PERSIST_PATH}: add"]),
        (kmod.LOADED, {"persist": True}, f"{HEADER}\nmacvlan\n", []),
        (kmod.LOADED, {"persist": True}, f"{HEADER}\nx\n", [f"file {check.PERSIST_PATH}: change"]),
        (kmod.LOADED, {}, f"{HEADER}\nx\n", []),
        (kmod.BUILTIN, {"persist": True, "load": True}, None, []),
        (kmod.BUILTIN, {"persist": True}, f"{HEADER}\nmacvlan\n", [f"file {check.PERSIST_PATH}: remove"]),
        (kmod.LOADED, {"state": "absent", "load": True}, f"{HEADER}\nx\n", [f"file {check.PERSIST_PATH}: remove"]),
        (kmod.LOADED, {"state": "absent"}, None, []),
    ],
)
def test_plan(status, options, text, messages):
    planned = check.plan(desired(**options), [finding(status)], text)
    assert planned.difference.messages() == messages


@pytest.mark.parametrize("options", [{"persist": True}, {"state": "absent"}])
def test_a_foreign_file_is_refused(options):
    with pytest.raises(InvalidInput, match="did not write"):
        check.plan(desired(**options), [finding(kmod.LOADED)], "macvlan\n")


@pytest.mark.parametrize(
    ("found", "remedy"),
    [
        (finding(kmod.BUILTIN, True), None),
        (finding(kmod.LOADED, True), None),
        (finding(kmod.LOADABLE), None),
        (finding(kmod.BLACKLISTED), "remove that line"),
        (finding(kmod.NO_MODULE_TREE, False), "reboot into the kernel that is installed"),
        (finding(kmod.MISSING, False), "linux-modules-extra"),
        (finding(kmod.LOADED, False), "kernel log"),
        (finding(kmod.LOADED), "kernel log"),
        (finding(kmod.LOADED, True, bad=kmod.known_bad("macvlan", "5.4.11")), "update the kernel to 5.4.14"),
    ],
)
def test_shortcomings(found, remedy):
    problems = check.shortcomings([found], MODULAR, ["6.1.0-30-amd64"], "debian")
    assert [remedy in item.remedy for item in problems.items] == ([] if remedy is None else [True])


def test_a_kernel_built_without_the_kind_needs_another_kernel():
    kernel = kmod.Kernel("6.18.44", False, options={"CONFIG_NET": "y"})
    (problem,) = check.shortcomings([finding(kmod.MISSING, False)], kernel, [], "debian").items
    assert problem.remedy == "boot a kernel that is built with CONFIG_MACVLAN"


def test_parents_whose_module_is_there_go_first():
    assert check.parents(kmod.Kernel("6.1.0", True, loaded=frozenset({"tun"})))[0] == "tuntap"
    assert check.parents(kmod.Kernel("6.1.0", True, builtin=frozenset({"bridge"})))[0] == "bridge"
    assert check.parents(kmod.Kernel("6.1.0", True, options={"CONFIG_DUMMY": "y"}))[0] == "dummy"


def test_unknown_kinds_are_listed_at_once():
    with pytest.raises(InvalidInput) as caught:
        check.parse("absent", ["macvlan", "nope", "vxcan"], False, False, True)
    assert [item.key for item in caught.value.problems.items] == ["modules[1]", "modules[2]"]
