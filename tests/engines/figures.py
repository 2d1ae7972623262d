# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Seconds of silence after each event on each engine, kept in tests/output, and as a Markdown table."""

from __future__ import annotations

import json
from pathlib import Path

OUTPUT = Path(__file__).resolve().parents[1] / "output" / "engines"


def record(engine: str, event: str, seconds: float) -> None:
    """Keep a figure. One file for each, as tests may run in parallel."""
    OUTPUT.mkdir(parents=True, exist_ok=True)
    path = OUTPUT / f"{engine}-{event.replace(' ', '-').replace(',', '')}.json"
    path.write_text(json.dumps({"engine": engine, "event": event, "seconds": round(seconds, 1)}), encoding="utf-8")


def table() -> list[str]:
    """An event in each line, an engine in each column; empty without figures."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(OUTPUT.glob("*.json"))]
    known = {(item["event"], item["engine"]): item["seconds"] for item in found}
    engines, events = sorted({item["engine"] for item in found}), sorted({item["event"] for item in found})
    if not known:
        return []
    rows = [["event", *engines], ["---"] * (len(engines) + 1)]
    rows += [[event, *(str(known.get((event, engine), "-")) for engine in engines)] for event in events]
    return [f"| {' | '.join(row)} |" for row in rows]
