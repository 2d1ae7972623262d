# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is taken for a probe of this collection, and what is not, whoever has read its source."""

from __future__ import annotations

import ipaddress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire import frames
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.frames import ARP_REPLY, Arp, Frame
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.signature import SIZE, ProbeSigner

MAC, OTHER = "52:54:00:00:00:01", "52:54:00:00:00:02"
TARGETS = [ipaddress.ip_address(text) for text in ("192.168.100.50", "fd00:100::50")]


@pytest.fixture
def signers(monkeypatch):
    """Makes this process one host of a run after the other."""

    def become(signer):
        monkeypatch.setattr(frames, "SIGNER", signer)
        return signer

    return become


@pytest.mark.parametrize("target", TARGETS)
def test_own_probes_those_of_the_run_and_those_of_strangers(signers, target):
    here, there, stranger = ProbeSigner(), ProbeSigner(), ProbeSigner()
    for signer in (here, there):
        signer.share("of this run")
    signers(there)
    theirs = frames.probe(OTHER, target)
    signers(stranger)
    strange = frames.probe(OTHER, target)
    signers(here)
    seen = [frames.parse(data) for data in (frames.probe(MAC, target), theirs, strange)]
    assert [(frame.signed, frame.own) for frame in seen] == [(True, True), (True, False), (False, False)]


@pytest.mark.parametrize("text", [b"linuxnet.macvlan", b"macvln", bytes(SIZE), b"\xff" * SIZE])
def test_no_text_makes_a_probe_ours(text):
    probe = frames.probe(MAC, TARGETS[0])
    frame = frames.parse(probe[:42] + text.ljust(18, b"\0"))
    assert not frame.signed
    assert not frame.own


def test_a_recorded_signature_fits_no_other_claim():
    """Not for another sender, not for another address, not for a claim in place of a probe."""
    probe = frames.probe(MAC, TARGETS[0])
    body = frames.parse(probe).body
    changed = [
        replace(body, sha=OTHER),
        replace(body, tpa=ipaddress.ip_address("192.168.100.51")),
        replace(body, spa=body.tpa),
        replace(body, operation=ARP_REPLY),
    ]
    for other in changed:
        data = frames.build(Frame(MAC, frames.BROADCAST, other))
        assert not frames.parse(data[:42] + probe[42:]).signed
    data = frames.build(Frame(OTHER, frames.BROADCAST, body))
    assert not frames.parse(data[:42] + probe[42:]).signed
    assert frames.parse(probe).own


@given(st.binary(max_size=200), st.binary(max_size=200), st.binary(max_size=20))
def test_only_what_was_signed_is(said, other, signature):
    signer = ProbeSigner()
    assert signer.signed(said, signer.sign(said))
    assert signer.made(signer.sign(said))
    assert signer.signed(other, signer.sign(said)) == (other == said)
    assert not signer.signed(said, signature)


def test_an_arp_body_is_signed_whole():
    body = Arp(ARP_REPLY, MAC, TARGETS[0], frames.NO_MAC, TARGETS[0])
    assert frames.parse(frames.build(Frame(MAC, OTHER, body, signed=True))).own
