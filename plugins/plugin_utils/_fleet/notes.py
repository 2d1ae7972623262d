# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands below the table: hosts that a run did not come to, and what earlier jobs of the workflow found. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.text import clean

from .table import BAD, NOT_RUN, HostResults

#: How many hosts, jobs and failures are named before the rest is counted.
NAMED_MAX, JOBS_MAX, FAILURES_MAX = 10, 20, 10
_LINE_MAX = 200


def untouched(hosts: Sequence[HostResults]) -> Iterator[str]:
    """A sentence on the hosts that a run in batches did not come to, and why it ended."""
    missed = [host.host for host in hosts if host.result == NOT_RUN]
    failed = [host.host for host in hosts if host.result in BAD and host.result != NOT_RUN]
    if missed and failed:
        yield f"The run ended after failures on {some(failed)}. Not touched: {some(missed)}."


def earlier(artifacts: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """What earlier jobs published, one line each, and then all their failures together.

    They come from another run, and are checked as such.
    """
    failures: dict[str, str] = {}
    for number, artifact in enumerate(artifacts):
        if number < JOBS_MAX:
            yield _job(artifact)
        found = artifact.get("failures")
        failures.update({str(name): str(text) for name, text in found.items()} if isinstance(found, Mapping) else {})
    for name in sorted(failures)[:FAILURES_MAX]:
        yield f"  {_short(name)}: {_short(failures[name])}"
    if len(failures) > FAILURES_MAX:
        yield f"  and {len(failures) - FAILURES_MAX} more"


def _job(artifact: Mapping[str, Any]) -> str:
    counts = artifact.get("hosts")
    listed = (
        ", ".join(f"{number} {_short(name).replace('_', ' ')}" for name, number in sorted(counts.items()))
        if (isinstance(counts, Mapping))
        else "no counts"
    )
    job = f" {_short(artifact['job'])}" if artifact.get("job") else ""
    return f"Earlier job{job} of this workflow ({_short(artifact.get('playbook') or 'unknown')}): {listed}"


def some(names: Sequence[str]) -> str:
    rest = len(names) - NAMED_MAX
    return ", ".join(names[:NAMED_MAX]) + (f" and {rest} more" if rest > 0 else "")


def _short(text: object) -> str:
    return clean(str(text), _LINE_MAX)
