# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes docs/causes.md from the causes: what breaks macvlan links."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "causes.md"
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "lab"), str(ROOT / "collections")]

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause  # noqa: E402
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.registry import CAUSES  # noqa: E402
from tests.faults.fault import all_faults  # noqa: E402  (the path is set up above)

HEAD = """\
<!--
Copyright (c) 2026 The linuxnet.macvlan authors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later

Written by `make docs` from plugins/plugin_utils/_diagnosis/causes/: change it there.
-->

# What breaks a macvlan link

`diagnose.yml` checks the evidence for each of these causes. The ids are stable: reports, `set_stats` and this page
use them. *Shows* is when a working link begins to fail; *proof* is what makes a verdict `confirmed`; where nothing on a
host can prove a cause, it is `suspected` at most.
"""

#: The meaning of the letters of `Cause.must`, in this order.
DUTIES = {
    "P": "the roles prevent it",
    "R": "the plan or a module refuses it",
    "D": "proven by the diagnosis",
    "H": "a hint at most",
}
#: The kinds of lab in which tests/faults injects it.
LABS = {"ns": "network namespaces", "nspawn": "hosts with systemd", "vm": "a virtual machine (with `ARGS=--vm`)"}


def page() -> str:
    causes = sorted(CAUSES, key=lambda cause: cause.id)
    made: dict[str, set[str]] = {}
    for fault in all_faults():
        for cause in fault.expected:
            made.setdefault(cause, set()).add(fault.lab)
    index = [f"| [`{cause.id}`](#{cause.id}) | {cause.title} | {cause.signature} |" for cause in causes]
    sections = [line for cause in causes for line in _section(cause, made.get(cause.id))]
    return "\n".join([HEAD, "| cause | what it is | shows |", "|---|---|---|", *index, "", *sections])


def _section(cause: Cause, labs: set[str] | None) -> Iterator[str]:
    tested = (
        f"injected in {' and in '.join(name for lab, name in LABS.items() if lab in labs)} by `make test-faults`"
        if labs
        else "its judge is tested with evidence as a host gives it"
    )
    duties = ", ".join(text for letter, text in DUTIES.items() if letter in cause.must.replace(",", " ").split())
    yield f"## {cause.id}"
    yield ""
    yield f"**{_sentence(cause.title)}** {cause.explanation}"
    yield ""
    yield f"- Shows: {cause.signature}."
    yield f"- Proof: {cause.proof}."
    yield f"- Do: {cause.remedy}."
    yield f"- Here: {duties}; {tested}."
    yield ""


def _sentence(title: str) -> str:
    return f"{title[0].upper()}{title[1:]}."


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
