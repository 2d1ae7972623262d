# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate of the import graph finds what it is there for, and docs/architecture.svg is what the code draws now."""

from __future__ import annotations

import sys
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests" / "tools"))

import architecture  # noqa: E402  (the path is set up above)
import architecture_picture  # noqa: E402
import graphs  # noqa: E402
import layers  # noqa: E402

PLUGINS = "ansible_collections.linuxnet.macvlan.plugins"
UTILS = f"{PLUGINS}.module_utils"


@pytest.fixture
def made(tmp_path, monkeypatch):
    """Reads a tree of plugins that a test writes down: sources by path. Its packages say what they do."""
    monkeypatch.setattr(
        architecture,
        "WINGS",
        {"base": ("_low", "_middle"), "configure": ("_plan", "_apply"), "observe": ("_watch",), "evidence": ("_both",)},
    )

    def make(**sources: str) -> architecture.Architecture:
        for name, source in sources.items():
            path = tmp_path / "plugins" / f"{name}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(source)
            package = path.parent / "__init__.py"
            if "/_" in str(path.parent) and not package.exists():
                package.write_text('"""A room."""\n')
        return architecture.read(tmp_path)

    return make


CLEAN = {
    "module_utils/_low/a": '"""Knows nothing."""\nimport os\n',
    "module_utils/_low/b": f"from {UTILS}._low.a import x\n",
    "module_utils/_middle/c": f"from {UTILS}._low import a\nfrom . import d\n",
    "module_utils/_middle/d": "",
    "modules/one": f"from ansible.module_utils.basic import AnsibleModule\nfrom {UTILS}._middle.c import y\n",
    "plugin_utils/_loose": f'"""Loose."""\nfrom ansible.errors import AnsibleError\nfrom {UTILS}._low.b import x\n',
    "action/one": f"from {PLUGINS}.plugin_utils import _loose\n",
    "doc_fragments/one": "",
}


def test_clean_tree(made):
    found = made(**CLEAN)
    assert architecture.problems(found) == []
    assert sorted(found.rooms) == [
        "action",
        "doc_fragments",
        "module_utils/_low",
        "module_utils/_middle",
        "modules",
        "plugin_utils/_loose",
    ]
    assert list(found.edges) == [
        ("action", "plugin_utils/_loose"),
        ("module_utils/_middle", "module_utils/_low"),
        ("modules", "module_utils/_middle"),
        ("plugin_utils/_loose", "module_utils/_low"),
    ]
    assert graphs.floors(found.graph) == {
        "doc_fragments": 0,
        "module_utils/_low": 0,
        "module_utils/_middle": 1,
        "plugin_utils/_loose": 1,
        "action": 2,
        "modules": 2,
    }


def test_report_shows_rooms_and_what_is_behind_each_edge(made):
    lines = list(architecture.report(made(**CLEAN)))
    assert "floor 1" in lines
    at = lines.index("  plugin_utils/_loose -> module_utils/_low")
    assert lines[at + 1] == "    plugin_utils/_loose.py:3 b.py: x"
    assert "6 rooms, 0 of them nested; 10 files" in lines
    assert "4 edges between rooms, 4 without nested rooms" in lines


@pytest.mark.parametrize(
    ("source", "targets"),
    [
        (f"import {UTILS}._low.a", ["module_utils/_low/a.py"]),
        (f"import {UTILS}._low.a as other, os", ["module_utils/_low/a.py"]),
        (f"from {UTILS}._low import a, b", ["module_utils/_low/a.py", "module_utils/_low/b.py"]),
        (f"from {UTILS}._low import a, NAME", ["module_utils/_low/__init__.py", "module_utils/_low/a.py"]),
        (f"from {UTILS}._low.a import NAME", ["module_utils/_low/a.py"]),
        (f"from {UTILS} import _low", ["module_utils/_low/__init__.py"]),
        ("from . import d", ["module_utils/_middle/d.py"]),
        ("from .d import NAME", ["module_utils/_middle/d.py"]),
        ("from .._low import b", ["module_utils/_low/b.py"]),
        ("from .._low.b import NAME", ["module_utils/_low/b.py"]),
        ("from ...plugin_utils import _loose", ["plugin_utils/_loose.py"]),
        ("def f():\n    from .._low.a import NAME", ["module_utils/_low/a.py"]),
        ("if TYPE_CHECKING:\n    from .._low.a import NAME", ["module_utils/_low/a.py"]),
        ("try:\n    import pyroute2\nexcept ImportError:\n    pyroute2 = None", []),
        (f"# from {UTILS}._low import a", []),
    ],
)
def test_imports_are_resolved_to_files(made, source, targets):
    found = made(**{**CLEAN, "module_utils/_middle/new": source})
    assert found.file_graph["module_utils/_middle/new.py"] == targets


