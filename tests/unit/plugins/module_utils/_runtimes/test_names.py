# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What containers are called, from the processes and state files of a host."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._runtimes import registry
from ansible_collections.linuxnet.macvlan.plugins.module_utils._runtimes.host import Host

RECORDED = Path(__file__).parent / "recorded"
ID, OTHER = "0123456789abcdef" * 4, "fedcba9876543210" * 4
UID = "8f2d1c3e-0a1b-4c5d-9e8f-001122334455"
CONFIG = "/var/lib/docker/containers/{}/config.v2.json"


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


class Machine:
    """The files of a host below a directory."""

    def __init__(self, root):
        self.root = root
        self.write("/proc/self/cgroup", "0::/user.slice\n")

    def write(self, path, text):
        place = self.root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text if isinstance(text, str) else json.dumps(text))
        return place

    def process(self, pid, cgroup, parent=1, name="sleep", command=()):
        self.write(f"/proc/{pid}/cgroup", cgroup)
        self.write(f"/proc/{pid}/stat", f"{pid} ({name}) S {parent} {pid} {pid} 0 -1 0")
        self.write(f"/proc/{pid}/comm", name + "\n")
        self.write(f"/proc/{pid}/cmdline", "\0".join(command) + "\0")

    def docker(self, identity=ID, name="/web", labels=None, root="/var/lib/docker"):
        state = {"ID": identity, "Name": name, "Config": {"Labels": labels or {}}}
        return self.write(f"{root}/containers/{identity}/config.v2.json", state)

    def name(self, *pids):
        found = registry.find(Host(str(self.root)), pids)
        return found and str(found)


@pytest.mark.parametrize(
    "cgroup",
    [
        pytest.param(f"0::/system.slice/docker-{ID}.scope\n", id="v2, systemd"),
        pytest.param(f"0::/docker/{ID}\n", id="v2, cgroupfs"),
        pytest.param(f"12:pids:/docker/{ID}\n1:name=systemd:/docker/{ID}\n0::/\n", id="v1, cgroupfs"),
        pytest.param(f"4:memory:/system.slice/docker-{ID}.scope\n0::/system.slice/docker.service\n", id="v1, systemd"),
        pytest.param(f"0::/limited/{ID}\n", id="a parent cgroup of its own"),
        pytest.param(f"0::/../../docker/{ID}/init.scope\n", id="systemd inside, seen from another cgroup namespace"),
        pytest.param(f"0::/docker/{ID}/docker/{OTHER}\n", id="an engine inside"),
    ],
)
def test_docker(machine, cgroup):
    machine.process(40, cgroup)
    machine.docker()
    assert machine.name(40) == "web (docker)"


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (("shop", "web"), "front (docker, compose shop/web)"),
        (("shop", ""), "front (docker, compose shop)"),
        (("$(reboot)", "\x1b[31m"), "front (docker)"),
        ((["a"], {"b": 1}), "front (docker)"),
    ],
)
def test_compose(machine, labels, expected):
    machine.process(40, f"0::/docker/{ID}\n")
    keys = ("com.docker.compose.project", "com.docker.compose.service")
    machine.docker(name="/front", labels=dict(zip(keys, labels, strict=True)))
    assert machine.name(40) == expected


def test_compose_names_are_not_said_twice(machine):
    machine.process(40, f"0::/docker/{ID}\n")
    labels = {"com.docker.compose.project": "shop", "com.docker.compose.service": "web"}
    machine.docker(name="/shop-web-1", labels=labels)
    assert machine.name(40) == "shop-web-1 (docker)"


@pytest.mark.parametrize(
    "prepare",
    [
        pytest.param(lambda m: m.write("/etc/docker/daemon.json", {"data-root": "/srv/docker"}), id="daemon.json"),
        pytest.param(lambda m: m.write("/etc/docker/daemon.json", {"graph": "/srv/docker/"}), id="its older name"),
        pytest.param(lambda m: daemon(m, "--data-root=/srv/docker"), id="an option"),
        pytest.param(lambda m: daemon(m, "-H", "fd://", "--data-root", "/srv/docker"), id="an option and its value"),
    ],
)
def test_the_data_root_is_found(machine, prepare):
    machine.process(40, f"0::/docker/{ID}\n")
    machine.docker(root="/srv/docker")
    assert machine.name(40) is None
    prepare(machine)
    assert machine.name(40) == "web (docker)"


def test_the_data_root_in_another_file_of_settings(machine):
    machine.process(40, f"0::/docker/{ID}\n")
    machine.docker(root="/srv/docker")
    machine.write("/opt/daemon.json", {"data-root": "/srv/docker"})
    daemon(machine, "--config-file", "/opt/daemon.json")
    assert machine.name(40) == "web (docker)"


