# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares arp_conflict_check with the usual tools: holders of addresses that each finds, and false alarms.

.venv/bin/python tests/bench/conflicts.py        as root, on Debian or Ubuntu; about two minutes

In one lab and one run: arp_conflict_check, ``arping -D`` of iputils, arp-scan, NetworkManager's own detection (n-acd)
and the kernel's duplicate address detection for IPv6, each on the same host, which has a macvlan link of its own and
containers. Then a /22 with 39 addresses in use. It installs arp-scan and keepalived, and extracts arping from its
package without installing it, as it conflicts with another package of that name.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
for entry in (ROOT / "collections", ROOT / "tests" / "lab"):
    sys.path.insert(0, str(entry))

from labkit import modules  # noqa: E402  (the path is set up above)
from labkit.lab import Lab  # noqa: E402
from labkit.segment import Host, Segment  # noqa: E402

NAME = "conflicts"
HOST = "h1"
#: Address by what has it. The last number is the same for IPv4 and IPv6.
HOLDERS = {
    "a LAN host": 2,
    "another host of the fleet": 12,
    "a container of another host": 145,
    "this host, on the parent": 11,
    "this host, on a macvlan link": 3,
    "a container of this host": 129,
    "a container of this host, in VEPA mode": 130,
}
#: Nobody has these, or only one machine: the finding that would be a false alarm, by address.
INNOCENT = {
    "in use: an address behind proxy ARP": (99, "used"),
    "in use: an address that nobody has": (98, "used"),
    "duplicate: a host that answers with two MACs": (12, "duplicate"),
    "duplicate: a virtual router (VRRP)": (1, "duplicate"),
}
TOPOLOGY = {
    "switches": {"sw0": {}},
    "stations": {
        "lan": {"addresses": ["192.168.100.2/24", "fd00:100::2/64"]},
        "proxy": {"addresses": ["192.168.100.251/24"]},
        "router": {"addresses": ["192.168.100.252/24"]},
    },
    "hosts": {
        HOST: {
            "kind": "nspawn",
            "os": "bookworm",
            "manager": "networkmanager",
            "nics": [{"name": "eth0", "addresses": ["192.168.100.11/24", "fd00:100::11/64"]}],
        },
        "h2": {"kind": "netns", "nics": [{"name": "eth0", "addresses": ["192.168.100.12/24", "fd00:100::12/64"]}]},
    },
    "containers": {
        "c1": {"host": HOST, "addresses": ["192.168.100.129/24", "fd00:100::129/64"]},
        "vepa": {"host": HOST, "mode": "vepa", "addresses": ["192.168.100.130/24", "fd00:100::130/64"]},
        "probe": {"host": HOST},
        "c2": {"host": "h2", "addresses": ["192.168.100.145/24", "fd00:100::145/64"]},
    },
}
KEEPALIVED = """
vrrp_instance lan {
    state MASTER
    interface eth0
    virtual_router_id 51
    priority 200
    use_vmac vrrp51
    virtual_ipaddress { 192.168.100.1/24 }
}
"""
#: A tool's finding for each address: free, used, duplicate, or n/a where it cannot check.
Answers = dict[str, str]


def address(number: int, version: int = 4) -> str:
    return f"192.168.100.{number}" if version == 4 else f"fd00:100::{number}"


NUMBERS = sorted({*HOLDERS.values(), *(number for number, dummy in INNOCENT.values())})
FOUR = [address(number) for number in NUMBERS]
SIX = [address(number, 6) for number in (*HOLDERS.values(), 98)]


def run(*argv: object, check: bool = True, **options) -> subprocess.CompletedProcess:
    return subprocess.run([str(word) for word in argv], check=check, capture_output=True, text=True, **options)


# The tools.


def ours(lab: Lab, mode: str, addresses: list[str], fleet: list[str]) -> Answers:
    arguments = {"probes": [{"parent": "eth0", "addresses": addresses}], "mode": mode, "known_macs": fleet}
    result = modules.run(lab, HOST, "arp_conflict_check", arguments)
    words = {"free_as_seen": "free", "duplicate": "duplicate", "unknown": "n/a"}
    return {item["address"]: words.get(item["status"], "used") for item in result["results"]}


def arping(lab: Lab, place: str, addresses: list[str]) -> Answers:
    """One after the other, as it takes a single address; exit status 1 means an answer."""
    answers = {}
    for item in addresses:
        done = lab.exec(place, "/usr/local/bin/arping", "-D", "-I", "eth0", "-c", "3", "-w", "3", item, check=False)
        answers[item] = {0: "free", 1: "used"}.get(done.returncode, "n/a")
    return answers


def arp_scan(netns: str, addresses: list[str], *options: str) -> Answers:
    """Every line is an address and a MAC address that answered."""
    done = run("ip", "netns", "exec", netns, "arp-scan", "-I", "eth0", "-q", "-x", *options, *addresses)
    macs: dict[str, set[str]] = {}
    for line in done.stdout.splitlines():
        item, mac = line.split("\t")[:2]
        macs.setdefault(item, set()).add(mac)
    found = {item: "duplicate" if len(seen) > 1 else "used" for item, seen in macs.items()}
    return {**dict.fromkeys(addresses, "free"), **found}


