# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""QEMU's machine protocol: commands and events, one JSON object each line (qemu-qmp-ref(7))."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from pathlib import Path

from .errors import LabError


class QemuEnded(LabError):
    """QEMU has ended, and so did not answer."""


class Monitor:
    """A connection with QEMU, which may still be starting. Errors: LabError when it does not answer, QemuEnded.

    alive: whether QEMU still runs.
    """

    def __init__(self, path: Path, alive: Callable[[], bool] = lambda: True, patience: float = 30.0) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._received = b""
        self._events: list[dict] = []
        self._patience = patience
        end = time.monotonic() + patience
        while True:
            try:
                self._socket.connect(str(path))
                break
            except OSError as error:
                if not alive():
                    raise QemuEnded("QEMU has ended") from error
                if time.monotonic() > end:
                    raise LabError(f"QEMU does not answer on {path}: {error.strerror}") from error
                time.sleep(0.05)
        self.command("qmp_capabilities")

    def __enter__(self) -> Monitor:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def command(self, execute: str, /, **arguments: object) -> object:
        """The result of a command. Errors: LabError with QEMU's message when it refuses."""
        request = {"execute": execute, **({"arguments": arguments} if arguments else {})}
        try:
            self._socket.sendall(json.dumps(request).encode() + b"\n")
        except OSError as error:
            raise QemuEnded(f"QEMU has ended: {error.strerror}") from error
        while True:
            message = self._read(self._patience)
            if message is None:
                raise LabError(f"QEMU does not answer {execute}")
            if "error" in message:
                raise LabError(f"QEMU refuses {execute}: {message['error']['desc']}")
            if "return" in message:
                return message["return"]

    def events(self, patience: float) -> list[dict]:
        """The events since the last call; waits for the first at most `patience` seconds."""
        while self._read(0.0 if self._events else patience) is not None:
            pass
        seen, self._events = self._events, []
        return seen

    def _read(self, patience: float) -> dict | None:
        """The next message, None when there is none in time."""
        self._socket.settimeout(patience or 0.001)
        while b"\n" not in self._received:
            try:
                chunk = self._socket.recv(65536)
            except TimeoutError:
                return None
            except OSError as error:
                raise QemuEnded(f"QEMU has ended: {error.strerror}") from error
            if not chunk:
                raise QemuEnded("QEMU has ended")
            self._received += chunk
        line, _newline, self._received = self._received.partition(b"\n")
        message = json.loads(line)
        if "event" in message:
            self._events.append(message)
        return message
