# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import parse_address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._containers import desired, record
from ansible_collections.linuxnet.macvlan.plugins.module_utils._containers.compare import spec
from ansible_collections.linuxnet.macvlan.plugins.module_utils._containers.plan import EngineState, State, plan
from ansible_collections.linuxnet.macvlan.plugins.module_utils._containers.task import argument_spec
from ansible_collections.linuxnet.macvlan.plugins.module_utils._engines import docker, podman
from ansible_collections.linuxnet.macvlan.plugins.module_utils._engines.model import Attachment

KEY = "macvlan_networks[0]"
NETWORK = {
    "name": "lan0", "engine": "docker", "parent": "eth0", "key": KEY,
    "subnets": ["192.168.100.0/24"], "gateways": ["192.168.100.1"], "ranges": ["192.168.100.128/28"],
    "reserved": ["192.168.100.3"],
}  # fmt: skip
DUAL = {
    "subnets": ["192.168.100.0/24", "fd00:100::/64"], "ranges": ["192.168.100.128/28", "fd00:100::80/124"],
    "gateways": ["192.168.100.1", "fd00:100::1"],
}  # fmt: skip
BACK_ENDS = {"docker": docker, "podman": podman}


def parse(*changes):
    problems = Problems()
    given = [{**NETWORK, **change} for change in changes or ({},)]
    checked = ArgumentSpecValidator(argument_spec()).validate({"networks": given})
    assert not checked.error_messages
    made = desired.parse(checked.validated_parameters["networks"], problems)
    return made, [str(item) for item in problems.items]


def there(change=None, owned=True, **changed):
    """The network of an engine that a declaration would make."""
    (one,), problems = parse(change or {})
    assert not problems
    back_end = BACK_ENDS[one.engine]
    body = {**back_end.body(spec(one, str(one.parent))), "Id": f"{one.name}{'0' * 60}", "id": f"{one.name}{'0' * 60}"}
    made = back_end.network(body)
    return replace(made, labels=made.labels if owned else {}, **changed)


def container(name="web", address="192.168.100.140", fixed=True, **changed):
    addresses = (parse_address(address),) if address else ()
    return Attachment(name * 16, name, bool(address), addresses, addresses if fixed else (), **changed)


def planned(declared=({},), networks=(), containers=(), **options):
    """The plan, and what is refused."""
    made, problems = parse(*declared) if declared else ([], [])
    assert not problems
    engines = {}
    for name in ("docker", "podman"):
        mine = tuple(one for one in networks if (one.id[-1] == "0") and _engine(one) == name)
        engines[name] = EngineState(name, "20.10.24", mine, {one.id: tuple(containers) for one in mine})
    state = State(tuple(made), engines, {one.key: str(one.parent) for one in made}, **options)
    refused = Problems()
    return plan(state, refused), [str(item) for item in refused.items]


def _engine(network):
    return "docker" if "Driver" in network.raw else "podman"


CONSENT = {"recreate": True, "adopt": True}


def test_the_same_network_is_left_as_it_is():
    for change in ({}, DUAL, {"engine": "podman"}, {"internal": True}, {"mode": "vepa"}):
        for owned in (True, False):
            found, problems = planned([change], [there(change, owned)], [container()])
            assert (found.difference.messages(), found.actions, problems) == ([], [], [])


