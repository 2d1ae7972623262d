# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m tests.composed``: composes hosts from seeds, and checks the law of each.

The law: site.yml converges, a second run changes nothing and teardown.yml restores the host byte for byte; or site.yml
refuses before its first write, and names what is in the way. The exit status is 1 when a host broke it.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter

from .grammar import HOSTS, compose
from .trial import lab_of, run_round


def main() -> int:
    parser = argparse.ArgumentParser(prog="make test-composed ARGS=...", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="the first one (%(default)s)")
    parser.add_argument("--count", type=int, default=300, metavar="N", help="how many hosts (%(default)s)")
    parser.add_argument("--list", action="store_true", help="print the hosts, and run nothing")
    options = parser.parse_args()
    cases = [compose(seed) for seed in range(options.seed, options.seed + options.count)]
    if options.list:
        print("\n".join(map(str, cases)))
        return 0
    verdicts: Counter[str] = Counter()
    wrong = 0
    with lab_of(HOSTS) as lab:
        for first in range(0, len(cases), len(HOSTS)):
            for outcome in run_round(lab, cases[first : first + len(HOSTS)]):
                verdicts[outcome.verdict] += 1
                wrong += not outcome.holds
                print(f"{outcome.case.seed:4} {outcome.case.host:6} {outcome.verdict}", flush=True)
                if outcome.message:
                    print(f"     {outcome.case}\n     {outcome.message}", file=sys.stderr, flush=True)
    print(", ".join(f"{count} {verdict}" for verdict, count in verdicts.most_common()))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
