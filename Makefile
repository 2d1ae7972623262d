# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

.DEFAULT_GOAL := help
.PHONY: help setup lint test test-unit test-modules test-survival test-survival-engines test-kills test-faults test-hardening test-composed test-engines test-awx test-vms bench profile demo docs dist clean root
.NOTPARALLEL:
.DELETE_ON_ERROR:

# the tools find each other without an activated environment
export PATH := $(CURDIR)/.venv/bin:$(PATH)

# the interpreter for .venv (3.11 or newer); the kind of hosts of the demo; arguments for pytest; gates to run;
# how many test files run in parallel (three on two processors were no faster, and made tests late)
PYTHON ?= python3
LAB ?= nspawn
ARGS ?=
GATES ?=
JOBS ?= $(shell nproc)

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

setup: ## install what the other targets need into .venv (they run it themselves)
	@PYTHON='$(PYTHON)' tests/tools/setup.sh

lint: setup ## run all gates, or some of them: GATES="ruff mypy"
	@python tests/tools/lint.py $(GATES)

test: root setup ## run all tests (as root: network namespaces, nspawn hosts); pytest options: ARGS="-k name"
	@python -m pytest --numprocesses '$(JOBS)' --dist loadfile --no-loadscope-reorder $(ARGS)

test-unit: setup ## run the unit tests (no root)
	@python -m pytest tests/unit $(ARGS)

test-modules: root setup ## run the modules' tests in network namespaces (as root)
	@python -m pytest tests/integration/modules $(ARGS)

test-survival: root setup ## measure which links survive which events, as a table (as root); ARGS=--help
	@python tests/survival/run.py $(ARGS)

test-survival-engines: root setup ## measure how soon containers of real engines answer after which events (as root)
	@python tests/survival/engines.py $(ARGS)

test-kills: root setup ## kill runs before each of their writes, and check that the next run repairs it (as root)
	@KILL_STEP=1 python -m pytest tests/integration/hosts/test_persistence_faults.py -k killed $(ARGS)

test-faults: root setup ## inject every fault, diagnose it, and print a table of the findings (as root); ARGS=--help
	@python -m tests.faults $(ARGS)

test-hardening: root setup ## attack the collection, and print what broke which law (as root); ARGS=--help
	@python -m tests.hardening $(ARGS)

test-composed: root setup ## run site.yml and teardown.yml on hosts composed from seeds (as root); ARGS=--help
	@python -m tests.composed $(ARGS)

test-engines: root setup ## run the tests on hosts with Docker and Podman (as root); ENGINES=docker20,podman5 for some
	@ENGINES='$(or $(ENGINES),all)' python -m pytest tests/engines $(ARGS)

test-awx: root setup ## run the job templates as AWX does, whole: downloads awx.awx and ansible-rulebook (as root)
	@AWX_WHOLE=1 python -m pytest tests/awx $(ARGS)

test-vms: root setup ## run the tests on virtual machines, those of the lab itself, too (as root)
	@VMS=1 python -m pytest -m vm tests/integration $(ARGS)

bench: root setup ## measure beside other tools, and print a table of the ratios (as root); ARGS=--help
	@python -m tests.bench $(ARGS)

profile: root setup ## print where the time of a converged site.yml goes, module by module (as root)
	@python tests/bench/profile.py $(ARGS)

demo: root setup ## show the collection at work on three nspawn hosts (as root); faster, two namespaces: LAB=netns
	@LAB='$(LAB)' tests/lab/demo

docs: setup ## write docs/causes.md, docs/architecture.svg and the surveys for AWX from the code
	@python tests/tools/awx_surveys.py
	@python tests/tools/causes_page.py
	@python tests/tools/architecture.py --write

dist: setup ## build the collection artifact in dist/
	@python tests/tools/dist.py

clean: ## remove what the other targets created in this directory
	rm -rf .venv collections dist .ansible .hypothesis .mypy_cache .pytest_cache .ruff_cache tests/output
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

root:
	@test "$$(id -u)" = 0 || { echo 'network namespaces need root. Remedy: run it with sudo' >&2; exit 1; }