def configured(lab: Lab, place: str, version: int) -> set[str]:
    text = lab.exec(place, "ip", f"-{version}", "-o", "address", "show", "dev", "eth0").stdout
    return {line.split()[3].split("/", maxsplit=1)[0] for line in text.splitlines() if "dadfailed" not in line}


def network_manager(lab: Lab, addresses: list[str]) -> Answers:
    """An address of the profile that is not configured at the end was in use."""
    own = configured(lab, HOST, 4)
    wanted = [item for item in addresses if item not in own]
    profile = lab.exec(HOST, "nmcli", "-g", "GENERAL.CONNECTION", "device", "show", "eth0").stdout.strip()
    more = ",".join(f"{item}/24" for item in wanted)
    lab.exec(HOST, "nmcli", "connection", "modify", profile, "ipv4.dad-timeout", "1000", "+ipv4.addresses", more)
    lab.exec(HOST, "nmcli", "device", "reapply", "eth0")
    time.sleep(2.0)
    got = configured(lab, HOST, 4)
    lab.exec(HOST, "nmcli", "connection", "modify", profile, "-ipv4.addresses", more)
    lab.exec(HOST, "nmcli", "device", "reapply", "eth0")
    return {item: "n/a" if item in own else "free" if item in got else "used" for item in addresses}


def kernel(lab: Lab, place: str, addresses: list[str]) -> Answers:
    own = configured(lab, place, 6)
    wanted = [item for item in addresses if item not in own]
    for item in wanted:
        lab.exec(place, "ip", "address", "add", f"{item}/64", "dev", "eth0")
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        text = lab.exec(place, "ip", "-6", "-o", "address", "show", "dev", "eth0").stdout
        if not re.search(r"tentative(?!.*dadfailed)(?<!dadfailed tentative)", text):
            break
        time.sleep(0.1)
    got = configured(lab, place, 6)
    for item in wanted:
        lab.exec(place, "ip", "address", "del", f"{item}/64", "dev", "eth0")
    return {item: "n/a" if item in own else "free" if item in got else "used" for item in addresses}


# The lab.


@contextlib.contextmanager
def lab_with_everybody() -> Iterator[Lab]:
    lab = Lab.up(TOPOLOGY, NAME, say=lambda text: print(text, file=sys.stderr))
    with contextlib.ExitStack() as stack:
        stack.callback(lab.down)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        macvlan_link(lab, HOST, 3)
        macvlan_link(lab, "h2", 4)
        lab.exec("proxy", "sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward")
        lab.exec("proxy", "sh", "-c", "echo 1 >/proc/sys/net/ipv4/conf/eth0/proxy_arp")
        lab.exec("proxy", "ip", "link", "add", "away", "type", "veth", "peer", "name", "far")
        for device in ("away", "far"):
            lab.exec("proxy", "ip", "link", "set", device, "up")
        lab.exec("proxy", "ip", "route", "add", f"{address(99)}/32", "dev", "away")
        stack.enter_context(virtual_router(lab, folder))
        give_arping(lab, folder)
        modules.install(lab, HOST)
        yield lab


def macvlan_link(lab: Lab, host: str, number: int) -> None:
    lab.exec(host, "ip", "link", "add", "link", "eth0", "name", "lan0", "type", "macvlan", "mode", "bridge")
    lab.exec(host, "ip", "address", "add", f"{address(number)}/32", "dev", "lan0")
    lab.exec(host, "ip", "address", "add", f"{address(number, 6)}/128", "dev", "lan0", "nodad")
    lab.exec(host, "ip", "link", "set", "lan0", "up")


@contextlib.contextmanager
def virtual_router(lab: Lab, folder: Path) -> Iterator[None]:
    configuration = folder / "keepalived.conf"
    configuration.write_text(KEEPALIVED, encoding="utf-8")
    files = [f"--{name}={folder}/{name}" for name in ("pid", "vrrp_pid")]
    command = [*lab.entry("router"), "keepalived", "--dont-fork", "--vrrp", f"--use-file={configuration}", *files]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for dummy in range(300):
            if address(1) in lab.exec("router", "ip", "address", "show").stdout:
                break
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait()


def give_arping(lab: Lab, folder: Path) -> None:
    run("apt-get", "--quiet", "download", "iputils-arping", cwd=folder)
    (package,) = folder.glob("iputils-arping_*.deb")
    run("dpkg-deb", "--extract", package, folder / "arping")
    (program,) = (folder / "arping").rglob("bin/arping")
    command = [*lab.entry(HOST), "sh", "-c", "cat >/usr/local/bin/arping && chmod +x /usr/local/bin/arping"]
    subprocess.run(command, input=program.read_bytes(), check=True)


# The tables.


