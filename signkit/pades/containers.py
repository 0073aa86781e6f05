"""What fills ``/Contents``: the CMS of a signature, or a timestamp token."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from signkit.errors import TimestampError
from signkit.pades.cms import Commitment, SignatureDraft, SigningIdentity
from signkit.pades.timestamping import StampBook
from signkit.ports.timestamper import Timestamp

__all__ = ["CmsContainer", "TokenContainer"]


@dataclass(frozen=True, slots=True)
class CmsContainer:
    """A signature with its timestamp, whose imprint is of the signature value (EN 319 122-1 clause 5.3)."""

    draft: SignatureDraft
    digest: str
    """Digest over the signed bytes, and of the timestamp's imprint."""

    @classmethod
    def of(cls, identity: SigningIdentity, *, commitment: Commitment, role: str | None) -> CmsContainer:
        """Return the container for a signature by ``identity``."""
        return cls(SignatureDraft(identity, commitment=commitment, role=role), identity.digest)

    @property
    def token_digest(self) -> str:
        """The same."""
        return self.digest

    def size(self, *, token_bytes: int) -> int:
        """Return the most bytes of the CMS."""
        return self.draft.size(token_bytes=token_bytes)

    def fill(self, document_digest: bytes, *, stamps: StampBook) -> tuple[bytes, Timestamp]:
        """Sign, timestamp the signature value, and return the CMS.

        Raises:
            SealError: the key or every timestamp service failed.
        """
        attributes, value = self.draft.sign(document_digest)
        given = stamps.stamp(hashlib.new(self.digest, value).digest(), digest=self.digest)
        if not self.draft.certificate.valid_at(given.gen_time):
            raise TimestampError(
                "the timestamp lies outside the certificate's validity",
                code="clock_skew",
                hint="check the clocks of this machine and of the timestamp services",
            )
        return self.draft.finish(attributes, value, token=given.token), given


@dataclass(frozen=True, slots=True)
class TokenContainer:
    """A document timestamp (ISO 32000-2 clause 12.8.5); SHA-512, for it must last longest."""

    digest: str = "sha512"

    @property
    def token_digest(self) -> str:
        """The same."""
        return self.digest

    def size(self, *, token_bytes: int) -> int:
        """Return the most bytes of the token."""
        return token_bytes

    def fill(self, document_digest: bytes, *, stamps: StampBook) -> tuple[bytes, Timestamp]:
        """Timestamp the document.

        Raises:
            TimestampError: every service failed.
        """
        given = stamps.stamp(document_digest, digest=self.digest)
        return given.token, given
