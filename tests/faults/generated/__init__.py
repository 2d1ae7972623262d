# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults that nobody wrote down: composed from a grammar by a seed, with the answer that follows from the composition.

``terms`` has the grammar's types, ``of_*`` its words, ``compose`` makes a scenario of them, ``answer`` says what a
diagnosis has to find, ``run`` injects it and runs the playbook, ``figures`` counts.
"""
