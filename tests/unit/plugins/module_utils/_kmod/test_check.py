# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.files import HEADER, Access
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import InvalidInput
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kmod import check
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kmod import kinds as kmod

MACVLAN = kmod.KINDS["macvlan"]
MODULAR = kmod.KernelFacts("6.1.0-25-amd64", True, loadable={"macvlan": "kernel/drivers/net/macvlan.ko"})


def finding(status: str, works: bool | None = None, kind: str = "macvlan", bad=None) -> check.KindFinding:
    return check.KindFinding(kmod.KINDS[kind], status, ["seen"], works, bad)


def desired(**options) -> check.KmodOptions:
    return check.KmodOptions(
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


def test_a_file_that_others_may_write_is_written_again():
    there = Access("file", 0o666, 0)
    planned = check.plan(desired(persist=True), [finding(kmod.LOADED)], f"{HEADER}\nmacvlan\n", there)
    assert planned.difference.messages() == [f"file {check.PERSIST_PATH} mode: 0666 -> 0644"]


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
    kernel = kmod.KernelFacts("6.18.44", False, options={"CONFIG_NET": "y"})
    (problem,) = check.shortcomings([finding(kmod.MISSING, False)], kernel, [], "debian").items
    assert problem.remedy == "boot a kernel that is built with CONFIG_MACVLAN"


def test_parents_whose_module_is_there_go_first():
    assert check.parents(kmod.KernelFacts("6.1.0", True, loaded=frozenset({"tun"})))[0] == "tuntap"
    assert check.parents(kmod.KernelFacts("6.1.0", True, builtin=frozenset({"bridge"})))[0] == "bridge"
    assert check.parents(kmod.KernelFacts("6.1.0", True, options={"CONFIG_DUMMY": "y"}))[0] == "dummy"


def test_unknown_kinds_are_listed_at_once():
    with pytest.raises(InvalidInput) as caught:
        check.parse("absent", ["macvlan", "nope", "vxcan"], False, False, True)
    assert [item.key for item in caught.value.problems.items] == ["modules[1]", "modules[2]"]
