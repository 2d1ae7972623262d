# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a unit logged says why a link is not there, and no secret."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.boot import READY
from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.journal import without_secrets
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.causes.boot_order import MISSING, UNREADY

NAMES = {"eth0", "lan0", "macvlan.service"}
SECRETS = ("hunter2", "correct", "horse", "Bearer", "c2VjcmV0", "root:pw", "s3cr3t")


@pytest.mark.parametrize(
    "text",
    [
        'Cannot find device "eth0"',
        "RTNETLINK answers: Network is down",
        "Error: Nexthop has invalid gateway.",
        "Error: argument 'eth0' is invalid: device does not exist",
        "macvlan.service: Main process exited, code=exited, status=1/FAILURE",
        "macvlan.service: Failed with result 'exit-code'.",
        "eth0: Gained carrier",
        "device (eth0): Activation: successful, device activated.",
        "Dependency failed for lan0.",
        "ip: can't find device 'eth0'",
    ],
)
def test_what_daemons_say_of_devices_is_kept(text: str) -> None:
    found = without_secrets(text, NAMES)
    for pattern in (MISSING, UNREADY, READY):
        assert bool(pattern.search(found)) == bool(pattern.search(text)), found
    assert ("eth0" in found) == ("eth0" in text)


@pytest.mark.parametrize(
    "text",
    [
        "+ vpn --password hunter2 --up eth0",
        "+ vpn --password=hunter2",
        "password: hunter2",
        "mysql -phunter2 failed",
        "curl: (6) https://root:pw@backup.example/x not found",
        "Authorization: Bearer c2VjcmV0",
        "set pass phrase correct horse on eth0",
        "export TOKEN=s3cr3t; ip link add lan0",
        '{"key": "s3cr3t"}',
        "(s3cr3t)",
        "psk s3cr3t",
    ],
)
def test_secrets_are_not(text: str) -> None:
    found = without_secrets(text, NAMES)
    assert [secret for secret in SECRETS if secret in found] == [], found


@given(st.text(st.characters(), max_size=300), st.text("abc123=-:/ '\"", max_size=20))
def test_any_line_becomes_one_printable_one(text: str, name: str) -> None:
    found = without_secrets(text, [name])
    assert found.isprintable()
    assert len(found) <= 200


@given(
    st.text("abcdefxyz0123456789", min_size=4, max_size=12),
    st.sampled_from(["--{}", "x{}", "{}", "'{}'", "a={}", "{}:"]),
)
def test_a_word_that_nobody_knows_is_hidden(secret: str, form: str) -> None:
    found = without_secrets(f"eth0 {form.format(secret)} down", NAMES)
    assert secret not in found or secret in ("dead", "added"), found
