# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import busctl as _busctl
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.files import HEADER, Access
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import InvalidInput
from ansible_collections.linuxnet.macvlan.plugins.module_utils._nm import config, daemon, exclusion, sections
from ansible_collections.linuxnet.macvlan.plugins.module_utils._nm import plan as nm
from ansible_collections.linuxnet.macvlan.plugins.module_utils._nm.config import LOCAL, RUNTIME, File
from ansible_collections.linuxnet.macvlan.plugins.module_utils._nm.specs import Device

RUNNING = daemon.Status(True, True, "1.42.4")
STOPPED = daemon.Status(True, False, "1.42.4", "NetworkManager is installed and not running")
ABSENT = daemon.Status(False, False, None)
PATH = exclusion.PATH
MAC = "02:00:5e:10:00:01"


def macvlan(name: str, managed: bool) -> daemon.ManagedDevice:
    state = "activated" if managed else "unmanaged"
    return daemon.ManagedDevice(Device(name, "macvlan", "macvlan"), managed, state, MAC)


def present(*devices: str, path: str = PATH) -> nm.DesiredExclusion:
    return nm.parse("present", list(devices), path, True)


def other(name: str, line: str) -> File:
    return File(f"{LOCAL}/{name}", f"[keyfile]\n{line}\n")


def refusal(desired: nm.DesiredExclusion, facts: nm.NMFacts) -> nm.Ineffective:
    with pytest.raises(nm.Ineffective) as caught:
        nm.plan(desired, facts)
    return caught.value


def test_write_and_take_the_device_away():
    planned = nm.plan(present("mv0", "mv9"), nm.NMFacts(RUNNING, devices=[macvlan("mv0", True)]))
    assert planned.difference.messages() == [f"file {PATH}: add", "device mv0 managed: True -> False"]
    assert planned.merged.specs == ["interface-name:mv0", "interface-name:mv9"]
    assert planned.warnings == []


def test_second_run_changes_nothing():
    desired = present("mv0")
    facts = nm.NMFacts(
        RUNNING, desired.text, [File(PATH, desired.text)], ["interface-name:mv0"], [macvlan("mv0", False)]
    )
    assert not nm.plan(desired, facts).difference
    assert not nm.verify(desired, facts)


def test_a_file_that_others_may_write_is_written_again():
    desired = present("mv0")
    files = [File(PATH, desired.text)]
    facts = nm.NMFacts(RUNNING, desired.text, files, ["interface-name:mv0"], access=Access("file", 0o666, 0))
    assert nm.plan(desired, facts).difference.messages() == [f"file {PATH} mode: 0666 -> 0644"]


def test_what_is_to_be_kept_stays_and_is_not_added():
    wanted = nm.parse("present", ["mv0"], PATH, True, ["mv1", "mv2"])
    there = present("mv2", "mv0", "mv3").text
    assert wanted.on(there).devices == ["interface-name:mv0", "interface-name:mv2"]
    assert wanted.on(None).devices == ["interface-name:mv0"]
    assert wanted.on(there.replace(HEADER, "# somebody's")).devices == ["interface-name:mv0"]


def test_a_reload_that_never_came_is_made_up_for():
    desired = present("mv0")
    facts = nm.NMFacts(
        RUNNING, desired.text, [File(PATH, desired.text)], ["interface-name:mv0"], [macvlan("mv0", True)]
    )
    assert nm.plan(desired, facts).difference.messages() == ["device mv0 managed: True -> False"]
    assert not nm.plan(replace(desired, reload=False), facts).difference


def test_no_networkmanager_no_file():
    assert not nm.plan(present("mv0"), nm.NMFacts(ABSENT)).difference


def test_stopped_networkmanager_gets_the_file():
    planned = nm.plan(present("mv0"), nm.NMFacts(STOPPED))
    assert planned.difference.messages() == [f"file {PATH}: add"]


def test_empty_list_and_absent_remove_only_our_file():
    ours = nm.NMFacts(RUNNING, f"{HEADER}\n", [File(PATH, f"{HEADER}\n")])
    assert nm.plan(present(), ours).difference.messages() == [f"file {PATH}: remove"]
    assert nm.plan(nm.parse("absent", [], PATH, True), ours).difference.messages() == [f"file {PATH}: remove"]
    assert "did not write" in str(refusal(nm.parse("absent", [], PATH, True), nm.NMFacts(RUNNING, "[main]\n")))
    assert "did not write" in str(refusal(present("mv0"), nm.NMFacts(RUNNING, "[main]\n")))


def test_absent_removes_what_a_networkmanager_that_is_gone_left():
    planned = nm.plan(nm.parse("absent", [], PATH, True), nm.NMFacts(ABSENT, f"{HEADER}\n"))
    assert planned.difference.messages() == [f"file {PATH}: remove"]


