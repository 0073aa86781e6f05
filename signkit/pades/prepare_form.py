"""The form in R1: every field before the first signature, appended to what is there (ISO 32000-1 clause 12.7)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from pyhanko.pdf_utils import generic

from signkit.errors import UnsupportedDocumentError
from signkit.model.statement import FieldNames
from signkit.pades.objects import array, dictionary, integer, mark_changed, name, number, resolve, text
from signkit.pades.signature_dictionary import WIDGET_FLAGS
from signkit.pades.writer import Writer
from signkit.pages.data import Rect

__all__ = ["EMPTY_RECT", "append_fields", "make_field", "make_lock"]

EMPTY_RECT: Final[Rect] = (0.0, 0.0, 0.0, 0.0)
_APPEND_ONLY: Final = 3
"""SignaturesExist and AppendOnly (ISO 32000-1 table 219)."""


def make_field(
    writer: Writer,
    field: str,
    *,
    rect: Rect,
    tooltip: str,
    page: generic.IndirectObject,
    appearance: generic.IndirectObject,
    extra: dict[str, Any] | None = None,
) -> generic.IndirectObject:
    """Add an empty signature field, one with its widget: as two objects, DSS sees the look change at each signature."""
    entries = {
        "Type": name("Annot"),
        "Subtype": name("Widget"),
        "FT": name("Sig"),
        "T": text(field),
        "TU": text(tooltip),
        "F": integer(WIDGET_FLAGS),
        "Rect": array(number(value) for value in rect),
        "P": page,
        "AP": dictionary({"N": appearance}),
    }
    return writer.add_object(dictionary(entries | (extra or {})))


def make_lock(writer: Writer, fields: FieldNames) -> generic.IndirectObject:
    """Add the completion field's lock over every field of ours; ``/P 1``: nothing may change afterwards."""
    every = [fields.certify, *fields.signatories.values(), fields.complete]
    entries = {
        "Type": name("SigFieldLock"),
        "Action": name("Include"),
        "Fields": array(text(field) for field in every),
        "P": integer(1),
    }
    return writer.add_object(dictionary(entries))


def append_fields(writer: Writer, references: Iterable[generic.IndirectObject]) -> None:
    """Append fields to the form. A form inside the catalog moves to an object of its own; without one, one is made.

    ``/NeedAppearances``, ``/DR`` and everything else stay as they are.

    Raises:
        UnsupportedDocumentError: ``document.form``, the form is not one.
    """
    root = writer.root
    current = root.raw_get("/AcroForm") if "/AcroForm" in root else None
    form: Any = resolve(current)
    if form is None or isinstance(form, generic.NullObject):
        form = dictionary({"Fields": array(())})
    elif not isinstance(form, generic.DictionaryObject):
        raise UnsupportedDocumentError("the document's form is not one", code="document.form")
    if not isinstance(current, generic.IndirectObject) or isinstance(resolve(current), generic.NullObject):
        form = generic.DictionaryObject({key: form.raw_get(key) for key in form})
        root[name("AcroForm")] = writer.add_object(form)
        writer.update_root()
    _append(writer, form, references)
    flags = form.get("/SigFlags")
    if flags != _APPEND_ONLY:
        form[name("SigFlags")] = integer(_APPEND_ONLY)
        writer.update_container(form)


def _append(writer: Writer, form: generic.DictionaryObject, references: Iterable[generic.IndirectObject]) -> None:
    fields: Any = resolve(form.raw_get("/Fields")) if "/Fields" in form else None
    if isinstance(fields, generic.ArrayObject):
        fields.extend(references)
        mark_changed(writer, form, "/Fields")
        return
    if fields is not None and not isinstance(fields, generic.NullObject):
        raise UnsupportedDocumentError("the document's form is not one", code="document.form")
    form[name("Fields")] = array(references)
    writer.update_container(form)
