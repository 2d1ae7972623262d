# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a probe of this collection is recognised, so that nobody else can have what he sends taken for one.

Several hosts may check the same addresses at once, and by RFC 5227, 2.1.1 each would take the others for hosts that
want them. So probes are signed: a nonce of this process, and an HMAC (RFC 2104) of that and of all that the frame says,
its sender's MAC address first. The key is random for each process, or shared by the hosts of one run; it never leaves
them. The law:

* A frame is our own only with a right HMAC and our own nonce, another host's of the run only with a right HMAC. No
  text, no prefix of a MAC address and no other field makes it so.
* A frame that was recorded and sent again says what it said: who asks, from which MAC address, for which address. It
  cannot be given another sender, address or kind. So only probes, which claim nothing, are left out of the evidence for
  their signature, and requests that are our own; whatever claims an address counts, signed or not.
* Who has no key of the run is a stranger, also if it is this collection on another host.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

#: Octets of the nonce and of the HMAC: together they fill the nonce option of neighbour discovery, which comes in units
#: of 8 with 2 for type and length (RFC 3971, 5.3.2), and fit in the padding of ARP. 80 bits are the least that
#: RFC 2104, 5 recommends.
_NONCE_SIZE, _HMAC_SIZE = 4, 10
SIZE = _NONCE_SIZE + _HMAC_SIZE


class ProbeSigner:
    """Signs and recognises the probes of one process."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._nonce = secrets.token_bytes(_NONCE_SIZE)

    def share(self, key: str) -> None:
        """Recognise the probes of all that were given the same key, from now on."""
        self._key = hashlib.sha256(key.encode(errors="surrogatepass")).digest()

    def sign(self, said: bytes) -> bytes:
        """The signature of a frame that says this."""
        return self._nonce + self._hmac(self._nonce, said)

    def signed(self, said: bytes, signature: bytes) -> bool:
        """Whether someone with the key has signed this."""
        nonce, code = signature[:_NONCE_SIZE], signature[_NONCE_SIZE:SIZE]
        return len(signature) >= SIZE and hmac.compare_digest(code, self._hmac(nonce, said))

    def made(self, signature: bytes) -> bool:
        """Whether a right signature is this process's own."""
        return signature[:_NONCE_SIZE] == self._nonce

    def _hmac(self, nonce: bytes, said: bytes) -> bytes:
        return hmac.new(self._key, nonce + said, hashlib.sha256).digest()[:_HMAC_SIZE]


#: The signer of this process.
SIGNER = ProbeSigner()
