"""What is known about one signature of a file after it was validated; data only."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime

from signkit.model.report import Finding, Verdict
from signkit.x509.certificates import Certificate

__all__ = ["SignatureFacts", "TimestampFacts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimestampFacts:
    """A token that was validated, or why not."""

    gen_time: datetime
    signer: Certificate | None
    path: tuple[Certificate, ...] = ()
    """To the anchor; empty where it is not trusted."""
    verdict: Verdict = Verdict.INDETERMINATE


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureFacts:
    """One signature or document timestamp."""

    field: str
    timestamp: bool
    """A document timestamp, not a signature."""
    revision: int
    """Index of the revision that it closes; -1 where it closes none."""
    end: int
    """Where the signed bytes end; 0 where that cannot be told."""
    verdict: Verdict
    sub_indication: str | None = None
    """The worst finding's."""
    findings: tuple[Finding, ...] = ()
    certificate: Certificate | None = None
    path: tuple[Certificate, ...] = ()
    """From the signer to the anchor; empty where it is not trusted."""
    token: TimestampFacts | None = None
    """The signature timestamp, or for a document timestamp the token itself."""
    claimed_at: datetime | None = None
    """``/M``."""
    best_time: datetime | None = None
    """The earliest instant at which the signature is proved to have existed."""
    level: str | None = None
    """PAdES level actually reached: ``B-B``, ``B-T``, ``B-LT`` or ``B-LTA``; None for timestamps and other formats."""
    certification: bool = False
    """It certifies the document (DocMDP, ISO 32000-1 clause 12.8.2.2)."""
    role: str | None = None
    """Claimed role (EN 319 122-1 clause 5.2.6)."""
    statement: bytes | None = dataclasses.field(default=None, repr=False)
    """The statement's canonical bytes, from the signed revision's own dictionary."""
    statement_error: str | None = None
    """Why the statement's bytes are none, where there are some."""

    @property
    def gen_time(self) -> datetime | None:
        """The time in its token, if that token is trusted."""
        return self.token.gen_time if self.token is not None and self.token.verdict is Verdict.PASSED else None
