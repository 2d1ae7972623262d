# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of the journal without secrets. Pure.

A unit may log anything, its own command line with a password in it too. As of a command line, what is shown is what is
known to be no secret: the words in which the kernel, ip(8), ifupdown, systemd, systemd-networkd and NetworkManager say
that a device is there or is not, names of links and units, and IP and MAC addresses. All else becomes ``…``.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.text import clean
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.processes.command_line import (
    HIDDEN,
    SECRET,
    UNIT,
    collapsed,
    is_address,
    set_of,
)

#: Characters of a line that are shown, and words of it that are judged.
TEXT_MAX, WORDS_MAX = 200, 100

_WORDS = set_of("""
    a activated activating activation active added address already an and answer answers argument available be
    because becomes been bridge by can cannot carrier change changed code command configuration configure configured
    control could created deactivated deactivating dead dependency device devices did disconnected do does done down
    dumped enslaved entered error exist exists exit-code exited fail failed failure file find finished for
    forwarding found gained gateway get has i/o if ifdown ifup in inactive interface invalid ip is it its job kernel
    killed link lost macvlan macvtap main mode name network networking networkmanager nexthop no not object of off
    on operation or parent permitted port process protocol reachable ready reason removed result route rtnetlink
    running scheduled set signal start started starting state status stopped stopping success successful such
    supported systemd systemd-networkd target terminated that the there timed timeout to unable unit unknown
    unmanaged unreachable up using vlan was with
    """)  # fmt: skip
_NUMBER = re.compile("[0-9]{1,3}")
#: How systemd gives the status of a process: ``code=exited``, ``status=1/FAILURE``.
_STATUS = re.compile("(?:code|status|result)=[a-z0-9-]{1,20}(?:/[A-Z0-9_]{1,20})?")
#: What stands around a word.
_AROUND = re.compile(r"""(["'`(\[<\u2018\u201c]*)(.*?)(["'`)\]>,.;:!\u2019\u201d]*)""")


def without_secrets(text: str, names: Collection[str]) -> str:
    """A line as it may be shown, with these names of links and units."""
    words = text.split(None, WORDS_MAX)[:WORDS_MAX]
    found = []
    before = ""
    for word in words:
        found.append(_word(word, names) if not SECRET.search(before) else HIDDEN)
        before = word
    return clean(" ".join(collapsed(found)), TEXT_MAX)


def _word(word: str, names: Collection[str]) -> str:
    parts = _AROUND.fullmatch(word)
    bare = parts.group(2) if parts else word
    known = bare in names or bare.lower() in _WORDS or any(one.fullmatch(bare) for one in (_NUMBER, _STATUS, UNIT))
    return word if known or not bare or is_address(bare) else HIDDEN
