# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job of AWX that a run is, and the artifacts of earlier jobs of its workflow. Pure.

AWX passes its variables, and the artifacts of earlier jobs, as extra variables. To a slice it gives an inventory with a
part of the hosts, and no variable that says which one: the slices of a job are a workflow with the name of their job
template.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .extra import ARTIFACT


@dataclass(frozen=True)
class Job:
    """number: of the job. sliced: the number of the sliced job, empty where this is no slice. template: its name."""

    number: str = ""
    sliced: str = ""
    template: str = ""

    def artifact(self, name: str) -> str:
        """The name under which a result is published. Each slice has its own, as equal names replace each other."""
        return f"{ARTIFACT}{name}_{self.number}" if self.sliced else f"{ARTIFACT}{name}"

    def published(self) -> dict[str, str]:
        """What an artifact says of its job, so that slices of one are merged again."""
        return {"job": self.number, **({"sliced": self.sliced} if self.sliced else {})}

    def sentence(self, hosts: int) -> str:
        """What a slice is, and what it cannot see; empty where this is no slice."""
        if not self.sliced:
            return ""
        return (
            f"this is a slice of the job {self.sliced} ({self.template}): it compares its own hosts ({hosts}) with each"
            " other, and not with those of other slices"
        )


def read(variables: Mapping[str, Any]) -> Job:
    """The job of these extra variables, an empty one outside of AWX. Older releases wrote tower_ for awx_."""
    for prefix in ("awx", "tower"):
        number = str(variables.get(f"{prefix}_job_id") or "")
        if re.fullmatch(r"\d{1,18}", number):
            template = str(variables.get(f"{prefix}_job_template_name") or "")
            workflow = str(variables.get(f"{prefix}_workflow_job_name") or "")
            sliced = str(variables.get(f"{prefix}_workflow_job_id") or "") if template and workflow == template else ""
            return Job(number, sliced, template)
    return Job()


def artifacts(variables: Mapping[str, Any], names: Iterable[str]) -> Iterator[Mapping[str, Any]]:
    """What earlier jobs of the workflow published under these names, each slice by itself."""
    pattern = re.compile(rf"{re.escape(ARTIFACT)}({'|'.join(map(re.escape, names))})(_\d+)?")
    for key in sorted(variables, key=str):
        value = variables[key]
        if pattern.fullmatch(str(key)) and isinstance(value, Mapping):
            yield value
