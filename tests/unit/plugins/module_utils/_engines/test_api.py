# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import time

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._engines import api


@pytest.fixture
def answering(tmp_path):
    """A function that listens at a socket, sends some pieces to whoever asks, and returns a client for it."""
    listeners = []

    def listen(*pieces, timeout=5.0, pause=0.0):
        path = str(tmp_path / "engine.sock")
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen()
        listeners.append(listener)

        def serve():
            connection, _address = listener.accept()
            with connection, contextlib.suppress(BrokenPipeError):
                connection.recv(1 << 16)
                for piece in pieces:
                    connection.sendall(piece)
                    time.sleep(pause)

        threading.Thread(target=serve, daemon=True).start()
        return api.Client("docker", path, timeout)

    yield listen
    for listener in listeners:
        listener.close()


def answer(status, body):
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def test_an_answer_is_parsed(answering):
    assert answering(answer("200 OK", b'{"Name": "lan0"}')).get("/networks/lan0") == {"Name": "lan0"}


def test_an_empty_answer_is_nothing(answering):
    assert answering(answer("204 No Content", b"")).delete("/networks/lan0") is None


def test_an_error_has_the_words_of_the_engine(answering):
    body = json.dumps({"message": "network lan0 not found"}).encode()
    with pytest.raises(api.Refused, match="docker refuses it: network lan0 not found") as caught:
        answering(answer("404 Not Found", body)).get("/networks/lan0")
    assert caught.value.status == 404


def test_control_characters_of_an_error_are_visible(answering):
    with pytest.raises(api.Refused, match=r"\\x1b\[31mred"):
        answering(answer("500 Internal Server Error", b"\x1b[31mred")).get("/")


def test_something_else_than_json_is_an_error(answering):
    with pytest.raises(api.EngineError, match="something else than JSON"):
        answering(answer("200 OK", b"<html>")).get("/")


def test_a_silent_engine_is_an_error_with_a_remedy(answering):
    with pytest.raises(api.Unanswered, match=r"does not answer at .*Remedy: run systemctl start docker\.service"):
        answering(timeout=0.2, pause=0).get("/")


def test_an_answer_that_trickles_is_bounded(answering):
    pieces = [b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", *[b" "] * 100]
    with pytest.raises(api.Unanswered):
        answering(*pieces, timeout=0.3, pause=0.05).get("/")


def test_an_answer_that_is_too_long_is_refused(answering, monkeypatch):
    monkeypatch.setattr(api, "ANSWER_MAX", 10)
    with pytest.raises(api.EngineError, match="more than 10 octets"):
        answering(answer("200 OK", b"[" + b"1," * 20 + b"1]")).get("/")


def test_a_missing_socket_is_an_error(tmp_path):
    with pytest.raises(api.Unanswered, match="No such file"):
        api.Client("podman", os.fspath(tmp_path / "none.sock")).get("/")


def test_a_name_is_one_part_of_a_path():
    assert api.word("../../info?x=1") == "..%2F..%2Finfo%3Fx%3D1"
