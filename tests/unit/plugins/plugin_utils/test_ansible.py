# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from unittest import mock

import pytest
from ansible.executor.task_queue_manager import FinalQueue
from ansible.utils.display import Display

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils import _ansible


@pytest.mark.parametrize("text", ["a table\nof two lines", ""])
def test_what_a_task_prints_reaches_the_other_process_by_the_queue(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    queue = mock.create_autospec(FinalQueue, instance=True)
    monkeypatch.setattr(Display(), "_final_q", queue, raising=False)
    # ansible-runner 2.4.0 replaces it by one that writes to the process's own standard output
    monkeypatch.setattr(Display, "display", mock.Mock(side_effect=AssertionError))
    _ansible.show(text)
    queue.send_display.assert_called_once_with("display", text)


def test_outside_of_a_task_it_is_printed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Display(), "_final_q", None, raising=False)
    printed = mock.Mock()
    monkeypatch.setattr(Display, "display", printed)
    _ansible.show("text")
    printed.assert_called_once_with("text")
