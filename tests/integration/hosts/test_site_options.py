# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How an operator may run the playbooks: in batches, with another strategy, with text from a survey, installed."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from labkit.lab import Lab

from . import playbooks

TOPOLOGY = playbooks.ROOT / "tests" / "lab" / "topologies" / "demo-netns.yml"
ONCE = {"verify_soak_seconds": 0}


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    made = Lab.up(TOPOLOGY, name=f"t{secrets.token_hex(4)}")
    yield made
    made.down()


@pytest.fixture
def clean(lab: Lab) -> Iterator[Lab]:
    """The lab; everything of ours is removed after the test."""
    yield lab
    run = playbooks.run("teardown", lab.inventory_path)
    assert run.rc == 0, run.output


def links(lab: Lab, host: str) -> list[str]:
    shown = lab.exec(host, "ip", "-brief", "link", "show", "type", "macvlan").stdout
    return sorted(line.split("@")[0] for line in shown.splitlines())


def test_batches_stop_when_too_many_hosts_have_failed(clean: Lab) -> None:
    clean.exec("lan", "ip", "address", "add", "192.168.100.3/32", "dev", "eth0")
    try:
        run = playbooks.run("site", clean.inventory_path, macvlan_serial=1, macvlan_max_fail_percentage=40, **ONCE)
        goes_on = playbooks.run("site", clean.inventory_path, macvlan_serial="50%", **ONCE)
    finally:
        clean.exec("lan", "ip", "address", "delete", "192.168.100.3/32", "dev", "eth0")
    assert (run.rc, run.failed) == (2, ["h1", "h2"]), run.output
    assert [run.row(host)[-1] for host in ("h1", "h2")] == ["FAILED", "NOT RUN"]
    assert (goes_on.rc, goes_on.failed) == (2, ["h1"]), goes_on.output
    assert (links(clean, "h1"), links(clean, "h2")) == ([], ["lan0"])


def test_import_prints_the_declaration_of_what_is_there(clean: Lab) -> None:
    clean.exec("h1", "sh", "-c", "ip link add shim link eth0 type macvlan mode bridge; ip link set shim up")
    clean.exec("h1", "sh", "-c", "ip address add 192.168.100.9/32 dev shim; ip route add 192.168.100.144/28 dev shim")
    try:
        run = playbooks.run("import", clean.inventory_path)
    finally:
        clean.exec("h1", "ip", "link", "delete", "shim")
    assert (run.rc, set(run.changed.values())) == (0, {0}), run.output
    printed = run.output.partition("Print the declaration")[2]
    for text in ("name: shim", "parent: eth0", "- 192.168.100.9/32", "destination: 192.168.100.144/28"):
        assert text in printed, printed
    assert "fe80" not in printed, "the kernel makes that by itself"


def test_a_strategy_that_does_not_wait_for_all_hosts_is_refused(clean: Lab) -> None:
    run = playbooks.run("site", clean.inventory_path, macvlan_strategy="free", **ONCE)
    assert (run.rc, "PLAY [Configure the links]" in run.output) == (2, False), run.output
    assert "hosts would be configured, or judged, before the others have been probed" in run.output


def test_a_canary_that_fails_keeps_the_others_untouched(clean: Lab) -> None:
    clean.exec("lan", "ip", "address", "add", "192.168.100.3/32", "dev", "eth0")
    try:
        run = playbooks.run("site", clean.inventory_path, macvlan_canary=1, macvlan_throttle=1, **ONCE)
    finally:
        clean.exec("lan", "ip", "address", "delete", "192.168.100.3/32", "dev", "eth0")
    assert (run.rc, run.failed) == (2, ["h1", "h2"]), run.output
    assert [run.row(host)[-1] for host in ("h1", "h2")] == ["FAILED", "NOT RUN"]
    assert "The run ended after failures on h1. Not touched: h2." in run.output
    assert (links(clean, "h1"), links(clean, "h2")) == ([], [])


def test_all_others_follow_a_canary_that_answers(clean: Lab) -> None:
    run = playbooks.run("site", clean.inventory_path, macvlan_canary=" 1 ", **ONCE)
    assert (run.rc, run.changed) == (0, {"h1": 1, "h2": 1}), run.output
    # as 10 % of two hosts is one
    assert run.output.count("PLAY [Configure the links]") == 2, run.output
    assert (links(clean, "h1"), links(clean, "h2")) == (["lan0"], ["lan0"])


