# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import re

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._page.drawing import (
    DOWN,
    RIGHT,
    UP,
    Drawing,
    Machine,
    draw,
)

from . import diagnosis_samples as samples


def test_broken_edges_have_a_cross_and_stay_in_the_drawing() -> None:
    link = samples.link(3, samples.REMOVED)
    drawing = draw("web1", link)
    assert [line.state for line in drawing.lines].count("broken") == 3
    assert "lan0 to gateway: lost" in drawing.summary
    for box in drawing.boxes:
        assert box.x >= 0
        assert box.x + box.width <= drawing.width
        assert box.y + box.height <= drawing.height
    marks = [line.mark for line in drawing.lines]
    assert len(marks) == len(set(marks))
    for line in drawing.lines:
        assert all(0 <= float(x) <= drawing.width for x in re.findall(r"H([\d.]+)", line.path))


def test_broken_containers_are_drawn_and_omitted_ones_counted() -> None:
    broken = {"host_to_container/192.168.100.137"}
    drawing = draw("web1", samples.link(3, broken, containers=9))
    assert drawing.hidden == "and 3 more containers"
    assert next(box.node for box in drawing.boxes if box.kind == "container") == "container:grafana-8"
    assert [line.state for line in drawing.lines].count("broken") == 1


def test_what_is_declared_and_not_there_is_drawn() -> None:
    link = samples.link(3, link_mac=None, link_state="missing", addresses=[], parent_state="no carrier", containers=0)
    link["edges"] = [{"from": "link", "to": "container:192.168.100.140", "state": "broken", "target_id": "x"}]
    drawing = draw("web1", link)
    assert [(box.lines[0], box.bad, box.kind) for box in drawing.boxes[1:]] == [
        ("eth0 parent, NO CARRIER", True, "parent"),
        ("lan0 link, MISSING", True, "link"),
        ("192.168.100.140", False, "none"),
    ]
    assert drawing.lines[0].ends == ("link", "container:192.168.100.140")


def boxes(report: dict, host: int) -> tuple[Drawing, list[str]]:
    source = report["hosts"][host]
    drawing = draw(source["host"], source["links"][0], source["accounts"])
    return drawing, [box.lines[0] for box in drawing.boxes]


def test_where_packets_vanish_is_marked_with_their_direction() -> None:
    drawing, _names = boxes(samples.located(), 0)
    [line] = [line for line in drawing.lines if line.vanish]
    assert (line.ends, line.vanish, line.arrow) == (("parent",), ("parent", "switch"), UP)
    assert drawing.places == ["requests vanish between eth0 of m10 and the network"]
    report = samples.located()
    report["hosts"][0]["accounts"][0].update(edge=["switch", "parent"], direction="answer")
    drawing, _names = boxes(report, 0)
    assert [line.arrow for line in drawing.lines if line.vanish] == [DOWN]


def test_an_edge_that_no_target_is_on_is_a_line_of_its_own() -> None:
    report = samples.located()
    report["hosts"][0]["accounts"][0].update(edge=["link", "parent"])
    drawing, _names = boxes(report, 0)
    [line] = [line for line in drawing.lines if line.vanish]
    assert (line.ends, line.targets, line.state, line.arrow) == (("parent", "link"), [], "broken", RIGHT)


def test_another_machine_is_a_box_of_its_own() -> None:
    drawing, names = boxes(samples.located(), 1)
    assert names[:2] == ["m7", "switch / LAN"]
    [line] = [line for line in drawing.lines if line.vanish]
    assert (line.ends, line.arrow) == (("host:m7",), DOWN)
    claim = Machine("host:rack2-b", "rack2-b", "02:42:0a:00:00:82", "it has the address too")
    drawing = draw("web1", samples.link(3), [], [claim, *[Machine(f"mac:{n}", "m", str(n), "") for n in range(5)]])
    assert [box.lines for box in drawing.boxes[:3]] == [["rack2-b", "02:42:0a:00:00:82"], ["m", "0"], ["m", "1"]]
    for box in drawing.boxes:
        assert 0 <= box.x <= box.x + box.width <= drawing.width
        assert 0 <= box.y <= box.y + box.height <= drawing.height


def test_containers_are_in_the_order_of_their_numbers() -> None:
    link = samples.link(3, containers=3)
    for name, container in zip(("c10", "c2", "c1"), link["containers"], strict=True):
        container["namespace"] = name
    assert [box.lines[0] for box in draw("web1", link).boxes if box.kind == "container"] == ["c1", "c2", "c10"]


def test_a_box_inside_which_packets_vanish_is_at_fault() -> None:
    report = samples.located()
    report["hosts"][0]["accounts"][0].update(edge=["link", "link"], edge_text="between lan0 of m10 and m10 itself")
    drawing, _names = boxes(report, 0)
    assert [box.node for box in drawing.boxes if box.bad] == ["link"]
    assert drawing.places == ["requests vanish between lan0 of m10 and m10 itself"]
