# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel can do for link kinds, proven, and on request loaded now and at each boot."""

from __future__ import annotations

import platform
import sys
from dataclasses import field

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import platforms
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.command import run as command
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.difference import Difference
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.files import (
    HEADER,
    Access,
    access,
    compare,
    is_owned,
    read,
    remove,
    write,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import InvalidInput, Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.requirements import (
    CAP_NET_ADMIN,
    CAP_SYS_ADMIN,
    check_capabilities,
    check_pyroute2,
    pyroute2_version,
    system_python,
)

from . import host
from . import kinds as kmod
from .proof import Proof, prove

PERSIST_PATH = "/etc/modules-load.d/linuxnet-macvlan.conf"

#: Link kinds that serve as the parent in a trial, and the module of each.
_PARENTS = {"veth": "veth", "dummy": "dummy", "bridge": "bridge", "tuntap": "tun"}


@dataclass
class KindFinding:
    """What is known of one kind."""

    kind: kmod.Kind
    status: str
    evidence: list[str]
    works: bool | None = None
    bad: kmod.KnownBad | None = None

    def as_data(self) -> dict[str, object]:
        bad = self.bad
        return {
            "name": self.kind.name,
            "module": self.kind.module,
            "status": kmod.KNOWN_BAD if bad else self.status,
            "works": self.works,
            "evidence": list(self.evidence),
            "known_bad": {"fixed_in": f"{bad.series}.{bad.fixed}", "problem": bad.problem, "source": bad.source}
            if bad
            else None,
        }


@dataclass
class KmodOptions:
    state: str
    kinds: list[kmod.Kind]
    load: bool
    persist: bool
    required: bool


@dataclass
class KmodPlan:
    difference: Difference
    load: list[str] = field(default_factory=list)
    text: str | None = None


class KindUnusable(InvalidInput):
    """A kind that is required cannot be used. result: what was found, for the module to return all the same."""

    def __init__(self, problems: Problems, result: dict[str, object]) -> None:
        super().__init__(problems)
        self.result = result


def missing_library() -> dict[str, object]:
    """What to install when pyroute2 is missing: its name and the distribution's package; empty when it is there."""
    if pyroute2_version() is not None:
        return {}
    # It would be for another Python than the one that runs this.
    package = platforms.library_package("pyroute2", platforms.os_release()) if system_python() else None
    return {"missing_library": "pyroute2", "library_package": package}


def parse(state: str, modules: list[str], load: bool, persist: bool, required: bool) -> KmodOptions:
    """The input, checked together with what a trial needs. Errors: InvalidInput with every problem."""
    problems = Problems()
    for index, name in enumerate(modules):
        if name not in kmod.KINDS:
            problems.add(f"modules[{index}]", name, "this link kind is not known", f"use {', '.join(kmod.KINDS)}")
    if state == "present":
        check_pyroute2(problems)
        check_capabilities(problems, CAP_NET_ADMIN, CAP_SYS_ADMIN)
    if problems:
        raise InvalidInput(problems)
    return KmodOptions(state, [kmod.KINDS[name] for name in dict.fromkeys(modules)], load, persist, required)


def examine(kind: kmod.Kind, kernel: kmod.KernelFacts) -> KindFinding:
    """Status by files, then by creation wherever that does not load a module."""
    status, evidence = kmod.classify(kind, kernel)
    finding = KindFinding(kind, status, evidence, bad=kmod.known_bad(kind.name, kernel.release))
    if finding.bad:
        evidence.append(f"kernel {kernel.release} is one of those that {finding.bad.source} concerns")
    if status == kmod.LOADABLE:
        evidence.append("not tried: the first link of this kind, or load: true, makes the kernel load the module")
    elif status == kmod.BLACKLISTED:
        evidence.append("not tried: the module is kept out on purpose")
    else:
        _try(finding, kernel)
        if finding.works and status in (kmod.MISSING, kmod.NO_MODULE_TREE):
            finding.status = kmod.LOADED if kmod.canonical(kind.module) in host.kernel().loaded else kmod.BUILTIN
    return finding


def _try(finding: KindFinding, kernel: kmod.KernelFacts) -> None:
    proof = prove(finding.kind, parents(kernel))
    finding.works = proof.works
    finding.evidence.append(proof.detail)
    _unload_parent(proof, kernel)


def parents(kernel: kmod.KernelFacts) -> list[str]:
    """Kinds for the parent of a trial, those first whose module need not be loaded for it. Pure."""
    ready = {
        name
        for name, module in _PARENTS.items()
        if module in kernel.loaded
        or module in kernel.builtin
        or (kernel.options or {}).get(f"CONFIG_{module.upper()}") == "y"
    }
    return sorted(_PARENTS, key=lambda name: name not in ready)


def _unload_parent(proof: Proof, kernel: kmod.KernelFacts) -> None:
    """A trial leaves nothing behind: unload the parent's module if the trial made the kernel load it."""
    module = _PARENTS.get(proof.parent)
    if module and kernel.tree and module not in kernel.loaded and module in host.kernel().loaded:
        command(["modprobe", "-r", module], check=False)


def plan(desired: KmodOptions, findings: list[KindFinding], text: str | None, found: Access | None = None) -> KmodPlan:
    """What is to change; text and found: the file that is there and who may use it. Pure.

    Errors: InvalidInput when that file is not ours.
    """
    planned = KmodPlan(Difference(), text=text)
    if desired.state == "absent":
        planned.text = None
    elif desired.persist:
        modular = [item.kind.module for item in findings if item.status in (kmod.LOADED, kmod.LOADABLE)]
        planned.text = "\n".join([HEADER, *dict.fromkeys(modular), ""]) if modular else None
    if planned.text != text and text is not None and not is_owned(text):
        problems = Problems()
        problems.add("persist", PERSIST_PATH, "this collection did not write the file there", "move that file away")
        raise InvalidInput(problems)
    if desired.state == "present" and desired.load:
        planned.load = [item.kind.module for item in findings if item.status == kmod.LOADABLE]
    for module in dict.fromkeys(planned.load):
        planned.difference.compare(f"kernel module {module}", "loaded", False, True)
    compare(PERSIST_PATH, text, planned.text, found, planned.difference)
    return planned


def shortcomings(
    findings: list[KindFinding], kernel: kmod.KernelFacts, trees: list[str], family: str | None
) -> Problems:
    """Why kinds cannot be used, each with what to do. Pure."""
    problems = Problems()
    for item in findings:
        name = item.kind.name
        if item.bad:
            problems.add(
                "modules",
                name,
                f"kernel {kernel.release}: {item.bad.problem}",
                f"update the kernel to {item.bad.series}.{item.bad.fixed} or newer, or set required: false if it was "
                "repaired by other means",
            )
        elif item.status == kmod.BLACKLISTED:
            problems.add("modules", name, "; ".join(item.evidence), "remove that line, or do without this kind")
        elif item.status == kmod.NO_MODULE_TREE and not item.works:
            others = f"there are modules for {', '.join(trees)}; " if trees else ""
            problems.add(
                "modules",
                name,
                f"the modules of running kernel {kernel.release} are not on this host ({others}{item.evidence[-1]})",
                "reboot into the kernel that is installed, or install the modules of the running one; "
                "in a container, load the module on its host",
            )
        elif item.status == kmod.MISSING and not item.works:
            built_without = kernel.options is not None and kernel.options.get(item.kind.option, "n") == "n"
            remedy = platforms.MODULE_TREE_REMEDIES.get(family or "", "install the modules of the running kernel")
            problems.add(
                "modules",
                name,
                f"the running kernel {kernel.release} has no {name} links: {'; '.join(item.evidence)}",
                f"boot a kernel that is built with {item.kind.option}" if built_without else remedy,
            )
        elif item.works is False or (item.works is None and item.status != kmod.LOADABLE):
            problems.add("modules", name, f"{item.status}, and {item.evidence[-1]}", "read the lines of the kernel log")
    return problems


def apply(planned: KmodPlan, findings: list[KindFinding], kernel: kmod.KernelFacts) -> kmod.KernelFacts:
    """Load, try what was loaded, write. Errors: CommandFailed when modprobe fails; OSError."""
    for module in planned.load:
        command(["modprobe", module])
    if planned.load:
        kernel = host.kernel()
        for item in findings:
            if item.status == kmod.LOADABLE and item.kind.module in planned.load:
                item.status, item.evidence = kmod.classify(item.kind, kernel)
                _try(item, kernel)
    if planned.difference.of(f"file {PERSIST_PATH}"):
        if planned.text is None:
            remove(PERSIST_PATH)
        else:
            write(PERSIST_PATH, planned.text)
    return kernel


def run(state: str, modules: list[str], load: bool, persist: bool, required: bool, check: bool) -> dict[str, object]:
    """What the module returns. Errors: InvalidInput, Unusable, CommandFailed, OSError."""
    desired = parse(state, modules, load, persist, required)
    kernel = host.kernel()
    findings = [examine(kind, kernel) for kind in desired.kinds] if state == "present" else []
    family = platforms.family(platforms.os_release())
    planned = plan(
        desired, findings, read(PERSIST_PATH) if persist or state == "absent" else None, access(PERSIST_PATH)
    )
    problems = shortcomings(findings, kernel, host.installed_trees(), family)
    if problems and required:
        raise KindUnusable(problems, _result(findings, kernel, Difference()))
    if not check:
        kernel = apply(planned, findings, kernel)
        problems = shortcomings(findings, kernel, host.installed_trees(), family)
        if problems and required:
            raise KindUnusable(problems, _result(findings, kernel, planned.difference))
    return _result(findings, kernel, planned.difference)


def _result(findings: list[KindFinding], kernel: kmod.KernelFacts, difference: Difference) -> dict[str, object]:
    failed = [item for item in findings if item.works is False]
    names = [name for item in failed for name in (item.kind.name, item.kind.module)]
    return {
        "changed": bool(difference),
        "diff": difference.ansible_diff(),
        "messages": difference.messages(),
        "kinds": [item.as_data() for item in findings],
        "kernel": {"release": kernel.release, "module_tree": kernel.tree, "config_known": kernel.options is not None},
        "kernel_log": kmod.log_lines(host.log(), names) if failed else [],
        "python": {
            "executable": sys.executable,
            "version": platform.python_version(),
            "pyroute2": pyroute2_version(),
        },
    }