def daemon(machine, *options):
    machine.write("/run/docker.pid", "7\n")
    machine.process(7, "0::/system.slice/docker.service\n", name="dockerd", command=("/usr/sbin/dockerd", *options))


def test_a_pid_file_that_another_process_inherited_means_nothing(machine):
    machine.process(40, f"0::/docker/{ID}\n")
    machine.docker(root="/srv/docker")
    machine.write("/run/docker.pid", "7\n")
    machine.process(7, "0::/\n", name="nginx", command=("nginx", "--data-root=/srv/docker"))
    assert machine.name(40) is None


@pytest.mark.parametrize("name", ["/a b", "/../x", "", None, 7, ["web"], "/\x1b[2J", "/" + "a" * 300, "/-rf", "/wéb"])
def test_a_name_that_docker_would_refuse_becomes_the_id(machine, name):
    machine.process(40, f"0::/docker/{ID}\n")
    machine.docker(name=name)
    assert machine.name(40) == f"{ID[:12]} (docker)"


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"ID": 1}', json.dumps({"ID": OTHER, "Name": "/web"}), "[" * 100000, "\x00\xff"],
)
def test_a_damaged_state_file_is_none(machine, text):
    machine.process(40, f"0::/docker/{ID}\n")
    machine.write(CONFIG.format(ID), text)
    assert machine.name(40) is None


def test_what_is_no_plain_file_is_not_read(machine):
    machine.process(40, f"0::/docker/{ID}\n")
    place = machine.docker()
    real = place.rename(place.with_name("real"))
    place.symlink_to(real)
    assert machine.name(40) is None
    place.unlink()
    os.mkfifo(place)
    assert machine.name(40) is None
    place.unlink()
    place.mkdir()
    assert machine.name(40) is None
    place.rmdir()
    real.rename(place)
    assert machine.name(40) == "web (docker)"
    assert Host(str(machine.root)).text(CONFIG.format(ID), 10) == ""


def test_a_file_of_another_user_is_not_read(machine):
    machine.process(40, f"0::/docker/{ID}\n")
    os.chown(machine.docker(), 12345, 0)
    assert machine.name(40) is None


def test_containers_around_this_host_are_not_its_own(machine):
    machine.write("/proc/self/cgroup", f"0::/docker/{ID}\n")
    machine.process(40, f"0::/docker/{ID}\n")
    machine.process(41, f"0::/docker/{ID}/docker/{OTHER}\n")
    machine.docker()
    machine.docker(OTHER, "/inner")
    assert machine.name(40) is None
    assert machine.name(41) == "inner (docker)"


def test_a_container_cannot_pass_for_another(machine):
    """With delegated cgroups it makes what it likes below its own."""
    machine.process(40, f"0::/system.slice/docker-{ID}.scope/docker/{OTHER}\n")
    machine.docker(ID, "/guest")
    machine.docker(OTHER, "/database")
    assert machine.name(40) == "guest (docker)"


CONMON = ("/usr/bin/conmon", "--api-version", "1", "-c", ID, "-u", ID, "-r", "/usr/bin/crun", "-n", "pa")


@pytest.mark.parametrize(
    "cgroup",
    [
        pytest.param(f"0::/machine.slice/libpod-{ID}.scope/container\n", id="v2, systemd"),
        pytest.param(f"0::/libpod_parent/libpod-{ID}\n", id="v2, cgroupfs"),
        pytest.param(f"3:cpuset:/libpod_parent/libpod-{ID}\n0::/\n", id="v1, cgroupfs"),
    ],
)
def test_podman(machine, cgroup):
    machine.process(30, "0::/machine.slice\n", name="conmon", command=CONMON)
    machine.process(40, cgroup, parent=30)
    assert machine.name(40) == "pa (podman)"


def test_podman_without_conmon(machine):
    machine.process(40, f"0::/libpod_parent/libpod-{ID}\n")
    assert machine.name(40) == f"{ID[:12]} (podman)"
    storage = "/var/lib/containers/storage/overlay-containers"
    machine.write(f"{storage}/containers.json", [{"id": OTHER, "names": ["pb"]}, "?", {"id": ID, "names": ["pa"]}])
    assert machine.name(40) == "pa (podman)"


def test_conmon_of_another_container_is_not_asked(machine):
    machine.process(30, "0::/\n", name="conmon", command=CONMON)
    machine.process(40, f"0::/libpod_parent/libpod-{OTHER}\n", parent=30)
    assert machine.name(40) == f"{OTHER[:12]} (podman)"


