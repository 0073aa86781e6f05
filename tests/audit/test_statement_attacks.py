"""Forged statements, certificates, evidence and journals: each is FAILED with a code of its own."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from signkit import canonical
from signkit.audit.words import render_report
from signkit.journal.checkpoint import sign_checkpoint
from signkit.model.report import Completion, Verdict
from signkit.model.rules import Decline, Quorum, Rules
from signkit.model.statement import FileState
from signkit.pades.cms import SigningIdentity
from signkit.pki.home import Organisation, init_keys
from signkit.pki.keys import new_one_time_key
from signkit.pki.profiles import PERSON_POLICY, Holder, end_extensions, issue
from signkit.ports.keys import KeyName
from signkit.testing.attacks.plain import PlainPdf
from signkit.testing.attacks.rich import rich_document
from signkit.testing.journal import MemoryKey
from signkit.testing.proved import GUESTS, Forgery, Guest, Life, ProvedFile, Trusted
from signkit.testing.signed import ThrowawayAuthority
from signkit.x509.anchors import TrustAnchors
from signkit.x509.certificates import Certificate

from .conftest import verify, wrong

Maker = Callable[..., ProvedFile]
ZERO = "sha256:" + "0" * 64
OTHER = "sha256:" + "1" * 64


def on(number: int, change: Callable[[Any, Life], Any]) -> Callable[[Any, int, Life], Any]:
    """Return a hook that changes one person's thing."""
    return lambda value, index, life: change(value, life) if index == number else value


def only(wanted: str, change: Callable[[Any, Life], Any]) -> Callable[[Any, str, Life], Any]:
    """Return a hook that changes what has one name."""
    return lambda value, name, life: change(value, life) if name == wanted else value


def changed(**fields: Any) -> Callable[[Any, Life], Any]:
    """Return a change of fields."""
    return lambda value, _life: replace(value, **fields)


def document(**fields: Any) -> Callable[[Any, Life], Any]:
    """Return a change of the manifest's document."""
    return lambda manifest, _life: replace(manifest, documents=(replace(manifest.own, **fields),))


def issuers(**fields: Any) -> Callable[[Any, Life], Any]:
    """Return a change of the manifest's issuers."""
    return lambda manifest, _life: replace(manifest, issuers=replace(manifest.issuers, **fields))


def seal_of(_identity: SigningIdentity, life: Life) -> SigningIdentity:
    return life.trusted.authority.seal()


def somebody(_identity: SigningIdentity, life: Life) -> SigningIdentity:
    return life.trusted.authority.person("Rogue Person", person="ab" * 16)


def one_key(identity: SigningIdentity, name: str, life: Life) -> SigningIdentity:
    """Return the first person's identity for everybody."""
    return _KEPT.setdefault(str(life.folder), identity) if name in life.ids else identity


_KEPT: dict[str, SigningIdentity] = {}


def lasting(identity: SigningIdentity, life: Life) -> SigningIdentity:
    """Return a person's identity whose certificate lasts a year and says nothing of how."""
    keys = life.trusted.authority.keys
    holder = Holder(keys.key(KeyName.PERSON_CA), Certificate(keys.certificates(KeyName.PERSON_CA)[0]))
    key = new_one_time_key()
    certificate = issue(
        subject=identity.certificate.asn1.subject.dump(),
        spki=key.spki,
        issuer=holder,
        not_before=life.clock.now() - timedelta(minutes=1),
        lasts=timedelta(days=365),
        extensions=end_extensions(policy=PERSON_POLICY),
    )
    return SigningIdentity(key=key, chain=(certificate, *keys.certificates(KeyName.PERSON_CA)))


def first_place(**fields: Any) -> Callable[[Any, Life], Any]:
    """Return a change of the manifest's first place."""
    return lambda manifest, _life: replace(
        manifest, signatories=(replace(manifest.signatories[0], **fields), *manifest.signatories[1:])
    )


def by_clerk(data: Any, name: str, life: Life) -> Any:
    """Let the clerk write that the first person signed."""
    if name != "signed" or any(item.type == "signed" for item in life.entries):
        return data
    honest, life.forgery = life.forgery, Forgery()
    life.write(name, data, actor="clerk")
    life.forgery = honest
    return None


