# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nm_unmanaged with a running NetworkManager, on a host with systemd."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator

import pytest

from labkit.lab import Lab

PATH = "/etc/NetworkManager/conf.d/99-linuxnet-macvlan.conf"
TOPOLOGY = {
    "switches": {"sw0": {}},
    "hosts": {
        "h1": {
            "kind": "nspawn",
            "os": "bookworm",
            "manager": "networkmanager",
            "nics": [{"name": "eth0", "switch": "sw0", "addresses": ["192.168.100.11/24"]}],
        },
        "bare": {
            "kind": "nspawn",
            "os": "bookworm",
            "manager": "none",
            "nics": [{"name": "eth0", "switch": "sw0", "addresses": ["192.168.100.12/24"]}],
        },
    },
}


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    made = Lab.up(TOPOLOGY, name=f"t{secrets.token_hex(4)}")
    yield made
    made.down()


class NetworkManagerHost:
    """The lab's host, with a macvlan that NetworkManager has taken over."""

    def __init__(self, lab: Lab, module: Callable[..., dict], name: str) -> None:
        self.lab = lab
        self.name = name
        self._module = module

    def module(self, check: bool = False, **args) -> dict:
        return self._module(self.lab, self.name, "nm_unmanaged", args, check=check)

    def run(self, *argv: str) -> str:
        return self.lab.exec(self.name, *argv).stdout

    def shell(self, script: str) -> None:
        self.run("sh", "-c", script)

    def write(self, path: str, text: str) -> None:
        self.lab.exec(self.name, "tee", path, input=text)

    def add_macvlan(self, name: str, address: str) -> None:
        self.run("ip", "link", "add", "link", "eth0", "name", name, "type", "macvlan", "mode", "bridge")
        self.run("ip", "link", "set", name, "up")
        self.run("ip", "address", "add", address, "dev", name)
        self.run("sh", "-c", f"until nmcli -t device | grep -q '^{name}:macvlan:connected'; do sleep 0.1; done")

    def state(self, name: str) -> str:
        return self.run("nmcli", "--get-values", "GENERAL.STATE", "device", "show", name).strip()

    def addresses(self, name: str) -> str:
        return self.run("ip", "-brief", "-4", "address", "show", "dev", name).split()[2:]


@pytest.fixture
def host(lab, lab_module) -> Iterator[NetworkManagerHost]:
    made = NetworkManagerHost(lab, lab_module, "h1")
    made.add_macvlan("mv0", "192.0.2.5/32")
    yield made
    made.run("sh", "-c", "ip link delete mv0; rm -f /etc/NetworkManager/conf.d/*.conf; systemctl start NetworkManager")
    made.run("nmcli", "general", "reload", "conf")


def test_exclude_again_and_back(host):
    assert host.state("mv0").startswith("100 ")
    wanted = {"devices": ["mv0", "mv9"]}
    predicted = host.module(check=True, **wanted)
    assert host.state("mv0").startswith("100 "), "check mode changes nothing"

    done = host.module(**wanted)
    assert done["changed"] is True
    assert (done["diff"], done["messages"]) == (predicted["diff"], predicted["messages"])
    assert done["messages"] == [f"file {PATH}: add", "device mv0 managed: True -> False"]
    assert (done["effective"], done["devices"]) == (predicted["effective"], predicted["devices"])
    assert done["devices"] == [
        {"device": "mv0", "spec": "interface-name:mv0", "exists": True, "managed": False, "state": "unmanaged"},
        {"device": "mv9", "spec": "interface-name:mv9", "exists": False, "managed": None, "state": None},
    ]
    assert done["networkmanager"] == {
        "installed": True,
        "running": True,
        "version": host.run("NetworkManager", "--version").strip(),
    }
    assert host.state("mv0").startswith("10 ")
    assert host.addresses("mv0") == ["192.0.2.5/32"]

    assert host.module(**wanted)["changed"] is False
    assert host.module(check=True, **wanted)["changed"] is False

    host.run("ip", "link", "delete", "mv0")
    back = host.module(state="absent")
    assert back["messages"] == [f"file {PATH}: remove"]
    assert back["effective"] == []
    assert "warnings" not in back
    assert host.module(state="absent")["changed"] is False
    host.add_macvlan("mv0", "192.0.2.5/32")