def measured(work: Callable[[], Answers]) -> tuple[Answers, float]:
    start = time.monotonic()
    return work(), time.monotonic() - start


def table(title: str, rows: dict[str, tuple[int, str]], version: int, tools: dict[str, Callable[[], Answers]]) -> None:
    """rows: what it is, its last number, and the wrong finding: ``free`` for holders."""
    results = {name: measured(work) for name, work in tools.items()}
    widths = {name: max(len(name), 7) for name in tools}
    first = max(map(len, (*rows, "false alarms")))
    print(f"\n{title}")
    print("  ".join([" " * first, *(f"{name:{widths[name]}}" for name in tools)]))
    found, alarms = dict.fromkeys(tools, 0), dict.fromkeys(tools, 0)
    for what, (number, wrong) in rows.items():
        cells = []
        for name, (answers, dummy) in results.items():
            said = answers.get(address(number, version), "n/a")
            bad = said == wrong or (wrong == "used" and said == "duplicate")
            if wrong == "free":
                cell = "-" if said == "n/a" else "missed" if bad else "found"
                found[name] += cell == "found"
            else:
                cell = "-" if said == "n/a" else "ALARM" if bad else "ok"
                alarms[name] += bad
            cells.append(f"{cell:{widths[name]}}")
        print("  ".join([f"{what:{first}}", *cells]))
    total = sum(1 for dummy, wrong in rows.values() if wrong == "free")
    lines = {
        "holders found": {name: f"{found[name]} of {total}" for name in tools},
        "false alarms": {name: str(alarms[name]) for name in tools},
        "seconds": {name: f"{results[name][1]:.1f}" for name in tools},
    }
    for what, cells_by_name in lines.items():
        print("  ".join([f"{what:{first}}", *(f"{cells_by_name[name]:{widths[name]}}" for name in tools)]))


def cross_check() -> None:
    with lab_with_everybody() as lab:
        netns = lab.state.netns(HOST)
        macs = re.findall(r"link/ether (\S+)", lab.exec("h2", "ip", "-o", "link", "show").stdout)
        holders = {what: (number, "free") for what, number in HOLDERS.items()}
        table("IPv4", {**holders, **INNOCENT}, 4, {
            "arp_conflict_check": lambda: ours(lab, "fast", FOUR, macs),
            "its RFC 5227 mode": lambda: ours(lab, "rfc5227", FOUR, macs),
            "arping -D, parent": lambda: arping(lab, HOST, FOUR),
            "arping -D, child": lambda: arping(lab, "probe", FOUR),
            "arp-scan": lambda: arp_scan(netns, FOUR),
            "NetworkManager": lambda: network_manager(lab, FOUR),
        })  # fmt: skip
        nobody = {"in use: an address that nobody has": (98, "used")}
        table("IPv6", {**holders, **nobody}, 6, {
            "arp_conflict_check": lambda: ours(lab, "fast", SIX, macs),
            "its RFC 5227 mode": lambda: ours(lab, "rfc5227", SIX, macs),
            "kernel, parent": lambda: kernel(lab, HOST, SIX),
            "kernel, child": lambda: kernel(lab, "probe", SIX),
        })  # fmt: skip


def sweep() -> None:
    """A /22 in which 39 addresses of two machines are in use."""
    with Segment() as segment:
        host = segment.host("h1", ["192.168.100.11/22"])
        for name, numbers in (("h2", range(20, 40)), ("h3", range(120, 138))):
            segment.host(name, [f"192.168.{101 if name == 'h2' else 102}.{number}/22" for number in numbers])
        print("\na /22 (1,024 addresses), 39 in use")
        rows: dict[str, Callable[[], int]] = {
            "arp_conflict_check": lambda: alive(host),
            "arp_conflict_check, parent alone": lambda: alive(host, vantages=["parent"]),
            "arp_conflict_check, rate 20000": lambda: alive(host, rate=20000),
            "arp-scan": lambda: scanned(host),
            "arp-scan -B 100M -t 200 -r 2": lambda: scanned(host, "-B", "100M", "-t", "200", "-r", "2"),
        }
        for what, work in rows.items():
            start = time.monotonic()
            found = work()
            print(f"  {what:34} {found:4} found  {time.monotonic() - start:6.2f} s")


def alive(host: Host, **options) -> int:
    arguments = {"probes": [{"parent": "eth0", "addresses": ["192.168.100.0/22"]}], **options}
    result = host.module("arp_conflict_check", arguments)
    return result["summary"]["probed"] - result["summary"]["free_as_seen"]


def scanned(host: Host, *options: str) -> int:
    return list(arp_scan(host.netns, ["192.168.100.0/22"], *options).values()).count("used")


def main() -> None:
    if not all(map(shutil.which, ("arp-scan", "keepalived"))):
        run("apt-get", "--quiet", "update")
        run("apt-get", "--quiet", "--yes", "--no-install-recommends", "install", "arp-scan", "keepalived")
    cross_check()
    sweep()


if __name__ == "__main__":
    main()
