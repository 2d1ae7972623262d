# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of the kernel's trace, joined to the packets that they are about."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.path.drops import PACKETS_MAX, DropJoiner
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.path.taken import questions

SNMP = """\
Ip: Forwarding DefaultTTL
Ip: 2 64
Icmp: InMsgs InErrors InEchos
Icmp: 9 0 7
"""


def _line(moment: float, event: str, rest: str, cpu: int = 0, task: str = "ping-812", flags: str = "..s2.") -> str:
    return f"            {task}     [{cpu:03}] {flags}  {moment:.6f}: {event}: {rest}"


def _sent(moment: float, address: str, thread: int, cpu: int = 0) -> str:
    return _line(moment, "net_dev_queue", f"dev=lan0 skbaddr={address} len=227", cpu, f"python-{thread}", "b....")


def _received(moment: float, address: str, length: int = 213, device: str = "eth0", cpu: int = 0) -> str:
    return _line(moment, "netif_receive_skb", f"dev={device} skbaddr={address} len={length}", cpu)


def _dropped(moment: float, address: str, reason: str = "NETFILTER_DROP", cpu: int = 0) -> str:
    rest = f"skbaddr={address} rx_sk=0000000000000000 protocol=2048 location=nft_do_chain+0x1/0x2 reason: {reason}"
    return _line(moment, "kfree_skb", rest, cpu)


def _drops(*lines: str) -> list:
    joiner = DropJoiner()
    joiner.take(lines)
    return joiner.drops


def test_a_drop_has_the_device_and_the_length_of_its_packet():
    (found,) = _drops(_received(5.0, "0a"), _dropped(5.000006, "0a"))
    assert (found.device, found.length, found.reason, found.location) == ("eth0", 213, "NETFILTER_DROP", "nft_do_chain")
    assert (found.answer, found.version) == (False, 4)


def test_the_length_of_what_is_sent_is_without_its_ethernet_header():
    sent = _line(5.0, "net_dev_queue", "dev=lan0 skbaddr=0a len=227")
    (found,) = _drops(sent, _dropped(5.00001, "0a", "QDISC_DROP"))
    assert (found.device, found.length) == ("lan0", 213)


def test_an_address_that_is_used_again_later_is_another_packet():
    assert not _drops(_received(5.0, "0a"), _dropped(6.0, "0a"))


def test_another_packet_dropped_right_after_one_came_in_is_its_answer():
    (found,) = _drops(_received(5.0, "0a"), _dropped(5.0001, "0b"))
    assert found.answer
    assert not _drops(_received(5.0, "0a", cpu=1), _dropped(5.0001, "0b", cpu=0))


def test_a_reply_that_no_datagram_socket_wants_is_no_loss():
    assert not _drops(_received(5.0, "0a"), _dropped(5.00001, "0a", "NO_SOCKET"))


def test_what_another_process_sent_is_no_loss_of_ours():
    joiner = DropJoiner(812)
    joiner.take([_sent(5.0, "0a", 812), _received(5.00001, "0a"), _dropped(5.00002, "0a")])
    joiner.take([_sent(6.0, "0a", 7), _received(6.00001, "0a"), _dropped(6.00002, "0a")])
    assert [int(item.moment) for item in joiner.drops] == [5]


def test_an_answer_to_what_another_process_sent_is_no_loss_of_ours():
    joiner = DropJoiner(812)
    joiner.take([_sent(5.0, "0a", 7), _received(5.00001, "0a"), _dropped(5.00002, "0b")])
    answer = _line(6.00002, "net_dev_queue", "dev=eth0 skbaddr=0b len=227")
    joiner.take([_sent(6.0, "0a", 7), _received(6.00001, "0a"), answer, _dropped(6.00003, "0b")])
    assert not joiner.drops


def test_what_came_from_the_network_may_be_ours():
    joiner = DropJoiner(812)
    joiner.take([_received(5.00001, "0a"), _dropped(5.00002, "0a")])
    assert joiner.drops


def test_multicast_that_nobody_joined_is_no_loss():
    line = "skbaddr=0a rx_sk=0 protocol=34525 location=ip6_mc_input+0x15e/0x270 reason: NOT_SPECIFIED"
    assert not _drops(_received(5.0, "0a"), _line(5.00001, "kfree_skb", line))


def test_other_lines_and_names_with_spaces_do_no_harm():
    strange = _line(5.0, "netif_receive_skb", "dev=a b skbaddr=0a len=213", task="my task-9")
    (found,) = _drops("CPU:0 [LOST 12 EVENTS]", "", "x" * 5000, strange, _dropped(5.00001, "0a"))
    assert found.device == "a b"


def test_memory_is_bounded():
    joiner = DropJoiner()
    joiner.take(_received(5.0, f"{number:x}") for number in range(2 * PACKETS_MAX))
    assert len(joiner._packets) == PACKETS_MAX


def test_echo_requests_are_counted_in_both_files():
    assert questions(SNMP) == {"icmp": 7}
    six = "Icmp6InErrors 1\nIcmp6InEchos                    \t5\nIcmp6InNeighborSolicits \t9\n"
    assert questions(six) == {"icmp": 5, "nd": 9}
    assert questions("") == {}
