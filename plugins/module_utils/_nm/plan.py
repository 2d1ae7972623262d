# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What NetworkManager's exclusion is to be, what prevents its effect, and what is to change. Pure."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import field, replace

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.difference import Difference
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.files import Access, compare, is_owned
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import InvalidInput, Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass

from . import config, daemon, exclusion
from . import sections as sections_
from . import specs as specs_


@dataclass(frozen=True)
class DesiredExclusion:
    """state: ``present`` or ``absent``. devices: normalised specs. reload: whether the daemon reads it at once.

    keep: normalised specs that stay if they are there. spared: those that need no entry of ours, and what leaves them
    alone.
    """

    state: str
    devices: list[str]
    path: str
    reload: bool
    keep: tuple[str, ...] = ()
    spared: Mapping[str, str] = field(default_factory=dict)

    def on(self, text: str | None) -> DesiredExclusion:
        """With the entries of the present file that are to be kept."""
        if self.state == "absent":
            return self
        kept = [spec for spec in exclusion.parse(text) if spec in self.keep and spec not in self.devices]
        return replace(self, devices=[*self.devices, *kept], keep=())

    def sparing(self, facts: NMFacts) -> DesiredExclusion:
        """Without entries that other files make superfluous; an entry that is there stays where it does no harm."""
        if self.state == "absent":
            return self
        before = _merged(facts, self.path, None)
        present = [] if specs_.only_exceptions(before.specs) else exclusion.parse(facts.text)
        spared = {}
        for spec in self.devices:
            name = specs_.exact_name(spec)
            if name is not None and spec not in present:
                device = _device(name, facts)
                why = sections_.left_alone_by(before, facts.sections, facts.files, device)
                spared.update({spec: why} if why else {})
        return replace(self, spared=spared)

    @property
    def entries(self) -> list[str]:
        """The specs that the file has to hold."""
        return [spec for spec in self.devices if spec not in self.spared]

    @property
    def text(self) -> str | None:
        """The contents of the file, None where there is to be none (also when nothing is to be excluded)."""
        return None if self.state == "absent" else exclusion.render(self.entries)

    @property
    def excluded(self) -> list[str]:
        """The specs whose devices are to be unmanaged, by whatever file."""
        return [] if self.state == "absent" else self.devices


@dataclass(frozen=True)
class NMFacts:
    """status: the daemon. text: the file at the path. files: all of NetworkManager's configuration.

    printed: the list as NetworkManager merges the files. sections: its [device] sections. devices: as NetworkManager
    sees them, none when it is not running. impermanent: current MAC -> name of devices without a permanent one.
    kernel: names of all devices. access: who may use the file.
    """

    status: daemon.Status
    text: str | None = None
    files: list[config.File] = field(default_factory=list)
    printed: list[str] = field(default_factory=list)
    devices: list[daemon.ManagedDevice] = field(default_factory=list)
    impermanent: dict[str, str] = field(default_factory=dict)
    kernel: frozenset[str] = frozenset()
    access: Access | None = None
    sections: list[sections_.DeviceSection] = field(default_factory=list)


def _merged(facts: NMFacts, path: str, text: str | None) -> config.Merged:
    """The list with a file of ours at that path, or without one."""
    return config.merge(config.order(config.with_file(facts.files, path, text)), facts.status.version or "")


def _device(name: str, facts: NMFacts) -> specs_.Device:
    """A device as NetworkManager knows it; a macvlan link where it does not yet."""
    return next((item.device for item in facts.devices if item.device.name == name), specs_.macvlan(name))


class Ineffective(InvalidInput):
    """The exclusion would have, or has, no effect.

    overridden_by: the file that is the reason, and how; or None. messages: what had been changed by then.
    """

    def __init__(
        self, problems: Problems, overridden_by: dict[str, str] | None, messages: list[str] | None = None
    ) -> None:
        super().__init__(problems)
        self.overridden_by = overridden_by
        self.messages = messages or []

    def __str__(self) -> str:
        if not self.messages:
            return self.problems.report()
        return "\n".join(["The change was made and does not have its effect:", *map(str, self.problems.items)])


@dataclass
class ExclusionPlan:
    difference: Difference
    warnings: list[str]
    merged: config.Merged
    required: list[str]
    handed_back: list[str] = field(default_factory=list)


def parse(state: str, devices: list[str], path: str, reload: bool, keep: Sequence[str] = ()) -> DesiredExclusion:
    """The input, checked. Errors: InvalidInput with every problem."""
    problems = Problems()
    normalised: dict[str, list[str]] = {}
    for key, entries in (("devices", devices), ("keep", keep)):
        normalised[key] = list(dict.fromkeys(map(specs_.normalise, entries)))
        for index, entry in enumerate(entries):
            wrong = specs_.problem(specs_.normalise(entry))
            if wrong:
                problems.add(f"{key}[{index}]", entry, *wrong)
    if os.path.dirname(path) not in config.DIRECTORIES or not path.endswith(".conf"):
        problems.add(
            "path",
            path,
            "NetworkManager does not read this file",
            f"choose a name that ends in .conf in one of {', '.join(reversed(config.DIRECTORIES))}",
        )
    if problems:
        raise InvalidInput(problems)
    return DesiredExclusion(state, normalised["devices"], path, reload, tuple(normalised["keep"]))


