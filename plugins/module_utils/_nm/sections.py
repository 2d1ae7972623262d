# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""NetworkManager's ``[device]`` sections, and what leaves a device alone without an entry of ours. Pure.

Measured with NetworkManager 1.42 and 1.52: the sections count in the order in which ``--print-config`` prints them, the
first one with a value wins, and ``[device]`` itself comes last. A section without ``match-device`` takes every device,
one with an empty value none. ``managed=1`` does not make up for ``unmanaged-devices``, nor ``except:`` for
``managed=0``. What udev rules say (``NM_UNMANAGED``) is known only once a device is there.
"""

from __future__ import annotations

from collections.abc import Iterable

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass

from . import config
from . import specs as specs_

PREFIX = "device"

#: GKeyFile's booleans as NetworkManager reads them (nm_config_parse_boolean).
_BOOLEANS = {
    **dict.fromkeys(("1", "yes", "true", "on"), True),
    **dict.fromkeys(("0", "no", "false", "off"), False),
}


@dataclass(frozen=True)
class DeviceSection:
    """match: None where it has no ``match-device``. managed: None where it has no value that can be read."""

    name: str
    match: tuple[str, ...] | None = None
    managed: bool | None = None
    stop: bool = False

    def takes(self, device: specs_.Device) -> bool:
        return self.match is None or specs_.matches(list(self.match), device) is True


def parse(groups: dict[str, dict[str, str]]) -> list[DeviceSection]:
    """The sections of the merged configuration, in the order in which they count."""
    found = [_section(name, values) for name, values in groups.items() if name.startswith(PREFIX)]
    return sorted(found, key=lambda section: section.name == PREFIX)


def _section(name: str, values: dict[str, str]) -> DeviceSection:
    match = values.get("match-device")
    return DeviceSection(
        name,
        None if match is None else tuple(specs_.split(config.unescape(match))),
        _BOOLEANS.get(values.get("managed", "").lower()),
        _BOOLEANS.get(values.get("stop-match", "").lower(), False),
    )


def unmanaged_by(sections: Iterable[DeviceSection], device: specs_.Device) -> DeviceSection | None:
    """The section that makes NetworkManager leave a device alone."""
    for section in sections:
        if not section.takes(device):
            continue
        if section.managed is not None:
            return None if section.managed else section
        if section.stop:
            break
    return None


def left_alone_by(
    merged: config.Merged, sections: Iterable[DeviceSection], files: Iterable[config.File], device: specs_.Device
) -> str | None:
    """What keeps NetworkManager off a device, in words; None where nothing does."""
    section = unmanaged_by(sections, device)
    if section is not None:
        paths = [file.path for file in files if "managed" in config.parse(file.text).get(section.name, {})]
        return f"[{section.name}] managed=0" + (f" in {paths[-1]}" if paths else "")
    if not specs_.matches(merged.specs, device):
        return None
    taking = [spec for spec in merged.specs if not specs_.is_except(spec) and specs_.takes(spec, device)]
    source = merged.source((taking or merged.specs)[0])
    return f"{source} in {source.path}" if source else f"{config.KEY}={','.join(merged.specs)}"
