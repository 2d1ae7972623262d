# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What undoes an unconfirmed change when its guard is gone because the host crashed: a record on disk, run at boot.

After a crash nothing is left of the kernel's part of a change, but its files are. So before the first write there are
copies of the files as they were, a script that restores them, and a unit that runs it before anything reads them. They
are gone when the change is confirmed or undone. One name decides: while ``armed`` is there, the change is not
confirmed. A crash while all this is written or removed, or at boot, leaves what the next boot finishes.
"""

from __future__ import annotations

import contextlib
import glob
import json
import os
import re
import shlex
import shutil
import stat
from collections.abc import Iterable, Mapping

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import files as _files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass

from .files import Entry, Tree, above, changed

DIRECTORY = f"{_files.CONFIG}/undo"
SYSTEMD = "/etc/systemd/system"
#: No name that a keeper's unit can have (linuxnet-macvlan-LINK.service).
UNIT = "undo-linuxnet-macvlan.service"
TARGET = "sysinit.target.wants"
#: Another one after each boot (random(4)).
BOOT_ID = "/proc/sys/kernel/random/boot_id"

#: Everything else waits for sysinit.target; these do not. Names of units that a host has not are no error.
UNIT_TEXT = f"""{_files.HEADER}
[Unit]
Description=Undo a change of the network that was not confirmed before the restart
DefaultDependencies=no
Conflicts=shutdown.target
Wants=network-pre.target
After=local-fs.target
Before=sysinit.target network-pre.target shutdown.target
Before=systemd-sysctl.service systemd-networkd.service NetworkManager.service networking.service
RequiresMountsFor={_files.STATE}
ConditionPathExists={DIRECTORY}/restore

[Service]
Type=oneshot
ExecStart=/bin/sh {DIRECTORY}/restore
TimeoutStartSec=300
"""

#: What the script starts with. It writes nothing in the boot in which the change was made: there the guard decides.
SCRIPT = """#!/bin/sh
{header}
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH
umask 022
read -r boot < {boot_id}
[ "$boot" != {boot} ] || exit 0
cd {directory} || exit 1
failed= start=

part() {{ tail -c "+$1" contents | head -c "$2"; }}

same() {{
    [ -f "$5" ] && [ ! -L "$5" ] && [ "$(stat -c %a:%u:%g "$5")" = "$3:$4" ] && part "$1" "$2" | cmp -s - "$5"
}}

# mode, owner, path: of a directory that went with the last file in it
folder() {{
    [ -d "$3" ] || {{ mkdir "$3" && chown "$2" "$3" && chmod "$1" "$3"; }} || failed=1
}}

# offset, size, mode, owner, path: replaced in one step
put() {{
    same "$@" && return
    new=${{5%/*}}/.${{5##*/}}.undo{temporary}
    if (umask 077; part "$1" "$2" > "$new") &&
        chown "$4" "$new" && chmod "$3" "$new" && mv -fT "$new" "$5"; then
        ! command -v restorecon > /dev/null || restorecon "$5"
    else
        failed=1
    fi
}}

# target, path
link() {{
    [ "$(readlink "$2")" != "$1" ] || return 0
    ln -sfnT "$1" "$2" || failed=1
    case $2 in {systemd}/*.wants/*) start="$start ${{2##*/}}" ;; esac
}}

drop() {{
    if [ -d "$1" ] && [ ! -L "$1" ]; then
        rmdir "$1" 2> /dev/null
        return
    fi
    [ -e "$1" ] || [ -L "$1" ] || return 0
    # Its job waits already.
    case $1 in {systemd}/*.service) systemctl --no-block stop "${{1##*/}}" ;; esac
    rm -f "$1" || failed=1
}}
"""

#: What it ends with. A boot that is interrupted begins again; one that fails keeps what it needs for the next.
END = """
[ -z "$failed" ] || exit 1
(
    umask 077
    mkdir -p {place} && {{
        printf '{{"at": "%s", ' "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
        part {offset} {size}
    }} > {place}/outcome.json
)
sync
fi
rm -f armed
sync
cd /
rm -f {wanted}
rmdir {target} 2> /dev/null
rm -f {unit}
rm -rf {directory}
rmdir {config} 2> /dev/null
systemctl daemon-reload
# What was to be removed and is there again is in no queue yet. In rescue mode nothing is to be started.
case $(systemctl show --property=Job multi-user.target) in
    Job=[1-9]*) [ -z "$start" ] || systemctl --no-block start $start ;;
