# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One decision: what verification calls a failure is what the watch and the diagnosis call lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import (
    ECHO,
    GATEWAY_FROM_PARENT,
    HOST_TO_CONTAINER,
    WHO_HAS,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.lost import Answered, broken, is_lost
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.probes import FAIL, Attempt, Series


def target(sent: int, received: int, kind: str = HOST_TO_CONTAINER, method: str = ECHO) -> Answered:
    return {"network": "lan0", "kind": kind, "target": "192.168.100.1", "method": method, "sent": sent,
            "received": received}  # fmt: skip


@given(st.lists(st.booleans(), min_size=1, max_size=6))
def test_verification_and_watch_agree(answers):
    series = Series(tuple(Attempt(float(number), 0.01 if answer else None) for number, answer in enumerate(answers)))
    assert (series.status == FAIL) == is_lost(target(series.sent, series.received))


@pytest.mark.parametrize(
    ("sent", "received", "lost"), [(0, 0, False), (1, 0, True), (9, 9, False), (9, 8, False), (9, 7, True)]
)
def test_a_single_loss_is_none_and_silence_is(sent, received, lost):
    assert is_lost(target(sent, received)) == lost


def test_a_gateway_that_drops_pings_and_answers_arp_is_not_broken():
    ping, arp = target(9, 0, GATEWAY_FROM_PARENT), target(9, 9, GATEWAY_FROM_PARENT, WHO_HAS)
    assert broken([ping, arp]) == []
    assert broken([ping]) == [ping]
    assert broken([target(9, 0), target(9, 9, method=WHO_HAS)]) == [target(9, 0)]


def test_a_container_that_drops_pings_and_works_is_not_broken():
    assert broken([{**target(9, 0), "declined": "it drops pings"}, target(9, 9)]) == []