def test_a_missing_network_is_created():
    found, problems = planned()
    assert (found.difference.messages(), problems) == (["docker network lan0: add"], [])
    assert [action.kind for action in found.actions] == ["create"]


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ({}, {"parent": "eth1"}, "parent: eth0 -> eth1"),
        ({}, {"mode": "private"}, "mode: bridge -> private"),
        ({}, {"internal": True}, "internal: False -> True"),
        ({}, {"gateways": ["192.168.100.254"]}, "gateway of 192.168.100.0/24: 192.168.100.1 -> 192.168.100.254"),
        ({"gateways": ["192.168.100.254"]}, {"gateways": []}, "gateway of 192.168.100.0/24: remove 192.168.100.254"),
        ({}, {"ranges": ["192.168.100.64/28"]},
         "container range of 192.168.100.0/24: 192.168.100.128/28 -> 192.168.100.64/28"),
        ({}, {"reserved": ["192.168.100.4"]},
         "reserved addresses of 192.168.100.0/24: remove 192.168.100.3, add 192.168.100.4"),
        ({}, {"reserved": []}, "reserved addresses of 192.168.100.0/24: remove 192.168.100.3"),
        ({}, DUAL, "subnet: add fd00:100::/64"),
        (DUAL, {}, "subnet: remove fd00:100::/64"),
        ({"labels": {"a": "b"}}, {}, "labels: remove a=b"),
        ({}, {"labels": {"a": "b"}}, "labels: add a=b"),
        ({}, {"driver_options": {"com.example": 1}}, "driver options: add com.example=1"),
        ({"driver_options": {"com.example": 1}}, {}, "driver options: remove com.example=1"),
    ],
)  # fmt: skip
def test_every_attribute_is_compared(before, after, message):
    found, problems = planned([after], [there(before)], [container()], **CONSENT)
    assert f"docker network lan0 {message}" in found.difference.messages()
    assert problems == []
    assert [action.kind for action in found.actions] == ["replace"]


def test_a_network_without_range_differs():
    (pool,) = there().pools
    found, _problems = planned(networks=[there(pools=(replace(pool, assigned=None),))], **CONSENT)
    assert found.difference.messages() == [
        "docker network lan0 container range of 192.168.100.0/24: set to 192.168.100.128/28"
    ]


def test_a_gateway_that_the_engine_chose_is_no_difference():
    found, _problems = planned([{"gateways": []}], [there()])
    assert not found.difference


def test_the_range_as_podmans_command_line_writes_it_is_no_difference():
    change = {"engine": "podman"}
    (pool,) = there(change).pools
    shorter = replace(pool, assigned=(pool.assigned[0] + 1, pool.assigned[1]))
    assert not planned([change], [there(change, pools=(shorter,))])[0].difference


def test_labels_of_others_do_not_count():
    labels = {"com.docker.compose.network": "lan0", "somebody": "else"}
    assert not planned(networks=[replace(there(), labels=labels)])[0].actions


def test_without_consent_the_message_lists_who_is_disconnected():
    containers = [container(), container("db", None, fixed=False)]
    _found, (problem,) = planned([{"parent": "eth1"}], [there()], containers)
    assert "docker network lan0 differs (parent: eth0 -> eth1)" in problem
    assert "disconnected and connected again: web (192.168.100.140), db (stopped)" in problem
    assert "Remedy: declare it as it is, or set container_network_recreate: true" in problem
    assert problem.startswith(f"{KEY}.engine")


def test_without_containers_nothing_is_lost_and_no_consent_is_needed():
    found, problems = planned([{"parent": "eth1"}], [there()])
    assert (problems, [action.kind for action in found.actions]) == ([], ["replace"])


def test_a_network_of_somebody_else_is_replaced_only_where_it_is_adopted():
    foreign = there(owned=False)
    _found, (problem,) = planned([{"parent": "eth1"}], [foreign], recreate=True)
    assert "was created by something else and differs" in problem
    assert planned([{"parent": "eth1"}], [foreign], [container()], **CONSENT)[1] == []


def test_a_network_of_another_driver_is_refused():
    _found, (problem,) = planned(networks=[there(driver="bridge")], **CONSENT)
    assert "a network of this name with the driver bridge" in problem


def test_compose_containers_are_refused_with_the_command():
    bound = container(by_id=True, project="shop", compose=("/srv/my shop/compose.yml",))
    _found, (problem,) = planned([{"parent": "eth1"}], [there()], [bound], **CONSENT)
    command = "docker compose -p shop -f '/srv/my shop/compose.yml'"
    assert "can only be connected to the network as it is, whose ID was stored in them by compose" in problem
    assert f"run {command} down, run this again, and run {command} up -d" in problem


