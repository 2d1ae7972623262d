# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A watch that nobody follows any more ends, and one that nobody can follow does not begin."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence import live
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.progress import Progress

TOKEN = "0123456789abcdef" * 2


class Observer:
    """Never over by itself; counts how often it was asked."""

    progress = Progress(1.0, 4, 4)

    def __init__(self, directory: Path, read_at: int) -> None:
        self.directory = directory
        self.read_at = read_at
        self.waited = 0

    def wait(self, timeout: float) -> bool:
        self.waited += 1
        if self.waited == self.read_at:
            (self.directory / "alive").write_text(".", encoding="ascii")
        return self.waited == 20

    def events(self, first: int) -> list:
        return []

    def after(self) -> float:
        return float(self.waited)


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(files, "RUN", str(tmp_path / "run"))
    monkeypatch.setattr(live, "_PREFIX", f"{tmp_path}/run/live-")
    monkeypatch.setattr(live, "LONELY", -1.0)
    yield tmp_path / "run" / f"live-{TOKEN}"
    assert not (tmp_path / "run").exists()


def test_a_watch_ends_when_nobody_has_followed_it_for_long(directory: Path) -> None:
    made = live.Live(TOKEN)
    observer = Observer(directory, read_at=5)
    made.attend(observer)  # type: ignore[arg-type]
    made.close()
    assert observer.waited == 5


def test_a_watch_that_nobody_has_followed_goes_on(directory: Path) -> None:
    made = live.Live(TOKEN)
    observer = Observer(directory, read_at=0)
    made.attend(observer)  # type: ignore[arg-type]
    text = (directory / "status").read_text(encoding="ascii")
    assert text.startswith('2 {"after": 1.0, "targets": 4')
    # what nobody has read yet can be read as long as the host collects
    assert '"over": true' in text
    made.close()
    assert observer.waited == 20


@pytest.mark.parametrize("token", ["../etc", "", "0" * 31, f"{TOKEN}\n"])
def test_a_name_that_is_no_number_is_refused(token: str) -> None:
    with pytest.raises(OSError, match="no name"):
        live.Live(token)
