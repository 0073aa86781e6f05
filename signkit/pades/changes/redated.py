"""Whether two versions of a file's metadata differ in nothing but dates and the name of the program that wrote it.

Programs that add validation data re-date ``/Info`` and the XMP packet in the same breath. That says nothing about the
document, so it counts as part of adding validation data; any other change of metadata does not.
"""

from __future__ import annotations

from typing import Final

from lxml import etree

from signkit.errors import UnreadableDocumentError
from signkit.pades.changes.compare import same_but
from signkit.pades.structure import Dict, Stream, Value, View

__all__ = ["only_redated"]

_INFO_KEYS: Final = ("ModDate", "Producer")
_MAX_XMP: Final = 1 << 20
_MAX_DEPTH: Final = 60
_DATED: Final = frozenset(
    {
        "{http://ns.adobe.com/xap/1.0/}ModifyDate",
        "{http://ns.adobe.com/xap/1.0/}MetadataDate",
        "{http://ns.adobe.com/xap/1.0/mm/}InstanceID",
        "{http://ns.adobe.com/pdf/1.3/}Producer",
        "{adobe:ns:meta/}xmptk",
    }
)
_ORDERED: Final = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Seq"


def only_redated(before: View, after: View) -> bool:
    """Tell whether ``/Info`` and ``/Metadata`` of two versions are equal but for dates and producer."""
    try:
        info = before.resolve(before.trailer.get("Info")), after.resolve(after.trailer.get("Info"))
        packets = before.resolve(before.catalog.get("Metadata")), after.resolve(after.catalog.get("Metadata"))
        return _same_info(*info) and _same_packet(*packets)
    except UnreadableDocumentError:
        return False


def _same_info(before: Value, after: Value) -> bool:
    old = before if isinstance(before, Dict) else Dict()
    return isinstance(after, Dict) and same_but(old, after, _INFO_KEYS) is None if after is not None else before is None


def _same_packet(before: Value, after: Value) -> bool:
    if before is None and after is None:
        return True
    if not isinstance(before, Stream) or not isinstance(after, Stream):
        return False
    return _undated(before) == _undated(after)


def _undated(packet: Stream) -> object:
    """Return what a packet says, dates left out, in an order of its own: properties of XMP have none."""
    data = packet.data
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_pis=True)
    try:
        if len(data) > _MAX_XMP or b"<!DOCTYPE" in data:
            return data
        return _said(etree.fromstring(data, parser), 0)
    except (etree.XMLSyntaxError, ValueError, RecursionError):
        return data


def _said(element: etree._Element, depth: int) -> tuple[object, ...]:
    if depth > _MAX_DEPTH:
        raise ValueError("nested too deep")
    attributes = sorted((str(key), str(value)) for key, value in element.attrib.items() if str(key) not in _DATED)
    kids = [_said(kid, depth + 1) for kid in element if str(kid.tag) not in _DATED]
    if element.tag != _ORDERED:
        kids.sort(key=repr)
    return str(element.tag), tuple(attributes), (element.text or "").strip(), tuple(kids)
