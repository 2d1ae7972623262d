# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The error that the lab reports."""

from __future__ import annotations


class LabError(Exception):
    """A sentence for the user: what is wrong and what to do."""
