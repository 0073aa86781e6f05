"""Where each signature stands, and whether it covers exactly its revision (recipe step 2; ISO 32000-2 clause 12.8.1).

Dictionary and ``/Contents`` are read from the signed revision's own bytes, never through a newer section.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from signkit.errors import UnreadableDocumentError
from signkit.model.report import Finding
from signkit.pades.changes.findings import failed
from signkit.pades.structure import Dict, HexString, Pdf, Revision, SignatureField

__all__ = ["Place", "check_places", "places", "statement_strings"]

_DIGITS: Final = re.compile(rb"<([0-9A-Fa-f]*)>")
_MAX_BLANKS: Final = 64
"""White space after ``%%EOF`` that a stranger's signature may cover, ours."""
_UPPER: Final = re.compile(rb"<[0-9A-F]*>")


@dataclass(frozen=True, slots=True)
class Place:
    """One signature of a file, found through the newest form."""

    field: str
    kind: str
    """``Sig`` or ``DocTimeStamp``."""
    revision: int | None
    """Index of the revision that it covers to the end; None where it covers none."""
    dict: Dict
    """Its dictionary in the signed revision's own bytes; the newest one where ``revision`` is None."""
    number: int | None
    """The dictionary's object number."""
    byte_range: tuple[int, ...] | None

    @property
    def container(self) -> bytes | None:
        """The bytes of ``/Contents``, padding included."""
        found = self.dict.get("Contents")
        return bytes(found) if isinstance(found, HexString) else None


def places(pdf: Pdf) -> list[Place]:
    """Return the signatures of ``pdf`` in the order of the revisions that they cover.

    Raises:
        UnreadableDocumentError: the form or a dictionary cannot be read.
    """
    found = [_place(pdf, item) for item in pdf.view().signatures]
    return sorted(found, key=lambda place: len(pdf.revisions) if place.revision is None else place.revision)


def _place(pdf: Pdf, item: SignatureField) -> Place:
    end = item.signed_end
    for revision in pdf.revisions:
        if not _ends_with(pdf, revision, end):
            continue
        for old in pdf.view(revision.index).signatures:
            if old.field.name == item.field.name and old.ref == item.ref:
                number = old.ref.num if old.ref else None
                return Place(item.field.name, old.kind, revision.index, old.dict, number, old.byte_range)
    number = item.ref.num if item.ref else None
    return Place(item.field.name, item.kind, None, item.dict, number, item.byte_range)


def _ends_with(pdf: Pdf, revision: Revision, end: int | None) -> bool:
    """Say whether a signature that covers all up to ``end`` covers ``revision``; blanks after it belong to it."""
    if end is None or not revision.eof_end <= end <= min(revision.end + _MAX_BLANKS, pdf.size):
        return False
    return end <= revision.end or not pdf.bytes(revision.end, end).strip(b"\x00\t\n\x0c\r ")


def check_places(pdf: Pdf, *, signkit_after: int | None = None) -> list[Finding]:
    """Return which signatures do not cover exactly their revision, or leave a gap that is not exactly ``/Contents``.

    Args:
        pdf: the file.
        signkit_after: size of R0 in a signkit file; signatures ending after it must also be written in upper-case
            hexadecimal digits and cover the last line end.
    """
    try:
        found = places(pdf)
        problems = [problem for place in found for problem in _check(pdf, place, signkit_after)]
        problems += _removed(pdf, found)
    except UnreadableDocumentError as exc:
        return [failed("unreadable", check="2", reason=exc.message)]
    ends = [place.revision for place in found if place.revision is not None]
    if len(ends) != len(set(ends)):
        problems.append(failed("same_revision", check="2"))
    return problems


def _check(pdf: Pdf, place: Place, signkit_after: int | None) -> list[Finding]:
    ranges = place.byte_range
    if ranges is None or len(ranges) != 4 or ranges[0] != 0 or min(ranges) < 0 or ranges[1] >= ranges[2]:
        return [failed("byte_range", subject=place.field, check="2")]
    end = ranges[2] + ranges[3]
    if place.revision is None:
        return [failed("not_covered", subject=place.field, check="2")]
    ours = signkit_after is not None and end > signkit_after
    found: list[Finding] = []
    if ours and end != pdf.revisions[place.revision].end:
        found.append(failed("not_covered", subject=place.field, check="2"))
    if place.dict.repeated:
        found.append(failed("repeated_keys", subject=place.field, check="2"))
    contents = place.dict.get("Contents")
    if not isinstance(contents, HexString) or (contents.start, contents.end) != (ranges[1], ranges[2]):
        return [*found, failed("gap", subject=place.field, check="2")]
    revision = pdf.revisions[place.revision]
    if not revision.start <= contents.start < revision.end:
        found.append(failed("gap", subject=place.field, check="2"))
    return found + _check_digits(place, pdf.bytes(ranges[1], ranges[2]), bytes(contents), ours=ours)


def _check_digits(place: Place, written: bytes, contents: bytes, *, ours: bool) -> list[Finding]:
    digits = _DIGITS.fullmatch(written)
    if digits is None or len(digits[1]) % 2:
        return [failed("contents_digits", subject=place.field, check="2")]
    if ours and not _UPPER.fullmatch(written):
        return [failed("contents_case", subject=place.field, check="2")]
    length = _der_length(contents)
    if length is None:
        # NOTE: an indefinite length (X.690 clause 8.1.3.6) is BER; only ours must be DER, others are judged by step 4.
        indefinite = contents[:2] == b"\x30\x80" and not ours
        return [] if indefinite else [failed("contents_empty", subject=place.field, check="2")]
    if contents[length:].strip(b"\x00"):
        return [failed("contents_padding", subject=place.field, check="2")]
    return []


def _der_length(data: bytes) -> int | None:
    """Return how many bytes the outer SEQUENCE has, or None where there is none of definite length."""
    if len(data) < 2 or data[0] != 0x30 or data[1] == 0x80:
        return None
    if data[1] < 0x80:
        length = 2 + data[1]
    else:
        count = data[1] & 0x7F
        if count > 4:
            return None
        length = 2 + count + int.from_bytes(data[2 : 2 + count], "big")
    return length if length <= len(data) else None


def _removed(pdf: Pdf, found: list[Place]) -> list[Finding]:
    """Return signatures that an older revision had and the newest has not."""
    now = {(place.field, place.number) for place in found}
    gone: list[Finding] = []
    for revision in pdf.revisions[:-1]:
        if not any(
            revision.eof_end <= place.byte_range[-1] + place.byte_range[-2] for place in found if place.byte_range
        ):
            break
        for old in pdf.view(revision.index).signatures:
            key = (old.field.name, old.ref.num if old.ref else None)
            if key not in now:
                now.add(key)
                gone.append(failed("signature_removed", subject=old.field.name, check="2"))
    return gone


def statement_strings(place: Place) -> list[bytes] | None:
    """Return the strings of ``/SGNK_Statement`` as they stand in the signed revision; None where there is no such key.

    Raises:
        UnreadableDocumentError: the key is there but is not a direct array of strings.
    """
    if "SGNK_Statement" not in place.dict:
        return None
    value = place.dict["SGNK_Statement"]
    if not isinstance(value, list) or not value or not all(isinstance(item, bytes) for item in value):
        raise UnreadableDocumentError("a statement that is no array of strings", code="structure.statement")
    return [bytes(item) for item in value]