def test_each_tag_alone(clean: Lab) -> None:
    def only(tags: str, *options: str) -> playbooks.Run:
        return playbooks.run("site", clean.inventory_path, options=("--tags", tags, "--limit", "h1", *options), **ONCE)

    plan = only("plan")
    assert (plan.rc, "\nhost  link " in plan.output) == (0, False), plan.output
    for tags in ("prepare", "probe", "exclusion"):
        run = only(tags)
        assert (run.rc, run.row("h1")[-1], links(clean, "h1")) == (0, "ok", []), run.output
        assert f"{tags}, report." in run.output
    verify = only("verify")
    assert (verify.rc, verify.row("h1")[-1]) == (2, "FAILED"), verify.output
    assert "not as declared: link lan0" in verify.output
    made = only("links")
    assert (made.rc, made.row("h1")[-1], links(clean, "h1")) == (0, "changed", ["lan0"]), made.output
    again = only("verify")
    assert (again.rc, again.row("h1")[-1]) == (0, "ok"), again.output
    skipped = only("all", "--skip-tags", "probe,verify")
    assert (skipped.rc, skipped.changed["h1"]) == (0, 0), skipped.output
    containers = only("containers")
    assert (containers.rc, containers.changed["h1"]) == (0, 0), containers.output
    refused = only("report")
    assert (refused.rc, "PLAY [Configure the links]" in refused.output) == (2, False), refused.output


def test_artifacts_of_another_job_do_not_outrank_results(clean: Lab) -> None:
    """In a workflow of AWX the artifacts of one job are extra variables of the next one."""
    slices = {f"macvlan_artifact_report_{number}": {"hosts": {"ok": 2}, "failures": {}} for number in (7, 8)}
    job = {"awx_job_id": 9, "awx_job_template_name": "a", "awx_workflow_job_name": "a", "awx_workflow_job_id": 6}
    others = {"macvlan_artifact_report": {"hosts": {"failed": 1}, "failures": {"h9": "lost"}}, **slices}
    others["macvlan_artifact_diagnosis"] = {"summary": {}}
    run = playbooks.run("site", clean.inventory_path, **others, **job, **ONCE)
    assert (run.rc, run.changed) == (0, {"h1": 1, "h2": 1}), run.output
    assert "this is a slice of the job 6 (a): it compares its own hosts (2)" in run.output
    assert "h9: lost" in run.output
    old = playbooks.run("verify", clean.inventory_path, macvlan_report={"hosts": {}}, **ONCE)
    assert (old.rc, "PLAY [Verify the links]" in old.output) == (2, False), old.output
    assert "macvlan_report: an extra variable of this name would replace" in old.output


NO_DOCKER = "docker is not installed on this host"


def test_text_from_a_survey(clean: Lab, tmp_path: Path) -> None:
    # a survey applies to all hosts, so there is only one
    everything = yaml.safe_load(clean.inventory_path.read_text(encoding="utf-8"))["all"]["hosts"]
    inventory = tmp_path / "inventory.yml"
    inventory.write_text(yaml.safe_dump({"all": {"hosts": {"h1": everything["h1"]}}}), encoding="utf-8")
    declared = """
    - {name: lan0, parent: {default_route: true}, subnet: 192.168.100.0/24, gateway: 192.168.100.1, engine: docker,
       container_range: 192.168.100.128/28, host_address: 192.168.100.3, mtu: "1400"}
    """
    without = declared.replace(" engine: docker,", "")
    links_text = '[{"name": "mv1", "parent": "eth0", "mode": "private", "addresses": ["192.168.100.77/32"]}]'
    answers = {
        "prepare_modules": "['macvlan']", "prepare_load_modules": " true ", "macvlan_purge": "true",
        "nm_exclusion_devices": "lan9, mv*", "interfaces_conflict_check": " fast ", "verify_soak_seconds": " 0 ",
        "interfaces_conflict_fail_on": '["in_use", "duplicate"]', "interfaces_dhcp_fail_on": "overlap\nbinding",
        "macvlan_persistence": " auto ", "verify_interval": " 0.5 ",
    }  # fmt: skip
    run = playbooks.run("site", inventory, macvlan_networks=without, macvlan_links=links_text, **answers)
    assert run.rc == 0, run.output
    assert links(clean, "h1") == ["lan0", "mv1"]
    assert "mtu 1400" in clean.exec("h1", "ip", "link", "show", "lan0").stdout
    # this host has no docker, which is a fault, and a check predicts that
    missing = playbooks.run("site", inventory, macvlan_networks=declared, macvlan_links=links_text, **answers)
    assert missing.rc != 0, missing.output
    assert NO_DOCKER in " ".join(missing.output.split())
    predicted = playbooks.run(
        "site", inventory, options=("--check",), macvlan_networks=declared, macvlan_links=links_text, **answers
    )
    assert predicted.rc != 0, predicted.output
    assert NO_DOCKER in " ".join(predicted.output.split())
    fewer = playbooks.run("site", inventory, macvlan_networks="[]", **ONCE)
    assert fewer.rc == 0, fewer.output
    assert links(clean, "h1") == []


