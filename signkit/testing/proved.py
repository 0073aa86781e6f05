"""Whole envelopes, every claim provable: statements, evidence, journal and checkpoint that belong together.

``make_proved`` runs an envelope's life in memory, without store and workflows. Each place where a forger could lie has
a hook in :class:`Forgery`; what is made afterwards is made honestly over the lie. For tests and attacks only.
"""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from signkit import canonical
from signkit.canonical import Json
from signkit.journal.checkpoint import sign_checkpoint
from signkit.journal.merkle import LeafNodes, inclusion_proof, leaf_hash, root_of
from signkit.model.entry import format_time
from signkit.model.evidence_file import CeremonyEvidence, EvidenceFile
from signkit.model.ids import field_prefix
from signkit.model.person import commit, person_of
from signkit.model.risks import REFUSING, risk_codes
from signkit.model.rules import Place, Rules, all_must_sign, evaluate
from signkit.model.statement import (
    Completion,
    DocumentRecord,
    Intent,
    Issuers,
    JournalHead,
    Manifest,
    SignatoryRecord,
    SignatureStatement,
)
from signkit.pades import SigningIdentity, approve, archive, certify, complete, prepare
from signkit.pades.examine import read_facts
from signkit.pades.structure import Pdf
from signkit.pages.data import SignaturePageDescription, SignaturePages, SignaturePlace
from signkit.pages.signature_page import layout_signature_page
from signkit.pki.authority import PersonFacts
from signkit.pki.keys import new_one_time_key
from signkit.ports.keys import KeyName
from signkit.ports.provider import SigningRequest
from signkit.testing.forging import ENVELOPE, GUESTS, ORIGIN, Forgery, Guest, Life, ProvedFile, Sign, Trusted
from signkit.testing.signed import plain_document
from signkit.x509.certificates import Certificate

__all__ = ["ENVELOPE", "GUESTS", "Forgery", "Guest", "Life", "ProvedFile", "Sign", "Trusted", "make_proved"]


def make_proved(
    folder: Path,
    trusted: Trusted,
    *,
    source: bytes | None = None,
    guests: Sequence[Guest] = GUESTS,
    sign: Sequence[int] | None = None,
    outcome: str = "completed",
    deadline: datetime | None = None,
    rules: Rules | None = None,
    forgery: Forgery | None = None,
) -> ProvedFile:
    """Make an envelope's file in ``folder``, with evidence and journal.

    Args:
        folder: exists; gets one file per revision.
        trusted: keys and eID.
        source: the original; a small document by default.
        guests: who is asked.
        sign: their numbers in the order in which they sign; everybody in turn by default.
        outcome: what the completion says.
        deadline: of the envelope.
        rules: by default everybody must sign.
        forgery: where to lie.
    """
    life = Life(folder, trusted, guests, forgery or Forgery())
    _begin(life, source or plain_document("Protokoll"), deadline, rules)
    for number in range(len(guests)) if sign is None else sign:
        _sign(life, number)
    _finish(life, outcome)
    bundle = EvidenceFile(ENVELOPE, tuple(life.ceremonies), life.person_key, life.openings)
    return ProvedFile(
        path=life.newest,
        revisions=dict(life.revisions),
        evidence=life.forgery.evidence(bundle, life),
        manifest=life.made,
        statements=dict(life.statements),
        trusted=trusted,
        at=life.clock.now() + timedelta(minutes=1),
    )


def _begin(life: Life, data: bytes, deadline: datetime | None, rules: Rules | None) -> None:
    path = life.folder / "r0.pdf"
    path.write_bytes(data)
    life.keep("r0")
    facts = read_facts(Pdf.open(path))
    prepare(
        path, life.keep("r1"), pages=_pages(life, facts.pages), fields=life.names, highest_number=facts.highest_number
    )
    places = [Place(key, guest.role, guest.order) for key, guest in zip(life.ids, life.guests, strict=True)]
    risks = risk_codes(facts.risks)
    manifest = Manifest(
        envelope=ENVELOPE,
        kind="protocol",
        title=life.title,
        metadata={},
        environment="test",
        disclosure="none",
        document=0,
        documents=(
            DocumentRecord(
                "protokoll.pdf",
                commit("protokoll.pdf").digest,
                life.state("r0"),
                life.state("r1"),
                facts.pages,
                risks,
                tuple({"name": item.name, "size": item.size, "sha256": item.sha256} for item in facts.attachments),
            ),
        ),
        signatories=tuple(
            SignatoryRecord(key, guest.role, guest.order, guest.name, life.person(number))
            for number, (key, guest) in enumerate(zip(life.ids, life.guests, strict=True))
        ),
        fields=life.names,
        rules=(rules or all_must_sign(places)).to_json(),
        deadline=format_time(deadline) if deadline else None,
        issuers=_issuers(life.trusted),
        journal=JournalHead(ORIGIN, canonical.digest_text(bytes(32)), 1),
        extra={"accepted_risks": sorted(set(risks) & REFUSING)},
    )
    manifest = _committed(life, life.forgery.draft(manifest, life))
    life.write("created", _created(life, manifest), actor="clerk")
    life.write("sending", {}, actor="clerk")
    life.made = life.forgery.manifest(dataclasses.replace(manifest, journal=life.head()), life)
    certify(life.newest, target := life.folder / "r2.pdf", life.request("certify", _seal(life), life.made.encode()))
    life.keep(target.stem)
    life.write("sent", {"documents": [life.state("r2").to_json()]}, actor="clerk")


