# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line of a process without its secrets. Pure.

A password can stand anywhere in a command line and look like anything, so what is shown is what is known to be none:
the program, the script that an interpreter runs, IP and MAC addresses, paths of the system, the words of programs that
configure networks, and the names of links and units where these programs take one. All else becomes ``…``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import parse_mac, parse_network
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.text import clean


def set_of(words: str) -> frozenset[str]:
    return frozenset(words.split())


#: What stands for one or more words that are not shown.
HIDDEN = "…"
#: Characters of a command line that are shown, and words of it that are judged.
COMMAND_MAX, WORDS_MAX = 300, 200

#: Words of ip(8), bridge(8), nmcli(1), networkctl(1), systemctl(1) and the others of `_TOOLS`.
_WORDS = set_of("""
    - -4 -6 -a -b -batch -br -brief -c -color -d -details -f -family -force -I -i -j -json -m -n -netns -o
    -oneline -p -q -r -s -statistics -t -v -w -x -L -C -A -D -F -K -G -P -N -S -U --all --force --no-block --now
    --quiet --runtime --system --user --reload --wait --terse --no-daemon --no-pager --switched-root
    --deserialize -nw -1 --ignore-auto-dns address addr a link l route r ro neigh neighbour neighbor rule
    maddress netns monitor netconf token fdb vlan mdb qdisc filter class add append change replace delete del
    set show list get flush save restore exec attach detach up down on off dev name master nomaster netns type
    peer scope label broadcast brd local remote via src metric table proto protocol vrf from to iif oif mtu
    txqueuelen promisc allmulticast multicast arp dynamic alias group permanent nud lladdr proxy self state
    reachable stale failed noprefixroute nodad home mngtmpaddr valid_lft preferred_lft forever global host site
    default unicast blackhole unreachable prohibit inet inet6 onlink macvlan macvtap ipvlan bridge bond veth
    dummy vlan id vxlan mode private vepa passthru source macaddr bcqueuelen flag nopromisc parent macvlan_mode
    root ingress connection con c device d general networking g n radio reload reapply modify mod load import
    export clone connect disconnect wifi ifname con-name autoconnect yes no true false auto manual disabled
    ignore shared managed status hostname permissions logging uuid ethernet ip4 ip6 gw4 gw6 reconfigure renew
    forcerenew lldp start stop restart try-restart reload-or-restart condrestart enable disable mask unmask
    daemon-reload daemon-reexec isolate kill is-active is-enabled reboot poweroff apply try generate netmask hw
    ether pointopoint gw net -net -host network create inspect ls prune rm remove run container compose service
    driver --driver --subnet --gateway --ip-range --aux-address --opt --network --ip --ip6 --parent --internal
    --ipv6 netfilter-persistent restart-service tx rx tso gso gro lro advertise speed duplex autoneg
    """)  # fmt: skip
#: Words behind which a name of a link, namespace or connection stands, and those behind which a small number does.
_NAMES_FOLLOW = set_of("""
    dev name master netns vrf iif oif ifname con-name link -netns -n exec parent id up down reapply reconfigure
    renew forcerenew disconnect modify mod -I -i -K -G -L -C -S
    """)
_NUMBERS_FOLLOW = set_of("""
    mtu txqueuelen metric table proto protocol group bcqueuelen valid_lft preferred_lft id vlan rule
    """)
#: A name can stand behind a verb of these objects as well.
_OBJECTS = set_of("""
    address addr a link l route r ro neigh neighbour neighbor rule netns maddress connection con c device dev d
    """)
_VERBS = set_of("""
    add append change replace delete del set show list flush get
    """)
#: Programs, and objects of ip(8), that take keys among their words.
_WITH_KEYS = frozenset(("iw", "connmanctl", "docker", "podman"))
_KEYED = set_of("""
    xfrm macsec l2tp tunnel tunnel6 tuntap fou ila sr ioam mptcp tcp_metrics
    """)

#: Programs whose words are known; and of those, the ones that take names of links or units without a word before.
_BARE = set_of("""
    ifup ifdown ifquery networkctl systemctl ifconfig dhclient dhcpcd ethtool brctl modprobe rmmod arping
    """)
