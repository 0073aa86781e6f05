"""Which revocation lists speak about a certificate: a few of many, and what all of them say together.

A file with many signatures holds a list per issuer and signature. Path validation needs one that is good at the moment,
and gets slower with each it is shown; so it is shown three per issuer, and every list is asked here whether it revokes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from signkit.x509.certificates import Certificate
from signkit.x509.crls import Crl
from signkit.x509.errors import X509Error

__all__ = ["Lists"]

_MAX_LEVELS: Final = 10
_LAST: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(slots=True)
class Lists:
    """Lists and certificates of one file, with signatures of lists verified once."""

    certificates: Sequence[Certificate]
    _by_subject: dict[bytes, list[Certificate]] = field(default_factory=dict)
    _signed: dict[tuple[Crl, Certificate], bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for item in dict.fromkeys(self.certificates):
            try:
                self._by_subject.setdefault(item.asn1.subject.dump(), []).append(item)
            except (X509Error, ValueError, TypeError):
                continue

    def issuers(self, certificate: Certificate) -> list[Certificate]:
        """Return every certificate that may stand above, by names alone."""
        found: list[Certificate] = []
        frontier = [certificate]
        for _ in range(_MAX_LEVELS):
            above = [issuer for item in frontier for issuer in self._named(item) if issuer not in found]
            frontier = list(dict.fromkeys(above))
            found += frontier
            if not frontier:
                break
        return found

    def useful(self, certificate: Certificate, lists: Iterable[Crl], at: datetime) -> tuple[Crl, ...]:
        """Return lists enough for the path of ``certificate`` at ``at``: at most three per issuer."""
        available = list(lists)
        chosen: dict[Crl, None] = {}
        for issuer in self.issuers(certificate):
            own = sorted((item for item in available if self._by(item, issuer)), key=lambda item: item.this_update)
            before = [item for item in own if item.this_update <= at <= (item.next_update or _LAST)]
            after = [item for item in own if item.this_update > at]
            chosen.update(dict.fromkeys((*before[-1:], *after[:1], *own[-1:])))
        return tuple(chosen)

    def revoked_at(self, certificate: Certificate, lists: Iterable[Crl]) -> datetime | None:
        """Return the earliest instant from which any of ``lists`` says that the certificate is revoked."""
        times: list[datetime] = []
        issuers = self._named(certificate)
        for item in lists:
            if not any(self._by(item, issuer) for issuer in issuers):
                continue
            try:
                entry = item.revocation(certificate.serial_number)
            except X509Error:
                continue
            if entry is not None and entry.reason != "removeFromCRL":
                times.append(entry.revoked_at)
        return min(times, default=None)

    def _named(self, certificate: Certificate) -> list[Certificate]:
        try:
            return self._by_subject.get(certificate.asn1.issuer.dump(), [])
        except (X509Error, ValueError, TypeError):
            return []

    def _by(self, item: Crl, issuer: Certificate) -> bool:
        key = (item, issuer)
        if key not in self._signed:
            self._signed[key] = item.issued_by(issuer)
        return self._signed[key]
