# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes that really cut off the controller, over SSH: the host restores its previous state by itself."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from labkit.lab import Lab

from . import playbooks

SNAPSHOT = (Path(__file__).parent / "snapshot.py").read_text(encoding="utf-8")
#: What a host stores of a pending change, and of one that it has undone.
KEPT = "/run/linuxnet-macvlan"
PENDING = f"{KEPT}/confirm/pending"
OUTCOME = f"{KEPT}/confirm/outcome.json"

#: Host -> operating system, manager, the controller's source address and its destination.
HOSTS = {
    "route": ("trixie", "networkd", "192.168.100.2", "192.168.100.11"),
    "link": ("bookworm", "none", "192.168.100.2", "192.168.100.212"),
    "default": ("bookworm", "networkmanager", "10.9.9.9", "192.168.100.13"),
    "firewall": ("bookworm", "ifupdown", "192.168.100.2", "192.168.100.14"),
    "replaced": ("trixie", "none", "192.168.100.2", "192.168.100.215"),
    "manager": ("trixie", "networkmanager", "192.168.100.2", "192.168.100.16"),
}
#: The host that the controller reaches over the macvlan link itself.
OVER_LINK = ("link", "replaced")
#: Nobody has this address, so what is sent there is lost.
NOBODY = "192.168.100.250"
TO_NOBODY = {"destination": f"{NOBODY}/32"}


def harmless(host: str) -> dict:
    """The links of each host before; on one of them the controller connects over the link."""
    number = HOSTS[host][3].rsplit(".", 1)[1]
    address = HOSTS[host][3] if host in OVER_LINK else f"192.168.100.1{number}"
    return {"name": "lan0", "parent": "eth0", "addresses": [f"{address}/32"], "routes": []}


#: What cuts the controller off.
CUTS = {
    "route": {**harmless("route"), "routes": [TO_NOBODY, {"destination": "192.168.100.2/32", "gateway": NOBODY}]},
    "link": {"name": "lan0", "state": "absent"},
    "default": {**harmless("default"), "routes": [TO_NOBODY, {"destination": "0.0.0.0/0", "gateway": NOBODY}]},
    "firewall": {**harmless("firewall"), "mode": "private"},
    "replaced": {**harmless("replaced"), "mode": "passthru", "addresses": ["192.168.100.115/32"]},
    "manager": {**harmless("manager")},
}
#: NetworkManager flushes a device when it becomes unmanaged.
EXCLUDED = {"manager": ["lan0", "eth0"]}

PLAY = """
- name: Change the links
  hosts: all
  gather_facts: false
  become: true
  become_method: ansible.builtin.su
  tasks:
    - name: Keep NetworkManager off some devices
      linuxnet.macvlan.nm_unmanaged:
        devices: "{{ excluded[inventory_hostname] }}"
        confirm_timeout: "{{ seconds }}"
        allow_uplink_change: "{{ allow | default(false) }}"
      when: inventory_hostname in excluded

    - name: Change the links
      linuxnet.macvlan.macvlan_link:
        links: "{{ by_host[inventory_hostname] }}"
        recreate: when_needed
        confirm_timeout: "{{ seconds }}"
        allow_uplink_change: "{{ allow | default(false) }}"
"""


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    nic = {"name": "eth0", "switch": "sw0", "gateway": "192.168.100.1"}
    hosts = {
        name: {
            "kind": "nspawn", "os": system, "manager": manager,
            "nics": [{**nic, "addresses": [f"192.168.100.{number}/24"]}],
        }
        for number, (name, (system, manager, *_ends)) in enumerate(HOSTS.items(), start=11)
    }  # fmt: skip
    stations = {
        "gateway": {"addresses": ["192.168.100.1/24"]},
        "controller": {"addresses": ["192.168.100.2/24", "10.9.9.9/32"], "gateway": "192.168.100.1"},
    }
    made = Lab.up({"switches": {"sw0": {}}, "stations": stations, "hosts": hosts}, name=f"t{secrets.token_hex(4)}")
    try:
        # The far controller is behind the gateway, which sends no redirects.
        settings = "for name in all eth0; do echo 0 > /proc/sys/net/ipv4/conf/$name/send_redirects; done"
        made.exec("gateway", "sh", "-c", f"{settings}; echo 1 > /proc/sys/net/ipv4/ip_forward")
        made.exec("gateway", "ip", "route", "add", "10.9.9.9/32", "via", "192.168.100.2")
        yield made
    finally:
        made.down()


