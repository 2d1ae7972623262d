# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The survey: one task on a host that is as declared, and the outcome of a run without it on every other."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from labkit.lab import Lab

from . import playbooks

TOPOLOGY = playbooks.ROOT / "tests" / "lab" / "topologies" / "demo-netns.yml"
#: A busy machine may need longer than the default until a new connection confirms the first convergence.
ONCE = {"verify_soak_seconds": 0, "interfaces_confirm_timeout": 600}
HOSTS = ("h1", "h2")
#: What differs from run to run: times, how long something took, what of a holder was heard meanwhile, and what ssh says
#: of a connection that ends as it begins, which depends on who was faster.
VARYING = re.compile(
    r"20\d\d-\d\d-\d\dT[\d:.]+Z|\b\d+\.\d+ m?s\b|seen by [a-z ]+ of h\d"
    r"|kex_exchange_identification: Connection closed by remote host(\\r)?"
    r"|banner exchange: Connection to UNKNOWN port \d+: Broken pipe"
)


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    made = Lab.up(TOPOLOGY, name=f"t{secrets.token_hex(4)}")
    yield made
    made.down()


@pytest.fixture(scope="module")
def calls(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], dict[str, int]]:
    """How often Python was started on each host since the last call."""
    directory = tmp_path_factory.mktemp("calls")
    content = yaml.safe_load(lab.inventory_path.read_text(encoding="utf-8"))
    for host in HOSTS:
        variables, python = content["all"]["hosts"][host], directory / f"python-{host}"
        inner = variables["ansible_python_interpreter"]
        python.write_text(f'#!/bin/sh\necho >> {directory}/{host}\nexec {inner} "$@"\n', encoding="utf-8")
        python.chmod(0o755)
        variables["ansible_python_interpreter"] = str(python)
    (directory / "inventory.yml").write_text(yaml.safe_dump(content), encoding="utf-8")

    def taken() -> dict[str, int]:
        logs = {host: directory / host for host in HOSTS}
        counts = {host: len(log.read_text().splitlines()) if log.exists() else 0 for host, log in logs.items()}
        for log in logs.values():
            log.unlink(missing_ok=True)
        return counts

    taken.inventory = directory / "inventory.yml"
    return taken


@pytest.fixture(scope="module")
def converged(lab: Lab) -> Lab:
    run = playbooks.run("site", lab.inventory_path, **ONCE)
    assert run.rc == 0, run.output
    return lab


@pytest.mark.parametrize("playbook", ["site", "verify"])
def test_a_host_that_is_as_declared_is_one_task(converged: Lab, calls: Callable, playbook: str) -> None:
    calls()
    run = playbooks.run(playbook, calls.inventory, **ONCE)
    assert (run.rc, run.changed) == (0, {"h1": 0, "h2": 0}), run.output
    assert calls() == {"h1": 1, "h2": 1}, run.output
    assert [run.row(host)[4:] for host in HOSTS] == [["ok", "ok", "2/2", "4/4", "2/2", "ok"]] * 2


def state(lab: Lab) -> dict[str, str]:
    """Links, addresses and routes of the hosts."""
    shown = "ip -details link show type macvlan; ip -4 address show; ip route; sysctl net.ipv4.conf.eth0"
    return {host: lab.exec(host, "sh", "-c", shown).stdout for host in HOSTS}


def outcome(run: playbooks.Run) -> tuple[object, ...]:
    """What an operator sees: the diffs, the report, which hosts have changed or failed."""
    report = run.output.partition("PLAY [Report]")[2].partition("PLAY RECAP")[0]
    report, dummy, ends = report.partition("TASK [Fail on unhealthy hosts]")
    # hosts fail in any order
    failures = sorted(" ".join(end.split()) for end in ends.split("[ERROR]: "))
    counts = {
        host: {name: numbers[name] for name in ("changed", "unreachable", "failed", "rescued")}
        for host, numbers in run.recap.items()
    }
    return (
        run.rc,
        run.diff,
        VARYING.sub("…", " ".join(report.split())),
        [VARYING.sub("…", end) for end in failures],
        counts,
    )


def both_ways(
    lab: Lab, prepare: Callable[[], None], playbook: str, inventories: tuple[Path, ...], **how: object
) -> tuple[playbooks.Run, list]:
    """A run with the survey, and the outcomes and states after that and after one without it, from the same start."""
    runs, found = [], []
    for survey in (True, False):
        prepare()
        runs.append(playbooks.run(playbook, *inventories, macvlan_survey=survey, **ONCE, **how))
        found.append((*outcome(runs[-1]), state(lab)))
    return runs[0], found


@pytest.fixture
def unreachable(tmp_path: Path) -> Path:
    gone = {
        "ansible_host": "192.0.2.1",
        "ansible_connection": "ssh",
        "ansible_ssh_common_args": "-o ProxyCommand=false",
        "macvlan_networks": [{"name": "far", "parent": "eth0", "subnet": "10.0.0.0/24"}],
    }
    inventory = tmp_path / "gone.yml"
    inventory.write_text(yaml.safe_dump({"all": {"hosts": {"h0": gone}}}), encoding="utf-8")
    return inventory


def test_an_unchanged_a_changed_and_an_unreachable_host(converged: Lab, unreachable: Path) -> None:
    def drift() -> None:
        converged.exec("h2", "sh", "-c", "ip address delete 192.168.100.4/32 dev lan0 || true")

    sources = (converged.inventory_path, unreachable)
    for options in (("--check", "--diff"), ("--diff",)):
        run, (with_survey, without) = both_ways(converged, drift, "site", sources, options=options)
        assert with_survey == without
    assert [run.row(host)[-1] for host in ("h0", *HOSTS)] == ["UNREACHABLE", "ok", "changed"], run.output


def test_a_refused_host_and_one_whose_container_does_not_answer(converged: Lab) -> None:
    def breaks() -> None:
        converged.exec("lan", "sh", "-c", "ip address add 192.168.100.3/32 dev eth0 2>&1 || true")
        converged.exec("h2-c1", "ip", "link", "set", "eth0", "down")
        for host in HOSTS:
            # the report says what became of the neighbour
            converged.exec(host, "ip", "neighbour", "flush", "all")

    try:
        for playbook in ("site", "verify"):
            run, (with_survey, without) = both_ways(converged, breaks, playbook, (converged.inventory_path,))
            assert with_survey == without
            assert (run.rc, run.failed) == (2, ["h1", "h2"]), run.output
    finally:
        converged.exec("lan", "ip", "address", "delete", "192.168.100.3/32", "dev", "eth0")
        converged.exec("h2-c1", "ip", "link", "set", "eth0", "up")


def test_links_that_are_refused(converged: Lab, tmp_path: Path) -> None:
    content = yaml.safe_load(converged.inventory_path.read_text(encoding="utf-8"))
    content["all"]["hosts"]["h2"]["macvlan_links"] = [{"name": "mv9", "parent": "eth9"}]
    inventory = tmp_path / "inventory.yml"
    inventory.write_text(yaml.safe_dump(content), encoding="utf-8")
    for playbook in ("site", "verify"):
        run, (with_survey, without) = both_ways(converged, lambda: None, playbook, (inventory,))
        assert with_survey == without
        assert (run.rc, run.failed) == (2, ["h2"]), run.output
        assert "eth9" in run.output.partition("PLAY [Report]")[2]
