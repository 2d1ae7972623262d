# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All causes: every file of `causes` has one as ``CAUSE``. A new cause is a new file there and nothing else."""

from __future__ import annotations

import importlib
import pkgutil

from . import causes as _causes
from .cause import Cause


def discover() -> tuple[Cause, ...]:
    """By rank, which is also the order of reports."""
    names = sorted(found.name for found in pkgutil.iter_modules(_causes.__path__))
    found = [importlib.import_module(f"{_causes.__name__}.{name}").CAUSE for name in names]
    return tuple(sorted(found, key=lambda cause: (cause.rank, cause.id)))


CAUSES = discover()
BY_ID = {cause.id: cause for cause in CAUSES}
