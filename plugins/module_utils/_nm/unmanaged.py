# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make NetworkManager leave devices alone: one owned file, a reload, and the proof of its effect."""

from __future__ import annotations

import array
import fcntl
import os
import platform
import socket
import struct
import time
from collections.abc import Sequence

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import parse_mac
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.files import (
    access,
    read,
    remove,
    require_directories,
    write,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import InvalidInput, Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm import pending
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm.lock import RunLock, held
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm.request import NO_REQUEST, Request
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm.uplink import Uplink, find, refuse

from . import config, daemon, sections
from .plan import (
    DesiredExclusion,
    ExclusionPlan,
    Ineffective,
    NMFacts,
    first_override,
    parse,
    plan,
    released,
    report,
    unsettled,
    verify,
)

#: linux/sockios.h, linux/ethtool.h, linux/if.h
SIOCETHTOOL = 0x8946
ETHTOOL_GPERMADDR = 0x20
IFNAMSIZ = 16

#: Seconds that NetworkManager gets to act on a reload, which is asynchronous; it took 0.1 s when measured.
SETTLE = 5.0
_INTERVAL = 0.1


def gather(path: str) -> NMFacts:
    """Read the host. Errors: CommandFailed when NetworkManager cannot read its own files; BusError; OSError."""
    status = daemon.status()
    if not status.installed:
        return NMFacts(status, read(path))
    printed = config.printed()
    return NMFacts(
        status,
        read(path),
        config.read_files(),
        config.specs_of(printed),
        daemon.devices() if status.running else [],
        _impermanent(),
        frozenset(name for dummy, name in socket.if_nameindex()),
        access(path),
        sections.parse(printed),
    )


def _impermanent() -> dict[str, str]:
    """Current MAC -> name of each device without a permanent one, such as a macvlan (ETHTOOL_GPERMADDR, ethtool.h)."""
    found = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for dummy, name in socket.if_nameindex():
            answer = array.array("B", struct.pack("=II32x", ETHTOOL_GPERMADDR, 32))
            request = struct.pack(f"{IFNAMSIZ}sP16x", os.fsencode(name), answer.buffer_info()[0])
            try:
                fcntl.ioctl(sock, SIOCETHTOOL, request)
            except OSError:  # the driver does not answer, or the device is gone
                continue
            mac = parse_mac(read(f"/sys/class/net/{name}/address"))
            if mac is not None and not any(answer[8:]):
                found[mac] = name
    return found


def apply(desired: DesiredExclusion, planned: ExclusionPlan, facts: NMFacts) -> NMFacts:
    """Write, reload, and read back until NetworkManager has acted or SETTLE seconds are over; the facts afterwards."""
    changes = planned.difference.of(f"file {desired.path}")
    if changes:
        if desired.text is None or not facts.status.installed:
            remove(desired.path)
        else:
            write(desired.path, desired.text)
    if not planned.difference or not facts.status.installed:
        return facts
    if facts.status.running and desired.reload:
        daemon.reload_configuration()
    limit = time.monotonic() + SETTLE
    while True:
        now = gather(desired.path)
        if not unsettled(desired, now) or time.monotonic() > limit or not (now.status.running and desired.reload):
            return now
        time.sleep(_INTERVAL)


def run(
    state: str,
    devices: list[str],
    path: str,
    reload: bool,
    check: bool,
    request: Request = NO_REQUEST,
    keep: Sequence[str] = (),
) -> dict[str, object]:
    """What the module returns, with `warnings`.

    Errors: InvalidInput, Busy, GuardFailed, BusError, CommandFailed, OSError; ChangeUndone where the change is guarded.
    """
    require_directories(Problems())
    desired = parse(state, devices, path, reload, keep)
    if check:
        return _exclude(desired, reload, request, None)
    with held(request) as lock:
        # A guard of an earlier release holds no lock.
        pending.wait_until_free()
        return _exclude(desired, reload, request, lock)


def _exclude(desired: DesiredExclusion, reload: bool, request: Request, lock: RunLock | None) -> dict[str, object]:
    """lock: of a run that may write, None in check mode."""
    path = desired.path
    warning = pending.leftover(platform.node(), keep=lock is None)
    facts = gather(path)
    desired = desired.on(facts.text).sparing(facts)
    planned = plan(desired, facts)
    uplink = find()
    _check_uplink(uplink, planned, facts, request)
    if warning:
        planned.warnings.insert(0, warning)
    if lock is None:
        return _result(desired, planned, facts, planned.merged, uplink, True)
    if not planned.difference:
        lock.describe(NO_REQUEST, [])
        return _change(desired, planned, facts, uplink)
    reloads = facts.status.running and reload
    touched = [*planned.required, *planned.handed_back]
    messages = planned.difference.messages()
    # Loaded now, and whole: the guard lives on when the files of the module are gone.
    from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm.guard import guarded

    from .undo import ManagerSnapshot

    with guarded(request, messages, lambda: ManagerSnapshot(path, touched, reloads), lock) as guard:
        result = _change(desired, planned, facts, uplink)
        if guard is not None:
            guard.complete(result)
    return result


def _check_uplink(uplink: Uplink | None, planned: ExclusionPlan, facts: NMFacts, request: Request) -> None:
    """Errors: InvalidInput where NetworkManager would flush what carries the controller's connection."""
    problems = Problems()
    request.check(problems)
    if uplink is not None:
        for name in released(planned, facts):
            if name in uplink.carriers:
                what = f"NetworkManager would flush its configuration from {name}"
                refuse(uplink, "devices", name, what, request, problems)
        for name in planned.handed_back:
            if name in uplink.carriers:
                what = f"NetworkManager would remove what others have configured on {name}"
                refuse(uplink, "devices", name, what, request, problems)
    if problems:
        raise InvalidInput(problems)


def _change(
    desired: DesiredExclusion, planned: ExclusionPlan, facts: NMFacts, uplink: Uplink | None
) -> dict[str, object]:
    """Carry it out, and read it back. Errors: Ineffective and others."""
    facts = apply(desired, planned, facts)
    merged = config.merge(config.order(facts.files), facts.status.version or "")
    problems = verify(desired, facts)
    if problems:
        raise Ineffective(problems, first_override(desired, facts, merged), planned.difference.messages())
    merged.specs = facts.printed
    return _result(desired, planned, facts, merged, uplink, False)


def _result(
    desired: DesiredExclusion,
    planned: ExclusionPlan,
    facts: NMFacts,
    merged: config.Merged,
    uplink: Uplink | None,
    predicted: bool,
) -> dict[str, object]:
    warnings = list(planned.warnings)
    if desired.text is not None and facts.status.installed and not facts.status.running:
        warnings.append(f"{facts.status.why_not}: the file is in place, the state of the devices is not proven")
    return {
        **report(desired, facts, merged, predicted),
        "changed": bool(planned.difference),
        "diff": planned.difference.ansible_diff(),
        "messages": planned.difference.messages(),
        "msg": _outcome(desired, facts),
        "uplink": uplink.as_data() if uplink else None,
        "warnings": warnings,
    }


def _outcome(desired: DesiredExclusion, facts: NMFacts) -> str:
    if not facts.status.installed:
        return "NetworkManager is not installed on this host: nothing to exclude, nothing written"
    if not desired.excluded:
        return f"{desired.path} excludes nothing"
    ours = ", ".join(desired.entries)
    said = [f"NetworkManager leaves {spec} alone without a file of ours: {why}" for spec, why in desired.spared.items()]
    if ours and (not facts.status.running or not desired.reload):
        said.append(f"{desired.path} excludes {ours} as soon as NetworkManager reads it")
    elif ours:
        said.append(f"NetworkManager leaves {ours} alone")
    return "; ".join(said)