def test_a_link_made_after_its_exclusion_is_left_alone(host):
    host.module(devices=["mv0", "mv1"])
    host.run("ip", "link", "add", "link", "eth0", "name", "mv1", "type", "macvlan", "mode", "bridge")
    host.run("ip", "link", "set", "mv1", "up")
    host.run("ip", "address", "add", "192.0.2.6/32", "dev", "mv1")
    again = host.module(devices=["mv0", "mv1"])
    assert again["changed"] is False
    assert [item["state"] for item in again["devices"]] == ["unmanaged", "unmanaged"]
    host.run("ip", "link", "delete", "mv1")


def test_drift_is_repaired(host):
    """NetworkManager read its files while ours was missing, and was not reloaded since."""
    host.module(devices=["mv0"])
    host.run("mv", PATH, "/root/away")
    host.run("ip", "link", "delete", "mv0")
    host.run("nmcli", "general", "reload", "conf")
    host.add_macvlan("mv0", "192.0.2.5/32")
    host.run("mv", "/root/away", PATH)
    predicted = host.module(devices=["mv0"], check=True)
    assert predicted["messages"] == ["device mv0 managed: True -> False"]
    assert host.module(devices=["mv0"])["messages"] == predicted["messages"]
    assert host.state("mv0").startswith("10 ")


@pytest.mark.parametrize(
    ("name", "text", "reported"),
    [
        (
            "99-zz.conf",
            "[keyfile]\nunmanaged-devices=interface-name:docker0\n",
            "is read later and says unmanaged-devices=",
        ),
        ("10-a.conf", "[keyfile]\nunmanaged-devices=*,except:interface-name:mv*\n", "says except:interface-name:mv*"),
        ("10-a.conf", "[keyfile]\nunmanaged-devices=*,except:type:macvlan\n", "says except:type:macvlan"),
        (
            "10-a.conf",
            "[keyfile]\nunmanaged-devices=except:interface-name:mv*,except:interface-name:eth0\n",
            "nothing but except: entries",
        ),
        ("50-broken.conf", "[keyfile]\nno line of a key file\n", "50-broken.conf"),
    ],
)
def test_a_file_that_defeats_the_exclusion_is_named_and_left_alone(host, name, text, reported):
    host.write(f"/etc/NetworkManager/conf.d/{name}", text)
    for check in (True, False):
        result = host.module(devices=["mv0"], check=check)
        assert result["failed"] is True
        assert f"/etc/NetworkManager/conf.d/{name}" in result["msg"]
        assert reported in result["msg"]
    assert host.run("ls", "/etc/NetworkManager/conf.d").split() == [name]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/etc/NetworkManager/conf.d/99-only.conf", "[keyfile]\nunmanaged-devices=*,except:interface-name:eth0\n"),
        ("/etc/NetworkManager/conf.d/90-only.conf", "[keyfile]\nunmanaged-devices=except:interface-name:eth0\n"),
        ("/usr/lib/NetworkManager/conf.d/10-vendor.conf", "[keyfile]\nunmanaged-devices=*,except:type:ethernet\n"),
        ("/etc/NetworkManager/conf.d/10-a.conf", "[device-a]\nmatch-device=type:macvlan\nmanaged=0\n"),
    ],
)
def test_a_link_that_is_left_alone_already_needs_no_file(host, path, text):
    host.run("ip", "link", "delete", "mv0")
    host.write(path, text)
    host.run("nmcli", "general", "reload", "conf")
    try:
        for check in (True, False):
            result = host.module(devices=["mv0"], check=check)
            assert result["changed"] is False
            assert "mv0 alone without a file of ours: " in result["msg"]
            assert f" in {path}" in result["msg"]
        host.shell("ip link add link eth0 name mv0 up type macvlan; ip address add 192.0.2.5/32 dev mv0")
        host.run("sh", "-c", "until nmcli -t device | grep -q '^mv0:macvlan:unmanaged'; do sleep 0.1; done")
        proven = host.module(devices=["mv0"])
        assert (proven["changed"], proven["devices"][0]["state"]) == (False, "unmanaged")
        assert host.module(state="absent")["changed"] is False
        assert host.run("cat", path) == text
    finally:
        host.run("rm", path)


