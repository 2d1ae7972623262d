# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line of the lab."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.command import CommandFailed
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import InvalidInput

from . import lab, machine, state
from .errors import LabError

HEADINGS = ("NAME", "KIND", "OS", "MANAGER", "STATE", "ADDRESSES")


def main(argv: list[str]) -> int:
    """Exit status: 0, 1 with one message on stderr, or the status of the command that `exec` ran."""
    options = _parser().parse_args(argv)
    try:
        machine.require_root()
        return options.verb(options) or 0
    except (LabError, CommandFailed, InvalidInput) as error:
        print(f"lab: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("lab: interrupted", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lab", description="A fleet of Linux hosts on this machine, for tests and experiments."
    )
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    def verb(name: str, function, text: str) -> argparse.ArgumentParser:
        added = verbs.add_parser(name, help=text, description=text)
        added.add_argument("--name", help="which lab (default: the topology file's name, or the only lab that is up)")
        added.set_defaults(verb=function)
        return added

    verb("up", up, "start a lab, and return when every host is ready").add_argument("topology", metavar="TOPOLOGY.yml")
    listing = verb("inventory", inventory, "print the Ansible inventory")
    listing.add_argument("--write", metavar="FILE", help="write it to a file instead")
    inside = verb("exec", execute, "run a command on a host, station, container or switch")
    inside.add_argument("host", metavar="HOST")
    inside.add_argument("command", nargs=argparse.REMAINDER, metavar="-- CMD ...")
    verb("reboot", reboot, "restart hosts").add_argument("hosts", nargs="+", metavar="HOST")
    cables = verb("cable", cable, "unplug the cable of a nic, or plug it in: the nic loses or gets its carrier")
    cables.add_argument("host", metavar="HOST")
    cables.add_argument("nic", metavar="NIC")
    cables.add_argument("end", choices=("out", "in"))
    verb("status", status, "show what is up")
    verb("down", down, "remove a lab, also after a crash").add_argument("--all", action="store_true", help="every lab")
    return parser


def _say(message: str) -> None:
    print(message, flush=True)


def _chosen(options: argparse.Namespace) -> lab.Lab:
    if options.name:
        return lab.Lab(options.name, _say)
    known = state.names()
    if not known:
        raise LabError("no lab is up. Remedy: `lab up TOPOLOGY.yml`.")
    if len(known) > 1:
        raise LabError(f"several labs are up: {', '.join(known)}. Remedy: say which with --name.")
    return lab.Lab(known[0], _say)


def up(options: argparse.Namespace) -> None:
    made = lab.Lab.up(options.topology, options.name, _say)
    _say(f"lab {made.name} is up; inventory: {made.inventory_path}")


def inventory(options: argparse.Namespace) -> None:
    chosen = _chosen(options)
    chosen.topology  # noqa: B018  (raises LabError when the lab is not up)
    text = chosen.inventory_path.read_text(encoding="utf-8")
    if options.write:
        Path(options.write).write_text(text, encoding="utf-8")
    else:
        print(text, end="")


def execute(options: argparse.Namespace) -> None:
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        raise LabError("nothing to run. Remedy: `lab exec HOST -- COMMAND ...`.")
    lab.run_in_place([*_chosen(options).entry(options.host), *command])


def reboot(options: argparse.Namespace) -> None:
    _chosen(options).reboot(*options.hosts)


def cable(options: argparse.Namespace) -> None:
    _chosen(options).cable(options.host, options.nic, plugged=options.end == "in")


def status(options: argparse.Namespace) -> None:
    for name in [options.name] if options.name else state.names():
        rows = [HEADINGS, *lab.Lab(name).rows()]
        widths = [max(len(row[i]) for row in rows) for i in range(len(HEADINGS))]
        print(f"lab {name}")
        for row in rows:
            print("  " + "  ".join(row[i].ljust(width) for i, width in enumerate(widths)).rstrip())


def down(options: argparse.Namespace) -> None:
    known = lab.leftovers()
    names = known if options.all else [options.name] if options.name else known[:1]
    if not options.all and not options.name and len(known) > 1:
        raise LabError(f"several labs are up: {', '.join(known)}. Remedy: say which with --name, or --all.")
    for name in names:
        lab.Lab(name).down()
        _say(f"lab {name} is down")
    if not names:
        _say("no lab is up")
