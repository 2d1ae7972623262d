# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the controller prints and writes of hosts that hand it text which a terminal would obey, or no file can have.

Modules clean what they return, and a host may run something else instead.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ansible.plugins.action import ActionBase

from ansible_collections.linuxnet.macvlan.plugins.action import fleet_diagnose, fleet_mac_list, fleet_report
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._registered import value

from ._diagnosis.causes import causes_cases as cases

HOSTILE = "\x1b]0;pwned\x07\u202e\x9b2J\udcff"
SHOWN = "\\x1b]0;pwned\\x07\\u202e\\x9b2J\\udcff"
GROUPS = {"all": ["web1"], "ungrouped": ["web1"]}


def poisoned(value: Any, word: str, name: str) -> Any:
    """With another name in all texts, keys too."""
    if isinstance(value, str):
        return value.replace(word, name)
    if isinstance(value, dict):
        return {poisoned(key, word, name): poisoned(item, word, name) for key, item in value.items()}
    return [poisoned(item, word, name) for item in value] if isinstance(value, list) else value


def texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    parts = [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else []
    return [text for part in parts for text in texts(part)]


def assert_harmless(*found: Any, shown: str = SHOWN) -> None:
    everything = [line for part in found for text in texts(part) for line in text.split("\n")]
    assert [line for line in everything if not line.isprintable()] == []
    assert any(shown in line for line in everything)


@pytest.fixture
def run(monkeypatch):
    """Runs an action plugin on these variables of web1; its result and what it displayed."""
    shown: list[str] = []
    monkeypatch.setattr("ansible.utils.display.Display.display", lambda self, text, *args, **kwargs: shown.append(text))
    monkeypatch.setattr(ActionBase, "run", lambda self, tmp=None, task_vars=None: {})

    def call(plugin: Any, options: dict[str, Any], variables: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
        task = SimpleNamespace(args=options, action="linuxnet.macvlan.test", check_mode=False, diff=False)
        task_vars = {"groups": GROUPS, "ansible_play_hosts_all": ["web1"], "hostvars": {"web1": variables}}
        action = plugin.ActionModule(task, None, None, None, None, None)
        return action.run(task_vars=task_vars), shown

    return call


def test_the_report_of_a_diagnosis(run, tmp_path):
    fleet = cases.healthy()
    cases.lose(fleet, "container_to_host")
    label = "web1-c1"
    process = {"pid": 812, "name": HOSTILE, "unit": f"{HOSTILE}.service", "command": HOSTILE, "known_by": "port id",
               "parents": [{"pid": 1, "name": HOSTILE, "unit": None, "command": ""}], "self": False}  # fmt: skip
    inner = next(item for item in fleet["web1"]["after"]["namespaces"] if item["label"] == label)
    next(link for link in inner["links"] if link["name"] == "eth0")["arp"] = False
    data = {"changed": {"arp": [True, False]}}
    cases.event(fleet, namespace=label, link="eth0", what=f"link eth0 {HOSTILE}", data=data, process=process)
    evidence = poisoned(fleet["web1"], label, f"{label}{HOSTILE}")
    options = {"report_dir": str(tmp_path), "full_up_to": 50, "parameters": {}}
    result, shown = run(fleet_diagnose, options, {"diagnose_result": {"evidence": evidence}})
    assert_harmless(result, shown)
    assert {path.name for path in tmp_path.iterdir()} == {"report.json", "report.md", "report.html"}
    for path in tmp_path.iterdir():
        # JSON and Markdown escape the backslash once more.
        assert_harmless(path.read_text(encoding="utf-8"), shown="x1b")


def test_the_reason_of_a_host_that_failed(run):
    result, shown = run(fleet_diagnose, {}, {"diagnose_result": {"failed": True, "msg": f"no {HOSTILE}"}})
    assert_harmless(result, shown)


def test_the_table_of_a_run(run):
    failure = {"task": "Probe the addresses", "msg": f"eth0 is down {HOSTILE}"}
    result, shown = run(fleet_report, {}, {"macvlan_failure": failure, "macvlan_links": [{"name": "lan0"}]})
    assert_harmless(result, shown)


def test_the_list_of_addresses(run, tmp_path):
    lldp = {"port": "eth0", "chassis_id": "1", "port_id": HOSTILE, "system_name": f"={HOSTILE}", "port_description": ""}
    parent = {"name": "eth0", "mac": "52:54:00:00:00:01", "addresses": [], "lldp": [lldp]}
    link = {"name": HOSTILE, "namespace": HOSTILE, "parent": "eth0", "parent_namespace": "", "mode": "bridge",
            "mac": "02:00:00:00:00:01", "addresses": []}  # fmt: skip
    info = {"links": [link], "parents": [parent], "resolved": []}
    result, shown = run(fleet_mac_list, {"dest": str(tmp_path)}, {"macvlan_inventory": info})
    assert_harmless(result["ports"], shown)
    text = (tmp_path / "mac_list.csv").read_text(encoding="utf-8")
    assert_harmless(text)
    assert f"'={SHOWN}" in text
    assert_harmless((tmp_path / "mac_list.json").read_text(encoding="utf-8"), shown="x1b")


def test_what_a_host_returned_is_cleaned_where_it_is_read():
    assert value({"interfaces_probe": {HOSTILE: [HOSTILE]}}, "interfaces_probe") == {SHOWN: [SHOWN]}
