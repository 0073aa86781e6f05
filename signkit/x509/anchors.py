"""Trust anchors: what somebody decided to trust, and what for (proof.md section 8).

Each purpose is its own validation context. ``TrustAnchors`` is immutable: adding gives a new one. Reading and writing
files is in ``anchor_files``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Self

from signkit.x509.certificates import Certificate
from signkit.x509.errors import X509Error

__all__ = ["DEFAULT_PURPOSES", "LOG", "PERSON", "SEAL", "TSA", "WITNESS", "Purpose", "TrustAnchor", "TrustAnchors"]

_EID: Final = re.compile(r"eid:[a-z0-9][a-z0-9._-]{0,63}:[a-z0-9][a-z0-9._-]{0,31}")
_PLAIN: Final = frozenset({"seal", "person", "tsa", "log", "witness"})


class Purpose(str):
    """What an anchor is trusted for.

    ``seal``, ``person``, ``tsa``, ``log``, ``witness`` or ``eid:<provider>:<environment>``.

    Raises:
        X509Error: ``trust.purpose``, any other text.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """Return the purpose, in lower case."""
        name = text.strip().lower()
        if name not in _PLAIN and not _EID.fullmatch(name):
            raise X509Error(
                f"unknown purpose {text[:80]!r}: seal, person, tsa, log, witness or eid:PROVIDER:ENVIRONMENT",
                code="trust.purpose",
            )
        return super().__new__(cls, name)

    @classmethod
    def eid(cls, provider: str, environment: str) -> Purpose:
        """Return the purpose of one provider's root in one environment."""
        return cls(f"eid:{provider}:{environment}")

    @property
    def takes_keys(self) -> bool:
        """True for logs and witnesses, which have verifier keys and no certificates."""
        return self in {"log", "witness"}


SEAL: Final = Purpose("seal")
PERSON: Final = Purpose("person")
TSA: Final = Purpose("tsa")
LOG: Final = Purpose("log")
WITNESS: Final = Purpose("witness")
DEFAULT_PURPOSES: Final = frozenset({SEAL, PERSON, TSA})
"""What a bare PEM file means (proof.md section 8)."""


@dataclass(frozen=True, slots=True)
class TrustAnchor:
    """One certificate, or one C2SP verifier key (vkey), with its purposes."""

    purposes: frozenset[Purpose]
    certificate: Certificate | None = None
    key: str | None = None
    """C2SP vkey ``<name>+<8 hex>+<base64>``, for logs and witnesses."""

    def __post_init__(self) -> None:
        if (self.certificate is None) == (self.key is None):
            raise X509Error("an anchor is a certificate or a key", code="trust.anchor")
        if not self.purposes:
            raise X509Error("an anchor without a purpose", code="trust.purpose")
        if any(purpose.takes_keys != (self.key is not None) for purpose in self.purposes):
            raise X509Error("certificates are no log keys, and log keys no certificates", code="trust.purpose")

    @property
    def label(self) -> str:
        """How a report names it: common name and digest, or the vkey's name."""
        if self.certificate is None:
            return (self.key or "").split("+")[0]
        return f"{self.certificate.common_name or '?'} ({self.certificate.digest.hex()[:16]})"


@dataclass(frozen=True, slots=True)
class TrustAnchors:
    """All anchors of one verification."""

    anchors: tuple[TrustAnchor, ...] = ()

    def __iter__(self) -> Iterator[TrustAnchor]:
        return iter(self.anchors)

    def __len__(self) -> int:
        return len(self.anchors)

    @classmethod
    def of(
        cls, certificates: Iterable[Certificate | bytes], *, purposes: Iterable[str] = DEFAULT_PURPOSES
    ) -> TrustAnchors:
        """Return anchors for these certificates (DER bytes or loaded), all with the same purposes."""
        wanted = frozenset(Purpose(text) for text in purposes)
        loaded = (item if isinstance(item, Certificate) else Certificate(item) for item in certificates)
        return cls().merged(TrustAnchor(wanted, certificate=item) for item in loaded)

    def merged(self, others: Iterable[TrustAnchor]) -> TrustAnchors:
        """Return these and the others; the purposes of equal certificates or keys are united."""
        found: dict[Certificate | str, TrustAnchor] = {}
        for anchor in (*self.anchors, *others):
            what: Certificate | str = anchor.certificate if anchor.certificate is not None else anchor.key or ""
            before = found.get(what)
            purposes = anchor.purposes | (before.purposes if before else frozenset())
            found[what] = TrustAnchor(purposes, certificate=anchor.certificate, key=anchor.key)
        return TrustAnchors(tuple(found.values()))

    def for_purpose(self, purpose: Purpose | str) -> tuple[Certificate, ...]:
        """Return the certificates trusted for the purpose."""
        wanted = Purpose(purpose)
        return tuple(a.certificate for a in self.anchors if a.certificate is not None and wanted in a.purposes)

    def keys_for(self, purpose: Purpose | str) -> tuple[str, ...]:
        """Return the vkeys trusted for the purpose (``log`` or ``witness``)."""
        wanted = Purpose(purpose)
        return tuple(a.key for a in self.anchors if a.key is not None and wanted in a.purposes)

    def narrowed(self, purpose: Purpose | str, *, spki_digests: frozenset[bytes]) -> TrustAnchors:
        """Return these, without the certificates for ``purpose`` whose SPKI digest is not listed: never more trust."""
        wanted = Purpose(purpose)
        kept = (
            a
            for a in self.anchors
            if a.certificate is None or wanted not in a.purposes or a.certificate.spki_digest in spki_digests
        )
        return TrustAnchors(tuple(kept))