def test_a_mac_address_that_the_engine_would_lose_is_refused():
    losing = container(mac="02:11:22:33:44:55", mac_kept=False)
    _found, (problem,) = planned([{"parent": "eth1"}], [there()], [losing], **CONSENT)
    assert "web has the MAC address 02:11:22:33:44:55, which this docker gives to no container again" in problem


@pytest.mark.parametrize(
    ("changed", "what", "remedy"),
    [
        ({"unit": "web.service"}, "web is run by web.service", "systemctl stop web.service"),
        ({"pod": "f" * 64}, "web is part of a pod", "podman pod stop ffffffffffff"),
        ({"removed_at_stop": True}, "podman deletes it when it stops", "podman stop web"),
    ],
)
def test_containers_of_podman_that_cannot_be_stopped(changed, what, remedy):
    change = {"engine": "podman"}
    _found, (problem,) = planned([{**change, "parent": "eth1"}], [there(change)], [container(**changed)], **CONSENT)
    assert what in problem
    assert remedy in problem
    stopped = replace(container(**changed), running=False)
    assert planned([{**change, "parent": "eth1"}], [there(change)], [stopped], **CONSENT)[1] == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"subnets": ["192.168.101.0/24"], "ranges": ["192.168.101.128/28"], "gateways": [], "reserved": []},
         "web has it, which is outside of the new subnets"),
        ({"gateways": ["192.168.100.140"]}, "web has it, which is the gateway of the new network"),
        ({"reserved": ["192.168.100.140"]}, "web has it, which the new network reserves"),
    ],
)  # fmt: skip
def test_a_fixed_address_that_the_new_network_has_no_room_for(change, message):
    _found, problems = planned([change], [there()], [container()], **CONSENT)
    assert any(message in problem for problem in problems)


def test_a_range_that_is_smaller_than_what_needs_it():
    containers = [container(f"c{number}", f"192.168.100.{129 + number}", fixed=False) for number in range(3)]
    _found, (problem,) = planned([{"ranges": ["192.168.100.200/31"]}], [there()], containers, **CONSENT)
    assert "3 containers need an address of this range, and 2 are free" in problem


def test_a_parent_that_another_network_of_docker_has():
    other = there({"name": "lan1", "parent": "eth1", "subnets": ["10.0.0.0/8"], "ranges": ["10.0.0.0/28"],
                   "gateways": [], "reserved": []})  # fmt: skip
    _found, (problem,) = planned([{"parent": "eth1"}], [there(), other], [container()], **CONSENT)
    assert "the docker network lan1 has this parent, and docker allows one on each" in problem


def test_an_overlapping_pool():
    other = there({"name": "lan1", "parent": "eth1", "subnets": ["192.168.0.0/16"]})
    _found, (problem,) = planned(networks=[other])
    assert "this overlaps 192.168.0.0/16 of the docker network lan1" in problem


def test_a_range_that_another_engine_assigns():
    _found, (problem,) = planned([{"engine": "podman"}], [there()])
    assert "the docker network lan0 assigns 192.168.100.128-192.168.100.143" in problem


def test_what_is_not_declared_any_more_is_removed_only_if_it_is_ours_and_unused():
    removed, problems = planned([], [there(), replace(there(owned=False), id="foreign0")], purge=True)
    assert (removed.difference.messages(), problems) == (["docker network lan0: remove"], [])
    _found, (problem,) = planned([], [there()], [container()], purge=True)
    assert "containers use it: web (192.168.100.140)" in problem
    assert "docker network disconnect lan0 web" in problem
    assert planned([], [there()])[0].actions == []


def test_a_fixed_address_inside_of_the_range_is_a_warning():
    found, _problems = planned(networks=[there()], containers=[container()])
    (warning,) = found.warnings
    assert "web has the fixed address 192.168.100.140 inside of the container range" in warning
    assert planned(networks=[there()], containers=[container(address="192.168.100.150")])[0].warnings == []


