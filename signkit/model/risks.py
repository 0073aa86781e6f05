"""Risk codes: what about a document may make it look or mean something else later, without a changed byte.

Proof.md section 2 *Input* names the codes, decision 0011 adds ``annotations``. Seven of them refuse a document unless
its sender accepts each by name, and the manifest then records it; four only inform. The clerk finds them before sending
and the archivist once more on R0, with the same code, so a code that the manifest lacks is a finding under C1.

What is not here: how they are found (``signkit.pades.examine``), and the sentences (``signkit.texts``, area ``risk``).
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

__all__ = ["INFORMING", "REFUSING", "Risk", "RiskFound", "refused", "risk_codes"]


class Risk(enum.StrEnum):
    """One code of proof.md section 2; the value is what ``--accept-risk`` takes and the manifest holds."""

    ACTIVE = "active"
    """JavaScript, additional actions, Launch, SubmitForm, ImportData, multimedia, an opening action not a place."""
    EXTERNAL = "external"
    """Content that is fetched from outside the file when it is shown."""
    LAYERS = "layers"
    """Optional content that is hidden by default, or that usage, print or configuration switches."""
    FORM_REDRAWS = "form-redraws"
    """The viewer draws the form's fields anew (``/NeedAppearances true``)."""
    HIDDEN = "hidden"
    """Text or pictures under images or form fields, or a field whose value is not what it shows."""
    ANNOTATIONS = "annotations"
    """Annotations over one another, or without an appearance of their own; other validators fail such a document."""
    TRAILING_BYTES = "trailing-bytes"
    """Bytes after the last ``%%EOF``."""
    FONTS = "fonts"
    """A font that is not embedded."""
    FORM = "form"
    """Fields that can be filled in."""
    LINKS = "links"
    """Links to other files or to the net."""
    ATTACHMENTS = "attachments"
    """Embedded files."""

    @property
    def refuses(self) -> bool:
        """Whether a document that carries it is refused unless the code is accepted."""
        return self in REFUSING


REFUSING: Final = frozenset(
    {Risk.ACTIVE, Risk.EXTERNAL, Risk.LAYERS, Risk.FORM_REDRAWS, Risk.HIDDEN, Risk.ANNOTATIONS, Risk.TRAILING_BYTES}
)
INFORMING: Final = frozenset(Risk) - REFUSING


@dataclass(frozen=True, slots=True)
class RiskFound:
    """One place where a risk was found."""

    risk: Risk
    detail: str
    """What exactly, as ``javascript`` or ``under-image``; its sentence is ``risk.<risk>.detail.<detail>``."""
    number: int | None = None
    """Object number, where it has one."""
    page: int | None = None
    """Page, counted from 1, where it belongs to one."""
    params: Mapping[str, str | int] = field(default_factory=dict)
    """Short values for the sentence; text from the document is cut and freed of control characters."""


def risk_codes(found: Iterable[RiskFound]) -> tuple[str, ...]:
    """Return the codes of ``found``, each once, sorted: what the manifest records."""
    return tuple(sorted({item.risk.value for item in found}))


def refused(found: Iterable[RiskFound], *, accepted: Iterable[str] = ()) -> tuple[Risk, ...]:
    """Return the refusing risks of ``found`` that nobody accepted, sorted; none: the document may be sent."""
    allowed = frozenset(accepted)
    return tuple(sorted({item.risk for item in found if item.risk.refuses and item.risk.value not in allowed}))