def test_package_imports_from_itself(made):
    found = made(
        **{**CLEAN, "module_utils/_middle/__init__": '"""A room."""\nfrom .d import NAME\nfrom .._low import a\n'}
    )
    assert found.file_graph["module_utils/_middle/__init__.py"] == [
        "module_utils/_low/a.py",
        "module_utils/_middle/d.py",
    ]


def test_cycle_between_files_of_one_room(made):
    found = made(**{**CLEAN, "module_utils/_middle/d": "def later():\n    from .c import y\n"})
    assert architecture.problems(found) == [
        (
            "import cycle between files: module_utils/_middle/c.py -> module_utils/_middle/d.py"
            " -> module_utils/_middle/c.py"
        )
    ]


def test_file_that_imports_itself(made):
    found = made(**{**CLEAN, "module_utils/_low/a": "from . import a"})
    assert architecture.problems(found) == [
        "import cycle between files: module_utils/_low/a.py -> module_utils/_low/a.py",
    ]


def test_cycle_between_rooms_without_one_between_files(made):
    found = made(**{**CLEAN, "module_utils/_low/e": f"def later():\n    from {UTILS}._middle.d import z\n"})
    assert architecture.problems(found) == [
        "import cycle between rooms: module_utils/_low -> module_utils/_middle -> module_utils/_low",
        "  module_utils/_low/e.py:2 imports module_utils/_middle/d.py (z)",
        "  module_utils/_middle/c.py:1 imports module_utils/_low/a.py",
        "_middle stands to the right of _low in WINGS: module_utils/_low/e.py:2 imports module_utils/_middle/d.py (z)",
    ]


NESTED = {
    "module_utils/_plan/model": "",
    "module_utils/_plan/registry": "from .kinds import one\n",
    "module_utils/_plan/kinds/one": "from ..model import x\n",
    "module_utils/_apply/run": f"from {UTILS}._plan.registry import x\n",
}


def test_nested_room_is_part_of_the_room_around_it(made):
    found = made(**NESTED)
    assert architecture.problems(found) == []
    assert list(found.edges) == [
        ("module_utils/_apply", "module_utils/_plan"),
        ("module_utils/_plan", "module_utils/_plan/kinds"),
        ("module_utils/_plan/kinds", "module_utils/_plan"),
    ]
    assert list(found.block_edges) == [("module_utils/_apply", "module_utils/_plan")]
    assert "3 rooms, 1 of them nested; 7 files" in list(architecture.report(found))


def test_cycle_between_a_nested_file_and_the_registry(made):
    found = made(**{**NESTED, "module_utils/_plan/kinds/one": "from ..registry import x\n"})
    assert architecture.problems(found) == [
        (
            "import cycle between files: module_utils/_plan/kinds/one.py -> module_utils/_plan/registry.py"
            " -> module_utils/_plan/kinds/one.py"
        )
    ]


def test_cycle_between_a_nested_room_and_another_room(made):
    found = made(**{**NESTED, "module_utils/_plan/kinds/two": f"from {UTILS}._apply import NAME\n"})
    assert "import cycle between rooms: module_utils/_apply -> module_utils/_plan -> module_utils/_apply" in (
        architecture.problems(found)
    )


