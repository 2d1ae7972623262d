# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

.DEFAULT_GOAL := help
.PHONY: help setup lint test test-unit test-modules test-survival test-kills test-faults demo docs dist clean root
.NOTPARALLEL:
.DELETE_ON_ERROR:

# the tools find each other without an activated environment
export PATH := $(CURDIR)/.venv/bin:$(PATH)

# which interpreter makes .venv (3.11 or newer); what kind of hosts the demo uses; arguments for pytest; gates to run;
# how many files of tests run at a time (much of a test is waiting for daemons and packets)
PYTHON ?= python3
LAB ?= nspawn
ARGS ?=
GATES ?=
JOBS ?= $(shell nproc)

help: ## show this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

setup: ## install what the other targets need into .venv (they call this themselves)
	@PYTHON='$(PYTHON)' tests/tools/setup.sh

lint: setup ## run all gates, or some: make lint GATES="ruff mypy"
	@python tests/tools/lint.py $(GATES)

test: root setup ## run all tests (as root: network namespaces, nspawn hosts); options for pytest: ARGS="-k name"
	@python -m pytest --numprocesses '$(JOBS)' --dist loadfile --no-loadscope-reorder $(ARGS)

test-unit: setup ## run the tests of the pure core (no root, no Ansible)
	@python -m pytest tests/unit $(ARGS)

test-modules: root setup ## run the tests of the modules on this machine's kernel (as root), without nspawn hosts
	@python -m pytest tests/integration/modules $(ARGS)

test-survival: root setup ## what links survive: events x persistence x system, as a table (as root); ARGS=--help
	@python tests/survival/run.py $(ARGS)

test-kills: root setup ## runs that are killed before each of their writes, and what the next run makes of it (as root)
	@KILL_STEP=1 python -m pytest tests/integration/hosts/test_persistence_faults.py -k killed $(ARGS)

test-faults: root setup ## make every fault, diagnose it, and print what was found, as a table (as root); ARGS=--help
	@python -m tests.faults $(ARGS)

demo: root setup ## show the collection at work on three hosts of its own (as root); small, in seconds: LAB=netns
	@LAB='$(LAB)' tests/lab/demo

docs: setup ## write docs/causes.md from what the causes say, and draw docs/architecture.svg
	@python tests/tools/causes_page.py
	@python tests/tools/architecture.py --write

dist: setup ## build the artifact that ansible-galaxy installs, in dist/
	@python tests/tools/dist.py

clean: ## remove what the other targets made in this directory
	rm -rf .venv collections dist .ansible .hypothesis .mypy_cache .pytest_cache .ruff_cache tests/output
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

root:
	@test "$$(id -u)" = 0 || { echo 'network namespaces need root: run it with sudo' >&2; exit 1; }
