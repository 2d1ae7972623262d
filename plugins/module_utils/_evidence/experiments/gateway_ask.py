# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is every MAC address of this port answered? The parent, its links and a temporary child ask the gateway.

Where the kernel routes the gateway by another link than those, that one asks too: the declared parent may be wrong.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterable

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent import parents as _parents
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Link
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netns import NamespaceGone, run_in
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import CONTAINER_TO_GATEWAY
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.lost import broken
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.ask import (
    Lane,
    Question,
    Vantage,
    open_socket,
    sweep,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.claims import REPLY, claim
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.frames import Frame
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.question import (
    drain,
    is_answer,
    temporary_source,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.temporary_child import (
    ChildFailed,
    temporary_child,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.timing import FAST, Timing

from .belief import NUMBER_MAX, doubt, repetition
from .model import Context, Experiment, silence
from .results import AskedVantage, GatewayAskResult

#: Names of the vantages in the result; those of containers with their namespace: ``container c1``.
PARENT, LINK, CHILD, EGRESS, CONTAINER = "parent", "link", "child", "egress", "container"
#: Containers that ask at most, and vantages of all kinds.
CONTAINERS_MAX = 4
VANTAGES_MAX = CONTAINERS_MAX + 4
#: Questions of each vantage at least, and seconds between two at least.
QUESTIONS = FAST.number, FAST.shortest


def _why_not(context: Context) -> str:
    parent = context.scope.parent
    if parent is None:
        return context.scope.parent_problem
    if not context.network.gateways:
        return "the network declares no gateway"
    silent = silence(parent) if _egress(context) is None else ""
    return silent or doubt(context.gateway_noise, *QUESTIONS, of=VANTAGES_MAX)


def _egress(context: Context) -> Link | None:
    """The link by which the kernel reaches the gateway, where that is neither the parent nor on it."""
    scope, gateway = context.scope, str(context.network.gateways[0])
    path = context.paths.get(("", gateway))
    if path is None or path["local"] or path["gateway"] or scope.parent is None:
        return None
    link = scope.facts.link(path["link"]) if path["link"] else None
    # The peer of a veth is its parent too, by the index that it has in its own namespace.
    mine = scope.parent, *scope.facts.children(scope.parent)
    return None if link is None or link in mine else link


def _run(context: Context) -> GatewayAskResult:
    gateway = context.network.gateways[0]
    asked: list[AskedVantage] = []
    with contextlib.ExitStack() as stack:
        vantages = _open(context, gateway, asked, stack)
        answers: dict[str, dict[str, None]] = {vantage.name: {} for vantage in vantages}

        def heard(vantage: Vantage, frame: Frame, outgoing: bool, dummy_seconds: float) -> Iterable[Question]:
            claimed = claim(frame)
            mine = not outgoing and is_answer(frame, vantage.mac, vantage.source)
            if mine and claimed and claimed[0] == gateway and claimed[2] == REPLY:
                answers[vantage.name][claimed[1]] = None
            return ()

        for vantage in vantages:
            vantage.source = temporary_source()
            drain(vantage)
        often = repetition(context.gateway_noise, *QUESTIONS, of=VANTAGES_MAX)
        timing = Timing(often.number, 0.0, often.gap, often.gap, often.patience)
        sweep([Lane(vantages, [gateway], heard, timing)])
        asked += [
            {
                "vantage": vantage.name,
                "link": vantage.link,
                "mac": vantage.mac,
                "sent": vantage.sent,
                "answered": list(answers[vantage.name]),
                "why_not": vantage.problem,
            }
            for vantage in vantages
        ]
    return {"gateway": str(gateway), "asked": asked}


def _open(context: Context, gateway: Address, asked: list[AskedVantage], stack: contextlib.ExitStack) -> list[Vantage]:
    """The vantages that could be opened; the others are noted in ``asked`` with the reason."""
    parent, shim = context.scope.parent, context.scope.shim
    if parent is None:
        return []
    found = []
    for name, link in ((PARENT, parent), (LINK, shim), (EGRESS, _egress(context))):
        if link is None:
            continue
        try:
            sock, mac = open_socket(link.name, [gateway])
        except OSError as error:
            asked.append(_missing(name, link.name, error.strerror or str(error)))
        else:
            found.append(Vantage(name, link.name, mac, stack.enter_context(sock)))
    found += _containers(context, gateway, asked, stack)
    refusals = Problems()
    _parents.check_capable(parent, context.scope.facts, "parent", parent.name, refusals)
    try:
        if refusals:
            raise ChildFailed("; ".join(item.problem for item in refusals.items))
        found.append(stack.enter_context(temporary_child(parent, [gateway], CHILD)))
    except ChildFailed as error:
        asked.append(_missing(CHILD, "", str(error)))
    return found


def _containers(
    context: Context, gateway: Address, asked: list[AskedVantage], stack: contextlib.ExitStack
) -> list[Vantage]:
    """One for each of the first containers that are up, on its own link and with its own MAC address; those first that
    the gateway did not answer."""
    chosen = {item.label: item for item in reversed(context.scope.containers) if item.link.up and item.path}
    lost = {item["from"]["namespace"] for item in broken(context.targets) if item["kind"] == CONTAINER_TO_GATEWAY}
    found = []
    for label, container in sorted(chosen.items(), key=lambda one: (one[0] not in lost, one[0]))[:CONTAINERS_MAX]:
        name, link = f"{CONTAINER} {label}", container.link.name
        try:
            sock, mac = run_in(container.path, functools.partial(open_socket, link, [gateway]))
        except NamespaceGone as error:
            asked.append(_missing(name, link, str(error)))
        else:
            found.append(Vantage(name, link, mac, stack.enter_context(sock)))
    return found


def _missing(vantage: str, link: str, reason: str) -> AskedVantage:
    return {"vantage": vantage, "link": link, "mac": None, "sent": 0, "answered": [], "why_not": reason}


EXPERIMENT = Experiment(
    id="gateway_ask",
    sends=f"{FAST.number} ARP requests without a sender address (or neighbour solicitations from an address of their"
    f" own) for the gateway, up to {NUMBER_MAX} where answers are lost, from the parent,"
    f" from the host's link, from the links of up to {CONTAINERS_MAX} containers, from a temporary macvlan link with a"
    " MAC address that nobody has seen before, and from the link by which the kernel reaches the gateway, where that is"
    " another",
    run=_run,
    why_not=_why_not,
)
