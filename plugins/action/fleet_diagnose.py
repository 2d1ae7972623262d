# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges every cause of broken macvlan links on the evidence of all hosts, and prints and writes the report."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase
from ansible.utils.vars import load_extra_vars

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.clock import utc
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.text import clean_data
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.values import plain
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils import _registered, _reports
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._ansible import show, without_collector
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis import report as _report
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis import words
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.report import (
    FAILED,
    NOTHING_DECLARED,
    UNREACHABLE,
    DiagnosisReport,
    HostResult,
)
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CONFIRMED, SUSPECTED
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet import earlier
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._hostvars import of_host
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._json import indented
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._packed import PACKED, unpacked
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._page.model import build
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._page.render import html, markdown
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._registered import Result, Variables
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._run.job import artifacts
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._run.job import read as read_job

#: What the result is published as, after a common prefix.
ARTIFACT = "diagnosis"

OPTIONS = {
    "report_dir": {"type": "path"},
    "report_mode": {"type": "str", "default": _reports.FILE_MODE},
    "full_up_to": {"type": "int", "default": 50},
    "parameters": {"type": "dict", "default": {}},
}


class ActionModule(ActionBase):
    """Reads the evidence of all hosts of the play out of their variables."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        with without_collector():
            return self._report(task_vars or {})

    def _report(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        dummy, options = self.validate_argument_spec(OPTIONS)
        directory, mode = options["report_dir"], _reports.parse_mode(options["report_mode"], "report_mode")
        results = [_host(name, of_host(task_vars["hostvars"], name)) for name in task_vars["ansible_play_hosts_all"]]
        generated = utc(time.time())
        report = _report.make(results, generated, _version(), options["parameters"])
        extra = load_extra_vars(self._loader)
        job = read_job(extra)
        before = earlier.merge(artifacts(extra, earlier.PUBLISHED.values()))
        lines = [*words.lines(report, options["full_up_to"]), *earlier.lines(before, 0 if job.sliced else len(results))]
        show("\n".join(["", *lines, ""]))
        return {
            "changed": False,
            "lines": lines,
            "summary": report.data["summary"],
            "verdicts": [item for item in report.data["verdicts"] if item["status"] in (CONFIRMED, SUSPECTED)],
            "failures": _failures(report),
            "repairs": _report.repairs(report),
            "artifact": job.artifact(ARTIFACT),
            "files": _write(report, os.path.abspath(directory), mode) if directory else [],
        }


def _host(name: str, variables: Variables) -> HostResult:
    """What came back from one host, also where nothing did."""
    result = _registered.result(variables, _registered.DIAGNOSE_RESULT)
    if result is None:
        return _missing(name, variables)
    if result.get("unreachable"):
        return HostResult(name, state=UNREACHABLE, message=_first_line(result))
    try:
        evidence = _evidence(result)
    except ValueError as error:
        return HostResult(name, state=FAILED, message=f"its evidence can not be read: {error}")
    if evidence is None:
        return HostResult(name, state=FAILED, message=_first_line(result))
    return HostResult(name, evidence, plain(result.get("clock")))


def _evidence(result: Result) -> dict[str, Any] | None:
    """As the action plugin packed it, or as the module returned it. Errors: ValueError."""
    if PACKED in result:
        found: dict[str, Any] = plain(clean_data(unpacked(result[PACKED])))
        return found
    evidence = result.get("evidence")
    return plain(evidence) if isinstance(evidence, Mapping) else None


def _missing(name: str, variables: Variables) -> HostResult:
    """A host on which the task did not run."""
    if not any(_registered.value(variables, key) for key in ("macvlan_networks", "macvlan_links")):
        return HostResult(name, state=NOTHING_DECLARED)
    failure = _registered.result(variables, _registered.FAILURE)
    return HostResult(name, state=FAILED, message=str(failure.get("msg")) if failure else "it was not diagnosed")


def _first_line(result: Result) -> str:
    return str(result.get("msg") or "it returned no message").strip().split("\n", maxsplit=1)[0]


def _failures(report: DiagnosisReport) -> dict[str, str]:
    """For each broken host what is confirmed or located there; for others what is not as declared, or why they could
    not be diagnosed."""
    found = {}
    for host in report.data["hosts"]:
        name = host["host"]
        said = [*(words.headline(item) for item in report.of(name, CONFIRMED)), *words.elsewhere(report, name)]
        located = report.located(name)
        if located:
            said.append(words.located_line(located))
        elif host["state"] == _report.BROKEN and not said:
            said += [f"suspected: {words.headline(item)}" for item in report.of(name, SUSPECTED)]
        elif host["state"] == _report.BLIND and host["unlike"]:
            said.append(f"blind: {'; '.join(host['unlike'])}")
        if said:
            found[name] = "\n".join(said)
        elif host["state"] in (UNREACHABLE, FAILED):
            found[name] = f"{host['state']}: {host['message']}"
    return found


def _write(report: DiagnosisReport, directory: str, mode: int) -> list[str]:
    """The files of the report. Errors: AnsibleError."""
    page = build(report.data)
    texts: dict[str, Iterable[str]] = {
        "report.json": indented(report.data),
        "report.md": [markdown(page)],
        "report.html": [html(page)],
    }
    paths = {os.path.join(directory, name): text for name, text in texts.items()}
    _reports.check(paths)
    try:
        for path, text in paths.items():
            _reports.write(path, text, mode)
    except OSError as error:
        raise AnsibleError(f"diagnose_report_dir: {error}. Remedy: name a directory that you may write to.") from error
    return list(paths)


def _version() -> str:
    """Of this collection: an installed one has MANIFEST.json, a checkout galaxy.yml."""
    root = Path(__file__).resolve().parents[2]
    try:
        manifest = json.loads((root / "MANIFEST.json").read_text(encoding="utf-8"))
        return str(manifest["collection_info"]["version"])
    except (OSError, ValueError, KeyError):
        pass
    try:
        return str(yaml.safe_load((root / "galaxy.yml").read_text(encoding="utf-8"))["version"])
    except (OSError, yaml.YAMLError, KeyError):
        return "unknown"
