# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One link on a NetworkManager host, nothing to change: macvlan_link beside community.general.nmcli."""

from __future__ import annotations

import importlib.util
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from labkit.lab import Lab
from tests.bench import playbooks
from tests.bench.row import Row, Work

PLAY = "- {hosts: h1, gather_facts: false, tasks: [%s]}\n"
TASKS = {
    "macvlan_link": "{linuxnet.macvlan.macvlan_link: {links: [{name: mv0, parent: eth0, addresses: [10.9.0.3/32]}]}}",
    "community.general.nmcli": "{community.general.nmcli: {conn_name: mv1, ifname: mv1, type: macvlan, state: present,"
    " autoconnect: true, ip4: 10.9.0.4/32, macvlan: {mode: 2, parent: eth0}}}",
}
TOPOLOGY = {
    "switches": {"sw0": {}},
    "hosts": {
        "h1": {
            "kind": "nspawn",
            "os": "bookworm",
            "manager": "networkmanager",
            "nics": [{"name": "eth0", "addresses": ["10.9.0.11/16"]}],
        }
    },
}


@contextmanager
def sides() -> Iterator[dict[str, Work]]:
    lab = Lab.up(TOPOLOGY, "bench-nmcli")
    try:
        with tempfile.TemporaryDirectory() as folder:
            made = {}
            for number, (name, task) in enumerate(TASKS.items()):
                playbook = Path(folder) / f"{number}.yml"
                playbook.write_text(PLAY % task, encoding="utf-8")
                made[name] = partial(playbooks.seconds, playbook, lab.inventory_path)
                made[name]()
            yield dict(made)
    finally:
        lab.down()


def unable() -> str:
    """It is part of the distribution package of Ansible, which is not installed with ansible-core."""
    installed = [
        Path(entry, "ansible_collections", "community", "general") for entry in sys.path if entry
    ]  # no import: the collections of this checkout hide the others
    if importlib.util.find_spec("ansible") and any(path.is_dir() for path in installed):
        return ""
    return "community.general is not there. Remedy: .venv/bin/pip install ansible"


ROWS = [Row("nmcli", "one link on a NetworkManager host, nothing to change", sides, unable)]