@pytest.fixture(scope="module")
def inventory(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lab's inventory, but connecting from the controller's namespace over the switch, like another machine."""
    data = yaml.safe_load(lab.inventory_path.read_text(encoding="utf-8"))
    for name, variables in data["all"]["hosts"].items():
        _system, _manager, source, address = HOSTS[name]
        proxy = f"nsenter --net=/run/netns/{lab.state.netns('controller')} nc -s {source} {address} 22"
        options = variables["ansible_ssh_common_args"]
        before = f"nsenter --net=/run/netns/{lab.state.netns(name)} nc 127.0.0.1 22"
        assert before in options
        options = options.replace(before, proxy).replace(f"/{name}.ssh", f"/{name}.far")
        variables["ansible_ssh_common_args"] = f"{options} -o ConnectTimeout=12"
    path = tmp_path_factory.mktemp("inventory") / "far.yml"
    path.write_text(yaml.safe_dump(data, width=1000), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def play(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("play") / "change.yml"
    path.write_text(PLAY, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def ready(lab: Lab, lab_module) -> dict[str, dict]:
    """The hosts with a link each, and their state then."""
    for host, (_system, manager, *_ends) in HOSTS.items():
        if manager == "networkmanager":
            lab_module(lab, host, "nm_unmanaged", {"devices": ["lan0"]})
        made = lab_module(lab, host, "macvlan_link", {"links": [harmless(host)], "host_id": host})
        assert not made.get("failed"), made["msg"]
    return snapshots(lab)


def snapshots(lab: Lab) -> dict[str, dict]:
    def one(host: str) -> dict:
        # An address gets its local route when duplicate address detection is over.
        until(lambda: not lab.exec(host, "ip", "-6", "address", "show", "tentative").stdout)
        return json.loads(lab.exec(host, "python3", "-", input=SNAPSHOT).stdout)

    with ThreadPoolExecutor() as pool:
        return dict(zip(HOSTS, pool.map(one, HOSTS), strict=True))


def differences(one: dict, other: dict) -> list[str]:
    """What each host lost (-) and gained (+); empty if nothing changed."""
    found = []
    for host in one:
        before, after = (
            {f"{host} {kind} {item}" for kind in seen[host] for item in entries(seen[host][kind])}
            for seen in (one, other)
        )
        found += [f"- {item}" for item in sorted(before - after)] + [f"+ {item}" for item in sorted(after - before)]
    return found


def entries(part: object) -> list[str]:
    return [f"{name}: {value}" for name, value in part.items()] if isinstance(part, dict) else list(map(str, part))


def command(inventory: Path, play: Path, links: dict[str, dict], seconds: int, *options: str, **more: object) -> list:
    by_host = {host: [link] for host, link in links.items()}
    variables = {"by_host": by_host, "excluded": {}, "seconds": seconds, **more}
    program = Path(sys.executable).parent / "ansible-playbook"
    hosts = ["-i", inventory, "--limit", ",".join(links), "--forks", "50"]
    return [program, play, *hosts, "-e", json.dumps(variables), *options]


def run(*arguments: object, **more: object) -> playbooks.Run:
    done = subprocess.run(
        command(*arguments, **more), cwd=playbooks.ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "ANSIBLE_NOCOLOR": "1"},
    )  # fmt: skip
    return playbooks.Run(done.returncode, done.stdout + done.stderr)


def until(condition, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "this did not happen"
        time.sleep(0.1)


def exists(lab: Lab, host: str, path: str) -> bool:
    return lab.exec(host, "test", "-e", path, check=False).returncode == 0


@contextlib.contextmanager
def no_new_connections(lab: Lab, hosts: Iterable[str] = tuple(HOSTS)) -> Iterator[None]:
    """Drop new connections; existing ones continue."""
    # Not "ct state new": for connection tracking a connection from before is new.
    opening = "tcp dport 22 tcp flags & (syn | ack) == syn drop"
    rules = f"table inet cut {{ chain input {{ type filter hook input priority 0; {opening}; }}; }}"
    tables = [["nsenter", f"--net=/run/netns/{lab.state.netns(host)}", "nft"] for host in hosts]
    for nft in tables:
        subprocess.run([*nft, rules], check=True)
    try:
        yield
    finally:
        for nft in tables:
            subprocess.run([*nft, "delete", "table", "inet", "cut"], check=True)


@contextlib.contextmanager
def firewall(lab: Lab, host: str) -> Iterator[None]:
    """New connections to the host are dropped, until it has undone a change that begins meanwhile."""
    shut = threading.Event()

    def watch() -> None:
        with no_new_connections(lab, [host]):
            shut.set()
            until(lambda: exists(lab, host, PENDING))
            until(lambda: not exists(lab, host, PENDING))

    with ThreadPoolExecutor(1) as pool:
        watched = pool.submit(watch)
        shut.wait()
        yield
        watched.result()


def test_what_would_cut_the_controller_off_is_refused(lab: Lab, ready: dict, inventory: Path, play: Path) -> None:
    threats = {host: link for host, link in CUTS.items() if host != "firewall"}
    done = run(inventory, play, threats, 6, excluded=EXCLUDED)
    assert (done.rc, done.failed) == (2, sorted(threats)), done.output
    assert done.output.count("which carries Ansible's own connection") >= len(threats)
    assert differences(ready, snapshots(lab)) == []


def test_check_mode_and_an_equal_host_arm_nothing(lab: Lab, ready: dict, inventory: Path, play: Path) -> None:
    checked = run(inventory, play, CUTS, 6, "--check", allow=True, excluded=EXCLUDED)
    assert (checked.rc, set(checked.changed.values())) == (0, {1}), checked.output
    again = run(inventory, play, {host: harmless(host) for host in HOSTS}, 6)
    assert (again.rc, set(again.changed.values())) == (0, {0}), again.output
    assert differences(ready, snapshots(lab)) == []


def test_every_host_comes_back_by_itself(lab: Lab, ready: dict, inventory: Path, play: Path) -> None:
    # The change runs over the connection that this one leaves open.
    assert run(inventory, play, {"firewall": harmless("firewall")}, 30).rc == 0
    with firewall(lab, "firewall"):
        done = run(inventory, play, CUTS, 6, allow=True, excluded=EXCLUDED)
    assert (done.rc, done.failed) == (2, sorted(HOSTS)), done.output
    assert {counts["unreachable"] for counts in done.recap.values()} == {0}, done.output
    text = " ".join(done.output.split())
    assert text.count("no new connection confirmed the change within 6 s, so this host undid it") >= len(HOSTS)
    for what in (
        "link lan0: add", "link lan0 mode: private -> bridge", f"route {NOBODY}/32 dev lan0: remove",
        "connection eth0 of eth0: activate",
    ):  # fmt: skip
        assert what in text
    assert differences(ready, snapshots(lab)) == []


def test_teardown_is_guarded_too(lab: Lab, ready: dict, inventory: Path) -> None:
    def teardown(**variables: object) -> playbooks.Run:
        return playbooks.run("teardown", inventory, options=("--limit", "link"), macvlan_networks=[], **variables)

    refused = teardown()
    assert (refused.rc, refused.failed) == (2, ["link"]), refused.output
    assert "this removes lan0, which carries Ansible's own connection" in " ".join(refused.output.split())
    undone = teardown(interfaces_allow_uplink_change=True, interfaces_confirm_timeout=6)
    assert (undone.rc, undone.failed) == (2, ["link"]), undone.output
    assert "so this host undid it; undone: link lan0: add" in " ".join(undone.output.split())
    assert differences(ready, snapshots(lab)) == []


def test_the_next_run_works(lab: Lab, ready: dict, inventory: Path, play: Path) -> None:
    changed = {host: {**harmless(host), "mtu": 1400} for host in HOSTS}
    for links, count in ((changed, 1), (changed, 0), ({host: harmless(host) for host in HOSTS}, 1)):
        done = run(inventory, play, links, 120, allow=True)
        assert (done.rc, set(done.changed.values())) == (0, {count}), done.output
        assert "an earlier change" not in done.output, "the failed task has reported it"
    assert differences(ready, snapshots(lab)) == []


def kill(pid: int) -> None:
    """End a process and its descendants. Each worker of Ansible has a session of its own, and would continue."""
    with contextlib.suppress(ProcessLookupError, FileNotFoundError):
        os.kill(pid, signal.SIGSTOP)  # so that it starts no more children
        children = [path.read_text(encoding="utf-8") for path in Path(f"/proc/{pid}/task").glob("*/children")]
        for child in " ".join(children).split():
            kill(int(child))
        os.kill(pid, signal.SIGKILL)


def snapshots_without_the_guard(lab: Lab) -> dict[str, dict]:
    seen = snapshots(lab)
    for parts in seen.values():
        parts["files"] = {path: entry for path, entry in parts["files"].items() if not path.startswith(KEPT)}
    return seen


def test_a_controller_that_dies(lab: Lab, ready: dict, inventory: Path, play: Path) -> None:
    """Killed while all hosts wait for it: they undo the change without it, and the next run reports that."""
    as_it_is = {host: harmless(host) for host in HOSTS}
    assert run(inventory, play, as_it_is, 30, allow=True).rc == 0
    private = {host: {**link, "mode": "private"} for host, link in as_it_is.items()}
    # The run uses the open connections of the last one, and cannot confirm over new ones.
    with (
        no_new_connections(lab),
        subprocess.Popen(
            command(inventory, play, private, 8, allow=True), cwd=playbooks.ROOT,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        ) as controller,
    ):  # fmt: skip
        # A host that is faster than the others may have undone it already.
        until(lambda: all(exists(lab, host, f"{PENDING}/result.json") or exists(lab, host, OUTCOME) for host in HOSTS))
        kill(controller.pid)
        until(lambda: all(exists(lab, host, OUTCOME) for host in HOSTS))
    assert differences(ready, snapshots_without_the_guard(lab)) == []
    # The controller waits for half of this time; on a busy machine it would ask again, after the report was lost.
    done = run(inventory, play, as_it_is, 120, allow=True)
    assert (done.rc, set(done.changed.values())) == (0, {0}), done.output
    text = " ".join(done.output.split())
    assert [host for host in HOSTS if f"{host}: an earlier change was undone at" not in text] == [], done.output
    assert differences(ready, snapshots(lab)) == []
