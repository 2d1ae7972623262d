# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The import graph of plugins/: prints rooms, imports and problems, and exits 1 on a problem.

A room is a folder of module_utils or plugin_utils, a loose file there, or another folder of plugins/; folders in a room
are nested rooms. Files are parsed, neither imported nor run; imports inside functions and under ``if TYPE_CHECKING``
count like all others. ``--write`` draws docs/architecture.svg instead.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import graphs

ROOT = Path(__file__).resolve().parents[2]
PICTURE = ROOT / "docs" / "architecture.svg"
PACKAGE = ("ansible_collections", "linuxnet", "macvlan", "plugins")

#: The folders of plugins/ whose own folders and files are rooms.
SHARED = ("module_utils", "plugin_utils")
#: The folders that hosts run, and what they may import of Ansible. The other folders run on the controller.
ON_HOSTS = {"modules": ("ansible.module_utils.",), "module_utils": ()}
#: What a folder may import from; one that is not named here: from itself and from SHARED.
MAY_IMPORT = {
    "module_utils": {"module_utils"},
    "modules": {"module_utils"},
    "plugin_utils": {"module_utils", "plugin_utils"},
}

#: The rooms of module_utils, from left to right: a room imports those to its left in its own wing, and any of the wings
#: that WING_IMPORTS gives to its own.
WINGS = {
    "base": ("_base", "_runtimes", "_kernel", "_wire", "_intent", "_engines", "_announce"),
    "configure": ("_kmod", "_confirm", "_link", "_nm", "_persist", "_makers", "_converge", "_containers"),
    "observe": ("_info", "_reach", "_conflicts", "_dhcp", "_watch"),
    "evidence": ("_evidence", "_survey"),
}
WING_IMPORTS = {
    "base": (),
    "configure": ("base",),
    "observe": ("base",),
    "evidence": ("base", "configure", "observe"),
}
#: Files that may import from one wing more, and why.
EXCEPTIONS = {
    # it watches NetworkManager on the bus, whose name and states the room that talks to it knows
    "module_utils/_watch/managers.py": "configure",
}

#: What the folders do that are no packages of ours.
DOES = {
    "action": "Action plugins: the tasks that see the whole inventory",
    "doc_fragments": "Paragraphs that the documentation of modules shares",
    "filter": "Filters: what follows from a declaration",
    "modules": "Documentation, argument spec and one call each",
}

#: Classes that Ansible looks for by these names.
NAMED_BY_ANSIBLE = ("ActionModule", "FilterModule", "ModuleDocFragment")
#: Lines of one file.
LINES_LIMIT = 500
#: How often plugins/ may say one of UNTYPED, each at a border with JSON or with Ansible: data inside has a type.
DICT_LIMIT = 60
UNTYPED = ("dict[str, Any]", "Mapping[str, Any]")


@dataclass(frozen=True)
class Import:
    """One import: where it stands, what it names, and the file of plugins/ that this is, if it is one."""

    source: str
    line: int
    module: str
    names: tuple[str, ...]
    target: str | None

    def __str__(self) -> str:
        names = f" ({', '.join(self.names)})" if self.names else ""
        return f"{self.source}:{self.line} imports {self.target or self.module}{names}"


@dataclass(frozen=True)
class File:
    path: str
    lines: int
    does: str
    untyped: int
    classes: tuple[str, ...]
    imports: tuple[Import, ...]


@dataclass(frozen=True)
class Room:
    name: str
    files: tuple[File, ...]

    @property
    def folder(self) -> str:
        return self.name.split("/")[0]

    @property
    def short(self) -> str:
        return self.name.partition("/")[2] or self.name

    @property
    def lines(self) -> int:
        return sum(file.lines for file in self.files)

    @property
    def does(self) -> str:
        """The first sentence of the package, or of the loose file."""
        return DOES.get(self.name) or next((f.does for f in self.files if module_name(f.path) == self.name), "")

    @property
    def wing(self) -> str | None:
        """None where nobody has decided it. A nested room belongs where the room around it does."""
        if self.folder != "module_utils":
            return "modules" if self.folder in ON_HOSTS else "controller"
        return next((wing for wing, rooms in WINGS.items() if self.short.split("/")[0] in rooms), None)


