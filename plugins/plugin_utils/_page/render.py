# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""report.html and report.md, from the data of report.json. On the controller only; pure: no clock, no network."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.report_data import ReportData

from . import text
from .cards import HOSTS_LISTED, HOSTS_NAMED, TEXTS_SHOWN, VERDICTS_SHOWN
from .model import Page, build

#: So many hosts are described in full in Markdown.
MARKDOWN_HOSTS = 20
#: What templates cut at.
LIMITS = {
    "hosts_named": HOSTS_NAMED,
    "hosts_listed": HOSTS_LISTED,
    "texts_shown": TEXTS_SHOWN,
    "verdicts_shown": VERDICTS_SHOWN,
}

TEMPLATES = Path(__file__).parent / "templates"


def render_html(report: ReportData) -> str:
    """One self-contained page."""
    return html(build(report))


def render_markdown(report: ReportData) -> str:
    """The same in text, for a terminal, a ticket or a merge request."""
    return markdown(build(report))


def html(page: Page) -> str:
    """As `render_html`, of what `model.build` made."""
    return _html().get_template("report.html.j2").render(page=page, **LIMITS)


def markdown(page: Page) -> str:
    """As `render_markdown`, of what `model.build` made."""
    written = _markdown().get_template("report.md.j2").render(page=page, hosts_full=MARKDOWN_HOSTS, **LIMITS)
    # omitted parts leave empty lines
    return re.sub(r"\n{3,}", "\n\n", written).strip() + "\n"


@cache
def _html() -> Environment:
    environment = _environment(autoescape=True)
    environment.filters["counted"] = text.counted
    return environment


@cache
def _markdown() -> Environment:
    """Every expression is escaped for Markdown, unless a filter made it a code span or a block."""
    environment = _environment(autoescape=False, finalize=text.markdown)
    environment.filters.update(code=text.markdown_code, block=text.markdown_block, counted=text.counted)
    return environment


def _environment(autoescape: bool, finalize: Callable[[object], object] | None = None) -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=autoescape,
        finalize=finalize,
    )
