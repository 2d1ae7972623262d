# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The service as one file: it needs nothing but Python, and is what the tests import."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._announce import bundle


@pytest.fixture(scope="module")
def text() -> str:
    return bundle.script("eth0", ["192.168.100.128/28"])


def test_it_imports_the_standard_library_alone(text):
    imported = [node for node in ast.walk(ast.parse(text)) if isinstance(node, (ast.Import, ast.ImportFrom))]
    names = {alias.name for node in imported if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in imported if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in names} <= set(sys.stdlib_module_names)


def test_no_two_sources_define_the_same_name(text):
    defined = []
    for node in ast.parse(text).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            defined.append(node.name)
        elif isinstance(node, ast.Assign):
            defined += [name.id for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name)]
    assert [name for name, number in Counter(defined).items() if number > 1] == []


def test_it_can_be_imported_without_the_collection(text, tmp_path):
    path = tmp_path / "announce.py"
    path.write_text(text, encoding="utf-8")
    code = f"import runpy; runpy.run_path({str(path)!r})"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_names_and_addresses_are_literals():
    text = bundle.script('e"\\th0', ["192.168.100.128/28"])
    call = ast.parse(text).body[-1].body[0].value
    assert [ast.literal_eval(argument) for argument in call.args] == ['e"\\th0', ["192.168.100.128/28"]]


def test_an_import_under_another_name_is_refused():
    with pytest.raises(ValueError, match="another name"):
        bundle.part("from .decode import claimed as heard\n")
