# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Moments as every result of the collection writes them: RFC 3339 in UTC with milliseconds. Pure."""

from __future__ import annotations

from datetime import datetime, timezone

_FORM = "%Y-%m-%dT%H:%M:%S.%f%z"


def utc(seconds: float) -> str:
    """Seconds since the epoch, as ``time.time`` counts them, as ``2026-01-31T12:00:04.200Z``."""
    text = datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def epoch(text: str) -> float:
    """The seconds since the epoch of what `utc` has written. Errors: ValueError."""
    return datetime.strptime(text, _FORM).timestamp()