esac
exit 0
"""

#: What a pattern of files may consist of, as the shell expands it.
_PATTERN = re.compile(r"[A-Za-z0-9_./*-]+")


@dataclass(frozen=True)
class UndoRecord:
    """token: of the change. boot: in which it was made."""

    token: str
    boot: str


def _path(name: str) -> str:
    return f"{DIRECTORY}/{name}"


def _unit() -> str:
    return f"{SYSTEMD}/{UNIT}"


def _wanted() -> str:
    return f"{SYSTEMD}/{TARGET}/{UNIT}"


def boot_id() -> str:
    return (_files.read(BOOT_ID) or "").strip()


def write(token: str, what: Iterable[str], tree: Tree, place: str) -> None:
    """Make the record, on disk before this returns. place: where the outcome is reported. Errors: OSError."""
    remove()
    contents, restore = _render(what, token, tree, _folders(tree), place)
    _files.make_directories(DIRECTORY)
    for name, octets in (("contents", contents), ("restore", restore)):
        _write(_path(name), octets)
    _files.write(_unit(), UNIT_TEXT)
    _files.make_directories(os.path.dirname(_wanted()))
    os.symlink(f"../{UNIT}", _wanted())
    # Of new directories the names have to be on disk as well.
    for path in (_wanted(), os.path.dirname(_wanted()), DIRECTORY, os.path.dirname(DIRECTORY)):
        _files.sync(os.path.dirname(path))
    _files.sync(DIRECTORY)
    _files.write(_path("armed"), json.dumps({"token": token, "boot": boot_id()}))


def read() -> UndoRecord | None:
    """Of a change that is not confirmed; None where there is none, or none that this user may read. Errors: OSError."""
    try:
        text = _files.read(_path("armed"))
    except PermissionError:
        return None
    if text is None:
        return None
    with contextlib.suppress(ValueError, KeyError, TypeError):
        data = json.loads(text)
        return UndoRecord(str(data["token"]), str(data["boot"]))
    return UndoRecord("", "")


def remove(token: str | None = None) -> None:
    """The change is confirmed or undone, and that is on disk when this returns. Errors: OSError.

    token: only the record of this change; None for any, or for what a crash has left of one.
    """
    record = read()
    if token is not None and (record is None or record.token != token):
        return
    if record is not None:
        os.unlink(_path("armed"))
        _files.sync(DIRECTORY)
    if any(map(os.path.lexists, (_wanted(), _unit(), DIRECTORY))):
        # An empty directory of others is theirs.
        _files.remove(_wanted(), prune=SYSTEMD)
    _files.remove(_unit())
    shutil.rmtree(DIRECTORY, ignore_errors=True)
    with contextlib.suppress(OSError):
        os.rmdir(os.path.dirname(DIRECTORY))


def flush(tree: Tree) -> None:
    """What was changed is on disk: files that daemons have written, and that files are gone. Errors: OSError."""
    for path in filter(_lasts, changed(tree)):
        if os.path.isfile(path) and not os.path.islink(path):
            _files.sync(path)
    paths = [*tree.entries, *(path for pattern in tree.patterns for path in glob.glob(pattern))]
    for directory in sorted({_nearest(path) for path in filter(_lasts, paths)}):
        _files.sync(directory)


def _nearest(path: str) -> str:
    """The directory above it that there is."""
    directory = os.path.dirname(path)
    while not os.path.isdir(directory):
        directory = os.path.dirname(directory)
    return directory


def _lasts(path: str) -> bool:
    """Whether it outlives a restart."""
    return not path.startswith("/run/")


def _write(path: str, octets: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(octets)
        stream.flush()
        os.fsync(handle)


class _Contents:
    """One file with the octets of all, so that one fsync(2) is enough."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.size = 0

    def add(self, text: str) -> str:
        """Offset, from 1 as tail(1) counts, and size of a part."""
        octets = text.encode("utf-8", "surrogateescape")
        where = f"{self.size + 1} {len(octets)}"
        self.parts.append(octets)
        self.size += len(octets)
        return where


