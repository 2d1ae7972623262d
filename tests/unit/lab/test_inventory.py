# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Ansible inventory of a lab."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from labkit import state
from labkit.inventory import command, render
from labkit.state import State
from labkit.topology import parse

DATA = {
    "switches": {"sw0": {}},
    "hosts": {
        "h1": {
            "kind": "nspawn", "os": "bookworm", "manager": "networkmanager", "groups": ["fleet"],
            "nics": [{}], "vars": {"answer": 42},
        },
        "h2": {"kind": "netns", "nics": [{}], "groups": ["fleet"]},
    },
}  # fmt: skip
KEY = Path("/keys/id_ed25519")


def test_groups_and_variables():
    inventory = render(parse(DATA), State("one"), KEY)["all"]
    assert {group: list(item["hosts"]) for group, item in inventory["children"].items()} == {
        "kind_nspawn": ["h1"],
        "os_bookworm": ["h1"],
        "manager_networkmanager": ["h1"],
        "fleet": ["h1", "h2"],
        "kind_netns": ["h2"],
        "manager_none": ["h2"],
    }
    assert inventory["hosts"]["h1"]["answer"] == 42


def test_nspawn_hosts_are_reached_over_ssh_through_their_namespace():
    host = render(parse(DATA), State("one"), KEY)["all"]["hosts"]["h1"]
    options = shlex.split(host["ansible_ssh_common_args"])
    assert f"ProxyCommand=nsenter --net=/run/netns/{state.PREFIX}.one.h1 nc 127.0.0.1 22" in options
    assert "StrictHostKeyChecking=yes" in options
    assert host["ansible_ssh_private_key_file"] == str(KEY)


def test_vm_hosts_are_reached_over_a_link_of_their_own():
    data = {"switches": {"sw0": {}}, "hosts": {"h3": {"kind": "vm", "os": "trixie", "nics": [{}]}}}
    plan = parse(data)
    options = shlex.split(render(plan, State("one"), KEY)["all"]["hosts"]["h3"]["ansible_ssh_common_args"])
    assert f"ProxyCommand=nsenter --net=/run/netns/{state.PREFIX}.one.h3 nc 169.254.0.2 2222" in options
    assert "nc 169.254.0.2 22'" in command(plan.hosts["h3"], State("one"), KEY), "commands do not need the host's sshd"


def test_the_control_socket_has_a_path_that_fits():
    """sun_path holds 107 characters, and ssh appends a dot and 16 characters while it makes the socket."""
    lab, host = "a" * 20, "h" * 30
    data = {"switches": {"sw0": {}}, "hosts": {host: DATA["hosts"]["h1"]}}
    rendered = render(parse(data), State(lab), KEY)["all"]["hosts"][host]
    options = dict(item.split("=", 1) for item in shlex.split(rendered["ansible_ssh_common_args"]) if "=" in item)
    assert len(options["ControlPath"]) + 17 <= 107


def test_netns_hosts_are_local_with_an_interpreter_that_enters_them():
    host = render(parse(DATA), State("one"), KEY)["all"]["hosts"]["h2"]
    assert host["ansible_connection"] == "local"
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert host["ansible_python_interpreter"] == f"{state.ROOT}/one/hosts/h2/python{version}"


def test_labs_of_another_checkout_have_other_names(tmp_path):
    shutil.copytree(Path(state.__file__).parent, tmp_path / "tests" / "lab" / "labkit")
    code = "from labkit import state; print(state.PREFIX, state.ROOT)"
    shown = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path / "tests" / "lab", capture_output=True, text=True, check=True
    ).stdout.split()
    assert shown[0].startswith("lnmlab-")
    assert (shown[0], shown[1]) != (state.PREFIX, str(state.ROOT))
    assert State("one").netns("h1") == f"{state.PREFIX}.one.h1"
