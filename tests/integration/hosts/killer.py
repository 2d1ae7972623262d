# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the work of macvlan_link and kills it before each of its writes in turn; the next run has to make it right.

``killer.py COLLECTIONS LINK PERSISTENCE STEP`` runs on a host; COLLECTIONS is where the collection is, LINK is JSON,
and every STEPth write is taken. Prints one JSON object: how many writes there are at least (``create``, ``remove``),
and ``wrong``, in words.
"""

from __future__ import annotations

import glob
import itertools
import json
import os
import signal
import subprocess
import sys
import typing
from collections.abc import Callable

sys.path.insert(0, sys.argv[1])

from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm.request import NO_REQUEST
from ansible_collections.linuxnet.macvlan.plugins.module_utils._converge import parent_settings
from ansible_collections.linuxnet.macvlan.plugins.module_utils._converge import run as convergence
from ansible_collections.linuxnet.macvlan.plugins.module_utils._link import steps
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist import actions

OURS = "# Managed by Ansible: linuxnet.macvlan"
PLACES = ("/etc", "/var/lib/linuxnet-macvlan", "/run/linuxnet-macvlan", "/run/network")


def main() -> None:
    link, persistence, step = json.loads(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    present = convergence.ConvergeOptions([link], persistence=persistence, host_id="h")
    absent = convergence.ConvergeOptions(
        [{"name": link["name"], "state": "absent"}], persistence=persistence, host_id="h"
    )
    before = seen(link)
    in_child(lambda: convergence.converge(present))
    made = seen(link)
    in_child(lambda: convergence.converge(absent))
    wrong = [] if seen(link) == before else ["a removal leaves something: " + difference(seen(link), before)]
    counts = {}
    numbers = {"create": itertools.count(step - 1, step), "remove": itertools.count(step - 1, step)}
    while len(counts) < len(numbers):
        for name, options, wanted in (("create", present, made), ("remove", absent, before)):
            number = next(numbers[name])
            if name not in counts and in_child(lambda: killed(options, number)):  # noqa: B023
                counts[name] = number
            failed = not in_child(lambda: convergence.converge(options))  # noqa: B023
            again = not in_child(lambda: unchanged(options))  # noqa: B023
            if failed or again or seen(link) != wanted:
                what = "the next run fails" if failed else "the run after that changes something" if again else ""
                wrong.append(f"{name}, killed before write {number}: {what or difference(seen(link), wanted)}")
    json.dump({**counts, "wrong": wrong}, sys.stdout)


def in_child(work: Callable[[], object]) -> bool:
    """Whether it ended well. A process of its own, which need not load everything again."""
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        try:
            work()
        except Exception as error:  # noqa: BLE001  printed, and counted by its exit status
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    return os.waitpid(pid, 0)[1] == 0


def killed(options: convergence.ConvergeOptions, number: int) -> None:
    """Returns only when there is no such write."""
    writes = itertools.count()

    def counted(write: Callable) -> Callable:
        def call(*arguments: object) -> object:
            if next(writes) == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return write(*arguments)

        return call

    for step in typing.get_args(steps.Step):
        step.write = counted(step.write)
    actions.execute = counted(actions.execute)
    parent_settings.save = counted(parent_settings.save)
    convergence.settle = counted(convergence.settle)
    convergence.converge(options, request=NO_REQUEST)


def unchanged(options: convergence.ConvergeOptions) -> None:
    result = convergence.converge(options, check_mode=True)
    if result["changed"]:
        raise AssertionError(result["messages"])


def seen(link: dict) -> dict[str, str]:
    """Everything that the link leaves on the host."""
    found = {}
    for place in PLACES:
        for path in glob.glob(f"{place}/**", recursive=True) + glob.glob(f"{place}/**/.*", recursive=True):
            text = read(path) if os.path.isfile(path) else ""
            if OURS in text or link["name"] in path or "linuxnet" in path:
                found[path] = text
    link_words = output("ip", "-brief", "link", "show", "dev", link["name"]).split()
    found["link"] = " ".join(link_words[1:3])
    found["addresses"] = output("ip", "-brief", "-4", "address", "show", "dev", link["name"])
    found["routes"] = output("ip", "-4", "route", "show", "dev", link["name"])
    for setting in link["parent_sysctl"]:
        found[setting] = read(f"/proc/sys/net/ipv4/conf/{link['parent']}/{setting}")
    return found


def read(path: str) -> str:
    with open(path, errors="replace") as stream:
        return stream.read()


def output(*argv: str) -> str:
    done = subprocess.run(argv, check=False, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return done.stdout


def difference(have: dict[str, str], want: dict[str, str]) -> str:
    keys = [key for key in sorted({*have, *want}) if have.get(key) != want.get(key)]
    return "; ".join(f"{key}: {have.get(key)!r}, not {want.get(key)!r}" for key in keys)


if __name__ == "__main__":
    main()