def first_statement(_statement: Any, life: Life) -> Any:
    return life.statements["s1"]


def other_log(completion: Any, life: Life) -> Any:
    note = completion.checkpoint.encode()
    size, root = note.split(b"\n")[1:3]
    forged = sign_checkpoint(note.split(b"\n")[0].decode(), int(size), base64.b64decode(root), MemoryKey(9))
    return replace(completion, checkpoint=forged.decode())


def other_token(completion: Any, life: Life) -> Any:
    token = life.trusted.authority.stamps.stamp(bytes(32), digest="sha256").token
    return replace(completion, token=base64.b64encode(token).decode())


def without(kind: str, which: int = 0) -> Callable[[Any, str, Life], Any]:
    """Return a hook that leaves out the entry of a kind, of the person with that number."""

    def hook(data: Any, name: str, life: Life) -> Any:
        mine = data.get("ceremony") in {None, f"ceremony{which + 1}"} or kind in {"sent", "sending"}
        return None if name == kind and mine else data

    return hook


def told(kind: str, **changes: Any) -> Callable[[Any, str, Life], Any]:
    """Return a hook that changes the data of entries of a kind."""
    return only(kind, lambda data, _life: {**data, **changes})


def _stray(data: Any, life: Life) -> Any:
    """Write an entry about a certificate that nobody uses; the one it comes before stays as it is."""
    if len(life.entries) < 5:
        life.write("certified", {"ceremony": "stray", "signatory": "s1", "certificate": OTHER})
    return data


DOCUMENT: dict[str, dict[str, Any]] = {
    "original": {"r0": FileState(7, ZERO)},
    "pages": {"pages": 7},
    "risks": {"risks": ("active",)},
    "name": {"name_commitment": ZERO},
    "repair": {"repaired_from": ZERO, "repairs": ("objects",)},
}
"""What the manifest says of its document, and *created* says too."""

