# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows of the matrix are those of the collection's persistent forms."""

from __future__ import annotations

from matrix.rows import AUTO, FORMS, SHORT

from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist import registry

NAMES = {backend.name for backend in registry.BACKENDS}


def test_every_form_has_a_row():
    assert {form for form, _manager in FORMS} == NAMES


def test_each_manager_has_the_form_that_auto_takes():
    assert {*AUTO} == {manager for _form, manager in FORMS}
    assert {(form, manager) for manager, form in AUTO.items()} <= {*FORMS}
    assert {name for row in FORMS for name in row} == {*SHORT}
