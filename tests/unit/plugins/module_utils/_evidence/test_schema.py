# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The schema names what there is: every experiment, and every kind of event."""

from __future__ import annotations

import typing

from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.experiments.registry import EXPERIMENTS
from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.experiments.results import ExperimentData
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import Event, EventKind


def tags(union: object, key: str) -> set[str]:
    """The values that distinguish the members of a union."""
    hints = [typing.get_type_hints(member)[key] for member in typing.get_args(union)]
    return {value for hint in hints for value in typing.get_args(hint)}


def test_every_experiment_has_its_result_in_the_schema() -> None:
    assert tags(ExperimentData, "id") == {item.id for item in EXPERIMENTS}


def test_every_kind_of_event_has_its_data_in_the_schema() -> None:
    assert tags(Event, "kind") == set(typing.get_args(EventKind))