def _committed(life: Life, manifest: Manifest) -> Manifest:
    """Return the manifest with a commitment to its document's name that can be opened."""
    record = dataclasses.replace(manifest.own, name_commitment=life.commit("document.0", manifest.own.name))
    return dataclasses.replace(manifest, documents=(record,))


def _created(life: Life, manifest: Manifest) -> dict[str, Any]:
    record = manifest.own
    return {
        "kind": manifest.kind,
        "title": life.commit("title", manifest.title),
        "metadata": life.commit("metadata", dict(manifest.metadata)),
        "origin": ORIGIN,
        "language": "sv",
        "accepted_risks": manifest.extra["accepted_risks"],
        "deadline": manifest.deadline,
        "disclosure": manifest.disclosure,
        "environment": manifest.environment,
        "documents": [
            {
                "r0": record.r0.to_json(),
                "r1": record.r1.to_json(),
                "pages": record.pages,
                "name": record.name_commitment,
                "risks": list(record.risks),
                "attachments": life.commit("attachments.0", [dict(item) for item in record.attachments]),
                "repaired_from": record.repaired_from,
                "repairs": list(record.repairs),
                "page": True,
                "signatures": 0,
            }
        ],
        "signatories": [
            {
                "id": item.id,
                "role": item.role,
                "order": item.order,
                "person": item.person,
                "name": life.commit(f"signatory.{item.id}.name", item.name),
                "identity": life.identity(number),
                "email": None,
                "provider": None,
            }
            for number, item in enumerate(manifest.signatories)
        ],
        "rules": manifest.rules,
        "recipients": [],
    }


def _sign(life: Life, number: int) -> None:
    key, place, guest = new_one_time_key(), life.ids[number], life.guests[number]
    ceremony = f"ceremony{number + 1}"
    text = life.forgery.text(f"{life.title}\n{life.state('r2').sha256.removeprefix('sha256:')[:32]}", number, life)
    intent = Intent(
        ceremony=ceremony,
        places={ENVELOPE: place},
        spki=canonical.digest_text(canonical.digest(key.spki)),
        text=canonical.digest_text(canonical.digest(text.encode())),
        documents=(life.state("r2").sha256,),
    )
    intent = life.forgery.intent(intent, number, life)
    provider = {"provider": "rehearsal", "environment": "test", "distribution": "signkit", "version": "1"}
    life.write("ceremony_started", {"ceremony": ceremony, "signatory": place, "intent": intent.digest, **provider})
    signed = life.trusted.sign(_asked(guest, ceremony, text, intent.encode()), life.clock.now())
    record = CeremonyEvidence(
        ceremony, "rehearsal", "test", signed.evidence.format, signed.evidence.parts, commit("x").salt
    )
    made = commit(record.digest)
    life.ceremonies.append(dataclasses.replace(record, salt=made.salt))
    life.write("evidence_received", {"ceremony": ceremony, "evidence": made.digest}, actor=f"signatory:{place}")
    person = person_of(life.person_key, signed.identity.scheme, signed.identity.value)
    facts = PersonFacts(
        name=signed.identity.name,
        person=person,
        provider="rehearsal",
        authenticated_at=signed.completed_at,
        level=signed.identity.level,
        intent_digest=intent.digest,
    )
    authority = life.trusted.authority
    certificate = authority.authority.certify_person(
        key.spki, facts=life.forgery.facts(facts, number, life), now=life.clock.now()
    )
    digest = canonical.digest_text(canonical.digest(certificate))
    life.write("certified", {"ceremony": ceremony, "signatory": place, "certificate": digest})
    identity = SigningIdentity(key=key, chain=(certificate, *authority.keys.certificates(KeyName.PERSON_CA)))
    statement = SignatureStatement(
        envelope=ENVELOPE,
        document=0,
        signatory=place,
        role=next((item.role for item in life.made.signatories if item.id == place), guest.role),
        person=person,
        identified_by="number" if guest.value else "name",
        ceremony=ceremony,
        provider="rehearsal",
        environment="test",
        level=signed.identity.level,
        intent=intent.digest,
        evidence=made.digest,
        version=life.state(life.newest.stem),
        journal=life.head(),
    )
    life.statements[place] = statement
    _embed_person(life, number, identity, statement.role)