@pytest.mark.parametrize("line", ["unmanaged-devices=interface-name:docker0", "unmanaged-devices=none"])
def test_a_later_file_that_replaces_is_named(line):
    error = refusal(present("mv0"), nm.NMFacts(RUNNING, files=[other("99-zz.conf", line)]))
    assert error.overridden_by == {"path": f"{LOCAL}/99-zz.conf", "how": f"is read later and says {line}"}
    assert f"{LOCAL}/99-zz.conf" in str(error)
    assert "unmanaged-devices+=" in str(error)


def test_a_later_file_that_takes_away_is_named():
    error = refusal(
        present("mv0"), nm.NMFacts(RUNNING, files=[other("99-zz.conf", "unmanaged-devices-=interface-name:mv0")])
    )
    assert error.overridden_by["path"] == f"{LOCAL}/99-zz.conf"


def test_an_earlier_replacing_and_a_later_adding_file_are_fine():
    files = [other("10.conf", "unmanaged-devices=a"), other("99-zz.conf", "unmanaged-devices+=b")]
    assert nm.plan(present("mv0"), nm.NMFacts(RUNNING, files=files)).merged.specs == [
        "a",
        "interface-name:mv0",
        "b",
    ]


def test_a_file_of_the_same_name_that_goes_first_is_named():
    hiding = File(f"{LOCAL}/x.conf", "")
    error = refusal(present("mv0", path=f"{RUNTIME}/x.conf"), nm.NMFacts(RUNNING, files=[hiding]))
    assert error.overridden_by["path"] == f"{LOCAL}/x.conf"


def test_an_exception_elsewhere_is_named():
    files = [other("10.conf", "unmanaged-devices=*,except:interface-name:mv*")]
    error = refusal(present("mv0"), nm.NMFacts(RUNNING, files=files))
    assert f"{LOCAL}/10.conf says except:interface-name:mv*" in str(error)


def test_an_exception_by_a_type_that_networkmanager_knows_is_named():
    files = [other("10.conf", "unmanaged-devices=*,except:type:macvlan")]
    for devices in ([], [macvlan("mv0", True)]):
        facts = nm.NMFacts(RUNNING, files=files, devices=devices)
        assert "except:type:macvlan" in str(refusal(present("mv0").sparing(facts), facts))


WHITELISTS = ["*,except:interface-name:eth0", "except:interface-name:eth0", "type:macvlan", "interface-name:mv*"]


@pytest.mark.parametrize("line", WHITELISTS)
def test_what_is_left_alone_already_needs_no_file(line):
    files = [other("90-only.conf", f"unmanaged-devices={line}")]
    facts = nm.NMFacts(RUNNING, files=files, printed=line.split(","))
    desired = present("mv0").sparing(facts)
    assert desired.spared == {"interface-name:mv0": f"unmanaged-devices={line} in {LOCAL}/90-only.conf"}
    assert desired.text is None
    assert not nm.plan(desired, facts).difference
    assert not nm.verify(desired, facts)


def test_a_device_section_spares_the_file_too():
    files = [File(f"{LOCAL}/10-a.conf", "[device-macvlan]\nmatch-device=type:macvlan\nmanaged=0\n")]
    facts = nm.NMFacts(RUNNING, files=files, sections=sections.parse(config.parse(files[0].text)))
    desired = present("mv0").sparing(facts)
    assert desired.spared == {"interface-name:mv0": f"[device-macvlan] managed=0 in {LOCAL}/10-a.conf"}
    assert not nm.plan(desired, facts).difference


def test_only_what_others_do_not_leave_alone_is_written():
    facts = nm.NMFacts(RUNNING, files=[other("10.conf", "unmanaged-devices=interface-name:mv0")])
    assert present("mv0", "mv1").sparing(facts).entries == ["interface-name:mv1"]


def test_an_entry_that_is_there_stays_where_it_does_no_harm():
    text = present("mv0").text
    for line, stays in (("*,except:interface-name:eth0", True), ("except:interface-name:eth0", False)):
        facts = nm.NMFacts(RUNNING, text, [other("90.conf", f"unmanaged-devices={line}"), File(PATH, text)])
        desired = present("mv0").sparing(facts)
        assert bool(desired.text) == stays
        messages = nm.plan(desired, facts).difference.messages()
        assert messages == ([] if stays else [f"file {PATH}: remove"])


def test_a_whitelist_that_networkmanager_has_not_read_yet_is_loaded():
    line = "*,except:interface-name:eth0"
    files = [other("90.conf", f"unmanaged-devices={line}")]
    facts = nm.NMFacts(RUNNING, None, files, line.split(","), [macvlan("mv0", True)])
    desired = present("mv0").sparing(facts)
    assert nm.plan(desired, facts).difference.messages() == ["device mv0 managed: True -> False"]
    (problem,) = nm.verify(desired, facts).items
    assert "still manages" in problem.problem