def plan(desired: DesiredExclusion, facts: NMFacts) -> ExclusionPlan:
    """What is to change. Pure. Errors: InvalidInput when the file would not have the effect, or is not ours."""
    difference, warnings = Difference(), []  # type: Difference, list[str]
    text = desired.text if facts.status.installed else None
    problems = Problems()
    if facts.text is not None and not is_owned(facts.text):
        problems.add(
            "path",
            desired.path,
            "a file that this collection did not write is there",
            "choose another path, or move that file away",
        )
    before = _merged(facts, desired.path, None)
    after = _merged(facts, desired.path, text)
    if text is not None:
        _check_effect(desired, facts, before, after, problems)
        warnings += _mac_warnings(desired, facts)
    if problems:
        raise Ineffective(problems, first_override(desired, facts, after) if text is not None else None)

    compare(desired.path, facts.text, text, facts.access, difference)
    required = _required(desired, facts)
    handed_back: list[str] = []
    if facts.status.running and desired.reload:
        for name in required:
            managed = next((item.managed for item in facts.devices if item.device.name == name), False)
            difference.compare(f"device {name}", "managed", managed, False)
        handed_back = [
            item.device.name
            for item in facts.devices
            if not item.managed
            and specs_.matches(facts.printed, item.device)
            and not specs_.matches(after.specs, item.device)
            and not sections_.unmanaged_by(facts.sections, item.device)
        ]
        if handed_back:
            warnings.append(
                f"NetworkManager takes over {', '.join(handed_back)} and removes the addresses it did not set itself; "
                "remove these links before the exclusion, or keep them in the list"
            )
    return ExclusionPlan(difference, warnings, after, required, handed_back)


def released(planned: ExclusionPlan, facts: NMFacts) -> list[str]:
    """Devices that NetworkManager manages and shall release: it flushes what it has configured there."""
    return [item.device.name for item in facts.devices if item.managed and item.device.name in planned.required]


def _required(desired: DesiredExclusion, facts: NMFacts) -> list[str]:
    """Names of the devices of NetworkManager that match the list and are to be unmanaged."""
    return [item.device.name for item in facts.devices if _excludes(desired, item.device)]


def _excludes(desired: DesiredExclusion, device: specs_.Device) -> bool:
    return bool(desired.excluded) and specs_.matches(desired.excluded, device) is True


def _check_effect(
    desired: DesiredExclusion, facts: NMFacts, before: config.Merged, after: config.Merged, problems: Problems
) -> None:
    """Everything in the other files, and in the list itself, that prevents the effect of the exclusion."""
    if specs_.only_exceptions(after.specs):
        problems.add(
            "devices",
            desired.devices,
            "a list of nothing but except: entries means all devices but these, the uplink too",
            "add the devices that are to be unmanaged",
        )
        return
    if specs_.only_exceptions(before.specs):
        problems.add(
            "path",
            _where(before, before.specs[0]),
            f"its list holds nothing but except: entries ({','.join(before.specs)}), which means all devices but "
            "these; one entry more and NetworkManager would manage every other device",
            f"write {config.KEY}=*,{','.join(before.specs)} there, which means the same and can be added to",
        )
        return
    for index, spec in enumerate(desired.devices):
        if spec in desired.spared:
            continue
        if spec not in after.specs:
            culprit = overriding(desired, facts, after, spec)
            problems.add(f"devices[{index}]", spec, _how(culprit), _remedy(culprit))
        name = specs_.exact_name(spec)
        if name is not None and spec in after.specs:
            exception = _exception(after.specs, _device(name, facts))
            if exception:
                problems.add(
                    f"devices[{index}]",
                    spec,
                    f"{_where(after, exception)} says {exception}, and an exception overrides every other entry",
                    "remove that exception, or the device from the list",
                )
        mac = specs_.hardware_address(spec)
        if mac in facts.impermanent and not specs_.is_except(spec):
            problems.add(
                f"devices[{index}]",
                spec,
                f"it is the address of {facts.impermanent[mac]}, which has no permanent one (a macvlan never has), and "
                "NetworkManager compares permanent addresses: the entry would match nothing",
                f"write interface-name:{facts.impermanent[mac]}",
            )


def overriding(desired: DesiredExclusion, facts: NMFacts, merged: config.Merged, spec: str) -> dict[str, str] | None:
    """Which file removes a spec of ours from the merged list, or hides our file, and how; None when none does. Pure."""
    if spec in merged.specs:
        return None
    ours = next((index for index, item in enumerate(merged.contributions) if item.path == desired.path), None)
    if ours is None:
        name = os.path.basename(desired.path)
        hiding = [
            file.path for file in facts.files if os.path.basename(file.path) == name and file.path != desired.path
        ]
        return {"path": hiding[-1] if hiding else "", "how": "has the same name in a directory that goes first"}
    for item in reversed(merged.contributions[ours + 1 :]):
        if item.operation == config.REPLACE or (item.operation == config.REMOVE and spec in item.specs):
            return {"path": item.path, "how": f"is read later and says {item}"}
    return None