STATEMENTS: dict[str, tuple[Forgery, str]] = {
    "statements swapped between two people": (Forgery(statement=on(1, first_statement)), "person.other_place"),
    "statement of another document": (Forgery(statement=on(0, changed(document=1))), "person.other_document"),
    "statement of another envelope": (Forgery(statement=on(0, changed(envelope="other"))), "person.other_document"),
    "statement of another role": (Forgery(statement=on(0, changed(role="auditor"))), "person.role"),
    "statement of another person": (Forgery(statement=on(0, changed(person="ab" * 16))), "person.not_invited"),
    "statement by name where a number was asked": (
        Forgery(statement=on(0, changed(identified_by="name"))),
        "person.not_invited",
    ),
    "statement of another level": (Forgery(statement=on(0, changed(level="loa4"))), "person.context"),
    "statement of another intent": (Forgery(statement=on(0, changed(intent=ZERO))), "person.context"),
    "statement of another environment": (
        Forgery(statement=on(0, changed(environment="production"))),
        "person.environment",
    ),
    "statement replayed over a later version": (
        Forgery(statement=on(1, lambda s, life: replace(s, version=life.state("r2")))),
        "person.version",
    ),
    "statement with another history": (
        Forgery(statement=on(0, lambda s, _: replace(s, journal=replace(s.journal, head=ZERO)))),
        "journal.other_head",
    ),
    "manifest a second time": (Forgery(statement=on(0, lambda _, life: life.made)), "statement.manifest_moved"),
    "manifest in a person's field": (
        Forgery(field_of=lambda name, _: {"certify": "s1", "s1": "certify"}.get(name, name)),
        "statement.manifest_field",
    ),
    "manifest of another original": (
        Forgery(manifest=lambda m, _: replace(m, documents=(replace(m.own, r0=replace(m.own.r0, sha256=ZERO)),))),
        "original.digest",
    ),
    "manifest of another prepared file": (
        Forgery(manifest=lambda m, _: replace(m, documents=(replace(m.own, r1=replace(m.own.r1, sha256=ZERO)),))),
        "original.prepared",
    ),
    "manifest with another number of pages": (Forgery(manifest=document(pages=7)), "original.pages"),
    "manifest with an attachment that is not there": (
        Forgery(manifest=document(attachments=({"name": "a", "size": 1, "sha256": ZERO},))),
        "original.attachments",
    ),
    "manifest that narrows to another person CA": (Forgery(manifest=issuers(person=(ZERO,))), "person.issuer"),
    "manifest that narrows to another seal CA": (Forgery(manifest=issuers(seal=(ZERO,))), "seal.issuer"),
    "manifest of a production home": (Forgery(manifest=changed(environment="production")), "seal.environment"),
    "manifest with another history": (
        Forgery(manifest=lambda m, _: replace(m, journal=replace(m.journal, head=OTHER))),
        "journal.other_head",
    ),
    "manifest with other people than the journal": (
        Forgery(manifest=lambda m, _: replace(m, signatories=(m.signatories[0], replace(m.signatories[1], order=2)))),
        "journal.other_places",
    ),
    **{
        f"manifest of another {name}": (Forgery(manifest=changed(**{name: said})), f"journal.other_{name}")
        for name, said in {
            "kind": "contract",
            "environment": "production",
            "disclosure": "full",
            "rules": Rules((Quorum(("s1", "s2"), 2),), decline=Decline.CONTINUES).to_json(),
            "deadline": "2099-12-24T00:00:00.000Z",
        }.items()
    },
    **{
        f"manifest whose document has another {name}": (Forgery(manifest=document(**said)), f"journal.other_{name}")
        for name, said in DOCUMENT.items()
    },
    "manifest with other risks accepted": (
        Forgery(manifest=changed(extra={"accepted_risks": ["active"]})),
        "journal.other_accepted_risks",
    ),
    "manifest with another title": (Forgery(manifest=changed(title="Annat")), "opening.title"),
    "manifest with other metadata": (Forgery(manifest=changed(metadata={"case": "KS 2"})), "opening.metadata"),
    "manifest with another file name": (Forgery(manifest=document(name="annat.pdf")), "opening.document_name"),
    "manifest with other attachments": (
        Forgery(manifest=document(attachments=({"name": "a", "size": 1, "sha256": ZERO},))),
        "opening.attachments",
    ),
    "manifest with another name": (Forgery(manifest=first_place(name="Eva Ek")), "opening.name"),
    "manifest with another person": (Forgery(manifest=first_place(person="ab" * 16)), "opening.person"),
    "manifest that shows a number": (
        Forgery(manifest=first_place(identity={"scheme": "se.personnummer", "value": "190001019999"})),
        "opening.identity",
    ),
    "manifest that shows what it may not": (
        Forgery(draft=first_place(identity={"birthdate": "1950-01-01"})),
        "person.disclosure",
    ),
    "a title that is empty": (Forgery(draft=changed(title="")), "evidence.not_shown"),
    "a title that is white space": (Forgery(draft=changed(title=" ")), "evidence.not_shown"),
    "a title that is part of what was shown": (Forgery(draft=changed(title="Protokoll")), "evidence.not_shown"),
    "an opening that opens something else": (
        Forgery(evidence=lambda e, _: replace(e, openings={**e.openings, "title": e.openings["metadata"]})),
        "opening.commitment",
    ),
    "an opening that opens nothing": (
        Forgery(evidence=lambda e, _: replace(e, openings={"title": {"salt": 7, "value": "x"}})),
        "opening.commitment",
    ),
    "a ceremony with another eID": (Forgery(entry=told("ceremony_started", provider="bankid")), "journal.other_start"),
    "a ceremony over another intent": (Forgery(entry=told("ceremony_started", intent=ZERO)), "journal.other_start"),
    "a signature that the clerk gave": (Forgery(entry=by_clerk), "journal.other_actor"),
    "statement of an earlier history": (
        Forgery(statement=on(0, lambda s, life: replace(s, journal=life.made.journal))),
        "journal.other_head",
    ),
    "rules that came of something else in the journal": (
        Forgery(entry=told("completing", rules={})),
        "journal.other_completion",
    ),
    "manifest with another date of birth in clear": (
        Forgery(
            manifest=lambda m, _: replace(
                m, signatories=(replace(m.signatories[0], identity={"birthdate": "1900-01-01"}), *m.signatories[1:])
            )
        ),
        "evidence.disclosed",
    ),
    "a person's certificate on the final seal": (Forgery(identity=only("complete", somebody)), "seal.not_a_seal"),
    "a person's certificate on the first seal": (Forgery(identity=only("certify", somebody)), "seal.not_a_seal"),
    "the seal on a person's place": (Forgery(identity=only("s1", seal_of)), "person.not_a_person"),
    "a rogue certificate of the person CA": (
        Forgery(identity=only("s2", somebody)),
        "person.certificate_names_another",
    ),
    "a certificate for a year": (Forgery(identity=only("s1", lasting)), "person.not_one_time"),
    "a certificate that does not say how": (Forgery(identity=only("s1", lasting)), "person.no_context"),
    "one key for two people": (Forgery(identity=one_key), "person.key_reused"),
    "a certificate in another's name": (
        Forgery(facts=on(0, changed(person="cd" * 16))),
        "person.certificate_names_another",
    ),
    "a certificate without its entry": (Forgery(entry=without("certified", 1)), "journal.certificate_missing"),
    "a certificate that nobody used": (
        Forgery(entry=only("ceremony_started", _stray)),
        "journal.certificate_unused",
    ),
    "a signature without its entry": (Forgery(entry=without("signed", 1)), "journal.entry_missing"),
    "a file that was never sent": (Forgery(entry=without("sent")), "journal.story"),
    "an entry with another file": (
        Forgery(entry=only("sent", lambda d, _: {"documents": [d["documents"][0] | {"size": 1}]})),
        "journal.other_certification",
    ),
    "an entry with another ceremony": (Forgery(entry=told("certified", ceremony="c9")), "journal.other_ceremony"),
    "an entry with other evidence": (Forgery(entry=told("evidence_received", evidence=ZERO)), "journal.other_evidence"),
    "another outcome in the journal": (Forgery(entry=told("completing", outcome="voided")), "journal.other_completion"),
    "an entry without data": (Forgery(entry=only("certified", lambda _d, _l: {})), "journal.story_unreadable"),
    "completion of another version": (Forgery(completion=changed(documents=(ZERO,))), "completion.version"),
    "completion of another envelope": (Forgery(completion=changed(envelope="x")), "completion.other_envelope"),
    "completion that counts other documents": (
        Forgery(completion=changed(documents=(ZERO, ZERO))),
        "completion.documents",
    ),
    "completion that forgets a person": (
        Forgery(completion=lambda c, _: replace(c, signatories={"s1": "signed"})),
        "completion.signatories",
    ),
    "completion that calls a signature unsigned": (
        Forgery(completion=lambda c, _: replace(c, signatories={**c.signatories, "s2": "not_needed"})),
        "completion.outcome",
    ),
    "completion with rules of its own": (Forgery(completion=changed(rules={})), "rules.evaluation_differs"),
    "completion with an entry left out": (
        Forgery(completion=lambda c, _: replace(c, entries=(*c.entries[:3], *c.entries[4:]))),
        "journal.chain_previous",
    ),
    "completion with a changed entry": (
        Forgery(completion=lambda c, _: replace(c, entries=(c.entries[0] | {"actor": "eve"}, *c.entries[1:]))),
        "journal.chain_previous",
    ),
    "completion without history": (Forgery(completion=changed(entries=())), "journal.chain_empty"),
    "completion with the end of its history cut off": (
        Forgery(completion=lambda c, _: replace(c, entries=c.entries[:-1])),
        "journal.not_included",
    ),
    "a proof of another place": (
        Forgery(completion=lambda c, _: replace(c, proof={**c.proof, "index": 0})),
        "journal.not_included",
    ),
    "a proof that is none": (Forgery(completion=changed(proof=[])), "journal.proof_unreadable"),
    "a checkpoint of another key": (Forgery(completion=other_log), "journal.checkpoint_signature"),
    "a checkpoint that is none": (Forgery(completion=changed(checkpoint="?")), "journal.note"),
    "a checkpoint's token over something else": (Forgery(completion=other_token), "journal.anchor"),
    "a checkpoint's token that is none": (Forgery(completion=changed(token="?")), "journal.anchor_unreadable"),
    "an eID signature for another key": (Forgery(intent=on(0, changed(spki=ZERO))), "evidence.other_key"),
    "an eID signature for another document": (
        Forgery(intent=on(0, changed(documents=(ZERO,)))),
        "evidence.other_document",
    ),
    "an eID signature for another place": (
        Forgery(intent=on(0, lambda i, _: replace(i, places=dict.fromkeys(i.places, "s9")))),
        "evidence.place",
    ),
    "an eID signature in another ceremony": (Forgery(intent=on(0, changed(ceremony="c9"))), "evidence.ceremony"),
    "an eID signature over another text": (Forgery(intent=on(0, changed(text=ZERO))), "evidence.text"),
    "a text that shows no digest": (Forgery(text=on(0, lambda _, life: life.title)), "evidence.not_shown"),
    "a text that shows no title": (
        Forgery(text=on(0, lambda t, life: t.replace(life.title, "Annat"))),
        "evidence.not_shown",
    ),
}


