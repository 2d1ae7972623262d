# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the controller makes of each answer of a host, and of none."""

from __future__ import annotations

import signal
import time
from types import SimpleNamespace

import pytest
from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection import ConnectionBase

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils import _confirm

MODULE = "linuxnet.macvlan.macvlan_link"
PENDING = {"state": "pending", "data": {}}
CONFIRM = {"token": "t", "timeout": 30}
DONE = {"changed": True, "messages": ["link lan0: add"], "confirm": CONFIRM}
CONFIRMED = {"state": "confirmed", "data": DONE}
UNDONE = {"state": "undone", "data": {"reason": "no new connection", "undone": ["link lan0: remove"], "left": []}}


class Connection:
    """Counts how often it is reset."""

    resets = 0

    def reset(self):
        self.resets += 1


class Action:
    """An action plugin on a host that answers in this order; an exception is an answer too."""

    def __init__(self, *answers, check_mode=False, timeout=0):
        self.answers = list(answers)
        self.calls = []
        self.limits = []
        self._task = SimpleNamespace(check_mode=check_mode, timeout=timeout)
        self._connection = Connection()

    def _execute_module(self, module_name, module_args, task_vars):
        self.calls.append((module_name, module_args))
        self.limits.append(signal.getitimer(signal.ITIMER_REAL)[0])
        answer = self.answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        if callable(answer):
            return answer()
        return {**answer, "data": dict(answer["data"])} if "data" in answer else dict(answer)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(_confirm, "PAUSE", 0)


def run(action, **arguments):
    return _confirm.run(action, MODULE, arguments, {"inventory_hostname": "h1"})


def test_no_second_connection_where_nothing_changed():
    action = Action({"changed": False})
    assert run(action) == {"changed": False}
    assert len(action.calls) == 1
    assert action.calls[0][1]["confirm_token"]
    assert action._connection.resets == 0


@pytest.mark.parametrize("timeout", [0, "0", "soon", -1])
def test_nothing_to_confirm(timeout):
    action = Action(dict(DONE))
    assert run(action, confirm_timeout=timeout) == DONE
    assert action.calls == [(MODULE, {"confirm_timeout": timeout})]


def test_check_mode_predicts_with_a_name_and_asks_nobody():
    action = Action({"changed": True}, check_mode=True)
    assert run(action) == {"changed": True}
    assert (len(action.calls), action._connection.resets) == (1, 0)
    assert action.calls[0][1]["confirm_token"]
    assert action.limits == [0], "a prediction may take its time"


def test_confirmed_over_a_new_connection():
    action = Action(DONE, CONFIRMED)
    result = run(action)
    assert (result["changed"], result["confirm"]["timeout"]) == (True, 30)
    assert result["confirm"]["seconds"] >= 0
    assert action._connection.resets == 1
    (dummy, made), (confirm, asked) = action.calls
    assert (confirm, asked["token"]) == (_confirm.CONFIRM, made["confirm_token"])


def test_each_change_has_a_name_of_its_own():
    tokens = [action.calls[0][1]["confirm_token"] for action in (Action({}), Action({})) if run(action) == {}]
    assert len(set(tokens)) == 2


def test_attempts_go_on_until_there_is_an_answer():
    action = Action(
        DONE,
        AnsibleConnectionFailure("no route"),
        {"failed": True, "msg": "no python"},
        {"state": "same_connection", "data": {}},
        PENDING,
        CONFIRMED,
    )
    assert run(action)["changed"] is True
    assert action._connection.resets == 5


def test_undone_is_a_failure_that_says_what_was_undone():
    result = run(Action(DONE, UNDONE))
    assert (result["failed"], result["changed"]) == (True, False)
    assert result["msg"] == "no new connection, so this host undid it; undone: link lan0: remove"
    assert result["undone"] == ["link lan0: remove"]
    assert result["messages"] == ["link lan0: add"]


def test_what_could_not_be_undone_is_a_change():
    outcome = {**UNDONE["data"], "left": ["file /etc/x: read-only"]}
    result = run(Action(DONE, {"state": "undone", "data": outcome}))
    assert result["changed"] is True
    assert result["msg"].endswith("NOT undone: file /etc/x: read-only")


def test_a_result_that_was_lost_is_kept_by_the_host():
    action = Action(AnsibleConnectionFailure("broken pipe"), AnsibleConnectionFailure("no route"), PENDING, CONFIRMED)
    assert run(action)["messages"] == ["link lan0: add"]


UNKNOWN = {"state": "unknown", "data": {}}


def test_a_change_that_was_lost_may_begin_later():
    assert run(Action(AnsibleConnectionFailure("lost"), UNKNOWN, PENDING, UNDONE))["failed"] is True


def test_what_a_slow_host_would_have_said_is_asked_for_once_more(monkeypatch):
    monkeypatch.setattr(_confirm, "MARGIN", 0.3)
    monkeypatch.setattr(_confirm, "PAUSE", 0.5)
    lost = AnsibleConnectionFailure("lost")

    def once_more(*answers):
        action = Action(lost, UNKNOWN, *answers)
        return action, run(action, allow_uplink_change=True, confirm_timeout=0.1)

    action, result = once_more({"changed": False})
    assert result == {"changed": False}
    (first, dummy, second) = (arguments for dummy, arguments in action.calls)
    assert first["confirm_token"] != second["confirm_token"]
    assert once_more(DONE, CONFIRMED)[1]["changed"] is True
    with pytest.raises(AnsibleConnectionFailure, match="lost"):
        once_more(lost, UNKNOWN)


def test_a_host_that_stays_away(monkeypatch):
    monkeypatch.setattr(_confirm, "MARGIN", 0.3)
    monkeypatch.setattr(_confirm, "PAUSE", 0.05)
    with pytest.raises(AnsibleConnectionFailure, match="it has to undo it by itself: no route"):
        run(Action(DONE, *[AnsibleConnectionFailure("no route")] * 1000), confirm_timeout=0.1)


def test_a_host_that_forgot():
    result = run(Action(DONE, {"state": "unknown", "data": {}}))
    assert result["failed"] is True
    assert "was restarted, or its guard was killed" in result["msg"]


def test_a_module_that_crashed_is_asked_after():
    crash = {"failed": True, "msg": "MODULE FAILURE", "module_stdout": "", "rc": 137}
    result = run(Action(crash, UNDONE))
    assert result["undone"] == ["link lan0: remove"]
    assert run(Action(crash, {"state": "unknown", "data": {}})) == crash, "it had changed nothing yet"


def test_a_module_that_refuses_is_not():
    refused = {"failed": True, "msg": "2 problems"}
    assert run(Action(refused)) == refused


def test_a_silent_old_connection_does_not_block_a_new_one(monkeypatch):
    monkeypatch.setattr(_confirm, "PATIENCE", 0.05)
    action = Action(lambda: time.sleep(30), CONFIRMED)
    assert run(action, allow_uplink_change=True, confirm_timeout=0.1)["messages"] == ["link lan0: add"]
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
    assert signal.getsignal(signal.SIGALRM) == signal.SIG_DFL


def test_an_untouched_uplink_gets_a_wide_limit_but_a_set_timeout_wins():
    action = Action(DONE, CONFIRMED)
    run(action)
    assert action.limits[0] > _confirm.MARGIN
    action = Action(DONE, CONFIRMED, timeout=100)
    run(action)
    assert action.limits == [0, 0]


def test_a_connection_without_reset_is_not_reset():
    class Plain(Connection):
        reset = ConnectionBase.reset

    action = Action(DONE, CONFIRMED)
    action._connection = Plain()
    assert run(action)["changed"] is True
