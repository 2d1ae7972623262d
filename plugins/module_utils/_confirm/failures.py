# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a guarded change fails. Apart from the guard, which a run that changes nothing does not load."""

from __future__ import annotations


class GuardFailed(Exception):
    """There is no guard, or no longer; the message says what that means for the change."""


class ChangeUndone(Exception):
    """The change failed and was undone; the message says both."""
