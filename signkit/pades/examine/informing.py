"""Codes that inform: ``fonts``, ``form``, ``links``, ``attachments`` (proof.md section 2 *Input*)."""

from __future__ import annotations

import hashlib
import unicodedata
import zlib
from collections.abc import Iterator
from typing import Final

from signkit.canonical import digest_text
from signkit.errors import SignkitError
from signkit.model.risks import Risk, RiskFound
from signkit.pades.examine.facts import Attachment
from signkit.pades.examine.graph import LINKS, Graph, name_at
from signkit.pades.structure import Dict, Stream, Value, View, decode_text

__all__ = ["attachments", "font_risks", "form_risks", "link_risks"]

_PIECE: Final = 256 * 1024
_MAX_ATTACHED: Final = 4 * 1024**3
"""Decoded bytes of all attachments together, ours; more is digested as it is stored."""
_MAX_NAME: Final = 200
_MAX_ATTACHMENTS: Final = 10_000
_FILE_KEYS: Final = ("UF", "F", "Unix", "DOS", "Mac")


def font_risks(graph: Graph) -> Iterator[RiskFound]:
    """Yield every font whose program is not in the file (ISO 32000-1 clause 9.9)."""
    view = graph.view
    for node in graph.nodes():
        kind = name_at(view, node.dict, "Subtype")
        if name_at(view, node.dict, "Type") != "Font" or kind in ("Type0", "Type3"):
            continue
        descriptor = view.get_dict(node.dict.get("FontDescriptor"))
        if not any(key in descriptor for key in ("FontFile", "FontFile2", "FontFile3")):
            name = view.resolve(node.dict.get("BaseFont"))
            params = {"name": _printable(str(name)) if isinstance(name, str) else "?"}
            yield RiskFound(Risk.FONTS, "not-embedded", node.number, params=params)


def form_risks(view: View) -> Iterator[RiskFound]:
    """Yield ``form-redraws`` where viewers draw fields anew, and ``form`` where there is anything to fill in."""
    form = view.get_dict(view.catalog.get("AcroForm"))
    if view.resolve(form.get("NeedAppearances")) is True:
        yield RiskFound(Risk.FORM_REDRAWS, "need-appearances")
    count = sum(field.kind != "Sig" for field in view.fields)
    if count:
        yield RiskFound(Risk.FORM, "fields", params={"count": count})


def link_risks(graph: Graph) -> Iterator[RiskFound]:
    """Yield every action that leads out of the document."""
    for node in graph.nodes():
        kind = name_at(graph.view, node.dict, "S")
        if kind in LINKS:
            yield RiskFound(Risk.LINKS, LINKS[kind], node.number)


def attachments(graph: Graph) -> tuple[Attachment, ...]:
    """Return every embedded file that a reachable file specification names, once each (clause 7.11.4)."""
    view = graph.view
    found: list[Attachment] = []
    seen: set[tuple[int, int]] = set()
    left = _MAX_ATTACHED
    for node in graph.nodes():
        embedded = view.get_dict(node.dict.get("EF"))
        for key in _FILE_KEYS:
            stream = view.resolve(embedded.get(key))
            if not isinstance(stream, Stream) or (stream.raw_start, stream.raw_end) in seen:
                continue
            if len(found) >= _MAX_ATTACHMENTS:
                return tuple(found)
            seen.add((stream.raw_start, stream.raw_end))
            size, digest, decoded = _digested(view, stream, left)
            left -= size
            reference = embedded.get(key)
            number = getattr(reference, "num", node.number)
            found.append(Attachment(_name(view, node.dict), size, digest_text(digest), decoded, number))
    return tuple(found)


def _name(view: View, node: Dict) -> str:
    for key in _FILE_KEYS:
        value: Value = view.resolve(node.get(key))
        if isinstance(value, bytes) and value:
            return _printable(decode_text(value))
    return ""


def _printable(text: str) -> str:
    """Return ``text`` in NFC, without control, format or broken characters, and not too long."""
    cleaned = "".join(char for char in unicodedata.normalize("NFC", text) if unicodedata.category(char)[0] != "C")
    return cleaned[:_MAX_NAME]


def _digested(view: View, stream: Stream, left: int) -> tuple[int, bytes, bool]:
    """Return size, SHA-256, and whether they are those of the decoded file; large ones are never held whole."""
    filters = view.resolve(stream.dict.get("Filter"))
    names = [view.resolve(item) for item in filters] if isinstance(filters, list) else [filters]
    plain = view.resolve(stream.dict.get("DecodeParms")) is None
    pdf = view.pdf
    pieces = (pdf.bytes(at, min(at + _PIECE, stream.raw_end)) for at in range(stream.raw_start, stream.raw_end, _PIECE))
    if names in ([None], []):
        return (*_digest(pieces), True)
    try:
        if names == ["FlateDecode"] and plain:
            return (*_digest(_inflated(pieces, left)), True)
        data = stream.data
        return len(data), hashlib.sha256(data).digest(), True
    except (SignkitError, zlib.error, OverflowError):
        stored = (
            pdf.bytes(at, min(at + _PIECE, stream.raw_end)) for at in range(stream.raw_start, stream.raw_end, _PIECE)
        )
        return (*_digest(stored), False)


def _digest(pieces: Iterator[bytes]) -> tuple[int, bytes]:
    state, size = hashlib.sha256(), 0
    for piece in pieces:
        state.update(piece)
        size += len(piece)
    return size, state.digest()


def _inflated(pieces: Iterator[bytes], left: int) -> Iterator[bytes]:
    machine = zlib.decompressobj()
    for piece in pieces:
        data = piece
        while data and not machine.eof:
            out = machine.decompress(data, _PIECE)
            left -= len(out)
            if left < 0:
                raise OverflowError
            yield out
            data = machine.unconsumed_tail
    yield machine.flush()
    if not machine.eof:
        raise zlib.error
