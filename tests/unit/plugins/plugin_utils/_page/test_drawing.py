# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import re

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._page.drawing import draw

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
