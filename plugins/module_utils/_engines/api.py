# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client for the HTTP APIs that container engines offer on Unix sockets. Every wait and every answer is bounded."""

from __future__ import annotations

import http.client
import json
import socket
import time
from typing import Any, Dict, Mapping
from urllib.parse import quote

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.text import clean

#: Seconds for a whole answer. An engine that is busy with many containers needs some.
TIMEOUT = 30.0
#: Octets of an answer; that of an inspected container has about 8,000.
ANSWER_MAX = 1 << 26
#: HTTP: the engine has no such thing.
NOT_FOUND = 404
#: What to install, by the name of the engine.
_PACKAGES = {"docker": "docker.io (Debian) or docker-ce", "podman": "podman"}
#: Octets that are read at once.
_PIECE = 1 << 16

#: An object in a request, and one in an answer.
Json = Dict[str, Any]
Said = Mapping[str, Any]


class EngineError(Exception):
    """An engine that cannot be used. problem, remedy: in words for an operator, without a full stop."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem}. Remedy: {remedy}.")
        self.problem, self.remedy = problem, remedy


class Missing(EngineError):
    """The engine is not installed. name: docker or podman."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is not installed on this host", f"install {_PACKAGES[name]}, or correct engine")


class Unanswered(EngineError):
    """There is nobody at the socket, or no answer in time."""


class Refused(EngineError):
    """The engine answered with an error. status: of HTTP."""

    def __init__(self, status: int, problem: str, remedy: str) -> None:
        super().__init__(problem, remedy)
        self.status = status


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Client:
    """One engine. name: for messages. path: of its socket. prefix: of all requests, such as ``/v1.41``."""

    def __init__(self, name: str, path: str, timeout: float = TIMEOUT) -> None:
        self.name, self.path, self.prefix = name, path, ""
        self._timeout = timeout

    def get(self, path: str) -> Any:
        """Errors: EngineError."""
        return self.request("GET", path)

    def post(self, path: str, body: object = None) -> Any:
        """Errors: EngineError."""
        return self.request("POST", path, body)

    def delete(self, path: str) -> Any:
        """Errors: EngineError."""
        return self.request("DELETE", path)

    def has(self, path: str) -> bool:
        """Whether the engine has what is there. Errors: EngineError."""
        try:
            self.request("GET", path)
        except Refused as error:
            if error.status != NOT_FOUND:
                raise
            return False
        return True

    def request(self, method: str, path: str, body: object = None) -> Any:
        """What the engine answers, parsed; None where that is empty. Errors: EngineError."""
        until = time.monotonic() + self._timeout
        connection = _Connection(self.path, self._timeout)
        try:
            sent = None if body is None else json.dumps(body).encode()
            headers = {} if sent is None else {"Content-Type": "application/json"}
            connection.request(method, f"{self.prefix}{path}", sent, headers)
            answer = connection.getresponse()
            text = self._text(answer, connection, until)
        except (OSError, http.client.HTTPException) as error:
            reason = clean(error) or type(error).__name__
            raise Unanswered(f"{self.name} does not answer at {self.path}: {reason}", self._start()) from error
        finally:
            connection.close()
        return self._parsed(answer.status, text)

    def _text(self, answer: http.client.HTTPResponse, connection: _Connection, until: float) -> bytes:
        """Errors: OSError where the answer is late, EngineError where it is too long."""
        pieces: list[bytes] = []
        size = 0
        while True:
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"no complete answer within {self._timeout:g} s")
            if connection.sock is not None:
                connection.sock.settimeout(left)
            piece = answer.read1(_PIECE)
            if not piece:
                return b"".join(pieces)
            size += len(piece)
            if size > ANSWER_MAX:
                problem = f"an answer of {self.name} at {self.path} has more than {ANSWER_MAX} octets"
                raise EngineError(problem, "find out what listens at this socket")
            pieces.append(piece)

    def _parsed(self, status: int, text: bytes) -> Any:
        try:
            data = json.loads(text) if text.strip() else None
        except (ValueError, RecursionError) as error:
            if status < 400:
                problem = f"{self.path} answers with something else than JSON"
                raise EngineError(problem, f"check that {self.name} listens there") from error
            data = text.decode("utf-8", "replace")
        if status < 400:
            return data
        said = (data.get("message") or data.get("cause")) if isinstance(data, dict) else data
        raise Refused(
            status, f"{self.name} refuses it: {clean(str(said).strip())}".rstrip("."), f"see the log of {self.name}"
        )

    def _start(self) -> str:
        unit = "podman.socket" if self.name == "podman" else f"{self.name}.service"
        return f"run systemctl start {unit}, and see systemctl status {unit} where that fails"


def word(text: object) -> str:
    """A part of a path, such as the name of a container."""
    return quote(str(text), safe="")
