# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._nm import specs
from ansible_collections.linuxnet.macvlan.plugins.module_utils._nm.specs import Device

MACVLAN = Device("mv0", "macvlan", "macvlan")
NIC = Device("eth0", "ethernet", "virtio_net", "52:54:00:00:00:01", "1.0.0")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", []),
        ("a", ["a"]),
        ("a,b;c", ["a", "b", "c"]),
        (" a , b ;; c ", ["a", "b", "c"]),
        ("a b", ["a b"]),
        (r"a\,b", ["a,b"]),
        (r"a\;b,c", ["a;b", "c"]),
        (r"\sa,b\s", [" a", "b "]),
        (r"a\\b", ["a\\b"]),
        (r"a\xb", ["a\\xb"]),
        ("a\\", ["a"]),
    ],
)
def test_split(value, expected):
    assert specs.split(value) == expected


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("lan0", "interface-name:lan0"),
        (" lan0 ", "interface-name:lan0"),
        ("mv*", "interface-name:mv*"),
        ("type:macvlan", "type:macvlan"),
        ("except:interface-name:lan0", "except:interface-name:lan0"),
        ("*", "*"),
        ("02:00:5e:10:00:01", "02:00:5e:10:00:01"),
        ("02-00-5e-10-00-01", "02-00-5e-10-00-01"),
    ],
)
def test_normalise(entry, expected):
    assert specs.normalise(entry) == expected
    assert specs.problem(expected) is None


@pytest.mark.parametrize(
    "spec",
    [
        "foo:bar",
        "interface-name:",
        "interface-name:name-of-17-chars-",
        "interface-name:a/b",
        "mac:zz",
        "mac:02:00:5e:10:00",
        "type:",
        "except:",
        "except:foo:bar",
        "interface-name:a,b",
        "interface-name:a\\b",
        "interface-name:a\nunmanaged-devices=none",
        "type:a\rb",
        "driver:a\x00",
    ],
)
def test_problem(spec):
    problem, remedy = specs.problem(spec)
    assert problem
    assert remedy


@pytest.mark.parametrize(
    ("spec", "device", "expected"),
    [
        ("*", NIC, True),
        ("interface-name:mv0", MACVLAN, True),
        ("INTERFACE-NAME:mv0", MACVLAN, True),
        ("interface-name:MV0", MACVLAN, False),
        ("interface-name:mv?", MACVLAN, True),
        ("interface-name:=mv?", MACVLAN, False),
        ("interface-name:=mv0", MACVLAN, True),
        ("interface-name:~mv*", MACVLAN, True),
        ("interface-name:mv[0]", MACVLAN, False),
        ("mv0", MACVLAN, True),
        ("mv*", MACVLAN, False),
        ("type:macvlan", MACVLAN, True),
        ("type:macvlan", NIC, False),
        ("driver:macvlan", MACVLAN, True),
        ("driver:virtio_net/1.*", NIC, True),
        ("driver:virtio_net/2.?", NIC, False),
        ("driver:virtio_net/", NIC, False),
        ("driver:virtio*", NIC, False),
        ("type:MACVLAN", MACVLAN, False),
        ("mac:52:54:00:00:00:01", NIC, True),
        ("52-54-00-00-00-01", NIC, True),
        ("mac:52:54:00:00:00:01", MACVLAN, False),
    ],
)
def test_takes(spec, device, expected):
    assert specs.takes(spec, device) is expected


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([], None),
        (["interface-name:eth0"], None),
        (["interface-name:mv0"], True),
        (["interface-name:mv0", "except:type:macvlan"], False),
        (["except:type:macvlan", "*"], False),
        (["except:interface-name:eth0"], True),
        (["except:interface-name:eth0", "interface-name:eth9"], None),
        (["except:mv0"], True),
    ],
)
def test_matches_the_macvlan(entries, expected):
    """Measured with NetworkManager 1.42: exceptions beat the rest, and a list of them alone takes all other devices."""
    assert specs.matches(entries, MACVLAN) is expected


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("interface-name:mv0", "mv0"),
        ("interface-name:=mv*", "mv*"),
        ("interface-name:~mv0", "mv0"),
        ("interface-name:mv*", None),
        ("type:macvlan", None),
    ],
)
def test_exact_name(spec, expected):
    assert specs.exact_name(spec) == expected
