# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows what the collection does: starts a lab, runs site.yml twice and verify.yml on it, injects a fault, and has
diagnose.yml find the cause. On a host with a container engine, the containers are that engine's."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT / "collections")]

from labkit.engines import IMAGE  # noqa: E402  (the path is set up above)
from labkit.errors import LabError  # noqa: E402
from labkit.lab import Lab  # noqa: E402
from labkit.topology import Host  # noqa: E402

#: Kind of hosts -> topology, and how many seconds verify.yml repeats the checks.
KINDS = {"nspawn": ("demo.yml", 10), "netns": ("demo-netns.yml", 2)}
NAME = "demo"
#: How many seconds diagnose.yml watches, and the directory of its report.
WATCH, REPORT = 5, ROOT / "tests" / "output" / "demo"
#: A station of the topologies, on the same LAN as the hosts.
LAN = "lan"
QUIET = {"ANSIBLE_DISPLAY_OK_HOSTS": "false", "ANSIBLE_DISPLAY_SKIPPED_HOSTS": "false", "ANSIBLE_FORCE_COLOR": "false"}

NEXT_STEPS = """\
Next steps
  report        open {report} in a browser: the diagnosis as a page
  declaration   see {topology}: each host's macvlan_networks
  lab           KEEP=1 make demo   leaves the lab up; then
                tests/lab/lab status
                tests/lab/lab exec --name demo h1-c1 -- ping -c 3 192.168.100.11
                tests/lab/lab down --name demo
  your hosts    declare macvlan_networks in your inventory, then
                .venv/bin/ansible-playbook -i INVENTORY playbooks/site.yml --check --diff   shows what would change
                .venv/bin/ansible-playbook -i INVENTORY playbooks/site.yml                  applies it
                .venv/bin/ansible-playbook -i INVENTORY playbooks/teardown.yml              removes it"""


class Unexpected(Exception):
    """The demo did not show what it promises."""


@contextmanager
def step(title: str) -> Iterator[None]:
    print(f"\n=== {title}", flush=True)
    started = time.monotonic()
    yield
    print(f"    ({time.monotonic() - started:.0f} s)", flush=True)


def playbook(lab: Lab, name: str, *options: str, fails: bool = False) -> dict[str, int]:
    """Run a playbook and print the relevant output; changed tasks by host. fails: whether it has to fail."""
    command = [ROOT / ".venv" / "bin" / "ansible-playbook", "-i", lab.inventory_path, f"playbooks/{name}.yml", *options]
    changed: dict[str, int] = {}
    with subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **QUIET}, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        for line in process.stdout:
            if found := re.match(r"(\S+)\s+: ok=\d+\s+changed=(\d+)", line):
                changed[found[1]] = int(found[2])
            if not re.match(r"(PLAY|TASK) \[|\s*$", line) or "TASK" in line:
                print("    " + line.rstrip(), flush=True)
    if bool(process.returncode) is not fails:
        raise Unexpected(f"{name}.yml: exit status {process.returncode}")
    return changed


@dataclass(frozen=True)
class Container:
    """command: runs a program in it, after the name of the host or container of the lab that takes the command."""

    host: Host
    address: str
    command: tuple[str, ...]


def run_containers(lab: Lab) -> None:
    """On hosts with an engine: a network on the parent's segment, made by hand, and two containers."""
    for host in lab.topology.hosts.values():
        if host.engine == "none":
            continue
        declared = host.variables["macvlan_networks"][0]
        network = [
            "network", "create", "-d", "macvlan", "-o", f"parent={declared['parent']}",
            f"--subnet={declared['subnet']}", f"--gateway={declared['gateway']}",
            f"--ip-range={declared['container_range']}", declared["name"],
        ]  # fmt: skip
        run = ["run", "--detach", "--network", declared["name"], "--stop-signal", "KILL", "--name"]
        for words in (network, *([*run, f"{host.name}-c{number}", IMAGE, "sleep", "1d"] for number in (1, 2))):
            command = [host.engine, *words]
            print(f"    {host.name}: {shlex.join(command)}", flush=True)
            lab.exec(host.name, *command)


