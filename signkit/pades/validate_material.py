"""Validation material of a file: certificates, CRLs and OCSP answers, and in which revision each first appeared.

When it appeared matters: a document timestamp proves that what it covers existed before it (EN 319 102-1 clause
5.6.2.3). Material that cannot be read is left out, for it proves nothing. What is not here: any judgement of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from signkit.errors import UnreadableDocumentError
from signkit.pades.structure import Pdf, Ref, Stream, View
from signkit.x509.certificates import Certificate
from signkit.x509.crls import Crl
from signkit.x509.errors import X509Error

__all__ = ["Material", "read_material"]

_MAX_ITEMS: Final = 2_000
"""Most pieces of each kind, ours: a file of 200 signatures needs some 600."""
_MAX_BYTES: Final = 64 * 1024 * 1024


@dataclass(slots=True)
class Material:
    """Everything that can vouch, with the end of the revision in which it first appeared."""

    certificates: dict[Certificate, int] = field(default_factory=dict)
    crls: dict[Crl, int] = field(default_factory=dict)
    ocsps: dict[bytes, int] = field(default_factory=dict)
    stores: list[int] = field(default_factory=list)
    """Ends of the revisions that wrote something into a document security store."""
    stored: set[bytes] = field(default_factory=set)
    """Digests of the certificates that the newest store holds."""
    full: bool = False
    """A limit was hit: there is more than was read."""

    def add_certificates(self, certificates: Iterable[Certificate], end: int) -> None:
        """Note certificates that a signature ending at ``end`` brought along; they are covered by later ones only."""
        for item in certificates:
            if len(self.certificates) >= _MAX_ITEMS:
                self.full = True
                return
            self.certificates.setdefault(item, end)


def read_material(pdf: Pdf, ends: Iterable[tuple[int, int]]) -> Material:
    """Return what the security stores hold.

    Args:
        pdf: the file.
        ends: index and end of each revision to look at, oldest first.
    """
    material, reader = Material(), _Reader()
    for index, end in ends:
        try:
            grown = reader.read(pdf.view(index), end, material)
        except UnreadableDocumentError:
            material.full = True
            continue
        if grown:
            material.stores.append(end)
    return material


class _Reader:
    """Reads each stream once, however many stores name it."""

    def __init__(self) -> None:
        self._seen: set[tuple[str, int, int]] = set()
        self._bytes = 0

    def read(self, view: View, end: int, material: Material) -> bool:
        store = view.get_dict(view.catalog.get("DSS"))
        grown = False
        for key in ("Certs", "CRLs", "OCSPs"):
            for item in view.get_list(store.get(key))[:_MAX_ITEMS]:
                grown |= self._take(key, view, item, end, material)
        return grown

    def _take(self, key: str, view: View, item: object, end: int, material: Material) -> bool:
        value = view.resolve(item) if isinstance(item, Ref) else None
        if not isinstance(value, Stream) or len(self._seen) >= 3 * _MAX_ITEMS:
            material.full |= isinstance(value, Stream)
            return False
        mark = (key, value.raw_start, value.raw_end)
        if mark in self._seen:
            return False
        self._seen.add(mark)
        data = value.data
        self._bytes += len(data)
        if self._bytes > _MAX_BYTES:
            material.full = True
            return False
        try:
            if key == "Certs":
                certificate = Certificate(data)
                material.certificates.setdefault(certificate, end)
                material.stored.add(certificate.digest)
            elif key == "CRLs":
                material.crls.setdefault(Crl(data), end)
            else:
                material.ocsps.setdefault(data, end)
        except X509Error:
            return False
        return True
