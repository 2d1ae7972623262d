# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Follows the module of one task: a second path to the host beside the one that the module blocks."""

from __future__ import annotations

import contextlib
import copy
import os
import secrets
from collections.abc import Callable, Iterator

from ansible import constants
from ansible.module_utils.common.text.converters import to_text
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._ansible import Arguments, Variables

from .board import Board
from .follow import LiveWatch


@contextlib.contextmanager
def followed(
    action: ActionBase, arguments: Arguments, task_vars: Variables, meanwhile: Callable[[ActionBase], None]
) -> Iterator[Arguments]:
    """Follow the watch of the module that runs meanwhile. Gives its arguments.

    meanwhile: done once while the watch goes on, with an action that can run commands then.

    A task that is to print nothing, or to be left alone (async), is not followed; nor is one for which this is not
    possible. It is as good, but for what is printed, and for its end.
    """
    host = str(task_vars.get("inventory_hostname", ""))
    if arguments.get("live") or action._task.no_log or action._task.async_val:
        yield arguments
        return
    token = secrets.token_hex(16)
    hosts = int(arguments.get("hosts") or 1)
    try:
        board = Board(_directory(action), str(arguments.get("place", os.getpid())), hosts, Display().display)
    except OSError:
        yield arguments
        return
    second = _second(action)
    follower = LiveWatch(
        host,
        token,
        _runner(second),
        lambda: to_text(action._used_interpreter or "").lstrip("#!").strip(),
        board,
        _seconds(arguments.get("after_break")),
        min(hosts, int(task_vars.get("ansible_forks") or constants.DEFAULT_FORKS)),
        lambda: meanwhile(second),
    )
    follower.start()
    try:
        yield {**arguments, "live": token}
    finally:
        follower.stop()


def _directory(action: ActionBase) -> str:
    """Of one task in one run: the same for the workers of all its hosts."""
    name = "".join(char for char in str(action._task._uuid) if char.isalnum() or char == "-")
    return os.path.join(constants.DEFAULT_LOCAL_TMP, f"linuxnet-macvlan-{name}")


def _second(action: ActionBase) -> ActionBase:
    """Runs commands on the host while the action's own connection is in use.

    Connection and become plugins keep the state of the command that runs in themselves, so this has its own ones: flat
    copies, which share what is set up, such as the socket of SSH's ControlMaster.
    """
    connection = copy.copy(action._connection)
    if connection.become is not None:
        connection.set_become_plugin(copy.copy(connection.become))
    second = copy.copy(action)
    second._connection = connection
    return second


def _runner(second: ActionBase) -> Callable[[str], str | None]:
    def run(command: str) -> str | None:
        answer = second._low_level_execute_command(command)
        return str(answer.get("stdout", "")) if answer.get("rc") == 0 else None

    return run


def _seconds(value: object) -> float | None:
    """None where that is no number: the module reports it."""
    try:
        return None if value is None else float(str(value))
    except ValueError:
        return None
