# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The example rulebook in the real ansible-rulebook, against a stand-in of AWX's API. It needs Java 17."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import venv
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from . import whole
from .stand_in import StandIn, served

ROOT = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "linuxnet-macvlan"
RULEBOOK = ROOT / "extensions" / "eda" / "rulebooks" / "alerts.yml"
PROMPTS = {f"ask_{name}_on_launch": name == "limit" for name in ("limit", "labels", "inventory", "variables")}

pytestmark = [whole.ONLY, pytest.mark.skipif(shutil.which("java") is None, reason="Java is not installed")]


def installed() -> Path:
    """ansible-rulebook in an environment of its own: its Java bridge is large, and nothing else needs it."""
    folder = CACHE / f"rulebook-{sys.version_info.major}.{sys.version_info.minor}"
    program = folder / "bin" / "ansible-rulebook"
    if not program.exists():
        venv.create(folder, with_pip=True, clear=True)
        command = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "ansible-rulebook>=1.2,<2"]
        subprocess.run([*command, "ansible-core>=2.19,<2.20"], check=True, stdout=subprocess.DEVNULL)
    return program


@pytest.fixture
def rules(tmp_path: Path) -> Iterator[tuple[StandIn, Callable[[dict], None]]]:
    """The stand-in, and a function that sends what Alertmanager would."""
    with served() as (awx, url):
        for name in ("diagnose", "verify"):
            awx.add(
                "job_templates", name=f"macvlan {name}", summary_fields={"organization": {"name": "net"}}, **PROMPTS
            )
        with socket.socket() as chosen:
            chosen.bind(("127.0.0.1", 0))
            port = chosen.getsockname()[1]
        variables = {
            "macvlan_listen": "127.0.0.1", "macvlan_port": port, "macvlan_token": "secret",
            "macvlan_organization": "net",
        }  # fmt: skip
        (tmp_path / "vars.yml").write_text(json.dumps(variables), encoding="utf-8")
        (tmp_path / "inventory.yml").write_text("all: {hosts: {h1: {}}}\n", encoding="utf-8")
        program = installed()
        command = [str(program), "--rulebook", str(RULEBOOK), "--vars", "vars.yml", "-i", "inventory.yml"]
        command += ["--controller-url", f"{url}/", "--controller-token", "token"]
        environment = {
            **os.environ,
            "PATH": f"{program.parent}:{os.environ['PATH']}",
            "EDA_JOB_TEMPLATE_REFRESH_DELAY": "0.2",
        }
        environment.pop("PYTHONPATH", None)
        with open(tmp_path / "log", "w", encoding="utf-8") as log:
            process = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=log, stderr=log)
        try:
            yield awx, lambda message: send(port, message, process, tmp_path / "log")
        finally:
            process.terminate()
            process.wait()


def send(port: int, message: dict, process: subprocess.Popen[bytes], log: Path) -> None:
    """Try until the rulebook listens."""
    deadline = time.monotonic() + 300
    while True:
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/endpoint",
            json.dumps(message).encode(),
            {"Content-Type": "application/json", "Authorization": "Bearer secret"},
        )
        try:
            with urllib.request.urlopen(request, timeout=300):
                return
        except (urllib.error.URLError, ConnectionError):
            assert process.poll() is None, log.read_text(encoding="utf-8")
            assert time.monotonic() < deadline, log.read_text(encoding="utf-8")
            time.sleep(0.5)


def alert(name: str, host: str, status: str = "firing") -> dict:
    return {"status": status, "labels": {"alertname": name, "host": host}, "startsAt": "2026-01-01T00:00:00Z"}


def test_alerts_start_the_job_for_the_host_that_they_name(rules: tuple[StandIn, Callable[[dict], None]]) -> None:
    awx, message = rules
    message({
        "status": "firing",
        "alerts": [
            alert("MacvlanBroken", "all"), alert("MacvlanBroken", "h1:h2"), alert("MacvlanBroken", "h3", "resolved"),
            alert("Other", "h4"), alert("MacvlanBroken", "h1"), alert("MacvlanDrift", "h2"),
        ],
    })  # fmt: skip
    # sent again, as Alertmanager does as long as an alert fires; then one that comes last
    message({"status": "firing", "alerts": [alert("MacvlanBroken", "h1"), alert("MacvlanBroken", "last")]})
    expected = {("macvlan diagnose", "h1"), ("macvlan verify", "h2"), ("macvlan diagnose", "last")}
    deadline = time.monotonic() + 300
    while len(launched(awx)) < len(expected):
        assert time.monotonic() < deadline, launched(awx)
        time.sleep(0.2)
    assert sorted(launched(awx)) == sorted(expected)


def launched(awx: StandIn) -> list[tuple[str, str]]:
    jobs = awx.tables.get("jobs", {}).values()
    return [(job["name"], job["launched"].get("limit", "")) for job in jobs]