_TOOLS = _BARE | set_of("""
    ip bridge tc route arp nmcli netplan sysctl docker podman NetworkManager systemd-networkd udhcpc wicked
    connmanctl systemd iw nft iptables ip6tables ebtables ovs-vsctl vconfig teamd keepalived
    netfilter-persistent dockerd containerd
    """)
#: Programs that run another one; its name is searched for behind them. Programs that run a script.
_WRAPPERS = set_of("""
    sudo doas env timeout nohup setsid nsenter unshare chroot nice ionice stdbuf flock xargs
    """)
_SHELLS = set_of("sh bash dash ash zsh ksh busybox")
_INTERPRETER = re.compile(r"(?:python|pypy|perl|ruby|node|php)[0-9.]*")
_SCRIPT = re.compile(r"/[A-Za-z0-9_.@+/-]{1,200}|[A-Za-z0-9_.@+-]{1,60}\.(?:sh|py|pl|rb|js|php)")
_SWITCHES = re.compile("-[BbEeIilOqSsuvx]{1,4}")

#: Where the programs of `_TOOLS` are.
_DIRECTORY = re.compile("^(?:/usr)?(?:/local)?/s?bin/")
_PROGRAM = re.compile(r"[A-Za-z0-9_.@+:()/-]{1,200}")
#: Titles that programs set themselves have words of their own.
_TITLE_END = ":"
_NAME = re.compile("[A-Za-z][A-Za-z0-9_.@-]{0,14}")
UNIT = re.compile(
    r"[A-Za-z0-9_.@:-]{1,80}\.(?:service|socket|target|network|netdev|device|timer|scope|slice|path|mount)"
)
_PATH = re.compile("/(?:etc|usr|run|var/lib|lib|sbin|bin|proc/sys/net|sys/class/net)/[A-Za-z0-9_.@+/-]{1,100}")
_SETTING = re.compile(r"net\.ipv[46]\.[a-z]+\.[A-Za-z0-9_/@-]{1,15}(?:\.[a-z_]{1,30})?")
_PROPERTY = re.compile(
    r"[+-]?(?:ipv[46]\.(?:addresses|gateway|routes|dns|method|route-metric|never-default|may-fail)"
    r"|connection\.(?:autoconnect|interface-name|id|zone)|macvlan\.(?:parent|mode|promiscuous)"
    r"|(?:802-3-)?ethernet\.(?:mtu|cloned-mac-address))"
)
_NUMBER = re.compile("[0-9]{1,5}")
#: Words after which something secret stands, also where it looks like a word that is known.
SECRET = re.compile("pass|psk|secret|token|key|cred|auth|^-{0,2}pin$|login|enc$", re.IGNORECASE)
#: Of programs of which nothing is known, short options too (curl(1), mysql(1), sshpass(1)).
_SECRET_OPTION = re.compile("-[peuP]")


def shown(command_line: str) -> str:
    """What may be shown of the text of /proc/PID/cmdline (proc_pid_cmdline(5)), as one line.

    Empty where there is none, as of a zombie or a thread of the kernel; never empty otherwise.
    """
    arguments = command_line.rstrip("\0").split("\0")
    # A program that sets its own title leaves one argument with blanks in it.
    words = [*arguments[0].split(), *arguments[1:]]
    if not words:
        return HIDDEN if command_line.strip("\0 ") else ""
    return clean(" ".join(collapsed(_command(words[:WORDS_MAX]))), COMMAND_MAX)


def collapsed(words: Iterable[str]) -> Iterator[str]:
    """With one `HIDDEN` for several in a row."""
    last = ""
    for word in words:
        if word != HIDDEN or last != HIDDEN:
            yield word
        last = word


def _command(words: list[str]) -> Iterator[str]:
    """One program and its arguments."""
    yield words[0] if _PROGRAM.fullmatch(words[0]) else HIDDEN
    program, rest = _basename(words[0]), words[1:]
    if program in _SHELLS or _INTERPRETER.fullmatch(program):
        yield from _script(program, rest)
    elif program in _WRAPPERS:
        yield from _wrapped(rest)
    elif program in _TOOLS:
        yield from _tool(program, rest)
    else:
        yield from _unknown(rest)


def _basename(program: str) -> str:
    return program.lstrip("-").rsplit("/", 1)[-1].rstrip(_TITLE_END)


