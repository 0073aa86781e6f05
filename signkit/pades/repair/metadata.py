"""Document metadata (XMP) that other validators stumble over, in a clean copy."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

import pikepdf
from lxml import etree

__all__ = ["settle_metadata"]

_RDF: Final = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}RDF"
_XMP: Final = "{adobe:ns:meta/}xmpmeta"
_PACKET: Final = b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>\n%s\n<?xpacket end="w"?>'


def settle_metadata(pdf: pikepdf.Pdf, changes: Counter[str]) -> None:
    """Put bare RDF into the element that other validators look for (optional in ISO 16684-1); drop what is no XMP."""
    metadata = pdf.Root.get("/Metadata")
    if metadata is None:
        return
    root = _xml(metadata)
    held = None if root is None else root if root.tag == _RDF else root.find(_RDF)
    if held is None:
        del pdf.Root["/Metadata"]
        changes["metadata-removed"] += 1
    elif root.tag != _XMP:
        outer = etree.Element(_XMP, nsmap={"x": "adobe:ns:meta/"})
        outer.append(held)
        metadata.write(_PACKET % etree.tostring(outer, encoding="utf-8"))
        changes["metadata-wrapped"] += 1


def _xml(metadata: Any) -> Any:
    """Return the root of metadata that are XML in UTF-8 without entities, else None."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, encoding="utf-8")
    try:
        root = etree.fromstring(metadata.read_bytes(), parser)
    except (etree.XMLSyntaxError, pikepdf.PdfError, AttributeError, ValueError):
        return None
    return None if any(True for _ in root.iter(etree.Entity)) else root
