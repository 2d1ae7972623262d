# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs composed hosts, one on each host of a lab at a time, with the playbooks of this checkout."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from tempfile import TemporaryDirectory
from typing import TypeVar

import yaml

from labkit.lab import Lab
from tests.integration.hosts import playbooks

from . import ROOT
from .grammar import GATEWAY, HOSTS, SUBNET, Case, number

SNAPSHOT = (ROOT / "tests/integration/hosts/snapshot.py").read_text(encoding="utf-8")
#: Reads what was written, and waits until the host's own interface has its address.
RELOAD = {
    "networkd": "systemctl restart systemd-networkd",
    "netplan": "netplan generate; systemctl restart systemd-networkd",
    "networkmanager": "nmcli general reload; nmcli connection reload",
}
SETTLED = f"""
until ip -4 address show dev eth0 | grep -q {SUBNET} && test -z "$(ip -6 address show tentative)"; do sleep 0.1; done
"""

Given, Made = TypeVar("Given"), TypeVar("Made")


@dataclass(frozen=True)
class Outcome:
    """What became of a case: converged, refused, or in words what is wrong."""

    case: Case
    verdict: str
    message: str = ""

    @property
    def holds(self) -> bool:
        return self.verdict in ("converged", "refused")


def topology(hosts: Iterable[str]) -> dict:
    made = {
        name: {
            "kind": "nspawn",
            "os": HOSTS[name][0],
            "manager": HOSTS[name][1],
            "nics": [
                {"name": "eth0", "switch": "sw0", "addresses": [f"{SUBNET}.{number(name)}/24"], "gateway": GATEWAY}
            ],
        }
        for name in hosts
    }
    return {"switches": {"sw0": {}}, "stations": {"gateway": {"addresses": [f"{GATEWAY}/24"]}}, "hosts": made}


@contextmanager
def lab_of(hosts: Iterable[str]) -> Iterator[Lab]:
    lab = Lab.up(topology(hosts), name=f"c{secrets.token_hex(4)}")
    try:
        yield lab
    finally:
        lab.down()


def run_round(lab: Lab, cases: list[Case]) -> list[Outcome]:
    """Cases for different hosts, at the same time."""
    _on_each(lambda case: _run(lab, case, [SETTLED]), cases)
    bare = _on_each(lambda case: _snapshot(lab, case.host), cases)
    try:
        _on_each(lambda case: _prepare(lab, case), cases)
        return _judged(lab, cases)
    finally:
        _on_each(lambda case: _reset(lab, case), cases)
        for case, before, now in zip(cases, bare, _on_each(lambda case: _snapshot(lab, case.host), cases), strict=True):
            if _differences(before, now):
                lab.reboot(case.host)


def _judged(lab: Lab, cases: list[Case]) -> list[Outcome]:
    before = _snapshots(lab, cases)
    with TemporaryDirectory() as folder:
        inventory = Path(folder) / "variables.yml"
        hosts = {case.host: case.variables for case in cases}
        inventory.write_text(yaml.safe_dump({"all": {"hosts": hosts}}), encoding="utf-8")

        def play(name: str, chosen: Iterable[Case]) -> playbooks.Run:
            limit = ",".join(case.host for case in chosen)
            options = ("--limit", limit)
            quick = {"interfaces_dhcp_check": "never", "verify_soak_seconds": 0}
            return playbooks.run(name, lab.inventory_path, inventory, options=options, **quick)

        first = play("site", cases)
        failures = {case: _failure(first.output, case.host) for case in cases}
        outcomes = {}
        after = _snapshots(lab, cases)
        for case in cases:
            if failures[case]:
                outcomes[case] = _refusal(case, failures[case], _differences(before[case], after[case]))
        rest = [case for case in cases if case not in outcomes]
        if rest:
            second = play("site", rest)
            gone = play("teardown", rest)
            after = _snapshots(lab, rest)
            for case in rest:
                outcomes[case] = _convergence(case, second, gone, _differences(before[case], after[case]))
        else:
            gone = None
        broken = [case for case in cases if not outcomes[case].holds]
        if broken and (gone is None or any(failures[case] for case in broken)):
            play("teardown", broken)
    return [outcomes[case] for case in cases]


