"""What the archivist is told: findings, claims, signatures, and the verdict drawn from them.

A finding names its check (the number of the recipe's step, proof.md section 8) and a stable code; the sentence for
people is looked up in ``signkit.texts`` under that code with ``params``. A report has no truth value on purpose: nobody
can write ``if report``.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NoReturn

from signkit.errors import NothingToVerifyError, VerdictFailedError, VerdictIndeterminateError

__all__ = [
    "CLAIMS",
    "ChangeLevel",
    "Claim",
    "Completion",
    "Finding",
    "NotChecked",
    "Report",
    "SignatureKind",
    "SignatureReport",
    "Verdict",
    "Voucher",
    "worst",
]

CLAIMS = ("C1", "C2", "C3a", "C3b", "C4", "C5", "C6")
"""The claims of proof.md section 1, in their order."""


class Verdict(enum.StrEnum):
    """ETSI EN 319 102-1 clause 5.1.2, and NOT_DECIDED for a claim that nothing speaks to."""

    PASSED = "PASSED"
    NOT_DECIDED = "NOT_DECIDED"
    INDETERMINATE = "INDETERMINATE"
    FAILED = "FAILED"


_BADNESS = {Verdict.PASSED: 0, Verdict.NOT_DECIDED: 1, Verdict.INDETERMINATE: 2, Verdict.FAILED: 3}


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst of ``verdicts``; NOT_DECIDED of none, for an empty set never passes."""
    return max(verdicts, key=_BADNESS.__getitem__, default=Verdict.NOT_DECIDED)


class ChangeLevel(enum.StrEnum):
    """What happened to a file after a signature, from harmless to not explained."""

    NONE = "none"
    VALIDATION_DATA = "validation-data"
    TIMESTAMP = "timestamp"
    FORM_FILL = "form-fill"
    ANNOTATION = "annotation"
    OTHER = "other"


class SignatureKind(enum.StrEnum):
    """What a signature is for."""

    CERTIFICATION = "certification"
    APPROVAL = "approval"
    SEAL = "seal"
    TIMESTAMP = "timestamp"


class Completion(enum.StrEnum):
    """Whether the file carries a completion statement."""

    FINISHED = "finished"
    UNFINISHED = "unfinished"
    NONE = "none"


class Voucher(enum.StrEnum):
    """Who stands behind a claim (proof.md section 1)."""

    OWN_ORGANISATION = "organisation"
    TSA = "tsa"
    EID = "eid"
    WITNESS = "witness"
    HASH = "hash"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check and what came of it."""

    check: str
    """The recipe's step, ``1`` to ``11``."""
    verdict: Verdict
    code: str
    """Stable dotted code; also the key of its sentence."""
    params: Mapping[str, str | int] = field(default_factory=dict)
    """Values for the sentence; never a personal number."""
    sub_indication: str | None = None
    """ETSI EN 319 102-1 sub-indication, where one fits."""
    subject: str | None = None
    """Field name, revision or file that it concerns."""
    claims: tuple[str, ...] = ()
    """The claims that it decides; empty: the claims of its step."""


@dataclass(frozen=True, slots=True)
class NotChecked:
    """A check that was not made, and why."""

    check: str
    reason: str
    """Code of the sentence."""
    params: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim of proof.md section 1, decided."""

    verdict: Verdict
    vouched_by: tuple[Voucher, ...]
    code: str
    """Key of the plain sentence."""
    params: Mapping[str, str | int] = field(default_factory=dict)
    hint: str | None = None
    """Key of what to do next, or None."""


@dataclass(frozen=True, slots=True)
class SignatureReport:
    """One signature or document timestamp of a file."""

    field: str
    kind: SignatureKind
    verdict: Verdict
    name: str | None = None
    role: str | None = None
    person: str | None = None
    time: datetime | None = None
    """What the signature claims (/M)."""
    gen_time: datetime | None = None
    """What its timestamp proves."""
    level: str | None = None
    """PAdES level actually reached."""
    sub_indication: str | None = None
    changes_after: ChangeLevel = ChangeLevel.NONE
    evidence: str | None = None
    """Digest of the evidence it commits to, or None."""
    environment: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """Everything found out about one file (``signkit.report/1``)."""

    at: datetime
    path: str
    sha256: str | None
    size: int
    pages: int | None
    verdict: Verdict
    claims: Mapping[str, Claim]
    signatures: tuple[SignatureReport, ...]
    findings: tuple[Finding, ...]
    not_checked: tuple[NotChecked, ...]
    trust_anchors: tuple[Mapping[str, str], ...]
    """``{purpose, subject, sha256}`` of each anchor that was given."""
    envelope: str | None = None
    organisation: str | None = None
    environment: str | None = None
    completion: Completion = Completion.NONE
    original: Mapping[str, str | int] | None = None
    """``{sha256, size}`` of R0, for a signkit file."""
    nothing_to_verify: bool = False
    """No signature at all: exit code 5, never a pass."""
    contents: tuple[Report, ...] = ()
    """For an evidence bundle: the report on each document in it."""

    def __bool__(self) -> NoReturn:
        """Refuse: three verdicts are not a boolean."""
        raise TypeError("a report has no truth value: read .verdict, or call .raise_for_verdict()")

    def raise_for_verdict(self) -> None:
        """Return only if the verdict is PASSED.

        Raises:
            NothingToVerifyError: the file has no signature.
            VerdictFailedError: something is wrong.
            VerdictIndeterminateError: it cannot be decided with what was given.
        """
        subject = {"file": self.path}
        if self.nothing_to_verify:
            raise NothingToVerifyError("the file has no signature", subject=subject)
        if self.verdict is Verdict.FAILED:
            raise VerdictFailedError("the file is not what it claims to be", subject=subject)
        if self.verdict is not Verdict.PASSED:
            raise VerdictIndeterminateError("it cannot be decided with what was given", subject=subject)
