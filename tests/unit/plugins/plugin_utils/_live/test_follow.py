# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a watch ends because of another host, and how it is asked."""

from __future__ import annotations

import functools
import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._live import follow
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._live.board import Board
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._live.state import WATCHING, WatchedHost

STATUS = '{"after": 1, "targets": 2, "answering": 2, "broken_for": null, "news": [], "more": 0}'


@pytest.mark.parametrize(
    ("broken_for", "watched_for", "after_break", "expected"),
    [
        (None, 30.0, 3.0, None),
        (1.0, 30.0, None, None),
        (1.0, 30.0, 3.0, 2.0),
        (9.0, 30.0, 3.0, 0.0),
        # one that began later has to be of use, too
        (9.0, 1.0, 3.0, 2.0),
    ],
)
def test_a_watch_ends_a_moment_after_another_host_broke(
    broken_for: float | None, watched_for: float, after_break: float | None, expected: float | None
) -> None:
    assert follow.remaining(broken_for, watched_for, after_break) == expected


@pytest.mark.parametrize(
    ("hosts", "took", "expected"), [(1, 0.0, 1.0), (75, 0.0, 3.0), (1000, 0.0, 5.0), (1, 0.5, 2.0)]
)
def test_many_hosts_and_slow_connections_are_asked_less_often(hosts: int, took: float, expected: float) -> None:
    assert follow.pause(hosts, took) == expected


def ask(directory: Path, known: str, *names: str, wait: float = 0.0) -> str:
    words = [sys.executable, "-I", "-c", follow.ASK, str(directory), known, str(wait), *names]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def test_a_question_reads_the_status_and_leaves_its_mark(tmp_path: Path) -> None:
    (tmp_path / "status").write_text(f"1 {STATUS}", encoding="ascii")
    for name in ("alive", "stop"):
        (tmp_path / name).touch(0o600)
    assert ask(tmp_path, "-", "alive") == f"1 {STATUS}\n"
    assert (tmp_path / "alive").stat().st_size
    assert not (tmp_path / "stop").stat().st_size
    ask(tmp_path, "1", "alive", "stop")
    assert (tmp_path / "stop").stat().st_size
    assert ask(tmp_path / "gone", "1", "alive").strip() == follow.OVER


def test_a_question_ends_a_watch_when_its_time_is_over(tmp_path: Path) -> None:
    """And leaves that to the next one where there is something new before."""
    (tmp_path / "status").write_text(f"2 {STATUS}", encoding="ascii")
    (tmp_path / "stop").touch(0o600)
    ask(tmp_path, "1", "stop", wait=600.0)
    assert not (tmp_path / "stop").stat().st_size
    ask(tmp_path, "2", "stop", wait=0.3)
    assert (tmp_path / "stop").stat().st_size


def test_a_broken_host_knows_whether_others_are(tmp_path: Path) -> None:
    boards = [Board(str(tmp_path / "board"), str(place), 2, print) for place in range(2)]
    assert [board.others_broken() for board in boards] == [False, False]
    boards[0].mark(0.0, 10.0)
    assert [board.others_broken() for board in boards] == [False, True]
    boards[1].mark(0.0, 10.0)
    assert [board.others_broken() for board in boards] == [True, True]


def test_a_question_follows_no_link_and_makes_no_file(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    for directory in ("link", "real"):
        with pytest.raises(subprocess.CalledProcessError):
            ask(tmp_path / directory, "-", "alive")
    assert not list((tmp_path / "real").iterdir())


def test_the_first_break_counts_for_all_workers(tmp_path: Path) -> None:
    shown: list[str] = []
    boards = [Board(str(tmp_path / "board"), str(place), 2, shown.append) for place in range(2)]
    assert boards[0].broken_for(10.0) is None
    boards[0].mark(2.0, 10.0)
    boards[1].mark(0.0, 10.0)
    assert (boards[1].broken_for(10.0) or 0.0) >= 2.0
    assert boards[1].broken_for(1.0) == 1.0


def test_one_worker_prints_for_all(tmp_path: Path) -> None:
    shown: list[str] = []
    boards = [Board(str(tmp_path / "board"), str(place), 2, shown.append) for place in range(2)]
    for number, board in enumerate(boards):
        board.write(WatchedHost(f"h{number}", WATCHING, 1.0, 4, 4))
    for board in boards:
        board.print()
    assert "\n".join(shown).splitlines() == [
        "watch: 2 of 2 hosts watched; 8 of 8 targets answer (+1 s)",
        f"watch: to end it now and judge what was seen: touch {tmp_path}/board/end",
    ]
    assert len(shown) == 1
    assert {path.stat().st_mode & 0o077 for path in tmp_path.rglob("*")} == {0}


@pytest.mark.parametrize("after_break", [None, 3.0])
@pytest.mark.parametrize("comes_back", [False, True])
def test_a_file_of_the_user_ends_all_watches(tmp_path: Path, after_break: float | None, comes_back: bool) -> None:
    shown: list[str] = []
    board = Board(str(tmp_path / "board"), "0", 1, shown.append)
    state = json.loads(STATUS) | {"comes_back": comes_back}
    asked: list[list[str]] = []

    def run(command: str) -> str:
        words = shlex.split(command)
        asked.append(words[words.index(follow.ASK) + 4 :])
        return f"1 {json.dumps(state)}"

    watch = follow.LiveWatch("h1", "token", run, lambda: sys.executable, board, after_break, 1)
    watch._ask()
    watch._ask()
    board.print()
    subprocess.run(["/bin/sh", "-c", shown[0].rpartition(": ")[2]], check=True)
    watch._ask()
    watch._ask()
    assert asked == [["alive"], ["alive"], ["alive", "stop"], ["alive"]]


def test_something_is_done_once_while_the_watch_goes_on(tmp_path: Path) -> None:
    board = Board(str(tmp_path / "board"), "0", 1, print)
    answers = iter(["", f"1 {STATUS}", f"2 {STATUS}"])
    done: list[str] = []
    meanwhile = functools.partial(done.append, "done")
    watch = follow.LiveWatch("h1", "token", lambda dummy: next(answers), lambda: "", board, None, 1, meanwhile)
    watch._ask()
    assert done == []
    watch._ask()
    watch._ask()
    assert done == ["done"]