def test_a_container_that_the_host_does_not_reach_is_a_warning():
    change = {"routed": ["192.168.100.128/28"]}
    found, _problems = planned([change], [there()], [container(address="192.168.100.2")])
    assert "web has 192.168.100.2, outside of container_range and container_fixed_range" in found.warnings[0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ranges": []}, "the engine needs one range of 192.168.100.0/24, and there are 0: it would assign"),
        ({"subnets": DUAL["subnets"]}, "the engine needs one range of fd00:100::/64"),
        ({"ranges": ["192.168.100.128/28", "192.168.100.64/28"]}, "and there are 2: it takes one in CIDR form"),
        ({"ranges": ["10.0.0.0/28"]}, "this is not inside of 192.168.100.0/24"),
        ({"subnets": ["192.168.100.5/24"]}, "subnet"),
        ({"gateways": ["nowhere"]}, "this is not an IP address"),
        ({"labels": {"linuxnet.macvlan": "x"}}, "this label is the collection's"),
        ({"driver_options": {"parent": "eth9"}}, "this option has a key of its own"),
        ({"name": "a b"}, "a network's name consists of"),
    ],
)  # fmt: skip
def test_bad_input(change, message):
    _made, problems = parse(change)
    assert any(message in problem for problem in problems)
    assert all(problem.startswith(KEY) and "Remedy: " in problem for problem in problems)


def test_two_networks_of_one_name():
    _made, (problem,) = parse({}, {})
    assert "docker has one such network already" in problem


def recorded():
    found, problems = planned([{"parent": "eth1"}], [there()], [container("db", fixed=False), container()], **CONSENT)
    assert not problems
    return record.of(found.actions[0])


def test_fixed_addresses_are_connected_first():
    assert [one.name for one in recorded().containers] == ["web", "db"]


def test_a_record_is_read_as_it_was_written(tmp_path, monkeypatch):
    monkeypatch.setattr(record, "DIRECTORY", str(tmp_path / "networks"))
    recorded().write()
    (tmp_path / "networks" / "other.json").write_text('{"engine": 5}')
    assert record.read() == [recorded()]


def test_a_killed_run_is_completed_before_anything_is_compared():
    """The network is gone, and with it what was connected."""
    engine = record.completed(EngineState("docker", "20.10.24", ()), [recorded()])
    (network,) = engine.networks
    assert (network.name, [one.name for one in engine.of(network)]) == ("lan0", ["web", "db"])


def test_each_attribute_that_differs_is_named_with_its_remedy():
    found, dummy = planned([{"ranges": ["192.168.100.64/28"]}], [there(owned=False)], [container()])
    (one,) = map(str, found.drift)
    assert one == (
        "docker network lan0: container range of 192.168.100.0/24: declared 192.168.100.64/28, found"
        " 192.168.100.128/28. Remedy: run site.yml with container_network_adopt: true and"
        " container_network_recreate: true, which creates it again; these containers are disconnected and"
        " connected again: web (192.168.100.140)."
    )


def test_what_is_absent_or_not_declared_any_more_is_drift():
    found, dummy = planned([{}], [])
    assert [str(one) for one in found.drift] == [
        "docker network lan0: state: declared present, found absent. Remedy: run site.yml, which creates it."
    ]
    found, dummy = planned([], [there()], [container()], purge=True)
    assert "Remedy: disconnect web (192.168.100.140), and run site.yml, which removes it." in str(found.drift[0])
    assert planned([{}], [there()])[0].drift == []


def test_an_equal_network_is_as_declared_whoever_made_it():
    """A label that only a new network could get is not worth its containers' connections."""
    found, problems = planned([{}], [there(owned=False)], [container()], adopt=True)
    assert (found.difference.messages(), found.drift, found.actions, len(problems)) == ([], [], [], 0)
