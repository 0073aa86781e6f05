"""One file under examination: what was given, what has been read so far, and what was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from signkit.canonical import digest_text
from signkit.model.evidence_file import EvidenceFile
from signkit.model.report import ChangeLevel, Finding, NotChecked, Verdict
from signkit.model.report import Completion as CompletionState
from signkit.model.statement import Completion, Manifest, SignatureStatement
from signkit.pades.structure import Pdf, SignatureField
from signkit.pades.validate import Preview, Validated
from signkit.pades.validate_container import PrefixHasher
from signkit.pades.validate_facts import SignatureFacts
from signkit.x509.anchors import TrustAnchors

__all__ = ["Case", "Given"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the archivist was handed."""

    path: Path
    anchors: TrustAnchors
    at: datetime
    original: Path | None = None
    evidence: EvidenceFile | None = None
    require: frozenset[str] = frozenset()


@dataclass(slots=True)
class Case:
    """The examination of one file; each step reads what earlier ones left, and adds to it."""

    given: Given
    pdf: Pdf
    hasher: PrefixHasher
    signatures: tuple[SignatureField, ...]
    previews: tuple[Preview, ...]
    manifest: Manifest | None = None
    """Of a signkit file: the statement in the first signature that ends after R0."""
    certify: str | None = None
    """The field of that signature."""
    validated: Validated | None = None
    persons: dict[str, SignatureStatement] = field(default_factory=dict)
    """Field to the statement in it, for persons whose statement can be read."""
    completion: Completion | None = None
    pages: int | None = None
    findings: list[Finding] = field(default_factory=list)
    not_checked: list[NotChecked] = field(default_factory=list)
    levels: Mapping[str, ChangeLevel] = field(default_factory=dict)
    """Field to what came after that signature."""

    @property
    def facts(self) -> tuple[SignatureFacts, ...]:
        """The signatures, in the order of the revisions that they close."""
        return self.validated.signatures if self.validated else ()

    @property
    def state(self) -> CompletionState:
        """Whether the file says that it is finished."""
        if self.manifest is None:
            return CompletionState.NONE
        return CompletionState.FINISHED if self.completion else CompletionState.UNFINISHED

    def fact(self, name: str) -> SignatureFacts | None:
        """Return the signature in a field."""
        return next((item for item in self.facts if item.field == name), None)

    def ours(self) -> tuple[SignatureFacts, ...]:
        """Return the signatures made after R0 of a signkit file, document timestamps included."""
        size = self.manifest.own.r0.size if self.manifest else 0
        return tuple(item for item in self.facts if item.end > size or not item.end)

    def prefix(self, size: int) -> str:
        """Return SHA-256 of the first ``size`` bytes as ``sha256:<hex>``."""
        return digest_text(self.hasher.prefix(size))

    def fail(
        self, check: str, code: str, *, subject: str | None = None, sub: str | None = None, **params: str | int
    ) -> None:
        """Add a finding that fails its claim."""
        self.findings.append(Finding(check, Verdict.FAILED, code, params, sub, subject))

    def doubt(
        self, check: str, code: str, *, subject: str | None = None, sub: str | None = None, **params: str | int
    ) -> None:
        """Add a finding that leaves its claim open."""
        self.findings.append(Finding(check, Verdict.INDETERMINATE, code, params, sub, subject))

    def note(self, check: str, code: str, *, subject: str | None = None, **params: str | int) -> None:
        """Add a finding that holds."""
        self.findings.append(Finding(check, Verdict.PASSED, code, params, None, subject))

    def skip(self, check: str, reason: str, **params: str | int) -> None:
        """Say that a check was not made, and why."""
        self.not_checked.append(NotChecked(check, reason, params))

    def passed(self, check: str) -> bool:
        """Tell whether nothing in a step was wrong or open."""
        return all(item.verdict is Verdict.PASSED for item in self.findings if item.check == check)
