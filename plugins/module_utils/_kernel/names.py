# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers and names of the kernel's interfaces (uapi headers), each in one place."""

from __future__ import annotations

#: linux/if.h
IFF_UP = 0x1
IFF_LOOPBACK = 0x8
IFF_NOARP = 0x80
IFF_LOWER_UP = 0x10000
#: linux/if_arp.h
ARPHRD_ETHER = 1
#: linux/if_ether.h, in host byte order as bind(2) of Python's socket takes it.
ETH_P_ALL = 0x0003
#: linux/sched.h
CLONE_NEWNET = 0x40000000
#: asm-generic/socket.h: buffers beyond net.core.wmem_max and rmem_max, for those with CAP_NET_ADMIN.
SO_SNDBUFFORCE, SO_RCVBUFFORCE = 32, 33
#: linux/if_addr.h; for IPv6 the first is a temporary address (RFC 8981), which only the kernel can make.
IFA_F_TEMPORARY = 0x01
IFA_F_DADFAILED = 0x08
IFA_F_TENTATIVE = 0x40
IFA_F_PERMANENT = 0x80
IFA_ADDRESS, IFA_LOCAL, IFA_CACHEINFO, IFA_FLAGS = 1, 2, 6, 8
#: linux/rtnetlink.h
RTN_UNICAST = 1
RT_TABLE_MAIN = 254
RT_TABLE_LOCAL = 255
RT_SCOPE_UNIVERSE = 0
RT_SCOPE_LINK = 253
RTM_F_CLONED = 0x200
RTM_F_LOOKUP_TABLE = 0x1000
RTA_DST, RTA_SRC, RTA_OIF, RTA_GATEWAY, RTA_PRIORITY, RTA_PREFSRC, RTA_METRICS = 1, 2, 4, 5, 6, 7, 8
#: linux/rtnetlink.h RTAX_*, those that are numbers.
RTAX_NAMES = {
    1: "lock", 2: "mtu", 3: "window", 4: "rtt", 5: "rttvar", 6: "ssthresh", 7: "cwnd", 8: "advmss", 9: "reordering",
    10: "hoplimit", 11: "initcwnd", 12: "features", 13: "rto_min", 14: "initrwnd", 15: "quickack",
}  # fmt: skip
RTNH_F_ONLINK = 0x4
RTA_MULTIPATH, RTA_CACHEINFO, RTA_TABLE, RTA_EXPIRES = 9, 12, 15, 23
#: linux/fib_rules.h
FIB_RULE_INVERT = 0x2
FRA_DST, FRA_SRC, FRA_IIFNAME, FRA_PRIORITY, FRA_FWMARK, FRA_TABLE, FRA_OIFNAME = 1, 2, 3, 6, 10, 15, 17
RTPROT_REDIRECT = 1
RTPROT_KERNEL = 2
RTPROT_STATIC = 4
#: Routes that were configured: boot (ip) and static (linux/rtnetlink.h). The others are a daemon's or the kernel's.
CONFIGURED_PROTOCOLS = (3, RTPROT_STATIC)
#: linux/rtnetlink.h rtm_protocol: who made a route.
PROTOCOLS = {
    0: "unspec", 1: "redirect", 2: "kernel", 3: "boot", 4: "static", 9: "ra", 16: "dhcp", 18: "keepalived",
    42: "babel", 186: "bgp", 188: "ospf", 189: "rip", 192: "eigrp",
}  # fmt: skip
#: The metric that the kernel gives an IPv6 route without one (linux/ipv6_route.h IP6_RT_PRIO_USER).
IPV6_DEFAULT_METRIC = 1024
#: linux/neighbour.h NUD_*, with which `ip neighbour` names them
NEIGHBOUR_STATES = {
    0x01: "INCOMPLETE", 0x02: "REACHABLE", 0x04: "STALE", 0x08: "DELAY", 0x10: "PROBE", 0x20: "FAILED",
    0x40: "NOARP", 0x80: "PERMANENT",
}  # fmt: skip
NUD_PERMANENT = 0x80
#: linux/neighbour.h; struct ndmsg: family, padding, index, state, flags, type.
NTF_SELF, NTF_PROXY, NTF_EXT_LEARNED = 0x02, 0x08, 0x10
NTF_EXT_MANAGED = 0x1
NDA_DST, NDA_LLADDR, NDA_CACHEINFO, NDA_PROBES, NDA_MASTER, NDA_FLAGS_EXT = 1, 2, 3, 4, 9, 15
#: linux/socket.h
AF_BRIDGE = 7
#: linux/if_link.h
IFLA_ADDRESS, IFLA_IFNAME, IFLA_MTU, IFLA_LINK, IFLA_MASTER, IFLA_TXQLEN, IFLA_LINKINFO = 1, 3, 4, 5, 10, 13, 18
IFLA_IFALIAS, IFLA_STATS64, IFLA_NET_NS_FD, IFLA_PROMISCUITY = 20, 23, 28, 30
IFLA_NUM_TX_QUEUES, IFLA_NUM_RX_QUEUES, IFLA_LINK_NETNSID, IFLA_PROP_LIST, IFLA_ALT_IFNAME = 31, 32, 37, 52, 53
IFLA_INFO_KIND, IFLA_INFO_DATA = 1, 2
IFLA_MACVLAN_MODE, IFLA_MACVLAN_FLAGS, IFLA_MACVLAN_MACADDR_COUNT, IFLA_MACVLAN_BC_QUEUE_LEN = 1, 2, 6, 7
MACVLAN_FLAG_NOPROMISC = 1
IFLA_BOND_MODE = 1
#: linux/if_link.h enum macvlan_mode
MACVLAN_MODES = {1: "private", 2: "vepa", 4: "bridge", 8: "passthru", 16: "source"}
#: macvtap is a macvlan link whose frames a character device takes (drivers/net/macvtap.c).
MACVLAN_KINDS = ("macvlan", "macvtap")
#: linux/bonding.h: balance-tlb and balance-alb rewrite source MACs, so foreign ones do not get through.
BOND_MODES_REWRITING = {5: "balance-tlb", 6: "balance-alb"}
#: The members of struct rtnl_link_stats64 that say whether traffic flows (linux/if_link.h).
COUNTERS = tuple(
    f"{direction}_{what}" for what in ("packets", "bytes", "errors", "dropped") for direction in ("rx", "tx")
)
#: linux/net_namespace.h; the id is -1 where there is none.
NETNSA_NSID, NETNSA_FD = 1, 3
