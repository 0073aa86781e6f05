"""The document security store (``/DSS``, ISO 32000-2 clause 12.8.4.3): certificates, CRLs and OCSP answers, no VRI.

The store is one object of ours. In the revision that first needs one it is made, with what a stranger's store in R0
held; later revisions append to it. Nothing is ever removed, and nothing is written twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.decode_limits import DecodePurpose

from signkit.errors import UnreadableDocumentError
from signkit.pades.objects import array, dictionary, name, resolve, stream
from signkit.pades.writer import Writer

__all__ = ["ValidationMaterial", "add_material"]

_MAX_ITEMS: Final = 10_000
"""Most entries of one array read in a stranger's store, ours."""
_ARRAYS: Final = {
    "Certs": DecodePurpose.CERTIFICATE,
    "CRLs": DecodePurpose.CRL,
    "OCSPs": DecodePurpose.OCSP_RESPONSE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationMaterial:
    """What a later verifier needs without asking anybody; everything DER, order kept."""

    certificates: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = field(default=(), repr=False)
    ocsps: tuple[bytes, ...] = field(default=(), repr=False)

    def __add__(self, other: ValidationMaterial) -> ValidationMaterial:
        """Return both, each piece once."""
        return ValidationMaterial(
            certificates=_once((*self.certificates, *other.certificates)),
            crls=_once((*self.crls, *other.crls)),
            ocsps=_once((*self.ocsps, *other.ocsps)),
        )


def add_material(writer: Writer, material: ValidationMaterial, *, fresh: bool) -> None:
    """Make ``/DSS`` hold ``material`` besides what it held.

    Args:
        writer: the revision in the making.
        material: what is to be found there.
        fresh: True makes a new store with what the present one holds: the first revision of ours that needs one, for an
            object of R0 is never written again.

    Raises:
        UnreadableDocumentError: the present store is not one.
    """
    current = writer.root.raw_get("/DSS") if "/DSS" in writer.root else None
    if fresh or current is None:
        store = dictionary({"Type": name("DSS")}) if current is None else _copy(_dictionary(resolve(current)))
        writer.root[name("DSS")] = writer.add_object(store)
        writer.update_root()
    else:
        store = _dictionary(resolve(current))
    changed = [
        _append(writer, store, "Certs", material.certificates),
        _append(writer, store, "CRLs", material.crls),
        _append(writer, store, "OCSPs", material.ocsps),
    ]
    if any(changed):
        writer.update_container(store)


def _copy(stranger: generic.DictionaryObject) -> generic.DictionaryObject:
    store = generic.DictionaryObject({key: stranger.raw_get(key) for key in stranger})
    for key in _ARRAYS:
        if f"/{key}" in store:
            store[name(key)] = array(_entries(store, key))
    return store


def _append(writer: Writer, store: generic.DictionaryObject, key: str, values: Iterable[bytes]) -> bool:
    wanted = list(values)
    if not wanted:
        return False
    entries = list(_entries(store, key))
    held = {hashlib.sha256(_data(entry, key)).digest() for entry in entries}
    fresh = [value for value in wanted if hashlib.sha256(value).digest() not in held]
    entries.extend(writer.add_object(stream(value, compress=False)) for value in fresh)
    if fresh:
        store[name(key)] = array(entries)
    return bool(fresh)


def _entries(store: generic.DictionaryObject, key: str) -> list[generic.IndirectObject]:
    found = resolve(store.raw_get(f"/{key}")) if f"/{key}" in store else array(())
    if not isinstance(found, generic.ArrayObject) or len(found) > _MAX_ITEMS:
        raise UnreadableDocumentError("the security store is not one", code="document.security_store")
    entries = [found.raw_get(index) for index in range(len(found))]
    if not all(isinstance(entry, generic.IndirectObject) for entry in entries):
        raise UnreadableDocumentError("the security store is not one", code="document.security_store")
    return entries


def _data(entry: generic.IndirectObject, key: str) -> bytes:
    held = entry.get_object()
    if not isinstance(held, generic.StreamObject):
        raise UnreadableDocumentError("the security store is not one", code="document.security_store")
    return bytes(held.read_data(_ARRAYS[key]))


def _dictionary(value: Any) -> generic.DictionaryObject:
    if not isinstance(value, generic.DictionaryObject):
        raise UnreadableDocumentError("the security store is not one", code="document.security_store")
    return value


def _once(values: Iterable[bytes]) -> tuple[bytes, ...]:
    return tuple(dict.fromkeys(values))
