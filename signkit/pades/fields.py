"""Finding the signature fields that signkit made, and what hangs on them."""

from __future__ import annotations

from typing import Any, Final

from pyhanko.pdf_utils import generic

from signkit.errors import SealError
from signkit.pades.objects import resolve
from signkit.pades.writer import Writer

__all__ = ["appearance_of", "empty_field", "field_list", "find_field", "form_of"]

_MAX_FIELDS: Final = 200_000
"""Most entries of /Fields looked at, ours."""


def form_of(writer: Writer) -> generic.DictionaryObject:
    """Return the form dictionary.

    Raises:
        SealError: there is none; the document was not prepared.
    """
    form = resolve(writer.root.raw_get("/AcroForm")) if "/AcroForm" in writer.root else None
    if not isinstance(form, generic.DictionaryObject):
        raise SealError("the document has no form", code="seal.not_prepared")
    return form


def field_list(form: generic.DictionaryObject) -> generic.ArrayObject:
    """Return ``/Fields``.

    Raises:
        SealError: there is none.
    """
    fields = resolve(form.raw_get("/Fields")) if "/Fields" in form else None
    if not isinstance(fields, generic.ArrayObject) or len(fields) > _MAX_FIELDS:
        raise SealError("the document's form has no fields", code="seal.not_prepared")
    return fields


def find_field(writer: Writer, name: str) -> tuple[generic.IndirectObject, generic.DictionaryObject]:
    """Return number and dictionary of the signature field called ``name``; ours stand last, so the search begins there.

    Raises:
        SealError: no such field at the top of the form.
    """
    fields = field_list(form_of(writer))
    for index in range(len(fields) - 1, -1, -1):
        reference = fields.raw_get(index)
        field: Any = resolve(reference)
        if not isinstance(reference, generic.IndirectObject) or not isinstance(field, generic.DictionaryObject):
            continue
        if field.get("/T") == name and field.get("/FT") == "/Sig":
            return reference, field
    raise SealError("the document has no such signature field", code="seal.field", subject={"field": name})


def empty_field(writer: Writer, name: str) -> tuple[generic.IndirectObject, generic.DictionaryObject]:
    """Return number and dictionary of the *unsigned* field called ``name``.

    Raises:
        SealError: no such field, or it is signed already.
    """
    reference, field = find_field(writer, name)
    if "/V" in field:
        raise SealError("the field is signed already", code="seal.field_taken", subject={"field": name})
    return reference, field


def appearance_of(field: generic.DictionaryObject) -> generic.IndirectObject:
    """Return the number of a widget's normal appearance.

    Raises:
        SealError: it has none of its own.
    """
    appearances = resolve(field.raw_get("/AP")) if "/AP" in field else None
    if isinstance(appearances, generic.DictionaryObject) and "/N" in appearances:
        normal = appearances.raw_get("/N")
        if isinstance(normal, generic.IndirectObject):
            return normal
    raise SealError("the signature field has no appearance", code="seal.not_prepared")