@pytest.mark.parametrize(
    ("path", "source", "problem"),
    [
        (
            "module_utils/_low/a",
            f"from {PLUGINS}.plugin_utils._loose import x",
            (
                "module_utils must not import from plugin_utils:"
                " module_utils/_low/a.py:1 imports plugin_utils/_loose.py (x)"
            ),
        ),
        (
            "module_utils/_low/b",
            f"def f():\n    from {PLUGINS}.action import one",
            "module_utils must not import from action: module_utils/_low/b.py:2 imports action/one.py",
        ),
        (
            "module_utils/_low/b",
            f"from {PLUGINS}.modules.one import main",
            "module_utils must not import from modules: module_utils/_low/b.py:1 imports modules/one.py (main)",
        ),
        (
            "modules/two",
            f"from {PLUGINS}.plugin_utils import _loose",
            "modules must not import from plugin_utils: modules/two.py:1 imports plugin_utils/_loose.py",
        ),
        (
            "plugin_utils/_other",
            f'"""Other."""\nfrom {PLUGINS}.filter.two import x',
            "plugin_utils must not import from filter: plugin_utils/_other.py:2 imports filter/two.py (x)",
        ),
        (
            "module_utils/_low/a",
            "def f():\n    from ansible.module_utils.basic import missing_required_lib",
            (
                "module_utils must not import this of Ansible:"
                " module_utils/_low/a.py:2 imports ansible.module_utils.basic (missing_required_lib)"
            ),
        ),
        (
            "module_utils/_low/a",
            "import ansible_collections.ansible.netcommon.plugins.module_utils.x",
            (
                "module_utils must not import this of Ansible: module_utils/_low/a.py:1 imports"
                " ansible_collections.ansible.netcommon.plugins.module_utils.x"
            ),
        ),
        (
            "modules/two",
            "from ansible.errors import AnsibleError",
            "modules must not import this of Ansible: modules/two.py:1 imports ansible.errors (AnsibleError)",
        ),
        (
            "module_utils/_low/a",
            f"from {UTILS}._gone.x import y",
            (
                "there is no such file: module_utils/_low/a.py:1 imports"
                " ansible_collections.linuxnet.macvlan.plugins.module_utils._gone.x (y)"
            ),
        ),
        ("module_utils/_low/a", "from ._gone import y", None),
    ],
)
def test_imports_in_the_wrong_direction(made, path, source, problem):
    found = architecture.problems(made(**{**CLEAN, "filter/two": "", path: source}))
    if problem is None:
        problem = f"there is no such file: {path}.py:1 imports {UTILS}._low._gone (y)"
    assert problem in found


@pytest.mark.parametrize(
    ("path", "source", "problem"),
    [
        ("module_utils/_both/x", f"from {UTILS}._apply.x import y\nfrom {UTILS}._watch.x import z\n", None),
        ("module_utils/_apply/y", f"from {UTILS}._low.a import x\nfrom {UTILS}._plan.x import y\n", None),
        (
            "module_utils/_plan/y",
            f"from {UTILS}._apply.x import y\n",
            (
                "_apply stands to the right of _plan in WINGS: module_utils/_plan/y.py:1 imports"
                " module_utils/_apply/x.py (y)"
            ),
        ),
        (
            "module_utils/_apply/y",
            f"from {UTILS}._watch.x import y\n",
            "configure must not import from observe: module_utils/_apply/y.py:1 imports module_utils/_watch/x.py (y)",
        ),
        (
            "module_utils/_low/y",
            f"from {UTILS}._watch.x import y\n",
            "base must not import from observe: module_utils/_low/y.py:1 imports module_utils/_watch/x.py (y)",
        ),
        (
            "module_utils/_new/y",
            "",
            "module_utils/_new: no wing; give it a place in WINGS of tests/tools/architecture.py",
        ),
    ],
)
def test_order_of_the_wings(made, path, source, problem):
    rooms = {f"module_utils/{room}/x": "" for room in ("_low", "_plan", "_apply", "_watch")}
    found = architecture.problems(made(**{**rooms, "module_utils/_low/a": "", path: source}))
    assert found == ([problem] if problem else [])


def test_one_file_may_import_from_another_wing(made, monkeypatch):
    found = made(**{"module_utils/_watch/x": f"from {UTILS}._plan.x import y\n", "module_utils/_plan/x": ""})
    assert len(architecture.problems(found)) == 1
    monkeypatch.setattr(architecture, "EXCEPTIONS", {"module_utils/_watch/x.py": "configure"})
    assert architecture.problems(found) == []


def test_room_that_does_not_say_what_it_does(made):
    found = made(**{**CLEAN, "module_utils/_low/__init__": ""})
    assert architecture.problems(found) == [
        "module_utils/_low: does not say what it does; one sentence in its __init__.py, or in DOES"
    ]


def test_long_file(made):
    found = made(**{**CLEAN, "module_utils/_low/a": "x = 1\n" * 501, "module_utils/_low/b": "x = 1\n" * 500})
    assert architecture.problems(found) == ["module_utils/_low/a.py: 501 lines, at most 500"]


def test_class_names_are_unique_but_for_those_that_ansible_gives(made):
    source = "class Verdict:\n    pass\n\n\nclass ActionModule:\n    pass\n"
    found = made(**{**CLEAN, "module_utils/_low/a": source, "module_utils/_low/b": source})
    assert architecture.problems(found) == [
        "class Verdict is defined 2 times: module_utils/_low/a.py, module_utils/_low/b.py"
    ]


