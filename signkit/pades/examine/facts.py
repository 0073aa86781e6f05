"""What is found out about a document before it is sent, and about R0 when a file is verified: frozen data only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from signkit.errors import RiskyDocumentError
from signkit.model.risks import RiskFound, refused, risk_codes

__all__ = ["Attachment", "Claims", "Examination", "ExistingSignature", "Facts"]


@dataclass(frozen=True, slots=True)
class Claims:
    """What the document says about itself in its XMP metadata (ISO 19005, ISO 14289); believed, not proved."""

    pdfa_part: int | None = None
    pdfa_level: str | None = None
    """``a``, ``b``, ``u``, ``e``, ``f``; None for none or PDF/A-4 proper."""
    ua_part: int | None = None

    @property
    def label(self) -> str:
        """``PDF/A-2a + PDF/UA-1``, or an empty text."""
        parts = []
        if self.pdfa_part:
            parts.append(f"PDF/A-{self.pdfa_part}{self.pdfa_level or ''}")
        if self.ua_part:
            parts.append(f"PDF/UA-{self.ua_part}")
        return " + ".join(parts)


@dataclass(frozen=True, slots=True)
class Attachment:
    """One embedded file."""

    name: str
    size: int
    sha256: str
    """``sha256:<hex>`` of the file's own bytes; of the stored bytes where they cannot be decoded."""
    decoded: bool = True
    number: int | None = None
    """Object number of the stream."""


@dataclass(frozen=True, slots=True)
class ExistingSignature:
    """A signature or document timestamp that the document already carries."""

    field: str
    kind: str
    """``Sig`` or ``DocTimeStamp``."""
    doc_mdp: int | None = None
    """Level of a certification, 1 to 3 (ISO 32000-1 clause 12.8.2.2)."""
    locks: tuple[str, ...] = ()
    """Actions of its FieldMDP references and field lock: ``All``, ``Include``, ``Exclude``."""
    signed_end: int | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What the structure says, from our own reader alone: the archivist's part."""

    size: int
    pages: int
    version: str
    """Of the header, or of the catalog where that is newer."""
    claims: Claims
    tagged: bool
    linearized: bool
    xref: str
    """``table``, ``stream`` or ``hybrid``, of the newest revision."""
    revisions: int
    highest_number: int
    """Highest object number defined or named."""
    has_form: bool
    fields: int
    signatures: tuple[ExistingSignature, ...]
    attachments: tuple[Attachment, ...]
    risks: tuple[RiskFound, ...]

    @property
    def risk_codes(self) -> tuple[str, ...]:
        """Every code found, once, sorted."""
        return risk_codes(self.risks)


@dataclass(frozen=True, slots=True)
class Examination:
    """A document that can be signed as it is, once its refusing risks are accepted."""

    path: str
    sha256: str
    """``sha256:<hex>`` of the whole file."""
    facts: Facts

    @property
    def size(self) -> int:
        """Bytes."""
        return self.facts.size

    @property
    def pages(self) -> int:
        """Number of pages."""
        return self.facts.pages

    @property
    def risks(self) -> tuple[RiskFound, ...]:
        """Every risk and where."""
        return self.facts.risks

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        """Every embedded file."""
        return self.facts.attachments

    @property
    def signed(self) -> bool:
        """Whether it carries any signature already."""
        return bool(self.facts.signatures)

    def raise_for_risks(self, *, accepted: Iterable[str] = ()) -> None:
        """Return only if every refusing risk is accepted.

        Raises:
            RiskyDocumentError: code ``document.risk``; message and hint name the codes that stand in the way.
        """
        left = refused(self.risks, accepted=accepted)
        if not left:
            return
        names = ", ".join(left)
        cure = " ".join(f"--accept-risk {code}" for code in left)
        repair = "" if self.signed else ", or create it with --repair, which takes out what it can"
        raise RiskyDocumentError(
            f"the document may look different later without a changed byte: {names}",
            hint=f"look at it, and if you vouch for it say {cure}{repair}",
            subject={"file": self.path, "risks": names},
        )