@pytest.mark.parametrize("name", sorted(STATEMENTS))
def test_forged_statements_fail_with_their_own_code(name: str, make: Maker):
    """Each lie, with everything after it made honestly, is FAILED with its code."""
    forgery, code = STATEMENTS[name]
    report = verify(make(forgery=forgery, guests=GUESTS[:2]))
    assert report.verdict is Verdict.FAILED
    assert code in wrong(report)


def test_a_signature_that_is_not_what_it_says_is_not_valid_in_the_report(make: Maker):
    """The report on a rogue signature does not call it PASSED, though its certificate is trusted."""
    report = verify(make(forgery=Forgery(identity=only("s2", somebody)), guests=GUESTS[:2]))
    assert [item.verdict for item in report.signatures if item.field.endswith("-s2")] == [Verdict.FAILED]
    assert [item.verdict for item in report.signatures if item.field.endswith("-s1")] == [Verdict.PASSED]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda a, b: (replace(a, parts=b.parts), b), "evidence.commitment"),
        (lambda a, b: (replace(b, ceremony=a.ceremony), replace(a, ceremony=b.ceremony)), "evidence.commitment"),
        (lambda a, b: (replace(a, parts={"jws": b"x.y.z"}), b), "evidence.unreadable"),
        (lambda a, b: (replace(a, provider="bankid"), b), "evidence.provider"),
        (lambda a, b: (replace(a, environment="production"), b), "evidence.provider"),
    ],
    ids=["parts", "exchanged", "garbage", "provider", "environment"],
)
def test_evidence_of_somebody_else_fails(change: Any, code: str, honest: ProvedFile):
    """Evidence exchanged between people, or changed, is FAILED under C3b."""
    first, second, third = honest.evidence.ceremonies
    forged = replace(honest.evidence, ceremonies=(*change(first, second), third))
    report = verify(honest, evidence=forged)
    assert report.verdict is Verdict.FAILED
    assert code in wrong(report)
    assert report.claims["C3b"].verdict is Verdict.FAILED
    assert report.claims["C3a"].verdict is Verdict.PASSED


