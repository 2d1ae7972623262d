# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page and the Markdown of a diagnosis, for every sample: whole, safe, small, and saying what matters."""

from __future__ import annotations

import copy
import json
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import jsonschema
import pytest

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._page.render import render_html, render_markdown

from . import diagnosis_samples as samples

SCHEMA = json.loads((Path(__file__).resolve().parents[5] / "docs" / "report.schema.json").read_text())
VOID = {"meta", "input", "br", "link", "img", "hr"}


class Page(HTMLParser):
    """Checks nesting while it reads, and keeps what tests ask for."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.hrefs: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            self.attributes.append((tag, name, value or ""))
            if name == "id":
                self.ids.append(value)
            if name == "href":
                self.hrefs.append(value)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, (tag, self.getpos())

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "script"):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture(params=samples.SAMPLES, scope="module")
def sample(request: pytest.FixtureRequest) -> dict:
    return samples.SAMPLES[request.param]()


def test_samples_are_what_the_schema_describes(sample: dict) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft202012Validator(SCHEMA).validate(sample)


def test_schema_refuses_what_is_no_report() -> None:
    bad = samples.one_broken()
    bad["verdicts"][0]["status"] = "maybe"
    bad["hosts"][0]["timeline"]["started"] = "yesterday"
    del bad["hosts"][1]["state"]
    assert len(list(jsonschema.Draft202012Validator(SCHEMA).iter_errors(bad))) == 3


def test_page_is_well_formed(sample: dict) -> None:
    html = render_html(sample)
    page = Page(html)
    assert len(page.ids) == len(set(page.ids))
    assert [href for href in page.hrefs if href[0] != "#" or href[1:] not in page.ids] == []
    drawings = re.findall(r"<svg.*?</svg>(?!</a>)", html, re.DOTALL)
    assert drawings
    for drawing in re.findall(r"<figure class=\"drawing\">\n(<svg.*?</svg>)", html, re.DOTALL):
        ET.fromstring(drawing)


def test_page_needs_nothing_from_elsewhere(sample: dict) -> None:
    html = render_html(sample)
    page = Page(html)
    assert not {"link", "img", "iframe", "object", "base", "form"} & set(page.tags)
    assert [item for item in page.attributes if item[1] in ("src", "srcset", "style", "action")] == []
    assert [item for item in page.attributes if item[1].startswith("on")] == []
    assert "@import" not in html
    assert set(re.findall(r"url\(([^)]*)\)", html)) <= {"#hatch"}
    assert page.tags.count("script") == 1


def test_output_depends_on_nothing_but_the_report(sample: dict) -> None:
    before = copy.deepcopy(sample)
    assert render_html(sample) == render_html(copy.deepcopy(sample))
    assert render_markdown(sample) == render_markdown(copy.deepcopy(sample))
    assert sample == before


def test_hostile_text_stays_text() -> None:
    hostile = samples.hostile()
    page, plain = Page(render_html(hostile)), Page(render_html(samples.one_broken()))
    assert sorted(set(page.tags)) == sorted(set(plain.tags))
    assert page.tags.count("script") == plain.tags.count("script") == 1
    assert "<script>alert(1)</script>" in page.text
    assert not re.search("[\u202e\x1b]", render_html(hostile))


def test_hostile_text_stays_text_in_markdown() -> None:
    text = render_markdown(samples.hostile())
    assert not re.search("[\u202e\x1b]", text)
    # what stands in no code span
    prose = re.sub(r"^(```+)sh$.*?^\1$", "", text, flags=re.DOTALL | re.MULTILINE)
    prose = re.sub(r"(`+)[^\n]*?\1(?!`)", "", prose.replace("\\`", ""))
    assert "<" not in prose
    assert not re.search(r"(?<!\\)\[x", prose)
    assert " @all" not in prose
    for row in (line for line in text.splitlines() if line.startswith("| ")):
        assert len(re.findall(r"(?<!\\)\|", row)) in (3, 7), row


def test_a_broken_host_comes_with_what_when_who_and_what_to_do() -> None:
    report = samples.one_broken()
    found = report["verdicts"][0]
    for text in (Page(render_html(report)).text, render_markdown(report)):
        assert "1 broken of 3 hosts; 1 cause confirmed" in text
        assert found["summary"] in text
        assert "20:00:04.336 UTC" in text
        assert "NetworkManager (PID 812, NetworkManager.service)" in text
        assert found["remedy"] in text
        for proof in found["evidence"]:
            assert proof["value"] in text
        assert "Promisc needed" in text
        # the summary comes before the hosts, and the broken host before the ruled out causes
        order = [text.index(word) for word in ("1 broken", found["summary"], "Ruled out")]
        assert order == sorted(order)


def test_a_located_host_comes_with_what_changed_where_it_is_lost_and_whom_to_ask() -> None:
    report = samples.located()
    for text in (Page(render_html(report)).text, render_markdown(report)):
        assert "2 broken, 1 blind of 3 hosts; 2 losses located that no known cause explains" in text
        for wanted in (
            "at +5.94 s eth0 lost its carrier, 0.06 s before the first loss",
            "requests, between eth0 of m10 and the network",
            "answers, between eth0 of m7 and the network",
            "90 % of the probes",
            "the network team: is the port of eth0 up",
            "on m7: which filter counts drops",
            "no gateway of network lan0 is declared",
            "lan0 lacks its address 192.168.100.5",
        ):
            assert wanted in text
    html = Page(render_html(report)).text
    assert "processes that live only shortly are not known" in html
    assert "eth0 parent, up, was down 2x" in html
    # in the natural order of their names
    assert html.index("✕ m2") < html.index("○ m7") < html.index("✕ m10")


def test_what_is_lost_by_a_cause_of_another_host_leads_to_its_card() -> None:
    report = samples.one_broken()
    other = report["hosts"][1]
    other["state"] = "broken"
    other["accounts"] = [
        samples.account(
            "host_to_container/192.168.100.129", ("link", "container:grafana"), "between lan0 and container grafana",
            explained_by=["address_removed_by_other"], explained_on=["web1"],
        )
    ]  # fmt: skip
    page, text = Page(render_html(report)).text, render_markdown(report)
    assert "Lost on, too web2" in page
    assert "lost by what is wrong on web1" in page
    assert "- lost on, too: web2" in text
    assert "lost by address_removed_by_other on web1" in text.replace("\\", "")


def test_each_cause_is_explained_once_and_names_its_hosts() -> None:
    report = samples.fleet(broken=30)
    explanation, remedy = report["verdicts"][0]["explanation"], report["verdicts"][0]["remedy"]
    for text in (Page(render_html(report)).text, render_markdown(report)):
        assert text.count(explanation) == 1
        assert text.count(remedy) == 1
        for verdict in report["verdicts"][:12]:
            assert verdict["host"] in text


def test_what_hides_a_culprit_stands_beside_it() -> None:
    report = samples.one_broken()
    report["verdicts"][0]["culprit"] = {"text": "an unknown process"}
    limit = "process events came faster than they could be read: some processes are not known"
    report["hosts"][0]["timeline"]["limits"] = [limit, "no ARP of eth0: Operation not permitted"]
    for text in (Page(render_html(report)).text, render_markdown(report)):
        assert re.search(f"t may not be known who did it: {limit}", text)
        assert "no ARP of eth0" in text


def test_states_differ_by_more_than_colour() -> None:
    html = render_html(samples.unreachable())
    for mark, name in (("!", "db1"), ("!", "db2"), ("✓", "web1"), ("-", "jump")):
        assert f"{mark} {name}" in Page(html).text
    for state in ("unreachable", "failed", "nothing declared", "healthy"):
        assert state in Page(html).text
    assert "timed out" in html
    assert "CAP_NET_RAW" in render_markdown(samples.unreachable())


def test_times_of_a_wrong_clock_are_the_controllers_and_said_so() -> None:
    html, text = render_html(samples.fleet_duplicate()), render_markdown(samples.fleet_duplicate())
    for page in (html, text):
        assert "clock 2 min 5 s ahead of the controller" in page
        # 20:02:05.423 on the host whose clock is 125.3 s ahead
        assert "20:00:00.123 UTC" in page
        assert "20:02:05.423" not in page
    assert html.count('<article class="finding') == 1


def test_a_thousand_hosts_stay_small() -> None:
    fleet = samples.fleet(broken=37, size=1000)
    html, text = render_html(fleet), render_markdown(fleet)
    assert len(html.encode()) < 1_200_000
    assert len(text.encode()) < 60_000
    page = Page(html)
    cells = [item for item in page.attributes if item[1] == "title" and item[0] in ("a", "i")]
    assert len(cells) == 1000
    assert html.count('<details class="host broken"') == 37
    assert html.count('<article class="finding') == 1
    # a fleet that is broken as a whole
    html = render_html(samples.fleet(broken=990, size=1000))
    assert len(html.encode()) < 4_000_000
    assert "are left out to keep this page small" in html


def test_a_host_with_much_of_everything_stays_small() -> None:
    report = samples.one_broken()
    host, [first, *others] = report["hosts"][0], report["verdicts"]
    first["evidence"] = [samples.proof("seen", f"piece {number}") for number in range(500)]
    report["verdicts"] = [
        {**first, "network": f"mv{number}", "summary": f"mv{number} is gone"} for number in range(300)
    ]
    report["verdicts"] += others
    host["links"] = [{**host["links"][0], "network": f"mv{number}"} for number in range(300)]
    template = host["timeline"]["targets"][2]
    host["timeline"]["targets"] = [
        {
            **template,
            "id": f"t{number}",
            "target": f"10.0.{number // 250}.{number % 250}",
            "losses": [[number / 60, 60.0]],
        }
        for number in range(3000)
    ]
    host["accounts"] = [samples.account(f"t{number}", ("link", f"host:h{number}"), "nowhere") for number in range(500)]
    host["unlike"] = host["timeline"]["limits"] = [f"link mv{number} is not there" for number in range(500)]
    html, text = render_html(report), render_markdown(report)
    assert len(html.encode()) < 400_000
    assert len(text.encode()) < 60_000
    for left_out in (
        "480 more pieces of evidence",
        "280 more verdicts",
        "288 more networks without a drawing",
        "and 488 more",
    ):
        assert left_out in Page(html).text


@pytest.mark.parametrize(
    ("remedy", "command"),
    [
        ("ansible-playbook linuxnet.macvlan.site --limit web1", True),
        ("container_range_per_host: 28", True),
        ("ManageForeignRoutes=no", True),
        ("net.ipv4.conf.all.rp_filter=2", True),
        ("stop that process, then run linuxnet.macvlan.site", False),
        ("give it another address", False),
    ],
)
def test_commands_can_be_copied_and_advice_is_read(remedy: str, command: bool) -> None:
    report = samples.one_broken()
    report["verdicts"][0]["remedy"] = remedy
    assert ('<pre class="cmd"' in render_html(report)) is command
    assert ("```sh" in render_markdown(report)) is command
    assert remedy in render_html(report)


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.1."""
    digits = colour.lstrip("#")
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("dark", [False, True])
def test_colours_can_be_read(dark: bool) -> None:
    """WCAG 2.1 AA: 4.5 to 1 for text."""
    schemes = re.findall(r":root \{(.*?)\}", render_html(samples.healthy()), re.DOTALL)
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]+)", schemes[dark]))
    for name, grounds in {
        "text": ("back", "panel", "near", "bad-soft", "good-soft", "warn-soft", "cell"),
        "dim": ("back", "panel", "near", "bad-soft", "good-soft", "warn-soft"),
        "bad": ("back", "panel", "near", "bad-soft"),
        "warn": ("back", "panel", "warn-soft"),
        "good": ("back", "panel", "good-soft"),
        "link": ("back", "panel"),
        "on-solid": ("bad", "warn", "good", "dim", "link"),
    }.items():
        for ground in grounds:
            dimmer, brighter = sorted(luminance(colours[item]) for item in (name, ground))
            assert (brighter + 0.05) / (dimmer + 0.05) >= 4.5, (name, ground)


