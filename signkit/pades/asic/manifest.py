"""The manifest of an ASiC-E container (EN 319 162-1 clause A.4): which files one signature or timestamp is over.

Written as text, for its form is fixed; read without entities, without a network and within limits.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, unquote
from xml.sax.saxutils import quoteattr

from lxml import etree

from signkit.pades.asic.layout import media_type

__all__ = ["ContainerManifest", "ManifestError", "format_manifest", "parse_manifest"]

MAX_MANIFEST_BYTES: Final = 8 * 1024 * 1024
_ASIC: Final = "http://uri.etsi.org/02918/v1.2.1#"
_DS: Final = "http://www.w3.org/2000/09/xmldsig#"
_DIGESTS: Final = {
    "http://www.w3.org/2001/04/xmlenc#sha256": ("sha256", 32),
    "http://www.w3.org/2001/04/xmlenc#sha512": ("sha512", 64),
}
_URIS: Final = {name: uri for uri, (name, _) in _DIGESTS.items()}
_MAX_REFERENCES: Final = 20_000


class ManifestError(ValueError):
    """Not a manifest of our form."""


@dataclass(frozen=True, slots=True)
class ContainerManifest:
    """What one signature or timestamp is over."""

    signature: str
    """Name of the file that holds it."""
    digest: str
    """``sha256`` or ``sha512``, the same for every file."""
    files: Mapping[str, bytes]
    """Name → digest."""


def format_manifest(manifest: ContainerManifest, *, signature_type: str) -> bytes:
    """Return the XML of a manifest."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8" standalone="no"?>',
        f'<asic:ASiCManifest xmlns:asic="{_ASIC}" xmlns:ds="{_DS}">',
        f'  <asic:SigReference MimeType="{signature_type}" URI={_uri(manifest.signature)}/>',
    ]
    for name, digest in manifest.files.items():
        lines += [
            f'  <asic:DataObjectReference MimeType="{media_type(name)}" URI={_uri(name)}>',
            f'    <ds:DigestMethod Algorithm="{_URIS[manifest.digest]}"/>',
            f"    <ds:DigestValue>{base64.b64encode(digest).decode('ascii')}</ds:DigestValue>",
            "  </asic:DataObjectReference>",
        ]
    return "\n".join([*lines, "</asic:ASiCManifest>", ""]).encode()


def parse_manifest(data: bytes) -> ContainerManifest:
    """Return what a manifest says.

    Raises:
        ManifestError: anything but a manifest with one signature and one kind of digest, each file once.
    """
    if len(data) > MAX_MANIFEST_BYTES:
        raise ManifestError("a manifest that is too large")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
        return _read(root)
    except (etree.XMLSyntaxError, binascii.Error, ValueError, TypeError, AttributeError) as exc:
        raise ManifestError("not a manifest") from exc


def _read(root: Any) -> ContainerManifest:
    if root.tag != f"{{{_ASIC}}}ASiCManifest" or root.getroottree().docinfo.doctype:
        raise ManifestError("not a manifest")
    signatures = root.findall(f"{{{_ASIC}}}SigReference")
    references = root.findall(f"{{{_ASIC}}}DataObjectReference")
    if len(signatures) != 1 or len(signatures) + len(references) != len(root) or len(references) > _MAX_REFERENCES:
        raise ManifestError("not a manifest")
    files: dict[str, bytes] = {}
    kinds: set[str] = set()
    for reference in references:
        name, kind, digest = _reference(reference)
        if name in files:
            raise ManifestError("a manifest that names a file twice")
        files[name] = digest
        kinds.add(kind)
    if len(kinds) != 1:
        raise ManifestError("a manifest of several kinds of digest, or of nothing")
    return ContainerManifest(unquote(signatures[0].get("URI"), errors="strict"), kinds.pop(), files)


def _reference(element: Any) -> tuple[str, str, bytes]:
    method, value = element.find(f"{{{_DS}}}DigestMethod"), element.find(f"{{{_DS}}}DigestValue")
    kind, size = _DIGESTS.get(method.get("Algorithm"), ("", 0))
    digest = base64.b64decode((value.text or "").strip(), validate=True)
    if not kind or len(digest) != size or len(element) != 2:
        raise ManifestError("a reference without a digest that is known")
    return unquote(element.get("URI"), errors="strict"), kind, digest


def _uri(name: str) -> str:
    return quoteattr(quote(name, safe="/"))
