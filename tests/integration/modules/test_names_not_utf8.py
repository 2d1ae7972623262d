# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of namespaces, interfaces and processes that are not UTF-8, with modules as Ansible ships them (AnsiballZ)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from labkit.segment import Host, Namespace

from .lan import CONTAINER, NETWORK, Lan
from .shown import assert_clean

ROOT = Path(__file__).resolve().parents[3]
#: As Python has octets that are not UTF-8 (PEP 383); what results show instead of them.
RAW, SHOWN = "\udcff\udcfe", "\\udcff\\udcfe"
#: Runs until its input ends, under such a name and in a namespace of its own.
NAMED = r"import sys; open('/proc/self/comm', 'wb').write(b'p\xff\xfe'); print(flush=True); sys.stdin.read()"

PROBES = [{"parent": "eth0", "addresses": [CONTAINER]}]
DHCP = {"probes": [{"parent": "eth0", "addresses": []}], "samples": 0, "listen_seconds": 0.5, "wait": 0.3}
#: Every module, with what makes it read names. No file of a playbook has such input; what another task returned can.
TASKS = {
    "macvlan_info": {"counters": True, "lldp_seconds": 1},
    "macvlan_verify": {"networks": [NETWORK], "soak_seconds": 0.5, "interval": 0.2, "fail": False},
    "macvlan_watch": {"networks": [NETWORK], "duration": 1, "interval": 0.25},
    "macvlan_diagnose": {"networks": [NETWORK], "duration": 1, "active": False, "host_id": "h1"},
    "arp_conflict_check": {"probes": PROBES, "fail_on": []},
    "dhcp_check": DHCP,
    "kmod_check": {"modules": ["macvlan{{ raw }}"], "required": False},
    "macvlan_link": {"links": [{"name": "lan0", "parent": "e{{ raw }}"}, {"name": "mv{{ raw }}", "parent": "eth0"}]},
    "nm_unmanaged": {"devices": ["interface-name:e{{ raw }}"], "reload": False},
    "confirm_change": {"token": "t{{ raw }}", "wait": 0},
}
#: Those that show a name that they found, and those that refuse one that they were given.
SHOWING = ("macvlan_info", "macvlan_watch", "macvlan_diagnose", "arp_conflict_check")
REFUSING = ("macvlan_link", "nm_unmanaged", "kmod_check")
#: Modules run where Python decodes names as ASCII.
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.fixture
def host(segment) -> Host:
    lan = Lan(segment)
    inner: Namespace = lan.host.container(f"c2{RAW}", ["192.168.100.130/24"])
    inner.ip("link", "set", "eth0", "down")
    inner.ip("link", "set", "eth0", "name", f"e{RAW}")
    inner.ip("link", "set", f"e{RAW}", "up")
    argv = ("unshare", "--net", sys.executable, "-c", NAMED)
    process = lan.host.start(*argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout.readline() == "\n"
    lan.host.ip("link", "add", "link", "eth0", "name", "mv1", "type", "macvlan", "mode", "bridge")
    lan.host.ip("link", "set", "mv1", "netns", str(process.pid))
    lan.host.ip("link", "add", "link", "eth0", "name", f"h{RAW}", "type", "macvlan", "mode", "bridge")
    lan.host.ip("rule", "add", "iif", f"h{RAW}", "lookup", "100")
    return lan.host


def test_every_module(host, tmp_path) -> None:
    results = run(host, tmp_path)
    for name, result in results.items():
        assert_clean(result, *([SHOWN] if name in SHOWING else []))
        assert not str(result.get("msg")).startswith("Task failed"), (name, result["msg"])
        assert result["failed"] is (name in REFUSING), (name, result.get("msg"))
    for name in REFUSING:
        assert "udcff" in results[name]["msg"]
        assert "Remedy:" in results[name]["msg"]


def test_a_parent_with_such_a_name_is_refused_before_anything_is_changed(segment) -> None:
    host = segment.host("h1", ["192.168.100.11/24"])
    for words in (("eth0", "down"), ("eth0", "name", f"e{RAW}"), (f"e{RAW}", "up")):
        host.ip("link", "set", *words)
    parent = {"subnet": "192.168.100.0/24"}
    asked = {"probes": [{"parent": parent, "addresses": [CONTAINER]}]}
    calls = {
        "macvlan_link": {"links": [{"name": "lan0", "parent": parent, "addresses": ["192.168.100.3"]}]},
        "arp_conflict_check": asked,
        "dhcp_check": {**asked, "samples": 0, "listen_seconds": 0.5, "wait": 0.3},
        "macvlan_verify": {"networks": [{**NETWORK, "parent": parent}]},
    }
    for name, args in calls.items():
        result = host.module(name, args)
        assert_clean(result, SHOWN)
        assert result["failed"], name
    host.run("test", "!", "-e", "/proc/sys/net/ipv4/conf/lan0")


def run(host: Host, directory: Path) -> dict[str, dict]:
    """The results of all modules by name, from one playbook."""
    tasks = [
        {f"linuxnet.macvlan.{name}": args, "register": f"result_{name}", "ignore_errors": True}
        for name, args in TASKS.items()
    ]
    found = ", ".join(f"'{name}': result_{name}" for name in TASKS)
    saved = {"copy": {"dest": str(directory / "results.json"), "content": f"{{{{ {{{found}}} | to_json }}}}"}}
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "environment": ASCII}
    book = directory / "play.yml"
    book.write_text(json.dumps([{**play, "tasks": [*tasks, saved]}]), encoding="ascii")
    variables = {"ansible_python_interpreter": sys.executable, "raw": "{{ '\\udcff\\udcfe' }}"}
    program = str(Path(sys.executable).parent / "ansible-playbook")
    done = host.run(
        program, str(book), "-i", "localhost,", "--diff", "-e", json.dumps(variables), check=False, cwd=ROOT
    )
    output = done.stdout + done.stderr
    assert done.returncode == 0, output
    assert "Traceback" not in output, output
    results: dict[str, dict] = json.loads((directory / "results.json").read_text(encoding="utf-8"))
    return results