def test_untyped_data_is_counted(made, monkeypatch):
    source = "def f(a: list[dict[str, Any]], b: Mapping[str, Any]) -> dict[str, int]:\n    c: dict[str, Any] = {}\n"
    found = made(**{**CLEAN, "module_utils/_low/a": source})
    assert found.untyped == 3
    monkeypatch.setattr(architecture, "DICT_LIMIT", 3)
    assert architecture.problems(found) == []
    monkeypatch.setattr(architecture, "DICT_LIMIT", 2)
    assert architecture.problems(found) == [
        "plugins: 3 times dict[str, Any] or Mapping[str, Any], at most 2: give the data a type"
    ]


# -- graphs and the picture -------------------------------------------------------------------------------------------


def test_transitive_reduction_keeps_what_is_reachable():
    graph = {"a": ["b", "c", "d"], "b": ["c"], "c": ["d"], "d": []}
    assert graphs.reduced(graph) == {"a": ["b"], "b": ["c"], "c": ["d"], "d": []}
    component = {"a": ["b", "c"], "b": ["c"], "c": ["b"]}
    assert graphs.reduced(component) == component


def test_shortest_cycle_of_a_component():
    graph = {"a": ["b"], "b": ["c", "a"], "c": ["a"], "d": ["a"]}
    assert graphs.components(graph) == [("a", "b", "c")]
    assert graphs.cycle(graph, "a") == ["a", "b", "a"]
    assert graphs.cycle(graph, "d") == []
    assert graphs.floors(graph) == {"a": 0, "b": 0, "c": 0, "d": 1}


def test_spread_moves_as_little_as_it_can():
    assert layers.spread([10, 50], [10, 10], 2, (0, 100)) == [10, 50]
    assert layers.spread([10, 10], [10, 10], 2, (0, 100)) == [5, 17]
    assert layers.spread([40, 40], [10, 10], 2, (0, 100)) == [34, 46]
    assert layers.spread([99], [10], 2, (0, 100)) == [95]
    assert layers.spread([], [], 2, (0, 100)) == []


def test_picture_is_drawn():
    drawn = architecture_picture.draw(architecture.read(ROOT))
    assert architecture.PICTURE.read_text(encoding="utf-8") == drawn, "run make docs"


def test_picture_has_all_rooms_and_no_overlap():
    found = architecture.read(ROOT)
    sheet = architecture_picture.sheet(found)
    assert sorted(sheet.boxes) == sorted(found.graph)
    assert sheet.cycles == []
    wide = architecture_picture.BOX
    for one, other in combinations(sheet.boxes.values(), 2):
        apart = abs(one.x - other.x) >= wide or one.bottom <= other.y or other.bottom <= one.y
        assert apart, (one.room.name, other.room.name)
    for box in sheet.boxes.values():
        # what is drawn in a box stays in it
        assert all(architecture_picture.text_width(line) <= wide - 24 for line in box.text), box.room.name
    for route in sheet.placed.routes.values():
        for bend in route[1:-1]:
            row = next(names for names in sheet.placed.rows if bend in names)
            boxes = [name for name in row if name in sheet.boxes]
            assert all(abs(sheet.placed.x[bend] - sheet.placed.x[name]) > wide / 2 for name in boxes), bend


def test_picture_is_one_svg_that_loads_nothing():
    text = architecture.PICTURE.read_text(encoding="utf-8")
    svg = ET.fromstring(text)
    assert svg.tag == "{http://www.w3.org/2000/svg}svg"
    assert "href" not in text
    assert "url(" not in text


def test_rooms_of_the_controller_are_spread_over_their_floors(made):
    """A room with a choice stands where there is most space, below all that import it."""
    rooms = {f"plugin_utils/_{name}": f'"""{name}."""\n' for name in "abcdef"}
    utils = f"{PLUGINS}.plugin_utils"
    rooms["plugin_utils/_a"] += f"from {utils} import _b, _c\n"
    found = made(**rooms, **{"action/one": f"from {utils} import _a, _d, _e, _f\n", "doc_fragments/one": ""})
    drawn = architecture_picture.sheet(found)
    rows = [sorted(name for name in row if name in drawn.boxes) for row in drawn.placed.rows]
    assert rows == [
        ["action", "doc_fragments"],
        ["plugin_utils/_a", "plugin_utils/_d", "plugin_utils/_e"],
        ["plugin_utils/_b", "plugin_utils/_c", "plugin_utils/_f"],
    ]


def test_picture_of_a_cycle(made):
    found = made(**{**CLEAN, "module_utils/_low/e": f"from {UTILS}._middle.d import z\n"})
    assert "stroke-dasharray" in architecture_picture.draw(found)
    assert "stroke-dasharray" not in architecture_picture.draw(made(**{"module_utils/_low/e": ""}))
