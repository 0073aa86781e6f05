"""Step 10, the beginning: what *created* and *sent* say of the envelope, held against the manifest. C5.

Names, titles, numbers and attachments are commitments in *created*. Where an evidence file or bundle brings their
openings, each must open its commitment, and what it opens is what the manifest says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from signkit.audit.case import Case
from signkit.canonical import CanonicalError, Json, encode
from signkit.model.entry import Entry
from signkit.model.person import commitment_of, disclosed, person_of
from signkit.model.statement import Manifest

__all__ = ["check_created", "check_openings"]

_PLAIN: Final = ("kind", "environment", "disclosure", "rules", "deadline")
"""What *created* and the manifest both say in clear, by one name."""


def check_created(case: Case, manifest: Manifest, created: Entry) -> None:
    """Hold what *created* says in clear against the manifest; each difference has its own code."""
    data, subject = created.data, case.certify
    for name in _PLAIN:
        if data[name] != getattr(manifest, name):
            case.fail("10", f"journal.other_{name}", subject=subject)
    if data.get("origin", manifest.journal.origin) != manifest.journal.origin:
        case.fail("10", "journal.other_log", subject=subject)
    if data.get("accepted_risks", []) != manifest.extra.get("accepted_risks", []):
        case.fail("10", "journal.other_accepted_risks", subject=subject)
    places = [(item["id"], item["role"], item["order"], item["person"]) for item in data["signatories"]]
    if places != [(item.id, item.role, item.order, item.person) for item in manifest.signatories]:
        case.fail("10", "journal.other_places", subject=subject)
    _check_documents(case, manifest, data["documents"])


def _check_documents(case: Case, manifest: Manifest, records: Any) -> None:
    if len(records) != len(manifest.documents):
        case.fail("10", "journal.other_original", subject=case.certify)
        return
    for said, own in zip(records, manifest.documents, strict=True):
        found = {
            "original": (said["r0"], said["r1"]) == (own.r0.to_json(), own.r1.to_json()),
            "pages": said["pages"] == own.pages,
            "risks": sorted(said["risks"]) == sorted(own.risks),
            "name": said["name"] == own.name_commitment,
            "repair": (said.get("repaired_from"), tuple(said.get("repairs", ()))) == (own.repaired_from, own.repairs),
        }
        for name, same in found.items():
            if not same:
                case.fail("10", f"journal.other_{name}", subject=case.certify)


def check_openings(case: Case, manifest: Manifest, created: Entry) -> None:
    """Open the commitments in *created* that can be opened, and hold what they say against the manifest."""
    bundle = case.given.evidence
    if bundle is not None and bundle.envelope == manifest.envelope and bundle.erased is None:
        _Openings(case, manifest, bundle.openings, bundle.person_key).run(created.data)


class _Openings:
    def __init__(self, case: Case, manifest: Manifest, openings: Mapping[str, Any], person_key: bytes) -> None:
        self._case, self._manifest, self._openings, self._key = case, manifest, openings, person_key

    def run(self, data: Mapping[str, Any]) -> None:
        manifest, own = self._manifest, self._manifest.own
        self._same("title", data.get("title"), manifest.title, "title")
        self._same("metadata", data.get("metadata"), dict(manifest.metadata), "metadata")
        record = data["documents"][manifest.document]
        self._same(f"document.{manifest.document}", record["name"], own.name, "document_name")
        attachments = [dict(item) for item in own.attachments]
        self._same(f"attachments.{manifest.document}", record.get("attachments"), attachments, "attachments")
        records = {record["id"]: record for record in data["signatories"]}
        for place in manifest.signatories:
            said, field = records.get(place.id), manifest.fields.signatories[place.id]
            if said is None:
                continue  # said already
            self._same(f"signatory.{place.id}.name", said["name"], place.name, "name", subject=field)
            identity = self._value(f"signatory.{place.id}.identity", said.get("identity"), subject=field)
            if identity is None:
                continue
            scheme, value = str(identity["scheme"]), str(identity["value"])
            if person_of(self._key, scheme, value) != place.person:
                self._case.fail("10", "opening.person", subject=field)
            if place.identity != disclosed((scheme, value), manifest.disclosure):
                self._case.fail("10", "opening.identity", subject=field)

    def _same(self, name: str, commitment: object, said: Json, code: str, *, subject: str | None = None) -> None:
        value = self._value(name, commitment, subject=subject)
        if value is not None and encode(value) != encode(said):
            self._case.fail("10", f"opening.{code}", subject=subject or self._case.certify)

    def _value(self, name: str, commitment: object, *, subject: str | None) -> Any:
        """Return what an opening says; None where there is none, or where it opens nothing."""
        opening = self._openings.get(name)
        if not isinstance(opening, dict) or commitment is None:
            return None
        salt, value = opening.get("salt"), opening.get("value")
        try:
            held = isinstance(salt, str) and commitment_of(salt, value) == commitment
        except CanonicalError:
            held = False
        if not held:
            self._case.fail("8", "opening.commitment", subject=subject or self._case.certify, name=name)
            return None
        return value
