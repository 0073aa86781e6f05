"""Step 2, the container: which bytes a signature covers, and what fills its gap (proof.md section 8).

Read from the revision that the signature closes, never through a later one. What is not here: the CMS inside.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right, insort
from dataclasses import dataclass, field
from typing import Any, Final

from asn1crypto import parser

from signkit.errors import UnreadableDocumentError
from signkit.pades.structure import Dict, HexString, Pdf, SignatureField

__all__ = ["Container", "ContainerError", "PrefixHasher", "read_container"]

MAX_CONTENTS_BYTES: Final = 4 * 1024 * 1024
"""Largest ``/Contents`` read, ours: real ones stay below 64 KB."""
_CHUNK: Final = 1024 * 1024


class ContainerError(ValueError):
    """The container is not one; ``code`` is the finding's, without its prefix."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Container:
    """A well-formed container."""

    dict: Dict = field(repr=False)
    """The signature dictionary as the signed revision has it."""
    revision: int
    gap: tuple[int, int]
    """From ``<`` to after ``>``."""
    end: int
    content: bytes = field(repr=False)
    """The CMS, without padding."""
    upper_case: bool


class PrefixHasher:
    """Digests of a file's beginnings: each byte is hashed once per algorithm if asked in rising order."""

    def __init__(self, pdf: Pdf) -> None:
        self._pdf = pdf
        self._known: dict[str, tuple[list[int], dict[int, Any]]] = {}

    def prefix(self, size: int, algorithm: str = "sha256") -> bytes:
        """Return the digest of the first ``size`` bytes."""
        return bytes(self._state(size, algorithm).digest())

    def around(self, gap: tuple[int, int], end: int, algorithm: str) -> bytes:
        """Return the digest of the bytes before and after ``gap``, up to ``end``."""
        state = self._state(gap[0], algorithm).copy()
        self._feed(state, gap[1], end)
        return bytes(state.digest())

    def _state(self, size: int, algorithm: str) -> Any:
        places, states = self._known.setdefault(algorithm, ([0], {0: hashlib.new(algorithm)}))
        if size not in states:
            start = places[bisect_right(places, size) - 1]
            state = states[start].copy()
            self._feed(state, start, size)
            states[size] = state
            insort(places, size)
        return states[size]

    def _feed(self, state: Any, start: int, end: int) -> None:
        for at in range(start, end, _CHUNK):
            state.update(self._pdf.bytes(at, min(end, at + _CHUNK)))


def read_container(pdf: Pdf, found: SignatureField) -> Container:
    """Return the container of a signature, read from the revision that it closes.

    Raises:
        ContainerError: ``byte_range``, ``not_a_revision``, ``dictionary_changed``, ``contents``, ``gap``, ``padding``.
    """
    ranges = found.byte_range
    if ranges is None or len(ranges) != 4:
        raise ContainerError("byte_range")
    first, head, second, tail = ranges
    end = second + tail
    if first != 0 or head <= 0 or second <= head or tail <= 0 or end > pdf.size:
        raise ContainerError("byte_range")
    index = next((r.index for r in pdf.revisions if end in {r.end, r.eof_end}), None)
    if index is None:
        raise ContainerError("not_a_revision")
    own = _own_dictionary(pdf, index, found)
    contents = own.get("Contents")
    if not isinstance(contents, HexString) or contents.start < 0 or len(contents) > MAX_CONTENTS_BYTES:
        raise ContainerError("contents")
    raw = pdf.bytes(contents.start, contents.end)
    digits = raw[1:-1]
    if (head, second) != (contents.start, contents.end) or len(digits) != 2 * len(contents) or len(raw) < 4:
        raise ContainerError("gap")
    return Container(
        dict=own,
        revision=index,
        gap=(head, second),
        end=end,
        content=_content(bytes(contents)),
        upper_case=not digits.strip(b"0123456789ABCDEF"),
    )


def _own_dictionary(pdf: Pdf, index: int, found: SignatureField) -> Dict:
    """Return the dictionary as the signed revision has it; the newest view must say the same range and bytes."""
    try:
        before = [item for item in pdf.view(index).signatures if item.field.name == found.field.name]
    except UnreadableDocumentError as exc:
        raise ContainerError("not_a_revision") from exc
    if len(before) != 1 or before[0].ref != found.ref or before[0].kind != found.kind:
        raise ContainerError("dictionary_changed")
    own, now = before[0].dict, found.dict
    mine, theirs = own.get("Contents"), now.get("Contents")
    if own.get("ByteRange") != now.get("ByteRange") or not isinstance(mine, HexString):
        raise ContainerError("dictionary_changed")
    if not isinstance(theirs, HexString) or (mine.start, mine.end) != (theirs.start, theirs.end):
        raise ContainerError("dictionary_changed")
    if own.repeated:
        raise ContainerError("repeated_keys")
    return own


def _content(padded: bytes) -> bytes:
    """Return the one ASN.1 value at the beginning; only zero bytes may follow."""
    if not padded.strip(b"\x00"):
        raise ContainerError("empty")
    try:
        size = parser.peek(padded)
    except (ValueError, TypeError, RecursionError) as exc:
        raise ContainerError("contents") from exc
    if not 0 < size <= len(padded):
        raise ContainerError("contents")
    if padded[size:].strip(b"\x00"):
        raise ContainerError("padding")
    return padded[:size]