def _folders(tree: Tree) -> dict[str, os.stat_result]:
    """The directories of what there is; a run removes one of ours with the last file in it."""
    paths = [path for path, entry in tree.entries.items() if entry is not None and _lasts(path)]
    return {folder: os.stat(folder) for folder in sorted({folder for path in paths for folder in above(path)})}


def _folder(path: str, status: os.stat_result) -> str:
    return f"folder {stat.S_IMODE(status.st_mode):o} {status.st_uid}:{status.st_gid} {shlex.quote(path)}"


def _render(
    what: Iterable[str], token: str, tree: Tree, folders: Mapping[str, os.stat_result], place: str
) -> tuple[bytes, bytes]:
    """The contents and the script. Pure."""
    contents = _Contents()
    entries = {path: entry for path, entry in tree.entries.items() if _lasts(path)}
    lines = [_folder(path, status) for path, status in folders.items()]
    lines += [line for path in _inner_first(entries) for line in _restore(path, entries[path], contents)]
    for pattern in filter(_lasts, tree.patterns):
        lines += _drop_added(pattern, entries)
    outcome = {
        "token": token,
        "reason": "the host was restarted before it was confirmed",
        "undone": [f"{text} (undone at boot)" for text in what],
        "left": [],
    }
    # The time is put in front of it.
    offset, size = contents.add(json.dumps(outcome)[1:] + "\n").split()
    quote = shlex.quote
    start = SCRIPT.format(
        header=_files.HEADER, boot_id=quote(BOOT_ID), boot=quote(boot_id()), directory=quote(DIRECTORY),
        systemd=quote(SYSTEMD), temporary=_files.TEMPORARY,
    )  # fmt: skip
    end = END.format(
        place=quote(place), offset=offset, size=size, wanted=quote(_wanted()), unit=quote(_unit()),
        directory=quote(DIRECTORY), target=quote(os.path.dirname(_wanted())), config=quote(os.path.dirname(DIRECTORY)),
    )  # fmt: skip
    script = "\n".join([start, "if [ -e armed ]; then", *lines, end])
    return b"".join(contents.parts), script.encode("utf-8", "surrogateescape")


def _inner_first(paths: Iterable[str]) -> list[str]:
    return sorted(paths, key=lambda path: (-path.count("/"), path))


def _restore(path: str, entry: Entry | None, contents: _Contents) -> list[str]:
    if entry is None:
        return [f"drop {shlex.quote(path)}"]
    if entry.target is not None:
        return [f"link {shlex.quote(entry.target)} {shlex.quote(path)}"]
    if entry.text is None:
        return []
    owner = "{}:{}".format(*entry.owner)
    return [f"put {contents.add(entry.text)} {entry.mode:o} {owner} {shlex.quote(path)}"]


def _drop_added(pattern: str, entries: Iterable[str]) -> list[str]:
    """Files that were added where a pattern of ours finds them. Errors: ValueError for a pattern of another kind."""
    if not _PATTERN.fullmatch(pattern):
        raise ValueError(f"{pattern}: the shell would expand this in another way")
    known = "|".join(map(shlex.quote, entries)) or "''"
    return [f"for path in {pattern}; do", f'case $path in {known}) ;; *) drop "$path" ;; esac', "done"]