@dataclass(frozen=True)
class Architecture:
    """All files of plugins/, by their paths there. A block is a room with those that are nested in it."""

    files: dict[str, File]

    @cached_property
    def rooms(self) -> dict[str, Room]:
        inside: dict[str, list[File]] = {}
        for path, file in self.files.items():
            inside.setdefault(room_of(path), []).append(file)
        # a folder that holds nothing but folders is a room all the same
        for room in list(inside):
            inside.setdefault(block_of(room), [])
        return {name: Room(name, tuple(files)) for name, files in sorted(inside.items())}

    @cached_property
    def imports(self) -> list[Import]:
        return [found for file in self.files.values() for found in file.imports]

    @cached_property
    def edges(self) -> dict[tuple[str, str], list[Import]]:
        """The imports of each room from each other one."""
        return self._edges(room_of)

    @cached_property
    def block_edges(self) -> dict[tuple[str, str], list[Import]]:
        """The imports of each block: a registry imports what is nested in its room, which imports the room's model."""
        return self._edges(lambda path: block_of(room_of(path)))

    def _edges(self, place: Callable[[str], str]) -> dict[tuple[str, str], list[Import]]:
        edges: dict[tuple[str, str], list[Import]] = {}
        for found in self.imports:
            if found.target and place(found.source) != place(found.target):
                edges.setdefault((place(found.source), place(found.target)), []).append(found)
        return dict(sorted(edges.items()))

    @cached_property
    def file_graph(self) -> graphs.Graph:
        return {path: sorted({i.target for i in file.imports if i.target}) for path, file in self.files.items()}

    @cached_property
    def graph(self) -> graphs.Graph:
        """The blocks."""
        blocks = [room for room in self.rooms if room == block_of(room)]
        return {block: [target for source, target in self.block_edges if source == block] for block in blocks}

    @property
    def untyped(self) -> int:
        return sum(file.untyped for file in self.files.values())