def test_evidence_under_another_key_is_another_person(honest: ProvedFile):
    """With another key for persons, the eID's identity is not the one in the file."""
    report = verify(honest, evidence=replace(honest.evidence, person_key=bytes(32)))
    assert "evidence.other_person" in wrong(report)


def test_evidence_of_another_envelope_fails(honest: ProvedFile):
    """A bundle of another envelope is there, and wrong."""
    report = verify(honest, evidence=replace(honest.evidence, envelope="other"))
    assert report.verdict is Verdict.FAILED
    assert "evidence.other_envelope" in wrong(report)


def test_evidence_that_lacks_somebody_is_undecided(honest: ProvedFile):
    """One missing ceremony leaves C3b open, and the whole with it."""
    report = verify(honest, evidence=replace(honest.evidence, ceremonies=honest.evidence.ceremonies[:2]))
    assert report.verdict is Verdict.INDETERMINATE
    assert report.claims["C3b"].verdict is Verdict.INDETERMINATE


@pytest.mark.parametrize(
    ("options", "code", "claim"),
    [
        ({"sign": (2, 0, 1)}, "rules.out_of_order", "claim.c4.failed"),
        ({"sign": (0, 1)}, "rules.not_met", "claim.c4.failed"),
        ({"sign": (0,), "outcome": "declined"}, "rules.declined", "claim.c4.declined"),
        ({"sign": (0,), "outcome": "expired"}, "rules.expired", "claim.c4.expired"),
        ({"sign": (), "outcome": "voided"}, "rules.voided", "claim.c4.voided"),
        ({"deadline": datetime.fromisoformat("2026-01-01T00:00:00+00:00")}, "rules.late", "claim.c4.failed"),
    ],
)
def test_rules_that_are_not_met_fail_c4(options: dict[str, Any], code: str, claim: str, make: Maker):
    """Order, quorum, outcome and deadline are judged again; a closed file that nobody finished is FAILED."""
    report = verify(make(**options))
    assert report.verdict is Verdict.FAILED
    assert code in wrong(report)
    assert report.claims["C4"].code == claim


