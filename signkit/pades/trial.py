"""A trial run over R1: will pyHanko's analysis of changes, run by whoever verifies later, accept what we shall do?

It refuses honest files for traits of the original that nobody can mend afterwards: annotations that are no objects of
their own, two fields of one name, circles. So mock signatures and a mock timestamp are written to a copy, and the
analysis is asked. Nothing is signed, and the copy is gone afterwards.

The analysis follows every path from the trailer to every object. Where a document has more of them than patience
allows, or longer ones than Python follows (outlines many levels deep, or of many hundred entries), it has no answer for
anybody, whatever is signed: that is no reason to refuse the document.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO, Final

from pyhanko.pdf_utils.generic import PdfObject, Reference
from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader
from pyhanko.sign.diff_analysis import DEFAULT_DIFF_POLICY, SuspiciousModification
from pyhanko.sign.signers.pdf_byterange import DocumentTimestamp

from signkit import files
from signkit.errors import UnreadableDocumentError, UnsupportedDocumentError
from signkit.model.statement import FieldNames
from signkit.pades.embed import copy_file
from signkit.pades.security_store import ValidationMaterial, add_material
from signkit.pades.signature_dictionary import add_timestamp_field, lock_fields, new_signature, sign_field
from signkit.pades.writer import Writer, open_writer, reading

__all__ = ["MAX_BYTES", "MAX_OBJECTS", "try_out"]

MAX_OBJECTS: Final = 10_000
"""Largest document tried out: the analysis takes 0.1 ms and 5 KB for each object, measured."""
MAX_BYTES: Final = 32 * 1024 * 1024
"""Largest file tried out: the analysis keeps every stream in memory."""
_PATIENCE: Final = 100_000
"""Most steps of the analysis: objects looked up, each as often as a path leads to it."""
_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)
_MOCK: Final = ValidationMaterial(certificates=(b"0",))
_ANY_DIGITS: Final = 16


def try_out(prepared: Path, *, fields: FieldNames) -> None:
    """Return only if pyHanko will accept the changes that signing makes to R1; larger documents are not tried.

    Raises:
        UnsupportedDocumentError: ``document.second_opinion``.
    """
    if prepared.stat().st_size > MAX_BYTES:
        return
    copy = prepared.with_name(f"{prepared.name}.trial{files.PARTIAL}")
    try:
        copy.touch(mode=0o600)
        copy_file(prepared, copy)
        with copy.open("r+b") as stream:
            base = _write_mocks(stream, fields)
            if base is not None:
                _review(stream, base)
    finally:
        copy.unlink(missing_ok=True)


def _write_mocks(stream: IO[bytes], fields: FieldNames) -> int | None:
    """Write the mock revisions; return which of pyHanko's revisions is the first of them, None if it is too large."""
    writer = open_writer(stream)
    if writer.first_new_number > MAX_OBJECTS:
        return None
    base = int(writer.prev.xrefs.total_revisions)
    steps: list[Callable[[Writer], None]] = [partial(_sign, field=fields.certify, fresh=True)]
    steps += [partial(_sign, field=field) for field in list(fields.signatories.values())[:1]]
    steps += [partial(_sign, field=fields.complete, lock=True), partial(_timestamp, fields=fields)]
    for step in steps:
        writer = open_writer(stream)
        with reading():
            step(writer)
            writer.write_in_place()
    return base


def _sign(writer: Writer, *, field: str, fresh: bool = False, lock: bool = False) -> None:
    signature = new_signature(b"{}", at=_LONG_AGO, digits=_ANY_DIGITS)
    _, place = sign_field(writer, field, signature)
    if lock:
        lock_fields(writer, place, signature)
    add_material(writer, _MOCK, fresh=fresh)


def _timestamp(writer: Writer, *, fields: FieldNames) -> None:
    add_timestamp_field(
        writer,
        f"{fields.certify}-trial",
        beside=fields.certify,
        timestamp=DocumentTimestamp(bytes_reserved=_ANY_DIGITS),
    )


class _LostPatienceError(Exception):
    """The analysis takes more steps than it may."""


class _Resolver(HistoricalResolver):
    """Counts the steps of the analysis."""

    steps = 0

    def get_object(self, ref: Reference, as_metadata_stream: bool = False) -> PdfObject:  # noqa: FBT001, FBT002 - theirs
        """Return the object as it was in this revision, as long as patience lasts."""
        self.steps += 1
        if self.steps > _PATIENCE:
            raise _LostPatienceError
        found: PdfObject = super().get_object(ref, as_metadata_stream)
        return found


class _Reader(PdfFileReader):
    """Its views of older revisions are counted."""

    def get_historical_resolver(self, revision: int) -> HistoricalResolver:
        """Return the view of one revision, always the same one."""
        kept = self._historical_resolver_cache
        if revision not in kept:
            kept[revision] = _Resolver(self, revision)
        return kept[revision]


def _review(stream: IO[bytes], base: int) -> None:
    stream.seek(0, os.SEEK_SET)
    try:
        with reading():
            outcome = DEFAULT_DIFF_POLICY.review_file(_Reader(stream, strict=True), base)
    except UnreadableDocumentError as exc:
        if isinstance(exc.__cause__, (_LostPatienceError, RecursionError)):
            return
        raise _refused() from exc
    if isinstance(outcome, SuspiciousModification):
        raise _refused() from outcome


def _refused() -> UnsupportedDocumentError:
    return UnsupportedDocumentError(
        "other validators would call every signature in this document suspicious",
        code="document.second_opinion",
        hint="create the envelope with --repair",
    )