def _script(program: str, words: list[str]) -> Iterator[str]:
    """Switches, then the path of a script and its arguments, or for a shell the commands behind ``-c``."""
    while words and _SWITCHES.fullmatch(words[0]):
        yield words.pop(0)
    if not words:
        return
    first, rest = words[0], words[1:]
    if first in ("-c", "-ec", "-lc", "-xc", "-exc"):
        yield first
        yield from _commands(rest[:1]) if program in _SHELLS else [HIDDEN] * len(rest[:1])
        yield from [HIDDEN] * len(rest[1:])
    elif first == "-m" and rest and re.fullmatch(r"[A-Za-z_][A-Za-z_.]{0,60}", rest[0]):
        yield from (first, rest[0])
        yield from _unknown(rest[1:])
    elif _SCRIPT.fullmatch(first):
        yield first
        yield from _unknown(rest)
    elif program == "busybox" and first in _TOOLS:
        yield from _command(words)
    else:
        yield from _unknown(words)


def _commands(texts: list[str]) -> Iterator[str]:
    """Commands of a shell. Quotes are not interpreted: what is shown of a command is safe wherever it begins."""
    for text in texts:
        parts = re.split(r"(&&|\|\||[;|&\n])", text[: COMMAND_MAX * 4])
        for part in parts:
            words = part.split()[:WORDS_MAX]
            if not words:
                continue
            if len(words) == 1 and words[0] in ("&&", "||", ";", "|", "&"):
                yield words[0]
            else:
                yield from _wrapped(words)


def _wrapped(words: list[str]) -> Iterator[str]:
    """Up to the program that is run, nothing but addresses."""
    for number, word in enumerate(words):
        if _DIRECTORY.sub("", word) in _TOOLS:
            yield from _command(words[number:])
            return
        yield word if is_address(word) else HIDDEN


def _unknown(words: list[str]) -> Iterator[str]:
    """Of a program of which nothing is known."""
    before = ""
    for word in words:
        secret = SECRET.search(before) or _SECRET_OPTION.fullmatch(before)
        safe = not secret and (is_address(word) or _PATH.fullmatch(word))
        yield word if safe else HIDDEN
        before = word


def _tool(program: str, words: list[str]) -> Iterator[str]:
    keyed = program in _WITH_KEYS or (program == "ip" and bool(_KEYED.intersection(words)))
    before: list[str] = []
    for number, word in enumerate(words):
        if program == "ip" and before[-2:-1] == ["exec"]:
            yield from _wrapped(words[number:])
            return
        yield _word(program, before, word, keyed)
        before.append(word)


def _word(program: str, before: list[str], word: str, keyed: bool) -> str:
    """A word as it is shown. keyed: the program takes keys among its other words."""
    last = before[-1] if before else ""
    if SECRET.search(last):
        return HIDDEN
    name, separator, value = word.partition("=")
    if separator:
        known = name in _WORDS or bool(_SETTING.fullmatch(name)) or bool(_PROPERTY.fullmatch(name))
        if not known or SECRET.search(name):
            return HIDDEN
        small = bool(_SETTING.fullmatch(name)) and bool(_NUMBER.fullmatch(value))
        return word if small or _known(program, [name], value, keyed) else f"{name}={HIDDEN}"
    return word if _known(program, before, word, keyed) else HIDDEN


def _known(program: str, before: list[str], word: str, keyed: bool) -> bool:
    last = before[-1] if before else ""
    if word in _WORDS or word in _OBJECTS or is_address(word) or _PATH.fullmatch(word):
        return True
    if any(pattern.fullmatch(word) for pattern in (_PROPERTY, _SETTING, UNIT)):
        return True
    if _NUMBER.fullmatch(word):
        return last in _NUMBERS_FOLLOW
    if keyed:
        return last in ("dev", "parent") and bool(_NAME.fullmatch(word))
    return bool(_NAME.fullmatch(word)) and (
        last in _NAMES_FOLLOW or program in _BARE or (last in _VERBS and bool(_OBJECTS.intersection(before[-3:])))
    )


def is_address(word: str) -> bool:
    """Also several with commas between them, and the two of a route of NetworkManager."""
    parts = re.split("[, ]", word)
    return all(_one_address(part) for part in parts)


def _one_address(word: str) -> bool:
    # A number alone would be one of an octet; text without a colon or dot is no address.
    return ("." in word or ":" in word) and (parse_network(word, strict=False) or parse_mac(word)) is not None