def test_the_installed_artifact_works_from_anywhere(clean: Lab, tmp_path: Path) -> None:
    galaxy = Path(sys.executable).parent / "ansible-galaxy"
    environment = {
        **os.environ, "ANSIBLE_COLLECTIONS_PATH": str(tmp_path / "collections"), "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_HOME": str(tmp_path / "home"),
    }  # fmt: skip
    environment.pop("ANSIBLE_CONFIG", None)

    def call(*argv: object) -> subprocess.CompletedProcess:
        return subprocess.run(argv, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    assert call(galaxy, "collection", "build", playbooks.ROOT, "--output-path", tmp_path).returncode == 0
    (artifact,) = tmp_path.glob("*.tar.gz")
    installed = call(galaxy, "collection", "install", artifact, "-p", tmp_path / "collections")
    assert installed.returncode == 0, installed.stderr
    for playbook, changed in (("site", 1), ("site", 0), ("verify", 0), ("teardown", 1)):
        done = call(
            galaxy.with_name("ansible-playbook"), f"linuxnet.macvlan.{playbook}", "-i", clean.inventory_path,
            "-e", "verify_soak_seconds=0",
        )  # fmt: skip
        run = playbooks.Run(done.returncode, done.stdout + done.stderr)
        assert (run.rc, run.changed) == (0, {"h1": changed, "h2": changed}), run.output


#: Replaces the package manager, as no host of a lab reaches a package archive.
INSTALL = """\
import os
from ansible.module_utils.basic import AnsibleModule
module = AnsibleModule({"name": {}, "state": {}})
assert module.params["name"] == "python3-pyroute2"
os.remove(os.environ["HIDDEN"])
module.exit_json(changed=True)
"""


@pytest.fixture
def without_library(clean: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An inventory with one host on which Python finds no pyroute2, until it is installed."""
    hidden = tmp_path / "hidden" / "pyroute2.py"
    hidden.parent.mkdir()
    hidden.write_text("raise ImportError('not installed')\n", encoding="utf-8")
    # the Python of the distribution: a package of that helps no other
    system = 'import sys\nsys.prefix, sys.executable = sys.base_prefix, "/usr/bin/python3"\n'
    (hidden.parent / "sitecustomize.py").write_text(system, encoding="utf-8")
    library = tmp_path / "library"
    library.mkdir()
    (library / "install.py").write_text(INSTALL, encoding="utf-8")
    monkeypatch.setenv("ANSIBLE_LIBRARY", str(library))
    everything = yaml.safe_load(clean.inventory_path.read_text(encoding="utf-8"))["all"]["hosts"]
    python = tmp_path / "python"
    inner = everything["h1"]["ansible_python_interpreter"]
    python.write_text(f'#!/bin/sh\nHIDDEN={hidden} PYTHONPATH={hidden.parent} exec {inner} "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    changed = {"ansible_python_interpreter": str(python), "ansible_package_use": "ansible.legacy.install"}
    inventory = tmp_path / "inventory.yml"
    inventory.write_text(yaml.safe_dump({"all": {"hosts": {"h1": everything["h1"] | changed}}}), encoding="utf-8")
    return inventory


def test_a_missing_library_is_installed(clean: Lab, without_library: Path) -> None:
    refused = playbooks.run("site", without_library, prepare_install_library=False, **ONCE)
    assert (refused.rc, refused.row("h1")[-1]) == (2, "FAILED"), refused.output
    assert "the Python library pyroute2 >= 0.7.2 is not installed on this host" in refused.output
    check = playbooks.run("site", without_library, options=("--check",))
    assert (check.rc, check.changed, check.row("h1")[-1]) == (0, {"h1": 1}, "would change"), check.output
    run = playbooks.run("site", without_library, **ONCE)
    assert (run.rc, run.changed, run.row("h1")[-1]) == (0, {"h1": 2}, "changed"), run.output
    assert links(clean, "h1") == ["lan0"]