def test_a_quorum_is_enough(make: Maker):
    """Two of three may be enough, and the third place stays empty."""
    rules = Rules((Quorum(("s1", "s2", "s3"), 2),))
    report = verify(make(rules=rules, sign=(0, 1)))
    assert report.verdict is Verdict.PASSED


def test_a_risk_that_nobody_stated_fails(make: Maker):
    """A document with script, whose manifest says nothing of it, fails C1."""
    source = PlainPdf(catalog=b"/OpenAction << /S /JavaScript /JS (1) >>").build()
    report = verify(make(source=source, forgery=Forgery(manifest=document(risks=("fonts",)))))
    assert "original.risk_not_recorded" in wrong(report)
    assert report.claims["C1"].verdict is Verdict.FAILED


def test_a_risk_that_is_stated_and_that_nobody_accepted_fails(make: Maker):
    """A manifest that names a script, and does not say that anybody accepted it, contradicts itself."""
    source = PlainPdf(catalog=b"/OpenAction << /S /JavaScript /JS (1) >>").build()
    report = verify(make(source=source, forgery=Forgery(draft=changed(extra={"accepted_risks": []}))))
    assert wrong(report) == {"original.risk_not_accepted"}
    assert report.claims["C1"].verdict is Verdict.FAILED


def test_an_attachment_by_another_name_fails(make: Maker):
    """Size and digest alone do not say which attachment it is."""

    def renamed(manifest: Any, _life: Life) -> Any:
        record = manifest.own.attachments[0] | {"name": "avtal.txt"}
        return replace(manifest, documents=(replace(manifest.own, attachments=(record,)),))

    assert verify(make(source=rich_document(), guests=GUESTS[:1])).verdict is Verdict.PASSED
    report = verify(make(source=rich_document(), guests=GUESTS[:1], forgery=Forgery(draft=renamed)))
    assert wrong(report) == {"original.attachments"}


@pytest.mark.parametrize("title", ["", " \t "])
def test_a_manifest_without_a_title_fails_without_evidence_too(title: str, make: Maker):
    """What nobody can have read is wrong whether or not the evidence is at hand."""
    report = verify(make(guests=GUESTS[:1], forgery=Forgery(draft=changed(title=title))), evidence=None)
    assert wrong(report) == {"statement.title"}
    assert report.claims["C3a"].verdict is Verdict.FAILED


def test_every_difference_from_what_was_created_has_its_own_code():
    """The table above makes codes of parts; here they are in full."""
    codes = {"journal.other_original", "journal.other_pages", "journal.other_risks", "journal.other_name"}
    codes |= {"journal.other_kind", "journal.other_environment", "journal.other_disclosure", "journal.other_rules"}
    codes |= {"journal.other_deadline", "journal.other_repair", "journal.other_places", "journal.other_accepted_risks"}
    assert codes <= {code for _, code in STATEMENTS.values()}


