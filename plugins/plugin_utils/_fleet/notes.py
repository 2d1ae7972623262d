# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands below the table: hosts that a run did not come to. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .table import BAD, NOT_RUN, HostResults

#: How many hosts are named before the rest is counted.
NAMED_MAX = 10


def untouched(hosts: Sequence[HostResults]) -> Iterator[str]:
    """A sentence on the hosts that a run in batches did not come to, and why it ended."""
    missed = [host.host for host in hosts if host.result == NOT_RUN]
    failed = [host.host for host in hosts if host.result in BAD and host.result != NOT_RUN]
    if missed and failed:
        yield f"The run ended after failures on {some(failed)}. Not touched: {some(missed)}."


def some(names: Sequence[str]) -> str:
    rest = len(names) - NAMED_MAX
    return ", ".join(names[:NAMED_MAX]) + (f" and {rest} more" if rest > 0 else "")