def test_parts_that_are_missing_do_not_matter() -> None:
    host = {"host": "web1", "state": "broken", "clock": None, "links": [{"network": "lan0"}], "timeline": {}}
    verdict = {"host": "elsewhere", "cause": "x", "status": "suspected"}
    for report in ({}, {"hosts": [host], "verdicts": [verdict]}, {"hosts": [{"host": "a", "state": "new"}]}):
        Page(render_html(report))
        assert render_markdown(report)


def test_steps_and_the_rule_of_a_culprit_are_shown_and_escaped() -> None:
    report = samples.one_broken()
    found = next(item for item in report["verdicts"] if item["status"] == "confirmed")
    found["culprit"] = {"text": "ip (PID 7)", "rule": "port id <b>"}
    found["remedy"] = "ip link set lan0 up"
    found["steps"] = [
        {"kind": "command", "text": "ip link set lan0 up", "host": "web1", "namespace": "", "values": {}},
        {"kind": "ask", "text": "is the port up? <script>alert(1)</script>", "host": "", "namespace": "", "values": {}},
        {"kind": "declare", "text": "declare it", "host": "web1", "namespace": "", "values": {"mode": "<i>"}},
        {"kind": "container", "text": "restart it", "host": "web1", "namespace": "c1", "values": {}},
        *[{"kind": "by_hand", "text": f"{number}", "host": "", "namespace": "", "values": {}} for number in range(4)],
    ]
    html = render_html(report)
    words = Page(html).text
    assert "ip (PID 7) (known by: port id <b>)" in words
    # what the remedy says is not said again
    assert words.count("ip link set lan0 up") == 1
    for text in (
        "run on web1",
        "by others: ask: is the port up? <script>",
        "change macvlan_networks of web1, then apply it: declare it mode: <i>",
        "by the container engine on web1, container c1: restart it",
        "2 more steps in report.json",
    ):
        assert text in words
    assert "<script>alert" not in html
    markdown = render_markdown(report)
    assert "- step 4: by the container engine on web1, container c1: restart it" in markdown
    assert "<script>" not in markdown


def test_a_healthy_host_has_its_notes() -> None:
    report = samples.healthy()
    report["hosts"][0]["notes"] = ["c1 drops pings <b>, and works"]
    assert "Fine, and worth knowing: c1 drops pings <b>, and works" in Page(render_html(report)).text
