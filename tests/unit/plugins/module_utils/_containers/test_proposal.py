# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._containers import desired, proposal
from ansible_collections.linuxnet.macvlan.plugins.module_utils._engines import docker
from ansible_collections.linuxnet.macvlan.plugins.module_utils._engines.model import Attachment

SUBNET = ipaddress.ip_network("192.168.1.0/24")


def address(text):
    return ipaddress.ip_address(text)


@st.composite
def subnets(draw):
    version = draw(st.sampled_from([4, 6]))
    bits = 32 if version == 4 else 128
    length = draw(st.integers(bits - 12, bits - 2))
    base = draw(st.sampled_from([0, 3232235776, (1 << 32) - (1 << 12)] if version == 4 else [0, 0xFD << 120]))
    return ipaddress.ip_network((base, length), strict=False) if version == 4 else ipaddress.IPv6Network(
        (base, length), strict=False
    )  # fmt: skip


@st.composite
def situations(draw):
    subnet = draw(subnets())
    numbers = st.integers(0, subnet.num_addresses - 1)
    taken = draw(st.lists(numbers, max_size=60))
    offered = draw(st.lists(numbers, max_size=4))
    return subnet, [subnet[number] for number in taken], [subnet[number] for number in offered]


@given(situations())
def test_what_is_proposed_is_not_known_to_be_in_use(situation):
    subnet, taken, offered = situation
    found = proposal.free(subnet, taken, offered)
    if found is None:
        return
    assert found.assigned.subnet_of(subnet)
    assert found.own in subnet
    assert found.own not in found.assigned
    for one in (found.own, *found.assigned):
        assert one not in taken
        assert one not in (subnet[0], subnet[-1]) or subnet.num_addresses <= 2
        assert not offered or not min(offered) <= one <= max(offered)


@given(situations())
def test_there_is_a_proposal_where_a_block_and_its_neighbour_are_free(situation):
    subnet, taken, offered = situation
    bad = {*taken, subnet[0], subnet[-1]}
    pool = (min(offered), max(offered)) if offered else None
    usable = [one not in bad and not (pool and pool[0] <= one <= pool[1]) for one in subnet]
    size = min(proposal.SIZE, max(subnet.num_addresses // 4, 1))
    blocks = [all(usable[start : start + size]) for start in range(0, len(usable), size)]
    beside = [any(usable[(number + 1) * size : (number + 2) * size]) for number in range(len(blocks))]
    if any(block and next_one for block, next_one in zip(blocks, beside, strict=True)):
        assert proposal.free(subnet, taken, offered) is not None


def test_the_range_is_far_from_the_pool():
    found = proposal.free(SUBNET, [address("192.168.1.1")], [address("192.168.1.200")])
    assert (str(found.assigned), str(found.own)) == ("192.168.1.16/28", "192.168.1.32")
    found = proposal.free(SUBNET, [address("192.168.1.1")])
    assert (str(found.assigned), str(found.own)) == ("192.168.1.224/28", "192.168.1.240")


def by_hand(*endpoints, **changes):
    """The seeds' network, and the declaration of somebody who knows its command."""
    network = {
        "name": "macnet", "engine": "docker", "parent": "eth0", "subnets": [str(SUBNET)], "gateways": ["192.168.1.1"],
        "ranges": [], "reserved": [], "routed": [], "key": "macvlan_networks[0]", **changes,
    }  # fmt: skip
    (wanted,) = desired.parse([network], Problems())
    made = docker.network({
        "Name": "macnet", "Id": "a" * 64, "Driver": "macvlan", "Options": {"parent": "eth0"}, "Labels": {},
        "IPAM": {"Config": [{"Subnet": str(SUBNET), "Gateway": "192.168.1.1"}]}, "Internal": False, "EnableIPv6": False,
    })  # fmt: skip
    return proposal.of(wanted, "eth0", made, endpoints, [], [])


def web(text="192.168.1.100", fixed=True):
    return Attachment("w" * 64, "web", True, (address(text),), (address(text),) if fixed else ())


def test_the_seeds_network_in_one_message():
    text = "\n".join(proposal.lines(by_hand(web())))
    for part in (
        "Found: docker network macnet on parent eth0, made by something else: subnet 192.168.1.0/24, gateway",
        "no range, so it assigns from the bottom of the LAN; containers: web (192.168.1.100).",
        "  container_range: 192.168.1.224/28\n  container_fixed_range: 192.168.1.100/32\n  host_address: 192.168.1.240",
        "-e container_network_adopt=true -e container_network_recreate=true",
        "  docker network disconnect macnet web\n  docker network rm macnet\n  docker network create -d macvlan",
        "--subnet=192.168.1.0/24 --gateway=192.168.1.1",
        "--ip-range=192.168.1.224/28 --aux-address=host4-0=192.168.1.240 --label=linuxnet.macvlan=managed macnet",
        "  docker network connect --ip 192.168.1.100 macnet web",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("changes", "lacking"),
    [
        ({"ranges": ["192.168.1.128/28"]}, ["container_fixed_range", "host_address"]),
        ({"ranges": ["192.168.1.128/28"], "routed": ["192.168.1.128/28"], "reserved": ["192.168.1.3"]},
         ["container_fixed_range"]),
        ({"ranges": ["192.168.1.96/28"], "routed": ["192.168.1.96/28"]}, []),
    ],
)  # fmt: skip
def test_only_what_the_declaration_lacks_is_proposed(changes, lacking):
    assert [key for key, dummy in by_hand(web(), **changes).keys] == lacking


def test_a_subnet_that_is_in_use_has_no_proposal():
    full = by_hand(subnets=["192.168.1.0/30"], gateways=["192.168.1.1"])
    assert full.keys == ()
    assert "No range of 192.168.1.0/30 is proposed" in "\n".join(proposal.lines(full))


def test_a_container_whose_address_the_engine_chose_gets_another():
    assert "container_fixed_range" not in dict(by_hand(web("192.168.1.2", fixed=False)).keys)
