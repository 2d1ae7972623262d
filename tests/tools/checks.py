# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of this collection that no common tool checks."""

from __future__ import annotations

import ast
import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

HEADER = (
    "Copyright (c) 2026 The linuxnet.macvlan authors",
    "GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)",
    "SPDX-License-Identifier: GPL-3.0-or-later",
)
#: formats without comments, prose, recorded data, and what tools write
HEADERLESS_SUFFIXES = {".md", ".rst", ".json", ".html", ".csv", ".out", ".bin", ".pcap", ".png", ".svg"}
HEADERLESS_FILES = {"LICENSE", ".gitignore", "changelogs/changelog.yaml"}

#: argument_specs type -> what YAML makes of a default; a bool is no int here, unlike in Python
TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "path": (str,),
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "list": (list,),
    "dict": (dict,),
    "raw": (object,),
}


def all_problems(tree: Path) -> list[str]:
    return [*headers(tree), *exceptions(tree), *modules(tree), *roles(tree), *names(tree)]


def files(tree: Path) -> list[tuple[str, Path]]:
    """What git lists: names and paths."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=tree, check=True, capture_output=True, text=True).stdout
    return [(name, tree / name) for name in listed.split("\0") if name]


def exceptions(tree: Path) -> list[str]:
    """No gate has exceptions."""
    problems = []
    for name, path in files(tree):
        if path.name == ".ansible-lint-ignore" or name.startswith("tests/sanity/ignore"):
            problems.append(f"{name}: ignore files are not allowed")
        elif path.suffix in {".yml", ".yaml"} and "# noqa" in path.read_text():
            problems.append(f"{name}: skips a rule of ansible-lint (noqa)")
    return problems


def headers(tree: Path) -> list[str]:
    """Each file has the copyright and licence header."""
    problems = []
    for name, path in files(tree):
        if path.is_symlink() or path.suffix in HEADERLESS_SUFFIXES or name in HEADERLESS_FILES:
            continue
        text = path.read_text(errors="replace")
        if path.name == "__init__.py" and is_docstring(text):
            continue
        # an empty __init__.py has nothing to license; the first line may be `#!`, or open a Jinja comment
        if text and not all(line in "\n".join(text.splitlines()[:5]) for line in HEADER):
            problems.append(f"{name}: the three header lines (copyright, licence, SPDX) are missing")
    return problems


def is_docstring(text: str) -> bool:
    """Whether that is all: a sentence on a package, which goes to hosts with every module, has nothing to license."""
    nodes = ast.parse(text).body
    return len(nodes) == 1 and ast.get_docstring(ast.parse(text)) is not None


def modules(tree: Path) -> list[str]:
    """The action group lists the modules that declare it, and each module declares all attributes."""
    found = {path.stem: path for path in tree.glob("plugins/modules/[!_]*.py")}
    documented = {name: module_documentation(path) for name, path in sorted(found.items())}
    members = {name for name, documentation in documented.items() if is_grouped(documentation)}
    grouped = set(yaml.safe_load((tree / "meta" / "runtime.yml").read_text())["action_groups"]["macvlan"])
    problems = [f"meta/runtime.yml: {name} is in no action group" for name in sorted(members - grouped)]
    problems += [f"meta/runtime.yml: {name} is no module, or in no action group" for name in sorted(grouped - members)]
    for name, documentation in documented.items():
        if "linuxnet.macvlan._attributes" not in documentation.get("extends_documentation_fragment", []):
            problems.append(f"{name}: does not extend linuxnet.macvlan._attributes")
        if missing := {"check_mode", "diff_mode", "idempotent"} - set(documentation.get("attributes", {})):
            problems.append(f"{name}: attributes without {', '.join(sorted(missing))}")
        for section in ("EXAMPLES", "RETURN"):
            if f"\n{section} = " not in found[name].read_text():
                problems.append(f"{name}: has no {section}")
    return problems


def is_grouped(documentation: dict) -> bool:
    """Whether a module belongs to the action group: the fragment sets it, and a module may override it."""
    return documentation.get("attributes", {}).get("action_group", {}).get("support") != "none"


def module_documentation(path: Path) -> dict:
    """The DOCUMENTATION of a module, read without importing it."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "DOCUMENTATION":
            return yaml.safe_load(ast.literal_eval(node.value))
    return {}


def roles(tree: Path) -> list[str]:
    """A role's argument_specs and its defaults agree: names, values and types."""
    problems = []
    for role in sorted(path for path in tree.glob("roles/*") if path.is_dir()):
        specs, defaults = role / "meta" / "argument_specs.yml", role / "defaults" / "main.yml"
        if not specs.exists():
            problems.append(f"{role.name}: has no meta/argument_specs.yml")
            continue
        entry_points = yaml.safe_load(specs.read_text())["argument_specs"].values()
        options = {name: option for entry in entry_points for name, option in (entry.get("options") or {}).items()}
        values = (yaml.safe_load(defaults.read_text()) or {}) if defaults.exists() else {}
        problems += [f"{role.name}: {problem}" for problem in disagreements(options, values)]
    return problems


