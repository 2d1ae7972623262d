# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import shlex
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.processes import command_line
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.processes.command_line import COMMAND_MAX, shown
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.processes.process import read


def of(*argv: str) -> str:
    """As /proc has it."""
    return shown("".join(f"{word}\0" for word in argv))


@pytest.mark.parametrize(
    "line",
    [
        "ip addr del 10.0.0.3/32 dev lan0",
        "ip -6 address flush dev lan0 scope global",
        "/usr/sbin/ip -n c1 link set dev lan0 mtu 1400",
        "ip link add lan0 link eth0 type macvlan mode bridge",
        "ip link set dev lan0 address 02:00:00:00:00:01",
        "ip route replace 10.1.0.0/16 via 10.0.0.1 dev eth0 metric 100",
        "ip netns exec c1 ip addr flush dev eth0",
        "ip -batch -",
        "ifdown lan0",
        "/sbin/ifup --force eth0.7",
        "networkctl reconfigure eth0",
        "nmcli connection up lan0",
        "nmcli con mod lan0 ipv4.addresses 10.0.0.4/24,10.0.0.5/24",
        "systemctl restart systemd-networkd.service",
        "systemctl restart NetworkManager",
        "sysctl -w net.ipv4.conf.lan0.rp_filter=1",
        "docker network create -d macvlan -o parent=eth0 --subnet 10.0.0.0/24",
        "/usr/sbin/NetworkManager --no-daemon",
        "/lib/systemd/systemd --user",
        "-bash",
    ],
)
def test_what_an_operator_needs_stays(line):
    assert of(*line.split()) == line


@pytest.mark.parametrize(
    ("argv", "text"),
    [
        (["/usr/sbin/vpnd", "--vpn-password", "hunter2", "10.8.0.1"], "/usr/sbin/vpnd … 10.8.0.1"),
        (["sudo", "-u", "bob", "ip", "link", "del", "lan0"], "sudo … ip link del lan0"),
        (["env", "PASSWORD=x", "/sbin/ip", "link", "set", "lan0", "down"], "env … /sbin/ip link set lan0 down"),
        (["sh", "-c", "vpn -p hunter2 && ip addr del 10.0.0.3/32 dev lan0"],
         "sh -c … && ip addr del 10.0.0.3/32 dev lan0"),
        (["/bin/bash", "/usr/local/sbin/failover.sh", "hunter2"], "/bin/bash /usr/local/sbin/failover.sh …"),
        (["python3", "-c", "print('hunter2')", "x"], "python3 -c …"),
        (["nmcli", "con", "mod", "lan0", "wifi-sec.psk", "hunter2"], "nmcli con mod lan0 …"),
        (["sshd: root@pts/0"], "sshd: …"),
        (["PASSWORD=hunter2"], "…"),
        ([""], ""),
    ],
)  # fmt: skip
def test_the_rest_is_hidden(argv, text):
    assert of(*argv) == text


#: Letters of passwords, with those that shells and the forms of command lines give a meaning to.
_LETTERS = "abcdefgHKMXyz0123456789!#$%&*+,-./:;=?@^_~|'\"\\ ()[]{}<>\n"


def _known(text: str) -> bool:
    return len(text) > 5 and (text in command_line._WORDS or command_line.is_address(text))


#: What is shown as it is no secret by its form is none here: a word that is known, an address, a path of the system.
SECRETS = st.one_of(
    st.text(_LETTERS, min_size=6, max_size=40),
    st.binary(min_size=8, max_size=32).map(lambda data: data.hex()),
    st.sampled_from(
        ("hunter2hunter", "81811818181818", "--secret-hunter", "/dev/hunter2", "10.0.0.3:hunter2", "p;ip;x9z")
    ),
).filter(lambda text: len(text.strip()) > 5 and not any(map(_known, text.split())))


def _forms(secret: str) -> list[list[str]]:
    """Command lines with a secret, as they are known from the field."""
    quoted = shlex.quote(secret)
    return [
        ["vpnd", "--vpn-password", secret, "--up"],
        ["vpnd", f"--vpn-password={secret}"],
        ["curl", "-u", f"user:{secret}", "http://10.0.0.1/"],
        ["curl", f"https://user:{secret}@host/path"],
        ["curl", "-H", f"Authorization: Bearer {secret}"],
        ["mysql", f"-p{secret}", "db"],
        ["mysql", "-p", secret],
        ["sshpass", "-p", secret, "ssh", "root@10.0.0.1"],
        ["wpa_passphrase", "home", secret],
        ["wpa_cli", "set_network", "0", "psk", f'"{secret}"'],
        ["nmcli", "device", "wifi", "connect", "home", "password", secret],
        ["nmcli", "connection", "modify", "lan0", "wifi-sec.psk", secret],
        ["nmcli", "connection", "modify", "lan0", "vpn.secrets", f"password={secret}"],
        ["iw", "dev", "wlan0", "connect", "home", "key", f"0:{secret}"],
        ["ip", "xfrm", "state", "add", "src", "10.0.0.1", "dst", "10.0.0.2", "auth", "hmac(md5)", secret],
        ["ip", "macsec", "add", "macsec0", "tx", "sa", "0", "pn", "1", "on", "key", "01", secret],
        ["ip", "netns", "exec", "c1", "vpnd", secret],
        ["docker", "login", "-u", "me", "-p", secret],
        ["docker", "run", "-e", f"PASSWORD={secret}", "image"],
        ["systemctl", "set-environment", f"PASSWORD={secret}"],
        ["env", f"PASSWORD={secret}", "ip", "link", "del", "lan0"],
        ["sudo", "vpnd", "--token", secret],
        ["sh", "-c", f"vpnd --password {quoted}; ip link del lan0"],
        ["sh", "-c", f"PASSWORD={quoted} ip link del lan0"],
        ["bash", "-c", f"echo {quoted} | vpnd && ip link set lan0 up"],
        ["bash", "/usr/local/sbin/vpn.sh", secret],
        ["python3", "-c", f"login({secret!r})"],
        ["python3", "-m", "vpn", secret],
        ["ansible-playbook", "-e", f"password={secret}", "site.yml"],
        ["VPN=" + secret],
        ["vpnd: " + secret],
    ]


@given(SECRETS)
def test_no_secret_is_shown(secret):
    for argv in _forms(secret):
        line = of(*argv)
        assert secret not in line, argv
        assert all(part not in line for part in secret.split() if len(part) > 5), argv


@given(st.lists(st.text(max_size=50), max_size=30))
def test_any_command_line_is_one_short_line(argv):
    line = of(*argv)
    assert len(line) <= COMMAND_MAX
    assert line.isprintable()
    assert line or not "".join(argv).strip("\0 ")


def test_long_lines_cost_little():
    assert len(of("sh", "-c", "ip link set lan0 up;" * 10_000)) == COMMAND_MAX


def test_no_secret_of_a_real_process_leaves_the_host():
    argv = ["sh", "-c", "echo; read line; exit", "--vpn-password", "hunter2hunter"]
    environment = {**os.environ, "VPN_PASSWORD": "hunter3hunter"}
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as child:
        child.stdout.readline()
        found = read(child.pid)
        child.communicate(b"\n")
    assert found is not None
    assert found.command.startswith("sh -c …")
    assert "hunter" not in repr(found)