def _refusal(case: Case, message: str, left: list[str]) -> Outcome:
    if left:
        return Outcome(case, "failed after a write", f"{message} [left: {', '.join(left)}]")
    if not any(name in message for piece in case.pieces for name in piece.names):
        return Outcome(case, "refused without a name", message)
    return Outcome(case, "refused", message)


def _convergence(case: Case, second: playbooks.Run, gone: playbooks.Run, left: list[str]) -> Outcome:
    if _failure(second.output, case.host):
        return Outcome(case, "second run failed", _failure(second.output, case.host))
    if second.changed.get(case.host):
        return Outcome(case, "second run changed something", _lines(second.output, case.host))
    if case.host in gone.failed:
        return Outcome(case, "teardown failed", _lines(gone.output, case.host))
    if left:
        return Outcome(case, "teardown left something", ", ".join(left))
    return Outcome(case, "converged")


def _failure(output: str, host: str) -> str:
    """What the report says of a host that failed, empty for one that did not."""
    row = re.search(rf"^{host}  .*$", output, re.MULTILINE)
    if row is not None and row.group(0).split()[-1] in ("ok", "changed"):
        return ""
    return _lines(output, host) or "no row in the report"


def _lines(output: str, host: str) -> str:
    """All that a run printed about a host, in one line; of the report its part."""
    found = [line.strip() for line in output.splitlines() if re.search(rf"\b{host}\b", line) and "=> {" not in line]
    part = re.search(rf"^{host}:\n((?:  .*\n)+)", output, re.MULTILINE)
    found += [line.strip() for line in part.group(1).splitlines()] if part else []
    return " / ".join(line for line in dict.fromkeys(found) if not re.match(r"(ok|skipping|changed):", line))


def _prepare(lab: Lab, case: Case) -> None:
    script = []
    for piece in case.pieces:
        for path, text in piece.files.items():
            script.append(f"mkdir -p {Path(path).parent}")
            if text.startswith("->"):
                script.append(f"ln -s {text[2:]} {path}")
            else:
                mode = "600" if "system-connections" in path else "644"
                script += [f"printf %s {quote(text)} > {path}", f"chmod {mode} {path}"]
        script += piece.commands
    _run(lab, case, ["set -e", *script, "set +e", *_reload(case)])


def _reload(case: Case) -> list[str]:
    return ["systemctl daemon-reload", RELOAD.get(HOSTS[case.host][1], "true"), SETTLED, "sleep 2", SETTLED]


def _reset(lab: Lab, case: Case) -> None:
    """Take away what `_prepare` has brought."""
    script = []
    for piece in reversed(case.pieces):
        script += [*piece.undo, *(f"rm -f {path}" for path in piece.files)]
        # Only what the image does not have: /etc/systemd/network is the distribution's, and stays when it is empty.
        script += [f"rmdir {Path(path).parent}" for path in piece.files if path.endswith(".d/by-hand.conf")]
        if any(path.startswith("/usr/local/lib/") for path in piece.files):
            script.append("cd /usr/local/lib && rmdir -p systemd/network")
    _run(lab, case, [*script, *_reload(case)])


def _run(lab: Lab, case: Case, script: list[str]) -> None:
    done = lab.exec(case.host, "timeout", "90", "sh", "-s", input="\n".join(script), check=False)
    if done.returncode:
        raise RuntimeError(f"{case}: {done.stderr}")


def _snapshots(lab: Lab, cases: list[Case]) -> dict[Case, dict]:
    return dict(zip(cases, _on_each(lambda case: _snapshot(lab, case.host), cases), strict=True))


def _snapshot(lab: Lab, host: str) -> dict:
    return json.loads(lab.exec(host, "python3", "-", input=SNAPSHOT).stdout)


def _differences(before: dict, after: dict) -> list[str]:
    """What differs, by its place."""
    found = []
    for part in sorted({*before, *after}):
        one, two = before.get(part), after.get(part)
        if isinstance(one, dict) and isinstance(two, dict):
            found += [f"{part} {key}" for key in sorted({*one, *two}) if one.get(key) != two.get(key)]
        elif one != two:
            found.append(f"{part} {sorted({*map(str, one or ())} ^ {*map(str, two or ())})}")
    return found


def _on_each(act: Callable[[Given], Made], items: list[Given]) -> list[Made]:
    with ThreadPoolExecutor() as pool:
        return list(pool.map(act, items))
