# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Confirm-or-revert, the controller's part: make a change, connect anew, confirm. On the controller only.

The host undoes what nobody confirms (module_utils/_confirm); here it is found out whether it can still be reached.
"""

from __future__ import annotations

import contextlib
import secrets
import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType
from typing import Any

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.plugins.connection import ConnectionBase
from ansible.utils.display import Display

from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm.pending import describe

CONFIRM = "linuxnet.macvlan.confirm_change"
#: The default of ``confirm_timeout``, as the modules have it.
TIMEOUT = 30
#: Seconds that a host may need to undo a change and to be reached again, besides the time it waits for a confirmation.
MARGIN = 60.0
#: Seconds between two attempts, and for which the host itself waits in one.
PAUSE = 0.5
WAIT = 5
#: How long (seconds) the old connection may be silent where a change may be its end but not that of a new one.
PATIENCE = 10.0

display = Display()


class Silent(BaseException):
    """No word over the old connection. No Exception, as connection plugins take those for a reason to try again."""


class _NothingBegan(AnsibleConnectionFailure):
    """The connection was lost, and no change has come of it on a host that can be reached."""


def run(action: ActionBase, module: str, arguments: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
    """Run a module that can cut its host off, and confirm the change that it made.

    Errors: AnsibleConnectionFailure where the host is out of reach, and stays so.
    """
    timeout = _timeout(arguments)
    if timeout <= 0:
        return action._execute_module(module_name=module, module_args=arguments, task_vars=task_vars)
    if action._task.check_mode:
        # Nothing is started; with a name, the module predicts what it would say.
        return _execute(action, module, arguments, secrets.token_hex(8), task_vars)
    try:
        return _change(action, module, arguments, task_vars, timeout, _patience(arguments, timeout))
    except _NothingBegan:
        # Perhaps the host was only slow, and there was nothing to change.
        return _change(action, module, arguments, task_vars, timeout, timeout + MARGIN)


def _change(
    action: ActionBase,
    module: str,
    arguments: dict[str, Any],
    task_vars: dict[str, Any],
    timeout: float,
    patience: float,
) -> dict[str, Any]:
    token = secrets.token_hex(8)
    lost: AnsibleConnectionFailure | None = None
    result: dict[str, Any] | None = None
    try:
        with _limited(patience, action):
            result = _execute(action, module, arguments, token, task_vars)
    except Silent:
        lost = AnsibleConnectionFailure("the connection fell silent while the change was made")
    except AnsibleConnectionFailure as error:
        lost = error
    if result is not None and "confirm" not in result and "module_stdout" not in result:
        return result
    return _Confirmation(action, task_vars, token, timeout).run(result, lost)


def _execute(
    action: ActionBase, module: str, arguments: dict[str, Any], token: str, task_vars: dict[str, Any]
) -> dict[str, Any]:
    named = {**arguments, "confirm_token": token}
    return action._execute_module(module_name=module, module_args=named, task_vars=task_vars)


def _timeout(arguments: dict[str, Any]) -> float:
    """What the task says; the module tells what is wrong with it."""
    try:
        return float(arguments.get("confirm_timeout", TIMEOUT))
    except (TypeError, ValueError):
        return 0


def _patience(arguments: dict[str, Any], timeout: float) -> float:
    """Seconds to wait for the module. What a host undoes brings the old connection back, in general."""
    if boolean(arguments.get("allow_uplink_change", False), strict=False):
        return max(PATIENCE, timeout / 2)
    return timeout + MARGIN


@contextlib.contextmanager
def _limited(seconds: float, action: ActionBase) -> Iterator[None]:
    """Raise Silent after so many seconds. A task with a timeout of its own has an alarm already."""
    if action._task.timeout or threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(_number: int, _frame: FrameType | None) -> None:
        raise Silent

    before = signal.signal(signal.SIGALRM, ring)
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class _Confirmation:
    def __init__(self, action: ActionBase, task_vars: dict[str, Any], token: str, timeout: float) -> None:
        self.action = action
        self.task_vars = task_vars
        self.token = token
        self.timeout = timeout
        self.last = "no attempt was made"

    def run(self, result: dict[str, Any] | None, lost: AnsibleConnectionFailure | None) -> dict[str, Any]:
        """result: of the module, None where the connection was lost before it came."""
        began = time.monotonic()
        state = ""
        while time.monotonic() - began < self.timeout + MARGIN:
            state, data = self._ask()
            if state == "confirmed":
                # A result that did not arrive has been kept by the host.
                told = {**(result or data), "confirm": data["confirm"]}
                told["confirm"]["seconds"] = round(time.monotonic() - began, 2)
                return told
            if state == "undone":
                return self._undone(result, data)
            if state == "unknown" and result is not None:
                return self._unknown(result)
            time.sleep(PAUSE)
        if state == "unknown":
            raise _NothingBegan(str(lost)) from lost
        what = "there is no new connection to this host after the change, and it has to undo it by itself"
        raise AnsibleConnectionFailure(f"{what}: {self.last}") from lost

    def _ask(self) -> tuple[str, dict[str, Any]]:
        """One attempt over a connection of its own: the answer of the host, or that there is none."""
        connection = self.action._connection
        arguments = {"token": self.token, "wait": WAIT}
        try:
            # A connection that has no reset makes a new one for each command, and would warn about it.
            if type(connection).reset is not ConnectionBase.reset:
                connection.reset()
            with _limited(MARGIN, self.action):
                answer = self.action._execute_module(
                    module_name=CONFIRM, module_args=arguments, task_vars=self.task_vars
                )
        except AnsibleError as error:
            self.last = str(error)
            return "unreachable", {}
        except Silent:
            self.last = "the new connection fell silent"
            return "unreachable", {}
        display.vvv(f"{self.token}: {answer.get('state')}", host=self.task_vars.get("inventory_hostname"))
        if "state" not in answer:
            self.last = str(answer.get("msg"))
        return str(answer.get("state")), answer.get("data") or {}

    def _undone(self, result: dict[str, Any] | None, outcome: dict[str, Any]) -> dict[str, Any]:
        done, left = outcome.get("undone", []), outcome.get("left", [])
        text = f"{outcome.get('reason')}, so this host undid it; {describe(outcome)}"
        kept = {name: value for name, value in (result or {}).items() if name in ("messages", "links", "uplink")}
        # As far as anybody can tell, the host is what it was before the task.
        return {**kept, "failed": True, "changed": bool(left), "msg": text, "undone": done, "left": left}

    def _unknown(self, result: dict[str, Any]) -> dict[str, Any]:
        if "confirm" not in result:
            return result
        text = "this host knows of no change that waits for a confirmation: it was restarted, or its guard was killed"
        return {**result, "failed": True, "msg": text}
