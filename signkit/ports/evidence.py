"""The evidence port: offline judgement of what a provider returned.

A verifier sees bytes; what the caller expects (intent digest, key) is compared by the caller. No HTTP, no clock but
the arguments, no store.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from signkit.model.person import Identity
from signkit.model.report import Finding
from signkit.ports.provider import Evidence

__all__ = ["EvidenceFacts", "EvidenceVerifier"]


@dataclass(frozen=True, slots=True)
class EvidenceFacts:
    """What a piece of evidence proves by itself. Fields are None where the evidence is too broken to tell."""

    text: str | None
    """The visible text that was signed."""
    data: bytes | None
    """The hidden data that was signed: the intent."""
    identity: Identity | None
    """Whom the eID's certificate names."""
    signed_at: datetime | None
    """The time that the evidence proves (for BankID the OCSP answer's), UTC."""
    findings: tuple[Finding, ...]
    """Check ``8``; every wrong thing is a FAILED finding, an unknown anchor INDETERMINATE."""


class EvidenceVerifier(Protocol):
    """Judges one format of evidence."""

    def verify(self, evidence: Evidence, *, anchors: Sequence[bytes]) -> EvidenceFacts:
        """Return what the evidence proves under ``anchors``.

        Args:
            evidence: as it was received.
            anchors: DER certificates trusted for ``eid:<provider>:<environment>``, chosen by the caller.


        Never raises for bad evidence: that is a finding.
        """
        ...