def _embed_person(life: Life, number: int, identity: SigningIdentity, role: str) -> None:
    place = life.ids[number]
    before, told = life.state(life.newest.stem), life.statements[place]
    statement = life.forgery.statement(told, number, life)
    approve(life.newest, life.folder / f"{place}.pdf", life.request(place, identity, statement.encode(), role=role))
    life.keep(place)
    after = life.state(place)
    life.write(
        "signed",
        {
            "ceremony": told.ceremony,
            "signatory": place,
            "person": told.person,
            "documents": [{"before": before.sha256, "after": after.sha256, "size": after.size}],
        },
        actor=f"signatory:{place}",
    )


def _finish(life: Life, outcome: str) -> None:
    manifest: Manifest = life.made
    places = [Place(item.id, item.role, item.order) for item in manifest.signatories]
    done = [name for name in life.revisions if name in life.ids]
    result = _evaluated(manifest, places, done)
    outcomes = {key: "signed" if key in done else "not_needed" for key in life.ids}
    newest = life.state(life.newest.stem).sha256
    life.write("completing", {"outcome": outcome, "documents": [newest], "signatories": outcomes, "rules": result})
    leaves = [leaf_hash(bytes([number]) * 32) for number in range(5)]
    leaves += [leaf_hash(entry.digest) for entry in life.entries]
    nodes, index = LeafNodes(leaves), len(leaves) - 1
    note = sign_checkpoint(ORIGIN, len(leaves), root_of(nodes, len(leaves)), life.trusted.log)
    imprint = canonical.digest(note[: note.index(b"\n\n") + 1])
    token = life.trusted.authority.stamps.stamp(imprint, digest="sha256").token
    path = inclusion_proof(nodes, index=index, size=len(leaves))
    completion = Completion(
        envelope=ENVELOPE,
        document=0,
        outcome=outcome,
        signatories=outcomes,
        rules=result,
        documents=(newest,),
        entries=tuple(canonical.decode(entry.encode()) for entry in life.entries),
        proof={
            "index": index,
            "size": len(leaves),
            "path": [base64.b64encode(item).decode("ascii") for item in path],
        },
        checkpoint=note.decode(),
        token=base64.b64encode(token).decode("ascii"),
    )
    statement = life.forgery.completion(completion, life).encode()
    complete(life.newest, life.folder / "completed.pdf", life.request("complete", _seal(life), statement))
    life.keep("completed")
    archive(
        life.newest,
        life.folder / "archived.pdf",
        field=f"{field_prefix(ENVELOPE)}archive-1",
        beside=life.names.certify,
        material=life.trusted.authority.material(),
        timestamper=life.trusted.authority.stamps,
    )
    life.keep("archived")


def _evaluated(manifest: Manifest, places: Sequence[Place], done: Sequence[str]) -> Json:
    """Return what comes of the rules; nothing where a forger made rules that nobody can read."""
    try:
        return evaluate(Rules.from_json(manifest.rules), places, done).to_json()
    except ValueError:
        return {}


def _seal(life: Life) -> SigningIdentity:
    return life.trusted.authority.seal()


def _asked(guest: Guest, ceremony: str, text: str, data: bytes) -> SigningRequest:
    return SigningRequest(
        ceremony=ceremony,
        text=text,
        data=data,
        language="sv",
        scheme="se.personnummer" if guest.value else None,
        value=guest.value,
        name=guest.name,
    )


def _issuers(trusted: Trusted) -> Issuers:
    keys = trusted.authority.keys
    person, seal, tsa = (
        canonical.digest_text(Certificate(keys.certificates(name)[0]).spki_digest)
        for name in (KeyName.PERSON_CA, KeyName.SEAL_CA, KeyName.TSA)
    )
    return Issuers(person=(person,), seal=(seal,), tsa=(tsa,), log=trusted.vkey)


def _pages(life: Life, count: int) -> SignaturePages:
    path = life.revisions["r0"]
    description = SignaturePageDescription(
        organisation="Björkviks kommun",
        title=life.title,
        document_name="protokoll.pdf",
        page_count=count,
        size_bytes=path.stat().st_size,
        digest=life.state("r0").sha256,
        envelope=ENVELOPE,
        places=tuple(
            SignaturePlace(field=life.names.signatories[key], role=guest.role)
            for key, guest in zip(life.ids, life.guests, strict=True)
        ),
        test=True,
    )
    return layout_signature_page(description, tagged=False, title_tag="H1")
