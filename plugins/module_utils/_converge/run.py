# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of macvlan_link: read everything, plan everything, then write, then read back."""

from __future__ import annotations

import time

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.files import require_directories
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import InvalidInput, Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.requirements import (
    CAP_NET_ADMIN,
    check_capabilities,
    check_pyroute2,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm import pending
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm.lock import RunLock, held
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm.request import NO_REQUEST, Request
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.links import DesiredLink
from ansible_collections.linuxnet.macvlan.plugins.module_utils._link import apply as _link_apply
from ansible_collections.linuxnet.macvlan.plugins.module_utils._link import plan as _link_plan
from ansible_collections.linuxnet.macvlan.plugins.module_utils._link.apply import ApplyFailed
from ansible_collections.linuxnet.macvlan.plugins.module_utils._makers import adoption
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist import leases
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist import plan as _persistence

from . import lockout, parent_settings
from .plan import ConvergePlan, plan
from .state import ConvergeOptions, ConvergeState, read, read_again

#: Seconds that the kernel and daemons get to reach the declared state.
SETTLE_TIMEOUT = 10.0
SETTLE_INTERVAL = 0.2
#: A boot would not bring it back, so nobody relies on it: it is changed as declared, and goes with the declaration.
HAND_MADE = (
    "exists, and no file, profile or unit that was found makes it: it was made by hand or by a program that runs. It is"
    " changed to what is declared, and it will be removed when the declaration goes"
)


def converge(options: ConvergeOptions, check_mode: bool = False, request: Request = NO_REQUEST) -> dict[str, object]:
    """What the module returns.

    Errors: Busy, InvalidInput and GuardFailed before the first write; ApplyFailed and PersistFailed after it, or
    ChangeUndone where the change is guarded.
    """
    _check_requirements(options, request)
    require_directories(Problems(options.host))
    if check_mode:
        return _converge(options, request, None)
    with held(request) as lock:
        # A guard of an earlier release holds no lock.
        pending.wait_until_free()
        return _converge(options, request, lock)


def _converge(options: ConvergeOptions, request: Request, lock: RunLock | None) -> dict[str, object]:
    """lock: of a run that may write, None in check mode."""
    warning = pending.leftover(options.host, keep=lock is None)
    state = read(options)
    planned = plan(state)
    _check_feasible(state, planned, request)
    if lock is None or not planned.difference:
        return _result(state, planned, [], warning)
    # Loaded now, and whole: the guard lives on when the files of the module are gone.
    from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm.guard import guarded

    from .undo import LinkSnapshot

    with guarded(request, planned.difference.messages(), lambda: LinkSnapshot(state, planned), lock) as guard:
        actions = change(state, planned)
        result = _result(settle(state), planned, actions, warning)
        if guard is not None:
            guard.complete(result)
    return result


def _check_requirements(options: ConvergeOptions, request: Request) -> None:
    """Errors: InvalidInput."""
    problems = Problems(options.host)
    check_pyroute2(problems)
    check_capabilities(problems, CAP_NET_ADMIN)
    request.check(problems)
    if problems:
        raise InvalidInput(problems)


def _check_feasible(state: ConvergeState, planned: ConvergePlan, request: Request) -> None:
    """Errors: InvalidInput where files could not be written, or the controller would be disconnected."""
    problems = Problems(state.options.host)
    _persistence.check_writable(planned.persistence, problems)
    for item in (*planned.adoptions, *planned.given_back):
        adoption.check_writable(item, problems)
    parent_settings.check_memory(state.memory_path, problems)
    if not problems:
        released = planned.persistence.released()
        lockout.check(state.uplink, state.facts, planned.links, released, state.present, request, problems)
    if problems:
        raise InvalidInput(problems)


def change(state: ConvergeState, planned: ConvergePlan) -> list[str]:
    """Make a plan real; what was done to files, units and daemons, in words. Errors: ApplyFailed, PersistFailed.

    A daemon that releases a link flushes some of what it had set there. Then there is a second round, from reading on.
    """
    released = [text for item in planned.adoptions for text in adoption.take(item)]
    released += _persistence.release(planned.persistence)
    if released:
        state = read_again(state, at_work=True)
        planned = plan(state)
    return [*released, *apply(state, planned)]


def apply(state: ConvergeState, planned: ConvergePlan) -> list[str]:
    """Write: the kernel first, as the persistent form adopts the links that it finds."""
    during = parent_settings.merged(state.memory, planned.memory)
    parent_settings.save(state.memory_path, during, state.facts)
    _link_apply.apply(planned.links)
    actions = _persistence.apply(planned.persistence)
    parent_settings.save(state.memory_path, planned.memory, state.facts)
    return [*actions, *(text for item in planned.given_back for text in adoption.give_back(item))]


def settle(state: ConvergeState) -> ConvergeState:
    """Read back until nothing differs. Errors: ApplyFailed with what still does.

    A lease that does not come is no error: the one who keeps it goes on asking.
    """
    deadline = time.monotonic() + SETTLE_TIMEOUT
    while True:
        state = read_again(state)
        remaining = _remaining(state)
        late = time.monotonic() > deadline
        if not remaining and (late or not leases.without(state.facts, state.present)):
            return state
        if late:
            raise ApplyFailed("everything was accepted, and this still differs: " + "; ".join(remaining))
        time.sleep(SETTLE_INTERVAL)


def _remaining(state: ConvergeState) -> list[str]:
    """What differs from the declaration, in words; where nothing does, what the daemons report."""
    try:
        planned = plan(state)
    except InvalidInput as error:
        return [str(problem) for problem in error.problems.items]
    return planned.difference.messages() or _persistence.verify(state.persisted, state.present, planned.persistence)


def _result(state: ConvergeState, planned: ConvergePlan, actions: list[str], warning: str) -> dict[str, object]:
    difference = planned.difference
    choices = {choice.link: choice for choice in planned.persistence.choices}
    targets = {change.target for change in difference}
    return {
        "changed": bool(difference),
        "diff": difference.ansible_diff(),
        "messages": difference.messages(),
        "actions": actions,
        "adopted": [str(maker) for maker in state.makers if maker.link in state.adoptions],
        "removed": [name for name in state.removed if _link_plan.target(name) in targets],
        "links": [_as_data(link, choices[link.name]) for link in state.present],
        "uplink": state.uplink.as_data() if state.uplink else None,
        "warnings": [*([warning] if warning else []), *_warnings(state, planned)],
    }


def _warnings(state: ConvergeState, planned: ConvergePlan) -> list[str]:
    """What an operator would not expect: links left alone, by hand, without a lease or in the way; parents down."""
    left = [f"{maker}; it is left alone" for maker in state.makers if maker.link in state.removed]
    by_hand = [f"{name} {HAND_MADE}" for name in planned.taken_over]
    unleased = [
        f"no DHCP server has leased an address for {link.name} yet, and what keeps the lease goes on asking: see that a"
        f" server answers on {link.lower.name} (linuxnet.macvlan.dhcp_check)"
        for link in leases.without(state.facts, state.present)
    ]
    return [*left, *by_hand, *unleased, *map(str, state.siblings), *parent_settings.warnings(state.present)]


def _as_data(link: DesiredLink, choice: _persistence.Choice) -> dict[str, object]:
    intended = _link_plan.intended(link)
    return {
        "name": link.name,
        **{name: intended.get(name) for name in ("parent", "mode", "mac", "mtu", "addresses", "routes")},
        "persistence": choice.backend,
        "reason": choice.reason,
    }