def disagreements(options: dict, values: dict) -> list[str]:
    """The differences between the options of argument_specs and the values of defaults."""
    problems = [f"{name} is in defaults and not in argument_specs" for name in sorted(set(values) - set(options))]
    for name, option in sorted(options.items()):
        if option.get("required"):
            if name in values:
                problems.append(f"{name} is required and has a value in defaults")
            continue
        if name not in values:
            if "default" in option:
                problems.append(f"{name} has a default in argument_specs and none in defaults")
            continue
        value = values[name]
        if isinstance(value, str) and "{{" in value:
            if "default" in option:
                problems.append(f"{name} is computed in defaults and has a default in argument_specs")
            continue
        if option.get("default") != value or type(option.get("default")) is not type(value):
            problems.append(f"{name} is {value!r} in defaults and {option.get('default')!r} in argument_specs")
        wanted = option.get("type", "str")
        fits = isinstance(value, TYPES[wanted]) and (wanted in ("bool", "raw") or not isinstance(value, bool))
        if value is not None and not fits:
            problems.append(f"{name} is a {type(value).__name__} in defaults and of type {wanted} in argument_specs")
    return problems


#: The file with the names that no extra variable may have.
EXTRA = Path("plugins", "plugin_utils", "_run", "extra.py")


def names(tree: Path) -> list[str]:
    """Names that are registered or set are reserved; none is that of an artifact, or lacks our prefixes."""
    if not (tree / EXTRA).exists():
        return []
    constants = assigned(tree / EXTRA)
    reserved, artifact = set(constants["RESERVED"]), constants["ARTIFACT"]
    prefixes = (*constants["PREFIXES"], *constants["SHARED_PREFIXES"])
    found = registered(tree)
    problems = [f"{EXTRA}: {name} is not in RESERVED" for name in sorted(set(found) - reserved)]
    problems += [f"{EXTRA}: {name} is in RESERVED, and nothing sets it" for name in sorted(reserved - set(found))]
    for name, place in sorted(found.items()):
        if name.startswith(artifact):
            problems.append(f"{place}: {name} has the name of an artifact")
        # the name of a role's only result may be its prefix
        if not f"{name}_".startswith(prefixes):
            problems.append(f"{place}: {name} begins with none of the collection's prefixes")
    return problems + [f"{name}: publishes {key} by itself" for name, key in published(tree)]


def registered(tree: Path) -> dict[str, str]:
    """What playbooks and tasks register, set or compute, with its place; options of roles are not among it."""
    options = set()
    for specs in tree.glob("roles/*/defaults/main.yml"):
        options |= set(yaml.safe_load(specs.read_text()) or {})
    found: dict[str, str] = {}
    for path in sources(tree):
        content = yaml.safe_load(path.read_text())
        computed = set(content) if path.parent.name == "vars" else set(names_in(content))
        found.update(dict.fromkeys(computed - options, str(path.relative_to(tree))))
    return found


def sources(tree: Path) -> list[Path]:
    """The playbooks, and the tasks and computed variables of roles."""
    patterns = ("playbooks/*.yml", "playbooks/tasks/*.yml", "roles/*/tasks/*.yml", "roles/*/vars/*.yml")
    return sorted(path for pattern in patterns for path in tree.glob(pattern))


def names_in(content: object) -> Iterator[str]:
    """The names that plays, blocks and tasks register, set as facts, or have as variables."""
    if isinstance(content, list):
        for item in content:
            yield from names_in(item)
    if not isinstance(content, dict):
        return
    for key, value in content.items():
        if key == "register":
            yield value
        elif key in ("vars", "ansible.builtin.set_fact"):
            yield from value
        elif key in ("tasks", "block", "rescue", "always", "pre_tasks", "post_tasks"):
            yield from names_in(value)


def published(tree: Path) -> Iterator[tuple[str, str]]:
    """Names of artifacts that are written in a playbook: modules make them, one for each slice."""
    for path in sources(tree):
        for task in tasks_in(yaml.safe_load(path.read_text())):
            data = task.get("ansible.builtin.set_stats", {}).get("data", "")
            if isinstance(data, dict):
                yield from ((str(path.relative_to(tree)), key) for key in data)


def tasks_in(content: object) -> Iterator[dict]:
    if isinstance(content, list):
        for item in content:
            yield from tasks_in(item)
    elif isinstance(content, dict):
        yield content
        for key in ("tasks", "block", "rescue", "always"):
            yield from tasks_in(content.get(key, []))


def assigned(path: Path) -> dict[str, Any]:
    """The constants of a file, read without importing it: literals, and sets of them."""
    found = {}
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            value = node.value.args[0] if isinstance(node.value, ast.Call) and node.value.args else node.value
            with contextlib.suppress(ValueError):
                found[node.targets[0].id] = ast.literal_eval(value)
    return found
