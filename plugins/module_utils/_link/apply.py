# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write steps in their order, and explain the errors of the kernel."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterable

from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.changes import Changes

from .steps import CreateLink, Step
from .writer import LinkWriter

#: What an error of the kernel means, where its text does not help.
MEANINGS = {
    errno.EADDRINUSE: "another link on the same parent, maybe in another network namespace, has this MAC address",
    errno.EBUSY: "the parent is a port of a bridge or bond, or carries another kind of virtual link",
    errno.EOPNOTSUPP: "this kernel does not know macvlan; run kmod_check",
    errno.EPERM: "the task has no CAP_NET_ADMIN in this network namespace",
    errno.EROFS: "/proc/sys is read-only here",
}


class ApplyFailed(Exception):
    """The kernel refused a step; the message says which one and what it means."""


def apply(steps: Iterable[Step]) -> None:
    """Errors: ApplyFailed; where a new link could not be finished, all new ones are gone again."""
    created: list[str] = []
    with Changes() as netlink:
        kernel = LinkWriter(netlink)
        for step in steps:
            try:
                step.write(kernel)
            except Exception as error:
                for name in created if step.link in created else ():
                    with contextlib.suppress(Exception):
                        netlink.link("del", index=kernel.index(name))
                raise ApplyFailed(f"{step}: {_meaning(error)}") from error
            if isinstance(step, CreateLink):
                created.append(step.link)


def _meaning(error: Exception) -> str:
    code = getattr(error, "errno", None)
    text = f"{type(error).__name__}: {error}"
    # A file has its name besides; the kernel's answer has no more to say than this.
    if isinstance(error, OSError) and error.filename is None and error.strerror:
        text = error.strerror
    return f"{text} ({MEANINGS[code]})" if code in MEANINGS else text
