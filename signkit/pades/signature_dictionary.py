"""Signature dictionaries, and what they make of fields and catalog (ISO 32000-1 clauses 12.7.4.5 and 12.8)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from pyhanko.pdf_utils import generic
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.signers.pdf_byterange import DocumentTimestamp, PdfSignedData, SignatureObject

from signkit.errors import SealError
from signkit.pades.fields import appearance_of, empty_field, field_list, find_field, form_of
from signkit.pades.literal import LiteralString
from signkit.pades.objects import array, dictionary, integer, mark_changed, name, resolve, text
from signkit.pades.statement_bytes import StatementBytesError, split
from signkit.pades.writer import Writer

__all__ = [
    "STATEMENT_KEY",
    "add_timestamp_field",
    "certify_document",
    "declare_pades",
    "lock_fields",
    "new_signature",
    "sign_field",
]

STATEMENT_KEY: Final = "SGNK_Statement"
"""Second-class name (ISO 32000-1 annex E) with our prefix."""
WIDGET_FLAGS: Final = 132
"""Print and Locked (ISO 32000-1 table 165)."""


def new_signature(statement: bytes, *, at: datetime, digits: int) -> PdfSignedData:
    """Return a signature dictionary with its statement and an empty place of ``digits`` hexadecimal digits.

    Raises:
        SealError: the statement cannot be written.
    """
    if at.utcoffset() is None:
        raise SealError("a time without zone", code="seal.time")
    try:
        parts = split(statement)
    except StatementBytesError as exc:
        raise SealError("the statement cannot be written", code="seal.statement") from exc
    signature = SignatureObject(timestamp=at, subfilter=SigSeedSubFilter.PADES, bytes_reserved=digits)
    signature[name(STATEMENT_KEY)] = array(LiteralString(part) for part in parts)
    return signature


def sign_field(
    writer: Writer, field: str, signature: PdfSignedData
) -> tuple[generic.IndirectObject, generic.DictionaryObject]:
    """Make ``signature`` the value of the empty field; return the signature's number and the field.

    Raises:
        SealError: no such field, or it is signed.
    """
    reference, place = empty_field(writer, field)
    value = writer.add_object(signature)
    place[name("V")] = value
    writer.mark_update(reference)
    return value, place


def certify_document(writer: Writer, reference: generic.IndirectObject, signature: PdfSignedData) -> None:
    """Make the signature a certification that allows signing and filling in (DocMDP, P=2), and the catalog say so.

    Raises:
        SealError: the document has a certification or usage rights.
    """
    root = writer.root
    permissions: Any = resolve(root.raw_get("/Perms")) if "/Perms" in root else dictionary({})
    if not isinstance(permissions, generic.DictionaryObject) or "/DocMDP" in permissions:
        raise SealError("the document is certified already", code="seal.certified")
    permissions[name("DocMDP")] = reference
    if "/Perms" in root:
        mark_changed(writer, root, "/Perms")
    else:
        root[name("Perms")] = permissions
        writer.update_root()
    parameters = {"Type": name("TransformParams"), "V": name("1.2"), "P": integer(2)}
    signature[name("Reference")] = array([_reference("DocMDP", parameters)])


def lock_fields(writer: Writer, place: generic.DictionaryObject, signature: PdfSignedData) -> None:
    """Carry the field's ``/Lock`` into the signature (ISO 32000-1 table 256; ``/P`` as Acrobat writes it).

    Raises:
        SealError: the field has no lock.
    """
    lock: Any = resolve(place.raw_get("/Lock")) if "/Lock" in place else None
    if not isinstance(lock, generic.DictionaryObject):
        raise SealError("the completion field has no lock", code="seal.not_prepared")
    parameters = {
        "Type": name("TransformParams"),
        "V": name("1.2"),
        "Action": lock["/Action"],
        "Fields": array(resolve(lock["/Fields"])),
        "P": lock["/P"],
    }
    reference = _reference("FieldMDP", parameters)
    reference[name("Data")] = generic.IndirectObject(writer.root_ref.idnum, writer.root_ref.generation, writer)
    signature[name("Reference")] = array([reference])


def declare_pades(writer: Writer) -> None:
    """Make the catalog declare PAdES for PDF 1.x (EN 319 142-1 clause 5.6), if it does not."""
    if writer.output_version >= (2, 0):
        return
    root = writer.root
    extensions: Any = resolve(root.raw_get("/Extensions")) if "/Extensions" in root else dictionary({})
    if not isinstance(extensions, generic.DictionaryObject) or "/ESIC" in extensions:
        return
    extensions[name("ESIC")] = dictionary({"BaseVersion": name("1.7"), "ExtensionLevel": integer(1)})
    if "/Extensions" in root:
        mark_changed(writer, root, "/Extensions")
    else:
        root[name("Extensions")] = extensions
        writer.update_root()


def add_timestamp_field(writer: Writer, field: str, *, beside: str, timestamp: DocumentTimestamp) -> None:
    """Add a field with a document timestamp; it shares page, rectangle and appearance of the seal's field ``beside``.

    After completion no other object may come (P=1), so the appearance is the empty one of R1.

    Raises:
        SealError: there is no such seal's field, or the name is taken.
    """
    form = form_of(writer)
    fields = field_list(form)
    names = (resolve(fields.raw_get(index)) for index in range(len(fields)))
    if any(isinstance(entry, generic.DictionaryObject) and entry.get("/T") == field for entry in names):
        raise SealError("the timestamp's field exists already", code="seal.field_taken", subject={"field": field})
    _, seal = find_field(writer, beside)
    entries = {
        "Type": name("Annot"),
        "Subtype": name("Widget"),
        "FT": name("Sig"),
        "T": text(field),
        "F": integer(WIDGET_FLAGS),
        "Rect": array(integer(0) for _ in range(4)),
        "AP": dictionary({"N": appearance_of(seal)}),
        "V": writer.add_object(timestamp),
    }
    if "/TU" in seal:
        entries["TU"] = text(str(seal["/TU"]))
    page = seal.raw_get("/P") if "/P" in seal else None
    if page is not None:
        entries["P"] = page
    reference = writer.add_object(dictionary(entries))
    fields.append(reference)
    mark_changed(writer, form, "/Fields")
    _annotate(writer, seal, reference)


def _annotate(writer: Writer, seal: generic.DictionaryObject, reference: generic.IndirectObject) -> None:
    """Add the widget to the page that the seal's widget stands on; on none, if that one stands on none."""
    page: Any = resolve(seal.raw_get("/P")) if "/P" in seal else None
    if not isinstance(page, generic.DictionaryObject) or "/Annots" not in page:
        return
    annotations: Any = resolve(page.raw_get("/Annots"))
    if not any(resolve(annotations.raw_get(index)) is seal for index in range(len(annotations))):
        return
    annotations.append(reference)
    mark_changed(writer, page, "/Annots")


def _reference(method: str, parameters: dict[str, Any]) -> generic.DictionaryObject:
    return dictionary(
        {"Type": name("SigRef"), "TransformMethod": name(method), "TransformParams": dictionary(parameters)}
    )
