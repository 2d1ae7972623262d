# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.processes.culprit import socket_of, user_of
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.processes.process import Process


def test_the_socket_with_a_port_id():
    table = (
        "sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n"
        "0000000000000000 16  812        00000000 0        0        0     2        0        11\n"
        "0000000000000000 0   4294963200 00000551 0        0        0     2        0        12\n"
        "0000000000000000 0   812        00000551 0        0        0     2        0        13\n"
    )
    assert socket_of(table, 812) == 13
    assert socket_of(table, 4294963200) == 12
    assert socket_of(table, 7) is None
    assert socket_of("", 7) is None


def test_socket_opened_by_init_belongs_to_its_program():
    init = Process(1, name="systemd", command="/usr/lib/systemd/systemd", own_pid=1)
    service = Process(46, name="systemd-network", command="/usr/lib/systemd/systemd-networkd", own_pid=46)
    # init has forked to start something else, which has all that init has open until then
    child = Process(540, name="systemd", command=init.command, own_pid=540)
    assert user_of([init, service, child]) == service
    assert user_of([init, child]) == init
    assert user_of([service]) == service
    assert user_of([]) is None
