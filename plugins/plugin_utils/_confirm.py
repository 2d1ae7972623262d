# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Confirm-or-revert, the controller's part: run the module, connect again, confirm. On the controller only.

The host undoes an unconfirmed change (module_utils/_confirm); this checks whether the host can still be reached.
"""

from __future__ import annotations

import contextlib
import secrets
import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.plugins.connection import ConnectionBase
from ansible.utils.display import Display

from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm.pending import describe
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._ansible import Arguments, Result, Variables

CONFIRM = "linuxnet.macvlan.confirm_change"
#: The default of ``confirm_timeout``, as the modules have it.
TIMEOUT = 30
#: Seconds that a host may need to undo a change and to be reachable again, after it has waited for a confirmation.
MARGIN = 60.0
#: Seconds between two attempts, and for which the host waits in one.
PAUSE = 0.5
WAIT = 5
#: Seconds for which the old connection may be silent where a change may cut it, and leave a new one possible.
PATIENCE = 10.0

display = Display()


class Silent(BaseException):
    """Nothing came over a connection for too long. No Exception: connection plugins retry after those."""


class _NotStarted(AnsibleConnectionFailure):
    """The connection was lost, and the host, which can be reached, has started no change."""


def run(action: ActionBase, module: str, arguments: Arguments, task_vars: Variables) -> Result:
    """Run a module that can cut off its host, and confirm the change that it made.

    Errors: AnsibleConnectionFailure where the host is unreachable, and stays so.
    """
    timeout = _timeout(arguments)
    if timeout <= 0:
        result: Result = action._execute_module(module_name=module, module_args=arguments, task_vars=task_vars)
        return result
    if action._task.check_mode:
        # No change is started; with a token the module predicts what it would return.
        return _execute(action, module, arguments, secrets.token_hex(8), task_vars)
    try:
        return _change(action, module, arguments, task_vars, timeout, _patience(arguments, timeout))
    except _NotStarted:
        # Perhaps the host was only slow, and had nothing to change.
        return _change(action, module, arguments, task_vars, timeout, timeout + MARGIN)


def _change(
    action: ActionBase,
    module: str,
    arguments: Arguments,
    task_vars: Variables,
    timeout: float,
    patience: float,
) -> Result:
    token = secrets.token_hex(8)
    lost: AnsibleConnectionFailure | None = None
    result: Result | None = None
    try:
        with limited(patience, action):
            result = _execute(action, module, arguments, token, task_vars)
    except Silent:
        lost = AnsibleConnectionFailure("the connection fell silent while the change was made")
    except AnsibleConnectionFailure as error:
        lost = error
    if result is not None and "confirm" not in result and "module_stdout" not in result:
        return result
    return _Confirmation(action, task_vars, token, timeout).run(result, lost)


def _execute(action: ActionBase, module: str, arguments: Arguments, token: str, task_vars: Variables) -> Result:
    with_token = {**arguments, "confirm_token": token}
    result: Result = action._execute_module(module_name=module, module_args=with_token, task_vars=task_vars)
    return result


def _timeout(arguments: Arguments) -> float:
    """What the task says, 0 where that is no number: the module reports it."""
    try:
        return float(arguments.get("confirm_timeout", TIMEOUT))
    except (TypeError, ValueError):
        return 0


def _patience(arguments: Arguments, timeout: float) -> float:
    """Seconds to wait for the module.

    In general the old connection works again after the host has undone a change, which may take its time to be made
    besides; and before it the module may have waited for another run (module_utils/_confirm/lock).
    """
    if boolean(arguments.get("allow_uplink_change", False), strict=False):
        return max(PATIENCE, timeout / 2)
    return 2 * timeout + 2 * MARGIN


@contextlib.contextmanager
def limited(seconds: float, action: ActionBase, tick: float = 0.0) -> Iterator[None]:
    """Raise Silent after these seconds. A task with a timeout of its own has an alarm already.

    tick: seconds after which this thread wakes up again and again, 0 for never. Where there are other threads, one of
    them may take a signal of the process, such as that of Ctrl-C, and only this one runs its handler (signal(7)).
    """
    if action._task.timeout or threading.current_thread() is not threading.main_thread():
        yield
        return
    end = time.monotonic() + seconds

    def ring(_number: int, _frame: FrameType | None) -> None:
        if time.monotonic() >= end:
            signal.setitimer(signal.ITIMER_REAL, 0)
            raise Silent

    before = signal.signal(signal.SIGALRM, ring)
    try:
        signal.setitimer(signal.ITIMER_REAL, tick or seconds, tick or 1.0)
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class _Confirmation:
    """Asks the host for the state of one change until it is confirmed or undone."""

    def __init__(self, action: ActionBase, task_vars: Variables, token: str, timeout: float) -> None:
        self.action = action
        self.task_vars = task_vars
        self.token = token
        self.timeout = timeout
        self.last = "no attempt was made"

    def run(self, result: Result | None, lost: AnsibleConnectionFailure | None) -> Result:
        """The result of the task. result: of the module, None where the connection was lost before it came."""
        began = time.monotonic()
        state = ""
        while time.monotonic() - began < self.timeout + MARGIN:
            state, data = self._ask()
            if state == "confirmed":
                # The host has kept a result that did not arrive.
                seconds = round(time.monotonic() - began, 2)
                return {**(result or data), "confirm": {**data["confirm"], "seconds": seconds}}
            if state == "undone":
                return self._undone(result, data)
            if state == "unknown" and result is not None:
                return self._unknown(result)
            time.sleep(PAUSE)
        if state == "unknown":
            raise _NotStarted(str(lost)) from lost
        what = "there is no new connection to this host after the change, and it has to undo it by itself"
        raise AnsibleConnectionFailure(f"{what}: {self.last}") from lost

    def _ask(self) -> tuple[str, Result]:
        """One attempt over a new connection: the state of the change and its data, or ``unreachable``."""
        connection = self.action._connection
        arguments = {"token": self.token, "wait": WAIT}
        try:
            # A connection plugin without reset connects for each command anyway, and would warn.
            if type(connection).reset is not ConnectionBase.reset:
                connection.reset()
            with limited(MARGIN, self.action):
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

    def _undone(self, result: Result | None, outcome: Result) -> Result:
        done, left = outcome.get("undone", []), outcome.get("left", [])
        text = f"{outcome.get('reason')}, so this host undid it; {describe(outcome)}"
        kept = {name: value for name, value in (result or {}).items() if name in ("messages", "links", "uplink")}
        # Without leftovers the host is as it was before the task.
        return {**kept, "failed": True, "changed": bool(left), "msg": text, "undone": done, "left": left}

    def _unknown(self, result: Result) -> Result:
        if "confirm" not in result:
            return result
        text = "this host knows of no change that waits for a confirmation: it was restarted, or its guard was killed"
        return {**result, "failed": True, "msg": text}
