"""Fonts, colour spaces and form XObjects as PDF objects, from the data that ``signkit.pages`` makes.

Every appearance of a place has the same ``/BBox``, ``/Filter`` and ``/Resources /ColorSpace`` from the placeholder on:
DSS calls any other change an undefined one (reference/pdfa.md section 2).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pyhanko.pdf_utils import generic

from signkit.errors import SealError
from signkit.pades.fields import appearance_of
from signkit.pades.objects import array, dictionary, integer, name, number, resolve, stream
from signkit.pades.writer import Writer
from signkit.pages.colour import colour_profiles
from signkit.pages.data import Appearance, FontSubset

__all__ = ["add_colour_spaces", "add_empty_form", "add_fonts", "add_form", "set_appearance"]


def add_fonts(writer: Writer, fonts: Iterable[FontSubset]) -> generic.DictionaryObject:
    """Add fonts; return what ``/Resources /Font`` says."""
    return dictionary({font.key: _font(writer, font) for font in fonts})


def add_colour_spaces(writer: Writer) -> generic.DictionaryObject:
    """Add the two ICC profiles; return what ``/Resources /ColorSpace`` says."""
    spaces = {}
    for key, profile in colour_profiles().items():
        entries = {"N": integer(profile.components), "Alternate": name(profile.alternate)}
        spaces[key] = array([name("ICCBased"), writer.add_object(stream(profile.data, entries))])
    return dictionary(spaces)


def add_form(writer: Writer, appearance: Appearance, *, resources: generic.DictionaryObject) -> generic.IndirectObject:
    """Add the form XObject of ``appearance``."""
    entries = {
        "Type": name("XObject"),
        "Subtype": name("Form"),
        "BBox": array(number(value) for value in (0, 0, appearance.width, appearance.height)),
        "Resources": resources,
    }
    return writer.add_object(stream(appearance.content, entries))


def add_empty_form(writer: Writer) -> generic.IndirectObject:
    """Add the empty appearance that seals and timestamps share."""
    entries = {
        "Type": name("XObject"),
        "Subtype": name("Form"),
        "BBox": array(integer(0) for _ in range(4)),
        "Resources": dictionary({}),
    }
    return writer.add_object(stream(b"", entries))


def set_appearance(writer: Writer, field: generic.DictionaryObject, appearance: Appearance) -> None:
    """Give a field's widget a new normal appearance, a new object; the field is written anyway.

    Raises:
        SealError: ``appearance`` is not of the placeholder's size.
    """
    placeholder: Any = resolve(appearance_of(field))
    if not isinstance(placeholder, generic.StreamObject):
        raise SealError("the signature field has no appearance", code="seal.not_prepared")
    wanted = [0.0, 0.0, appearance.width, appearance.height]
    box = [float(value) for value in placeholder["/BBox"]]
    if any(abs(one - other) > 0.001 for one, other in zip(box, wanted, strict=True)):
        raise SealError("the appearance does not have the size of its place", code="seal.appearance")
    spaces = resolve(placeholder["/Resources"])["/ColorSpace"]
    resources = dictionary({"Font": add_fonts(writer, appearance.fonts), "ColorSpace": spaces})
    field[name("AP")] = dictionary({"N": add_form(writer, appearance, resources=resources)})


def _font(writer: Writer, font: FontSubset) -> generic.IndirectObject:
    """Add a Type0 font over a CIDFontType2 with identity encoding (ISO 32000-1 clause 9.7)."""
    file = stream(font.file, {"Length1": integer(len(font.file))})
    descriptor = {
        "Type": name("FontDescriptor"),
        "FontName": name(font.base_font),
        "Flags": integer(font.flags),
        "FontBBox": array(integer(value) for value in font.bbox),
        "ItalicAngle": integer(font.italic_angle),
        "Ascent": integer(font.ascent),
        "Descent": integer(font.descent),
        "CapHeight": integer(font.cap_height),
        "StemV": integer(font.stem_v),
        "FontFile2": writer.add_object(file),
        "CIDSet": writer.add_object(stream(font.cid_set)),
    }
    system = {
        "Registry": generic.pdf_string("Adobe"),
        "Ordering": generic.pdf_string("Identity"),
        "Supplement": integer(0),
    }
    descendant = {
        "Type": name("Font"),
        "Subtype": name("CIDFontType2"),
        "BaseFont": name(font.base_font),
        "CIDSystemInfo": dictionary(system),
        "FontDescriptor": writer.add_object(dictionary(descriptor)),
        "DW": integer(font.default_width),
        "W": array([integer(0), array(integer(width) for width in font.widths)]),
        "CIDToGIDMap": name("Identity"),
    }
    composite = {
        "Type": name("Font"),
        "Subtype": name("Type0"),
        "BaseFont": name(font.base_font),
        "Encoding": name("Identity-H"),
        "DescendantFonts": array([writer.add_object(dictionary(descendant))]),
        "ToUnicode": writer.add_object(stream(font.to_unicode)),
    }
    return writer.add_object(dictionary(composite))
