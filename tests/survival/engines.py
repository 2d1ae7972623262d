# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The survival matrix of containers: how soon after each event of a host or engine everybody reaches everybody again.

Progress goes to stderr, the table comes at the end. Results are saved in tests/output after each cell; --resume runs
the rest. The exit status is 1 when somebody does not answer again.
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT), str(HERE), str(ROOT / "tests" / "lab"), str(ROOT / "collections")]

from matrix import containers  # noqa: E402
from matrix.events import matches  # noqa: E402

from labkit.lab import Lab  # noqa: E402  (the path is set up above)
from tests.engines.hosts import ENGINES, Engine, EngineHost, declared, topology  # noqa: E402
from tests.integration.hosts import playbooks  # noqa: E402

OUTPUT = ROOT / "tests" / "output" / "survival-engines.json"

Figures = dict[str, dict[str, float | None]]


def main() -> int:
    options = parse()
    engines = [engine for name, engine in ENGINES.items() if matches(name, options.engines)]
    figures: Figures = json.loads(OUTPUT.read_text(encoding="utf-8")) if OUTPUT.exists() else {}
    for engine in engines if not options.table else []:
        events = [
            event
            for event in containers.EVENTS
            if matches(event.name, options.events)
            and not event.missing(engine)
            and not (options.resume and figures.get(engine.name, {}).get(event.name) is not None)
        ]
        if events:
            measure(engine, events, figures, options.lab)
    titles = {name: f"{ENGINES[name].program} {ENGINES[name].version.rstrip('.')}" for name in figures}
    print(containers.render(titles, figures))
    return int(any(figure is None for one in figures.values() for figure in one.values()))


def measure(engine: Engine, events: list[containers.EngineEvent], figures: Figures, name: str) -> None:
    """name: of a lab that stays up, empty for one of its own."""
    lab = Lab.up(topology(engine), name=name or f"se{secrets.token_hex(4)}")
    try:
        host = EngineHost(lab, engine)
        host.clear()
        with tempfile.TemporaryDirectory() as folder:
            inventory = host.inventory(Path(folder), declared(engine))
            # before there are containers, nothing that is declared answers
            done = playbooks.run("site", inventory, options=("--skip-tags", "verify"), interfaces_confirm_timeout=120)
            if done.rc != 0:
                raise SystemExit(done.output)
            containers.start(host, *containers.CONTAINERS)
            containers.seconds(host)
            for event in events:
                figures.setdefault(engine.name, {})[event.name] = cell(host, event)
                OUTPUT.parent.mkdir(parents=True, exist_ok=True)
                OUTPUT.write_text(json.dumps(figures, indent=1), encoding="utf-8")
                event.restore(host)
    finally:
        if not name:
            lab.down()


def cell(host: EngineHost, event: containers.EngineEvent) -> float | None:
    try:
        event.act(host)
        figure = round(containers.seconds(host), 1)
    except AssertionError as error:
        print(f"{host.name:10} {event.name:14} {error}", file=sys.stderr, flush=True)
        return None
    print(f"{host.name:10} {event.name:14} {figure} s", file=sys.stderr, flush=True)
    return figure


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make test-survival-engines ARGS=...", description=__doc__)
    parser.add_argument("-k", "--engines", metavar="GLOBS", default="*", help="only these, such as 'docker*'")
    parser.add_argument("-e", "--events", metavar="GLOBS", default="*", help="only these, such as 'upgrade*'")
    parser.add_argument("--resume", action="store_true", help="measure only what has no figure yet")
    parser.add_argument("--lab", metavar="NAME", default="", help="use a lab of this name, and leave it up")
    parser.add_argument("--table", action="store_true", help="print the table of saved figures, and run nothing")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
