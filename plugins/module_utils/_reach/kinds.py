# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of check: who asks whom, and how. Verification, watch, diagnosis and reports name them alike. Pure."""

from __future__ import annotations

GATEWAY_FROM_PARENT, GATEWAY_FROM_LINK = "gateway_from_parent", "gateway_from_link"
HOST_TO_CONTAINER, CONTAINER_TO_HOST = "host_to_container", "container_to_host"
CONTAINER_TO_GATEWAY = "container_to_gateway"
#: Nobody is asked: it fails where the service that announces containers does not run.
ANNOUNCER = "announcer"

#: The kinds in which the host itself asks a router.
GATEWAYS = (GATEWAY_FROM_PARENT, GATEWAY_FROM_LINK)
#: In the order in which they are reported, with words for people.
KINDS = {
    GATEWAY_FROM_PARENT: "gateway from the parent",
    GATEWAY_FROM_LINK: "gateway from the macvlan link",
    HOST_TO_CONTAINER: "host to container",
    CONTAINER_TO_HOST: "container to host",
    CONTAINER_TO_GATEWAY: "container to gateway",
    ANNOUNCER: "announcements of containers",
}

#: The methods: an ICMP echo by normal routing; an ARP request or a neighbour solicitation from one link; a connection.
ECHO, WHO_HAS, TCP = "echo", "who_has", "tcp"