def test_the_exclusion_ends_only_for_what_nothing_else_leaves_alone():
    text = present("mv0").text
    section = "[device-a]\nmatch-device=type:macvlan\nmanaged=0\n"
    facts = nm.NMFacts(
        RUNNING, text, [File(PATH, text), File(f"{LOCAL}/a.conf", section)], ["interface-name:mv0"],
        [macvlan("mv0", False)], sections=sections.parse(config.parse(section)),
    )  # fmt: skip
    planned = nm.plan(nm.parse("absent", [], PATH, True), facts)
    assert (planned.handed_back, planned.warnings) == ([], [])


def test_adding_to_a_list_of_exceptions_would_manage_all_others():
    """Measured with 1.42.4: except:interface-name:eth0 leaves lo unmanaged; with one entry more, lo is managed."""
    error = refusal(
        present("mv0"),
        nm.NMFacts(RUNNING, files=[other("10.conf", "unmanaged-devices=except:interface-name:eth0")]),
    )
    assert "unmanaged-devices=*,except:interface-name:eth0" in str(error)


def test_a_list_of_exceptions_would_take_the_uplink_too():
    assert "uplink" in str(refusal(present("except:interface-name:mv0"), nm.NMFacts(RUNNING)))


def test_the_mac_of_a_macvlan_is_refused_with_its_name():
    error = refusal(present(f"mac:{MAC}"), nm.NMFacts(RUNNING, impermanent={MAC: "mv0"}))
    assert "interface-name:mv0" in str(error)


def test_a_mac_that_nothing_has_is_warned_about():
    planned = nm.plan(present(f"mac:{MAC}"), nm.NMFacts(RUNNING))
    assert len(planned.warnings) == 1
    assert "permanent" in planned.warnings[0]
    nic = daemon.ManagedDevice(Device("eth0", "ethernet", "virtio_net", MAC), False, "unmanaged", MAC)
    assert nm.plan(present(f"mac:{MAC}"), nm.NMFacts(RUNNING, devices=[nic])).warnings == []


def test_what_is_handed_back_is_warned_about():
    desired = present("mv0", "mv1")
    facts = nm.NMFacts(
        RUNNING, desired.text, [File(PATH, desired.text)], list(desired.devices),
        [macvlan("mv0", False), macvlan("mv1", False)],
    )  # fmt: skip
    planned = nm.plan(present("mv1"), facts)
    assert len(planned.warnings) == 1
    assert "takes over mv0 and" in planned.warnings[0]


def test_all_bad_input_at_once():
    with pytest.raises(InvalidInput) as caught:
        nm.parse("present", ["foo:bar", "lan0", "name-of-17-chars-"], "/etc/x.txt", True)
    assert [item.key for item in caught.value.problems.items] == ["devices[0]", "devices[2]", "path"]


def test_a_device_that_stays_managed_is_a_problem_with_its_state():
    desired = present("mv0")
    stuck = daemon.ManagedDevice(Device("mv0", "macvlan", "macvlan"), True, "disconnected")
    facts = nm.NMFacts(RUNNING, desired.text, [File(PATH, desired.text)], ["interface-name:mv0"], [stuck])
    (problem,) = nm.verify(desired, facts).items
    assert problem.value == "mv0"
    assert "state disconnected" in problem.problem
    assert nm.unsettled(desired, facts) == ["mv0"]


def test_a_device_that_networkmanager_has_not_seen_yet_is_waited_for():
    desired = present("mv0", "mv1")
    assert nm.unsettled(desired, nm.NMFacts(RUNNING, kernel=frozenset({"mv0"}))) == ["mv0"]


def test_report_shows_devices_and_entries_without_one():
    desired = present("mv0", "interface-name:x*")
    facts = nm.NMFacts(RUNNING, devices=[macvlan("mv0", True)], kernel=frozenset({"mv0"}))
    rows = nm.report(desired, facts, nm.plan(desired, facts).merged, True)["devices"]
    assert rows == [
        {"device": "mv0", "spec": "interface-name:mv0", "exists": True, "managed": False, "state": "unmanaged"},
        {"device": None, "spec": "interface-name:x*", "exists": False, "managed": None, "state": None},
    ]


def test_busctl_json_becomes_plain_data():
    answer = {
        "type": "a{sv}",
        "data": [{"Managed": {"type": "b", "data": True}, "Names": {"type": "as", "data": ["x"]}}],
    }
    assert _busctl.plain(answer) == [{"Managed": True, "Names": ["x"]}]


def test_devices_out_of_the_objects_on_the_bus():
    objects = {
        "/1": {"org.freedesktop.NetworkManager.Device": {
            "Interface": "mv0", "DeviceType": 18, "Driver": "macvlan", "Managed": True, "State": 30,
            "HwAddress": MAC.upper(),
        }},
        "/2": {"org.freedesktop.NetworkManager.Device": {
            "Interface": "ghost", "Managed": False, "State": 10, "Real": False,
        }},
        "/3": {"org.freedesktop.NetworkManager.AccessPoint": {}},
    }  # fmt: skip
    assert daemon.parse_devices(objects) == [
        daemon.ManagedDevice(Device("mv0", "macvlan", "macvlan"), True, "disconnected", MAC)
    ]