def test_earlier_files_are_added_to(host):
    host.write("/etc/NetworkManager/conf.d/10-a.conf", "[keyfile]\nunmanaged-devices=interface-name:docker0\n")
    host.write("/etc/NetworkManager/conf.d/99-zz.conf", "[keyfile]\nunmanaged-devices+=interface-name:cni*\n")
    result = host.module(devices=["mv0"])
    assert result["effective"] == ["interface-name:docker0", "interface-name:mv0", "interface-name:cni*"]
    assert [item["operation"] for item in result["contributions"]] == ["replace", "add", "add"]
    assert host.state("mv0").startswith("10 ")


def test_devices_that_networkmanager_takes_or_leaves_stuck_are_warned(host):
    """NetworkManager 1.42 and 1.52 flush a link that is no longer excluded, and never release it again."""
    host.module(devices=["mv0"])
    for check in (True, False):
        result = host.module(state="absent", check=check)
        assert "takes over mv0 and removes the addresses" in str(result["warnings"])
    host.run("sh", "-c", "while ip -4 address show dev mv0 | grep -q 192.0.2.5; do sleep 0.1; done")
    result = host.module(devices=["mv0"])
    assert result["failed"] is True
    assert result["changed"] is True
    assert "still manages the device (state disconnected)" in result["msg"]
    assert "create it again" in result["msg"]
    host.run("ip", "link", "delete", "mv0")
    host.run("ip", "link", "add", "link", "eth0", "name", "mv0", "type", "macvlan", "mode", "bridge")
    assert host.module(devices=["mv0"])["changed"] is False
    assert host.state("mv0").startswith("10 ")


def test_a_macvlan_cannot_be_named_by_its_mac(host):
    mac = host.run("cat", "/sys/class/net/mv0/address").strip()
    result = host.module(devices=[f"mac:{mac}"])
    assert result["failed"] is True
    assert "interface-name:mv0" in result["msg"]


def test_a_foreign_file_is_never_touched(host):
    host.write(PATH, "[main]\n")
    for args in ({"devices": ["mv0"]}, {"state": "absent"}):
        result = host.module(**args)
        assert result["failed"] is True
        assert "did not write" in result["msg"]
    assert host.run("cat", PATH) == "[main]\n"


def test_networkmanager_not_running(host):
    host.run("systemctl", "stop", "NetworkManager")
    predicted = host.module(devices=["mv0"], check=True)
    done = host.module(devices=["mv0"])
    assert done["messages"] == predicted["messages"] == [f"file {PATH}: add"]
    assert done["networkmanager"]["running"] is False
    assert done["effective"] == ["interface-name:mv0"]
    assert "not proven" in str(done["warnings"])
    assert host.run("sh", "-c", "systemctl is-active NetworkManager || true").strip() == "inactive"
    host.run("systemctl", "start", "NetworkManager")
    proven = host.module(devices=["mv0"])
    assert proven["changed"] is False
    assert proven["devices"][0]["state"] == "unmanaged"


def test_without_networkmanager_nothing_is_written(lab, lab_module):
    result = lab_module(lab, "bare", "nm_unmanaged", {"devices": ["mv0"]})
    assert result["changed"] is False
    assert "not installed" in result["msg"]
    assert result["networkmanager"] == {"installed": False, "running": False, "version": None}
    assert lab.exec("bare", "ls", "/etc/NetworkManager", check=False).returncode != 0
