"""Timestamps for signatures: how large a token will be and what vouches for it, before it exists.

A signature and the material that proves it stand in the same revision, and the place for the signature is reserved to
the byte. So size and signer of a token must be known before it is asked for: the first token of a service, over nothing
of worth, says both, and is remembered. A later token that is larger, or by another certificate, teaches us, and the
revision is written again.
"""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, field
from typing import Final

from signkit.errors import TimestampError
from signkit.pades.security_store import ValidationMaterial
from signkit.ports.timestamper import Timestamp, Timestamper
from signkit.x509.errors import X509Error
from signkit.x509.tokens import TimestampToken

__all__ = ["Expected", "StampBook"]

MARGIN_BYTES: Final = 64
"""Two tokens of one service differ in the lengths of serial number, nonce, accuracy and ECDSA signature."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What the next token will be like."""

    size: int
    """Most bytes."""
    material: ValidationMaterial


@dataclass(slots=True)
class StampBook:
    """A timestamper that remembers what its tokens are like.

    Make one for the life of a process: each costs one token the first time for each digest.
    """

    timestamper: Timestamper
    _samples: dict[str, Timestamp] = field(default_factory=dict, repr=False)
    _sizes: dict[str, int] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @classmethod
    def of(cls, timestamper: Timestamper | StampBook) -> StampBook:
        """Return a book for ``timestamper``, itself if it is one."""
        return timestamper if isinstance(timestamper, StampBook) else cls(timestamper)

    def expect(self, digest: str) -> Expected:
        """Return what the next token over ``digest`` will be like, with revocation data as fresh as now.

        Raises:
            TimestampError: no service answers.
        """
        with self._lock:
            sample = self._samples.get(digest)
        if sample is None:
            sample = self.stamp(hashlib.new(digest, b"signkit").digest(), digest=digest)
        held = self.timestamper.material(sample)
        with self._lock:
            size = self._sizes[digest]
        return Expected(
            size + MARGIN_BYTES,
            ValidationMaterial(certificates=held.certificates, crls=held.crls, ocsps=held.ocsps),
        )

    def stamp(self, imprint: bytes, *, digest: str) -> Timestamp:
        """Return a token over ``imprint``, and remember what it is like.

        Raises:
            TimestampError: no service gave one that holds.
        """
        given = self.timestamper.timestamp(imprint, digest=digest)
        if not given.token:
            raise TimestampError("the timestamper gave an empty token")
        with self._lock:
            self._samples[digest] = given
            self._sizes[digest] = max(self._sizes.get(digest, 0), len(given.token))
        return given

    def vouched(self, given: Timestamp, expected: Expected) -> bool:
        """Tell whether ``expected`` holds for the token that was given.

        Raises:
            TimestampError: its certificates cannot be read.
        """
        if len(given.token) > expected.size:
            return False
        try:
            certificates = {certificate.der for certificate in TimestampToken(given.token).certificates}
        except X509Error as exc:
            raise TimestampError("the token's certificates cannot be read") from exc
        return certificates <= set(expected.material.certificates)