@pytest.mark.parametrize(("invited", "times"), [("Åsa  öberg", 0), ("Åsa Maria Öberg", 1), ("Bo Ek", 1)])
def test_a_person_who_is_called_otherwise_than_invited_is_told(invited: str, times: int, make: Maker):
    """By number the person is sure: the report shows the eID's name, and says that the invitation had another."""
    report = verify(make(guests=GUESTS[:1], forgery=Forgery(draft=first_place(name=invited))))
    assert report.verdict is Verdict.PASSED
    assert [item.name for item in report.signatures if item.field.endswith("-s1")] == ["Åsa Öberg"]
    found = [item.params for item in report.findings if item.code == "person.other_name"]
    assert found == [{"invited": invited, "name": "Åsa Öberg"}] * times
    lines = [line.text for line in render_report(report, "sv")]
    assert len([line for line in lines if "Åsa Öberg" in line and invited in line]) == times


def test_a_final_seal_of_another_organisation_fails(
    make: Maker, trusted: Trusted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Even a trusted seal must be the sender's."""
    clock = trusted.authority.clock
    init_keys(tmp_path / "keys", organisation=Organisation(name="Annan kommun"), environment="test", now=clock.now())
    other, honest = ThrowawayAuthority(clock=clock, folder=tmp_path), ThrowawayAuthority.material
    monkeypatch.setattr(ThrowawayAuthority, "material", lambda self: honest(self) + honest(other))
    file = make(forgery=Forgery(identity=only("complete", lambda _i, _l: other.seal())))
    root = Certificate(other.keys.certificates(KeyName.ROOT)[0])
    report = verify(file, anchors=trusted.anchors.merged(TrustAnchors.of([root])))
    assert report.verdict is Verdict.FAILED
    assert wrong(report) >= {"seal.issuer", "seal.other_organisation"}


def test_without_its_completion_a_file_is_unfinished(honest: ProvedFile):
    """A file cut back to before its completion is INDETERMINATE and says why."""
    report = verify(honest, honest.revisions["s3"])
    assert report.verdict is Verdict.INDETERMINATE
    assert report.completion is Completion.UNFINISHED
    assert report.claims["C4"].verdict is Verdict.NOT_DECIDED
    assert not wrong(report)


@pytest.mark.parametrize("keep", [0.3, 0.6, 0.9, 0.999])
def test_a_truncated_file_fails(keep: float, honest: ProvedFile, tmp_path: Path):
    """A file cut anywhere else names signatures and cannot be read: FAILED."""
    data = honest.path.read_bytes()
    path = tmp_path / "cut.pdf"
    path.write_bytes(data[: int(len(data) * keep)])
    assert verify(honest, path).verdict is not Verdict.PASSED


def test_guests_by_name_are_told(honest: ProvedFile):
    """Who was invited by name alone is said so, and passes."""
    assert any(guest.value is None for guest in GUESTS)
    assert any(finding.code == "person.by_name" for finding in verify(honest).findings)


def test_a_guest_with_another_name_than_invited_fails(make: Maker):
    """Invited by name, the certificate's name must be that name."""
    file = make(
        guests=(Guest("Åsa Öberg", None),),
        forgery=Forgery(
            manifest=lambda m, _: replace(m, signatories=(replace(m.signatories[0], name="Eva Ek"),)),
            entry=lambda d, _n, _l: d,
        ),
    )
    assert "person.name" in wrong(verify(file))


def test_every_hook_is_used():
    """No place where a forger could lie is forgotten above."""
    used = {
        field.name
        for forgery, _ in STATEMENTS.values()
        for field in dataclasses.fields(forgery)
        if getattr(forgery, field.name) is not field.default
    }
    assert used >= {field.name for field in dataclasses.fields(Forgery)} - {"evidence"}
    assert canonical.parse_digest(ZERO)