def first_container(lab: Lab, host: Host) -> Container:
    if host.engine == "none":
        item = next(item for item in lab.topology.containers.values() if item.host == host.name)
        return Container(host, item.addresses[0].partition("/")[0], (item.name,))
    name, network = f"{host.name}-c1", host.variables["macvlan_networks"][0]["name"]
    form = f'{{{{(index .NetworkSettings.Networks "{network}").IPAddress}}}}'
    address = lab.exec(host.name, host.engine, "inspect", "--format", form, name).stdout.strip()
    return Container(host, address, (host.name, host.engine, "exec", name))


def reachability(lab: Lab) -> bool:
    """Print which pings are answered, one line per host; whether all are."""
    rows = []
    for container in (first_container(lab, host) for host in lab.topology.hosts.values()):
        host, own = container.host, container.host.nics[0].addresses[0].partition("/")[0]
        pairs = [(container.command, own), ((host.name,), container.address), ((LAN,), container.address)]
        rows.append((f"{host.name} ({host.manager if host.engine == 'none' else host.engine})", pairs))

    def answers(pair: tuple[tuple[str, ...], str]) -> str:
        done = lab.exec(*pair[0], "ping", "-c", "1", "-W", "1", pair[1], check=False)
        return "ok" if done.returncode == 0 else "FAIL"

    with ThreadPoolExecutor() as pool:
        results = [list(pool.map(answers, pairs)) for dummy, pairs in rows]
    print(f"    {'host':22}{'container to host':20}{'host to container':20}LAN to container")
    for (name, dummy), result in zip(rows, results, strict=True):
        print(f"    {name:22}{result[0]:20}{result[1]:20}{result[2]}")
    return all(answer == "ok" for result in results for answer in result)


def show(lab: Lab, soak: int) -> None:
    with step("before: a host and its own macvlan containers cannot reach each other"):
        if reachability(lab):
            raise Unexpected("a host and its own macvlan containers reach each other before the links are created")
    with step("site.yml: validate the whole inventory, then create and verify the links"):
        playbook(lab, "site", "-e", "verify_soak_seconds=0")
    with step("site.yml again: nothing to change"):
        changed = playbook(lab, "site", "-e", "verify_soak_seconds=0")
        if any(changed.values()):
            raise Unexpected(f"the second run changed something: {changed}")
    with step(f"verify.yml: everything is as declared and works, for {soak} seconds"):
        playbook(lab, "verify", "-e", f"verify_soak_seconds={soak}")
    with step("after: all reach each other"):
        if not reachability(lab):
            raise Unexpected("a ping is not answered")
    with step("diagnose.yml: another machine has taken a container's address; the run has to fail and name the cause"):
        diagnosis(lab)


def diagnosis(lab: Lab) -> None:
    """Another machine on the LAN takes the address of a container, and `diagnose.yml` has to find it."""
    taken = next(iter(lab.topology.containers.values())).addresses[0]
    nic = lab.topology.stations[LAN].nics[0].name
    lab.exec(LAN, "ip", "address", "add", taken, "dev", nic)
    try:
        playbook(lab, "diagnose", "-e", f"diagnose_seconds={WATCH} diagnose_report_dir={REPORT}", fails=True)
    finally:
        lab.exec(LAN, "ip", "address", "delete", taken, "dev", nic)


def kept(answer: str) -> bool:
    """Whether KEEP asks to leave the lab up."""
    return answer.lower() in ("1", "yes", "true")


def main() -> int:
    kind, keep = os.environ.get("LAB") or "nspawn", kept(os.environ.get("KEEP", ""))
    if kind not in KINDS:
        print(f"demo: LAB={kind}: no such kind of hosts. Remedy: use one of {', '.join(KINDS)}.", file=sys.stderr)
        return 2
    name, soak = KINDS[kind]
    topology, report = HERE / "topologies" / name, REPORT / "report.html"
    lab = None
    try:
        with step(f"start a lab of {kind} hosts; where no engine runs, each has two containers on macvlan links"):
            lab = Lab.up(topology, NAME, lambda message: print(f"    {message}", flush=True))
        if any(host.engine != "none" for host in lab.topology.hosts.values()):
            with step("docker: a macvlan network made by hand, and containers"):
                run_containers(lab)
        show(lab, soak)
    except (LabError, Unexpected) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("demo: interrupted", file=sys.stderr)
        return 130
    finally:
        if lab is not None and not keep:
            lab.down()
    print(f"\n{NEXT_STEPS.format(topology=topology.relative_to(ROOT), report=report.relative_to(ROOT))}")
    print(f"\nThe lab is {'still up' if keep else 'removed'}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
