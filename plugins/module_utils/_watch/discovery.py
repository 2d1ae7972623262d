# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers that are started during the watch: new namespaces with macvlan links on parents of ours."""

from __future__ import annotations

import os
import time
from collections import Counter

from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.names import MACVLAN_KINDS
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netns import (
    OWN,
    Namespace,
    NamespaceGone,
    inodes,
    named,
    namespaces,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._runtimes.host import Host

from .listening import Listening
from .namespace import WatchedNamespace
from .record import Record
from .state import NamespaceState

#: Seconds between two searches of all namespaces, after a link appeared or disappeared, and otherwise.
SOON, SELDOM = 0.5, 2.0
#: A search may take one part in so many of the time.
SHARE = 100
#: Searches that a namespace of an engine may go without a process: it gets its links before its container starts, and
#: only by a process of it the container is known.
SEARCHES_EMPTY = 3


class Discovery:
    """known: the inodes of the namespaces that were there at the start."""

    def __init__(self, listening: Listening, record: Record, known: set[int], most: int) -> None:
        self._listening = listening
        self._record = record
        self._known = known
        self._most = most
        self._last = time.monotonic()
        self._pause = SOON
        self._empty: Counter[int] = Counter()

    def search(self, now: float, begin: float) -> None:
        """Search when it is time to. begin: of the watch (time.monotonic)."""
        if now - self._last < max(SOON if self._listening.moved else SELDOM, self._pause):
            return
        self._listening.moved = False
        self._last = now
        began = time.thread_time()
        try:
            present = inodes()
            new = present - self._known
            waiting = set()
            for namespace in namespaces() if new else ():
                if namespace.inode in new and self._is_starting(namespace):
                    waiting.add(namespace.inode)
                elif namespace.inode in new:
                    self._enter(namespace, round(now - begin, 3))
            # The inode of one that ended is soon another's; as long as it is watched, it has not ended.
            self._known = (present | {opened.inode for opened in self._listening.namespaces}) - waiting
        except OSError as error:
            self._record.limit(f"new namespaces cannot be found: {error.strerror}")
        self._pause = SHARE * (time.thread_time() - began)

    def _is_starting(self, namespace: Namespace) -> bool:
        """Whether an engine has made it for a container that does not run yet."""
        if namespace.inside or not namespace.of_engine:
            return False
        self._empty[namespace.inode] += 1
        return self._empty[namespace.inode] <= SEARCHES_EMPTY

    def _enter(self, namespace: Namespace, after: float) -> None:
        try:
            opened = WatchedNamespace(namespace)
        except (OSError, NamespaceGone):
            return
        state = NamespaceState()
        try:
            changes = state.reconcile(list(opened.dump()))
        except OSError:
            opened.close()
            return
        links = self._children(opened, state)
        if not links:
            opened.close()
            return
        if len(self._listening.namespaces) >= self._most:
            self._record.limit(f"events of {self._most} namespaces only")
            opened.close()
            return
        taken = {item.label for item in self._listening.namespaces if not item.ended()}
        namespace = named(namespace, Host(), taken)
        opened.label = namespace.label
        names = {state.name(index) for index in links}
        for change in changes:
            if change.link in names and change.kind in ("link", "address"):
                what = f"in new namespace {namespace.label}: {change.what}"
                self._record.add(after, change.kind, change.action, namespace.label, change.link, what, change.data)
        self._listening.adopt(opened, state, links)

    def _children(self, opened: WatchedNamespace, state: NamespaceState) -> set[int]:
        """The macvlan links whose parent is in our namespace."""
        handle = os.open(OWN, os.O_RDONLY)
        try:
            ours = opened.id_of(handle)
        finally:
            os.close(handle)
        return {
            link["index"]
            for link in state.links()
            if link["kind"] in MACVLAN_KINDS and ours is not None and link["parent_namespace_id"] == ours
        }
