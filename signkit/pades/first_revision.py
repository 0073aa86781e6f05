"""R1: the original with its signature pages and every field that will be signed, as one incremental update.

Nothing of the original is written again but the catalog, the root of the page tree, the form and, where there is one,
the roots of the structure tree, each with additions only (proof.md section 2, *Objects*). A document that is signed
already gets no page: its fields stand in the form alone, with empty rectangles (section 2, *Input*).

What is not here: whether the document may be signed at all (``signkit.pades.examine``), and what the pages say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyhanko.pdf_utils import generic

from signkit import files
from signkit.canonical import digest_text
from signkit.errors import UnsupportedDocumentError, UsageError
from signkit.model.statement import FieldNames
from signkit.pades.appearances import add_empty_form
from signkit.pades.embed import copy_file, refuse_in_place
from signkit.pades.objects import integer
from signkit.pades.prepare_form import EMPTY_RECT, append_fields, make_field, make_lock
from signkit.pades.prepare_pages import AddedPages, add_pages, first_page
from signkit.pades.prepare_tags import add_tags, structure_root
from signkit.pades.trial import try_out
from signkit.pades.writer import Writer, open_writer, reading
from signkit.pages.data import SignaturePages
from signkit.texts import Language, text

__all__ = ["Prepared", "prepare"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What R1 became."""

    path: Path
    size_r0: int
    sha256_r0: str
    size_r1: int
    sha256_r1: str
    added_pages: int
    tagged: bool


def prepare(
    source: Path,
    target: Path,
    *,
    pages: SignaturePages | None,
    fields: FieldNames,
    highest_number: int,
    language: Language = "sv",
) -> Prepared:
    """Make ``target`` R1 of the original ``source``.

    Args:
        source: R0, examined.
        target: where R1 goes; another path.
        pages: the signature pages, laid out with tags exactly where the document has them; None for a document that is
            signed already.
        fields: names of the fields to make.
        highest_number: highest object number that R0 defines or names.
        language: of what a screen reader says of the seals' fields.

    Raises:
        DocumentError: the document cannot be extended; the code says why. ``target`` is as it was.
        UsageError: the layout does not fit the fields or the document.
        OSError: the disk fails.
    """
    refuse_in_place(source, target)
    with files.atomic_path(target) as partial:
        size_r0 = copy_file(source, partial)
        with partial.open("r+b") as stream:
            writer = open_writer(stream, floor=highest_number)
            with reading():
                tagged = _add_everything(writer, pages, fields, language)
                writer.write_in_place()
        try_out(partial, fields=fields)
        return Prepared(
            path=target,
            size_r0=size_r0,
            sha256_r0=digest_text(files.sha256_of(partial, size=size_r0)),
            size_r1=partial.stat().st_size,
            sha256_r1=digest_text(files.sha256_of(partial)),
            added_pages=len(pages.pages) if pages else 0,
            tagged=tagged,
        )


def _add_everything(writer: Writer, pages: SignaturePages | None, fields: FieldNames, language: Language) -> bool:
    """Add pages, tags and fields; return whether there were tags to extend."""
    _refuse_taken_names(writer, fields)
    empty = add_empty_form(writer)
    if pages is None:
        home, tagged = first_page(writer), False
        tooltip = text("pades.field.signatory", language)
        places = [
            make_field(writer, field, rect=EMPTY_RECT, tooltip=tooltip, page=home, appearance=empty)
            for field in fields.signatories.values()
        ]
        seals = _seals(writer, fields, language, home=home, empty=empty)
    else:
        added = add_pages(writer, pages)
        tagged, keys = _tag(writer, pages, added)
        places = _places(writer, added, fields, keys)
        seals = _seals(writer, fields, language, home=added.pages[0].reference, empty=empty)
        added.pages[0].annotations.extend(seals)
    append_fields(writer, [seals[0], *places, seals[1]])
    return tagged


def _seals(
    writer: Writer,
    fields: FieldNames,
    language: Language,
    *,
    home: generic.IndirectObject,
    empty: generic.IndirectObject,
) -> tuple[generic.IndirectObject, generic.IndirectObject]:
    """Add the fields of certification and completion, which nobody sees."""
    lock = {"Lock": make_lock(writer, fields)}
    certify, complete = text("pades.field.certify", language), text("pades.field.complete", language)
    return (
        make_field(writer, fields.certify, rect=EMPTY_RECT, tooltip=certify, page=home, appearance=empty),
        make_field(writer, fields.complete, rect=EMPTY_RECT, tooltip=complete, page=home, appearance=empty, extra=lock),
    )


def _tag(writer: Writer, pages: SignaturePages, added: AddedPages) -> tuple[bool, Mapping[str, int]]:
    root = structure_root(writer)
    if (root is None) != (pages.tag is None):
        raise UsageError("the pages are laid out with tags, the document has none, or the reverse", code="usage.tags")
    if root is None or pages.tag is None:
        return False, {}
    return True, add_tags(writer, root, pages.tag, pages=added.pages)


def _places(
    writer: Writer, added: AddedPages, fields: FieldNames, keys: Mapping[str, int]
) -> list[generic.IndirectObject]:
    """Add one field for each widget of the layout, in its order."""
    places = []
    laid_out: list[str] = []
    for page in added.pages:
        for widget in page.layout.widgets:
            extra: dict[str, Any] = {"StructParent": integer(keys[widget.field])} if widget.field in keys else {}
            reference = make_field(
                writer,
                widget.field,
                rect=widget.rect,
                tooltip=widget.tooltip,
                page=page.reference,
                appearance=added.placeholder,
                extra=extra,
            )
            page.annotations.append(reference)
            places.append(reference)
            laid_out.append(widget.field)
    if sorted(laid_out) != sorted(fields.signatories.values()):
        raise UsageError("the pages do not have exactly one place for each signatory", code="usage.places")
    return places


def _refuse_taken_names(writer: Writer, fields: FieldNames) -> None:
    """Refuse a document that has a field of one of our names; names of R0's fields are compared at the top level.

    Ours have no full stop, so no deeper field can have one of them (ISO 32000-1 clause 12.7.3.2).
    """
    form: Any = writer.root.get("/AcroForm")
    taken: Any = form.get("/Fields") if isinstance(form, generic.DictionaryObject) else None
    if not isinstance(taken, generic.ArrayObject):
        return
    ours = {fields.certify, fields.complete, *fields.signatories.values()}
    for index in range(len(taken)):
        field = taken[index]
        if isinstance(field, generic.DictionaryObject) and field.get("/T") in ours:
            raise UnsupportedDocumentError("the document has a field with our name", code="document.field_name")
