# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules that take networks take all that a plan hands on of one."""

from __future__ import annotations

import pytest
import yaml

from ansible_collections.linuxnet.macvlan.plugins.doc_fragments import _networks
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import SPELLED
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.declaration import KEYS
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.network import DATA, DECLARED
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.options import NETWORK
from ansible_collections.linuxnet.macvlan.plugins.modules import macvlan_verify, macvlan_watch


def test_every_key_of_a_plan_is_spelled_as_in_the_declaration():
    # of no declaration: the filter intent sets them
    declared = {field: data for field, data in DATA.items() if field not in ("of_link", "leased")}
    other = {data: DECLARED.get(field) for field, data in declared.items() if data != DECLARED.get(field)}
    assert {**other, "link": "link_name"}.items() <= SPELLED.items()
    assert not {*SPELLED} & {*KEYS}


def test_every_part_of_a_network_is_an_option():
    assert {*NETWORK} == {*DATA.values(), "checks", "key"}
    options = yaml.safe_load(_networks.ModuleDocFragment.DOCUMENTATION)["options"]
    assert {*options["networks"]["suboptions"]} == {*DATA.values(), "checks", "key"}


@pytest.mark.parametrize(
    ("module", "options"),
    [(macvlan_verify, macvlan_verify.argument_spec()["networks"]["options"]), (macvlan_watch, macvlan_watch.NETWORK)],
)
def test_both_modules_take_a_network(module, options):
    assert options is NETWORK
    assert "linuxnet.macvlan._networks" in yaml.safe_load(module.DOCUMENTATION)["extends_documentation_fragment"]
