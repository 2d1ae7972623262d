# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Extended attributes of files: SELinux labels, access control lists, and what users note there (xattr(7)).

A file that is replaced keeps those of the one before. A new one gets the label that the policy has for its path, where
somebody knows the policy (`use`), else the one that the kernel chooses.
"""

from __future__ import annotations

import errno
import os
import struct
from typing import Any, Callable, Dict, Optional, Union

SELINUX = "security.selinux"
ACL = "system.posix_acl_access"
#: Signatures of the content that was there, which are wrong for any other (security/integrity).
OF_CONTENT = ("security.ima", "security.evm")
#: The kernel takes capabilities from a file that is written to (cap_inode_killpriv), so one that is replaced has none.
CAPABILITY = "security.capability"

#: linux/posix_acl_xattr.h: a version, then tag, permissions and id of each entry; linux/posix_acl.h: the tags.
_ACL_HEADER = struct.Struct("<I")
_ACL_ENTRY = struct.Struct("<HHI")
_USER, _GROUP_OBJ, _GROUP = 0x02, 0x04, 0x08

#: Names and values. (collections.abc and the built-ins cannot be subscripted at run time before Python 3.9.)
Attributes = Dict[str, bytes]
#: The label of the policy for a path and a type of file (``st_mode``); None where there is none.
Labeller = Callable[[str, int], Optional[str]]
Place = Union[str, int]


class _Policy:
    labeller: Labeller | None = None


def use(labeller: Labeller | None) -> None:
    """Take the labels of new files and directories from here on from this function."""
    _Policy.labeller = labeller


def of_module(module: Any) -> Labeller | None:
    """The policy as an AnsibleModule knows it; None on a host without SELinux."""
    if not module.selinux_enabled():
        return None

    def label(path: str, mode: int) -> str | None:
        context = module.selinux_default_context(path, mode)
        return ":".join(context) if all(context) else None

    return label


def read(place: Place) -> Attributes:
    """All that can be read of a file, given by path or descriptor. A symbolic link is not followed. Errors: OSError."""
    # Controllers run other systems, too.
    if not hasattr(os, "listxattr"):
        return {}
    options = {} if isinstance(place, int) else {"follow_symlinks": False}
    try:
        names = [name for name in os.listxattr(place, **options) if name not in OF_CONTENT]
        return {name: os.getxattr(place, name, **options) for name in names}
    except OSError as error:
        if error.errno in (errno.ENOTSUP, errno.ENODATA):
            return {}
        raise


def keep(handle: int, path: str, mode: int, before: Attributes | None, kind: int) -> None:
    """Give an open file what the one before at its path had, or what a new one there has, and its mode.

    before: None where there was none. kind: the type of file, as in ``st_mode``. The mode is the last word on who may
    use the file: it limits what an access control list gives (acl(5), the mask), and a list that takes from somebody
    what the mode gives to everybody goes. Errors: OSError.
    """
    now = read(handle)
    wanted = dict(before or {})
    wanted.pop(CAPABILITY, None)
    if before is None:
        wanted.update(default(path, kind))
        wanted.update({ACL: now[ACL]} if ACL in now else {})
    if takes_away(wanted.get(ACL, b""), mode):
        del wanted[ACL]
    if ACL in now and ACL not in wanted:
        os.removexattr(handle, ACL)
    _set(handle, now, wanted)
    os.fchmod(handle, mode)


def default(path: str, kind: int) -> Attributes:
    """The label of the policy for a new file or directory."""
    label = _Policy.labeller(path, kind) if _Policy.labeller is not None else None
    return {SELINUX: label.encode() + b"\0"} if label else {}


def restore(place: Place, wanted: Attributes) -> None:
    """Exactly these attributes, besides those of the content. Errors: OSError."""
    now = read(place)
    options = {} if isinstance(place, int) else {"follow_symlinks": False}
    for name in now:
        # Each file has a label: there is none to take away.
        if name not in wanted and name != SELINUX:
            os.removexattr(place, name, **options)
    _set(place, now, wanted)


def _set(place: Place, now: Attributes, wanted: Attributes) -> None:
    options = {} if isinstance(place, int) else {"follow_symlinks": False}
    for name, value in wanted.items():
        if now.get(name) == value:
            continue
        try:
            os.setxattr(place, name, value, **options)
        except OSError as error:
            # A file system without them, or with one label for all of its files (the mount option context=).
            if error.errno != errno.ENOTSUP:
                raise OSError(error.errno, f"{error.strerror} (attribute {name})", error.filename) from error


def takes_away(acl: bytes, mode: int) -> bool:
    """Whether an access control list takes from a user or group what a mode gives to everybody. Pure."""
    everybody, mask = mode & 0o7, mode >> 3 & 0o7
    entries = _ACL_ENTRY.iter_unpack(acl[_ACL_HEADER.size :]) if len(acl) % _ACL_ENTRY.size == _ACL_HEADER.size else ()
    limited = (permissions & mask for tag, permissions, _id in entries if tag in (_USER, _GROUP_OBJ, _GROUP))
    return any(everybody & ~permissions for permissions in limited)