def _exception(specs: list[str], device: specs_.Device) -> str | None:
    """The ``except:`` entry that matches a device."""
    return next((spec for spec in specs if specs_.is_except(spec) and specs_.takes(spec, device)), None)


def _where(merged: config.Merged, spec: str) -> str:
    source = merged.source(spec)
    return source.path if source else "NetworkManager's configuration"


def first_override(desired: DesiredExclusion, facts: NMFacts, merged: config.Merged) -> dict[str, str] | None:
    found = (overriding(desired, facts, merged, spec) for spec in desired.entries)
    return next((culprit for culprit in found if culprit is not None), None)


def _how(culprit: dict[str, str] | None) -> str:
    if culprit is None:
        return "NetworkManager leaves it out of the merged list"
    return f"{culprit['path']} {culprit['how']}, so that NetworkManager would not see the exclusion"


def _remedy(culprit: dict[str, str] | None) -> str:
    if culprit is None or "same name" in culprit["how"]:
        return f"choose a path in {config.LOCAL}"
    return f"write {config.KEY}+= in that file, remove its line, or choose a path whose name sorts after it"


def _mac_warnings(desired: DesiredExclusion, facts: NMFacts) -> list[str]:
    known = {item.device.permanent_mac for item in facts.devices}
    return [
        f"{spec} matches no device of this host; NetworkManager compares permanent addresses, which a macvlan has not: "
        "name it by interface-name: instead"
        for spec in desired.devices
        for mac in [specs_.hardware_address(spec)]
        if mac is not None and mac not in known and not specs_.is_except(spec)
    ]


def unsettled(desired: DesiredExclusion, facts: NMFacts) -> list[str]:
    """Names of listed devices that are still managed, or that the kernel has and NetworkManager does not list yet."""
    listed = {item.device.name: item.managed for item in facts.devices}
    named = {name for name in map(specs_.exact_name, desired.excluded) if name in facts.kernel}
    return sorted(
        {name for name in _required(desired, facts) if listed[name]} | {name for name in named if name not in listed}
    )


def verify(desired: DesiredExclusion, facts: NMFacts) -> Problems:
    """What still differs from the declaration once the host has been read back."""
    problems = Problems()
    if not desired.excluded or not facts.status.installed:
        return problems
    merged = config.merge(config.order(facts.files), facts.status.version or "")
    for index, spec in enumerate(desired.devices):
        if spec in desired.entries and spec not in facts.printed:
            culprit = overriding(desired, facts, merged, spec)
            problems.add(f"devices[{index}]", spec, f"the merged list lacks it: {_how(culprit)}", _remedy(culprit))
    if not (facts.status.running and desired.reload):
        return problems
    for item in facts.devices:
        if not (_excludes(desired, item.device) and item.managed):
            continue
        exception = _exception(facts.printed, item.device)
        if exception:
            why = f"by {exception} in {_where(merged, exception)}"
            remedy = "remove that exception, or the device from the list"
        else:
            # NetworkManager 1.42 and 1.52 keep a device that they once took over (state `disconnected`) although
            # their own flags are unmanaged; neither `nmcli device set` nor link down and up releases it.
            why = f"although its merged list is {','.join(facts.printed)}"
            remedy = "delete the link and create it again, or restart NetworkManager at a suitable time"
        problems.add(
            "devices", item.device.name, f"NetworkManager still manages the device (state {item.state}) {why}", remedy
        )
    return problems


def report(desired: DesiredExclusion, facts: NMFacts, merged: config.Merged, predicted: bool) -> dict[str, object]:
    """What the module returns about the host. predicted: as it would be, in check mode."""
    covered = set(_required(desired, facts))
    proves = predicted and facts.status.running and desired.reload
    rows: list[dict[str, object]] = []
    for spec in desired.devices:
        found = [item for item in facts.devices if specs_.takes(spec, item.device)]
        for item in found:
            gone = proves and item.device.name in covered
            rows.append(
                {
                    "device": item.device.name,
                    "spec": spec,
                    "exists": True,
                    "managed": False if gone else item.managed,
                    "state": "unmanaged" if gone else item.state,
                }
            )
        if not found:
            name = specs_.exact_name(spec)
            exists = name in facts.kernel
            rows.append({"device": name, "spec": spec, "exists": exists, "managed": None, "state": None})
    return {
        "networkmanager": facts.status.as_data(),
        "effective": list(merged.specs),
        "contributions": [item.as_data() for item in merged.contributions],
        "devices": rows,
        "overridden_by": None,
        "file": desired.path,
    }
