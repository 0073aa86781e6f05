"""PDF/A and PDF/UA claims from XMP, and the rules of our own page that follow from them."""

from __future__ import annotations

from typing import Final

from lxml import etree

from signkit.errors import SignkitError
from signkit.pades.examine.facts import Claims
from signkit.pades.structure import Stream, View

__all__ = ["page_rules", "read_claims"]

_MAX_XMP: Final = 4 * 1024**2
"""Bytes of metadata, ours: real packets have some thousands."""
_PDFA: Final = "http://www.aiim.org/pdfa/ns/id/"
_UA: Final = "http://www.aiim.org/pdfua/ns/id/"


def read_claims(view: View) -> Claims:
    """Return what the catalog's XMP claims; no claim where it is missing, too large or not well-formed."""
    metadata = view.resolve(view.catalog.get("Metadata"))
    if not isinstance(metadata, Stream) or metadata.raw_end - metadata.raw_start > _MAX_XMP:
        return Claims()
    try:
        data = metadata.data
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
        root = etree.fromstring(data, parser) if len(data) <= _MAX_XMP else None
    except (etree.XMLSyntaxError, ValueError, SignkitError):
        return Claims()
    if root is None:
        return Claims()
    part, level = _value(root, _PDFA, "part"), _value(root, _PDFA, "conformance")
    return Claims(
        _number(part), level.lower() if level and level.lower() in "abuef" else None, _number(_value(root, _UA, "part"))
    )


def page_rules(claims: Claims) -> tuple[str, ...]:
    """Return the rules of reference/pdfa.md that the signature page and every appearance must keep for these claims.

    Our own check before sending, not a proof: a configured checker and the tests' judge prove it.
    """
    rules: list[str] = []
    if claims.pdfa_part or claims.ua_part:
        rules += ["fonts-embedded", "no-missing-glyph"]
    if claims.pdfa_part:
        rules += ["icc-colours", "widget-appearance-normal-only", "widget-print-flag", "no-info-change"]
        rules += ["cid-set-complete", "no-transparency"] if claims.pdfa_part == 1 else []
        rules += ["contents-limit"]
    if claims.ua_part or claims.pdfa_level == "a":
        rules += ["page-tagged", "page-language"]
    if claims.ua_part:
        rules += ["widget-tagged", "field-description", "tab-order"]
    return tuple(rules)


def _value(root: etree._Element, space: str, name: str) -> str | None:
    tag = f"{{{space}}}{name}"
    for element in root.iter():
        if element.tag == tag and element.text:
            return str(element.text).strip()
        found = element.get(tag) if isinstance(element.tag, str) else None
        if found:
            return str(found).strip()
    return None


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) == 1 else None