def test_a_pod_of_podman_is_called_by_what_runs_in_it(machine):
    machine.process(30, "0::/\n", name="conmon", command=[*CONMON[:-1], "1f00-infra"])
    machine.process(40, f"0::/machine.slice/libpod-{ID}.scope\n", parent=30)
    machine.process(31, "0::/\n", name="conmon", command=[OTHER if word == ID else word for word in CONMON])
    machine.process(41, f"0::/machine.slice/libpod-{OTHER}.scope\n", parent=31)
    assert machine.name(40) == "1f00-infra (podman)"
    assert machine.name(40, 41) == "pa (podman)"


@pytest.mark.parametrize(
    "cgroup",
    [
        f"0::/kubepods/burstable/pod{UID}/{ID}\n",
        f"0::/kubepods.slice/kubepods-pod{UID.replace('-', '_')}.slice/cri-containerd-{ID}.scope\n",
        f"0::/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod{UID.replace('-', '_')}.slice/crio-{ID}",
    ],
)
def test_pods(machine, cgroup):
    machine.process(40, cgroup)
    assert machine.name(40) is None
    machine.write(f"/var/log/pods/default_web-0_{UID}/web/0.log", "")
    assert machine.name(40) == "default/web-0 (kubernetes)"


@pytest.mark.parametrize(
    ("cgroup", "directory", "expected"),
    [
        ("0::/lxc.payload.c1/init.scope\n", "/var/lib/lxc/c1", "c1 (lxc)"),
        ("4:memory:/lxc/c1\n0::/\n", "/var/lib/lxc/c1", "c1 (lxc)"),
        ("0::/lxc/101/ns\n", "/var/lib/lxc/101", "101 (lxc)"),
        ("0::/lxc.payload.c1\n", "/var/lib/incus/containers/c1", "c1 (incus)"),
        ("0::/lxc.payload.user-1000_c1\n", "/var/snap/lxd/common/lxd/containers/user-1000_c1", "user-1000_c1 (lxd)"),
        ("0::/lxc.payload...\n", "/var/lib/lxc/..", None),
        ("0::/lxc.monitor.c1\n", "/var/lib/lxc/c1", None),
    ],
)
def test_lxc(machine, cgroup, directory, expected):
    machine.process(40, cgroup)
    machine.write(f"{directory}/config", "")
    assert machine.name(40) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("NAME=m1\nSERVICE=systemd-nspawn\nCLASS=container\nLEADER=40\n", "m1 (nspawn)"),
        ("NAME=m1\nCLASS=container\nLEADER=40\n", "m1 (machined)"),
        ("NAME=m1\nSERVICE=systemd-nspawn\nCLASS=container\nLEADER=41\n", None),
        ("NAME=m1\nSERVICE=libvirt-qemu\nCLASS=vm\nLEADER=40\n", None),
    ],
)
def test_machines(machine, text, expected):
    machine.process(40, "0::/machine.slice/machine-m1.scope/payload\n")
    machine.write("/run/systemd/machines/m1", text)
    assert machine.name(40) == expected


def test_a_process_that_has_ended_or_is_in_no_container(machine):
    machine.process(40, "0::/system.slice/nginx.service\n")
    machine.docker()
    assert machine.name(99) is None
    assert machine.name(40) is None
    assert machine.name() is None


def test_a_container_is_known_by_any_of_its_first_processes(machine):
    machine.process(39, "0::/user.slice\n", name="nsenter")
    machine.process(40, f"0::/docker/{ID}\n")
    machine.docker()
    assert machine.name(39, 40) == "web (docker)"
    assert machine.name(*[39] * registry.PROCESSES_MAX, 40) is None


@pytest.mark.parametrize("without", ["nothing", "conmon"])
def test_a_real_podman(machine, without):
    """Recorded from a host with Podman 4.3 of Debian 12."""
    recorded = json.loads((RECORDED / "podman-4.3.json").read_text(encoding="utf-8"))
    (pid,) = [path.split("/")[2] for path, text in recorded.items() if text == "sleep\n"]
    for path, text in recorded.items():
        if without not in text:
            machine.write(path, text)
    assert machine.name(int(pid)) == "pe (podman)"


def test_a_real_docker(machine):
    """Recorded from a host with Docker 26.1 of Debian 13."""
    recorded = json.loads((RECORDED / "docker-26.1.json").read_text(encoding="utf-8"))
    for path, text in recorded.items():
        machine.write(path, text)
    assert machine.name(738) == "one (docker)"