def module_name(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__")


def room_of(path: str) -> str:
    """The room of a file, by its path in plugins/."""
    folder = path.rpartition("/")[0]
    if folder in SHARED:
        return module_name(path)
    return folder if folder.split("/")[0] in SHARED else folder.split("/")[0]


def block_of(room: str) -> str:
    return "/".join(room.split("/")[:2])


# -- reading ----------------------------------------------------------------------------------------------------------


def read(tree: Path) -> Architecture:
    plugins = tree / "plugins"
    paths = sorted(path.relative_to(plugins).as_posix() for path in plugins.rglob("*.py"))
    modules = {tuple(module_name(path).split("/")): path for path in paths}
    return Architecture({path: _file(path, (plugins / path).read_text(encoding="utf-8"), modules) for path in paths})


def _file(path: str, text: str, modules: dict[tuple[str, ...], str]) -> File:
    parsed = ast.parse(text, path)
    paragraph = " ".join((ast.get_docstring(parsed) or "").partition("\n\n")[0].split())
    does = f"{paragraph} ".partition(". ")[0].strip().replace("``", "")
    nodes = list(ast.walk(parsed))
    untyped = sum(isinstance(node, ast.Subscript) and ast.unparse(node) in UNTYPED for node in nodes)
    imports = sorted((i for node in nodes for i in _imports(node, path, modules)), key=lambda i: (i.line, i.module))
    classes = tuple(node.name for node in parsed.body if isinstance(node, ast.ClassDef))
    return File(path, text.count("\n"), does, untyped, classes, tuple(imports))


def _imports(node: ast.AST, path: str, modules: dict[tuple[str, ...], str]) -> Iterator[Import]:
    """Each file that a statement imports: a name may be a module of the package, or something in the package."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield Import(path, node.lineno, alias.name, (), _in_plugins(tuple(alias.name.split(".")), modules))
    elif isinstance(node, ast.ImportFrom):
        package = _package(node, path)
        inside = []
        for alias in node.names:
            module = (*package, alias.name)
            if target := _in_plugins(module, modules):
                yield Import(path, node.lineno, ".".join(module), (), target)
            else:
                inside.append(alias.name)
        if inside:
            yield Import(path, node.lineno, ".".join(package), tuple(inside), _in_plugins(package, modules))


def _package(node: ast.ImportFrom, path: str) -> tuple[str, ...]:
    """What a statement imports from, with the dots of a relative import resolved."""
    named = tuple((node.module or "").split(".")) if node.module else ()
    here = (*PACKAGE, *path.split("/"))
    return (*here[: len(here) - node.level], *named) if node.level else named


def _in_plugins(module: tuple[str, ...], modules: dict[tuple[str, ...], str]) -> str | None:
    return modules.get(module[len(PACKAGE) :]) if module[: len(PACKAGE)] == PACKAGE else None


# -- rules ------------------------------------------------------------------------------------------------------------


def problems(found: Architecture) -> list[str]:
    return [*_cycles(found), *_directions(found), *_wings(found), *_foreign(found), *_names(found), *_sizes(found)]


def _cycles(found: Architecture) -> Iterator[str]:
    for kind, graph in (("files", found.file_graph), ("rooms", found.graph)):
        for component in graphs.components(graph):
            path = graphs.cycle(graph, component[0])
            yield f"import cycle between {kind}: {' -> '.join(path)}"
            if kind == "rooms":
                behind = [i for edge in pairwise(path) for i in found.block_edges[edge]]
                yield from (f"  {i}" for i in behind)
            if others := sorted(set(component) - set(path)):
                yield f"  also in cycles with these: {', '.join(others)}"


def _directions(found: Architecture) -> Iterator[str]:
    """Hosts do not have what only the controller has, and what is shared knows nobody who uses it."""
    for i in found.imports:
        source, target = i.source.split("/")[0], (i.target or i.source).split("/")[0]
        if target not in MAY_IMPORT.get(source, {*SHARED, source}) and i.target:
            yield f"{source} must not import from {target}: {i}"


def _wings(found: Architecture) -> Iterator[str]:
    for room in found.rooms.values():
        if room.wing is None:
            yield f"{room.name}: no wing; give it a place in WINGS of tests/tools/architecture.py"
        if not room.does:
            yield f"{room.name}: does not say what it does; one sentence in its __init__.py, or in DOES"
    for (source, target), behind in found.block_edges.items():
        above, below = found.rooms[source], found.rooms[target]
        if above.wing not in WINGS or below.wing not in WINGS:
            continue
        order = WINGS[above.wing]
        if above.wing == below.wing and order.index(above.short) < order.index(below.short):
            yield from (f"{below.short} stands to the right of {above.short} in WINGS: {i}" for i in behind)
        elif above.wing != below.wing and below.wing not in WING_IMPORTS[above.wing]:
            strict = [i for i in behind if EXCEPTIONS.get(i.source) != below.wing]
            yield from (f"{above.wing} must not import from {below.wing}: {i}" for i in strict)


def _foreign(found: Architecture) -> Iterator[str]:
    for i in found.imports:
        root, folder = i.module.split(".")[0], i.source.split("/")[0]
        if i.target is None and tuple(i.module.split("."))[: len(PACKAGE)] == PACKAGE:
            yield f"there is no such file: {i}"
        elif i.target is None and root in ("ansible", PACKAGE[0]) and folder in ON_HOSTS:
            allowed = f"{i.module}.".startswith(ON_HOSTS[folder])
            yield from () if allowed else (f"{folder} must not import this of Ansible: {i}",)


def _names(found: Architecture) -> Iterator[str]:
    """One name, one thing: whoever reads the name of a class knows which it is."""
    places: dict[str, list[str]] = {}
    for path, file in found.files.items():
        for name in file.classes:
            places.setdefault(name, []).append(path)
    for name, paths in sorted(places.items()):
        if len(paths) > 1 and name not in NAMED_BY_ANSIBLE:
            yield f"class {name} is defined {len(paths)} times: {', '.join(paths)}"


def _sizes(found: Architecture) -> Iterator[str]:
    for file in found.files.values():
        if file.lines > LINES_LIMIT:
            yield f"{file.path}: {file.lines} lines, at most {LINES_LIMIT}"
    if found.untyped > DICT_LIMIT:
        yield f"plugins: {found.untyped} times {' or '.join(UNTYPED)}, at most {DICT_LIMIT}: give the data a type"


# -- report -----------------------------------------------------------------------------------------------------------


def report(found: Architecture) -> Iterator[str]:
    floors = graphs.floors(found.graph)
    for floor in sorted(set(floors.values())):
        yield f"floor {floor}"
        for room in found.rooms.values():
            if floors[block_of(room.name)] == floor:
                name = room.name if room.name == block_of(room.name) else f"  {room.short}"
                yield (
                    f"  {name:36}{room.wing or 'no wing':12}{len(room.files):3} files {room.lines:5} lines"
                    f"  {room.does}".rstrip()
                )
    yield "imports between rooms"
    for (source, target), behind in found.edges.items():
        yield f"  {source} -> {target}"
        for i in behind:
            names = f": {', '.join(i.names)}" if i.names else ""
            yield f"    {i.source.removeprefix(source + '/')}:{i.line} {i.target.removeprefix(target + '/')}{names}"
    nested = len(found.rooms) - len(found.graph)
    yield f"{len(found.rooms)} rooms, {nested} of them nested; {len(found.files)} files"
    yield f"{len(found.edges)} edges between rooms, {len(found.block_edges)} without nested rooms"
    cycles = [len(graphs.components(graph)) for graph in (found.file_graph, found.graph)]
    yield f"{cycles[0]} import cycles between files, {cycles[1]} between rooms"
    yield f"{found.untyped} times {' or '.join(UNTYPED)} (at most {DICT_LIMIT})"


def main() -> int:
    found = read(ROOT)
    if sys.argv[1:] == ["--write"]:
        import architecture_picture

        PICTURE.write_text(architecture_picture.draw(found), encoding="utf-8")
        return 0
    print("\n".join(report(found)))
    wrong = problems(found)
    print("\n".join(wrong) if wrong else "no problems")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
