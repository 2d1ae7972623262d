# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The evidence of a host as one short text. On the controller only.

A controller such as AWX keeps the result of each task in its database, and of the evidence nobody reads it there: only
the diagnosis does, in a later task of the same run. Compressed it is a tenth of its size.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from typing import Any

#: The key of a result that has it.
PACKED = "packed_evidence"
#: Octets of the unpacked evidence; `RESULT_MAX` bounds a module's result to much less, except on hosts of a thousand
#: containers.
UNPACKED_MAX = 64_000_000


def packed(data: Mapping[str, Any]) -> str:
    """JSON, compressed (RFC 1950), in base64 (RFC 4648)."""
    text = json.dumps(data, separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode("utf-8", "surrogatepass"), 9)).decode("ascii")


def unpacked(text: object) -> dict[str, Any]:
    """What `packed` was given. Errors: ValueError, also for what would be larger than `UNPACKED_MAX`."""
    if not isinstance(text, str):
        raise ValueError("it is no text")
    try:
        stream = zlib.decompressobj()
        raw = stream.decompress(base64.b64decode(text, validate=True), UNPACKED_MAX)
    except (binascii.Error, zlib.error) as error:
        raise ValueError(str(error)) from error
    if not stream.eof:
        raise ValueError(f"it is incomplete, or larger than {UNPACKED_MAX} octets")
    try:
        data = json.loads(raw.decode("utf-8", "surrogatepass"))
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not isinstance(data, dict):
        raise ValueError("it is no mapping")
    return data
