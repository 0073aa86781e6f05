"""Forged statements: each is FAILED with a code of its own."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from signkit import canonical
from signkit.audit.words import render_report
from signkit.model.report import Verdict
from signkit.model.rules import Decline, Quorum, Rules
from signkit.model.statement import Completion, FieldNames, FileState
from signkit.pades.signature_dictionary import new_signature
from signkit.testing.proved import ENVELOPE, GUESTS, Forgery, Guest, Life, ProvedFile

from .conftest import assert_failed, assert_open, verify, wrong
from .lies import (
    OTHER,
    ZERO,
    Maker,
    changed,
    document,
    later,
    on,
    raw,
    with_bytes,
)
from .test_certificate_attacks import CERTIFICATES
from .test_evidence_attacks import EVIDENCE
from .test_journal_attacks import HISTORIES


def issuers(**fields: Any) -> Callable[[Any, Life], Any]:
    """Return a change of the manifest's issuers."""
    return lambda manifest, _life: replace(manifest, issuers=replace(manifest.issuers, **fields))


def first_place(**fields: Any) -> Callable[[Any, Life], Any]:
    """Return a change of the manifest's first place."""
    return lambda manifest, _life: replace(
        manifest, signatories=(replace(manifest.signatories[0], **fields), *manifest.signatories[1:])
    )


def first_statement(_statement: Any, life: Life) -> Any:
    return life.statements["s1"]


def only_first(manifest: Any, _life: Life) -> Any:
    """Return a manifest that knows the first place alone."""
    names = manifest.fields
    return replace(
        manifest,
        signatories=manifest.signatories[:1],
        fields=FieldNames(names.certify, names.complete, {"s1": names.signatories["s1"]}),
    )


def archive_as_place(manifest: Any, _life: Life) -> Any:
    """Return a manifest that calls the archive's field a person's."""
    names = manifest.fields
    places = {**names.signatories, "s2": names.certify.replace("certify", "archive-1")}
    return replace(manifest, fields=FieldNames(names.certify, names.complete, places))


DOCUMENT: dict[str, dict[str, Any]] = {
    "original": {"r0": FileState(7, ZERO)},
    "pages": {"pages": 7},
    "risks": {"risks": ("active",)},
    "name": {"name_commitment": ZERO},
    "repair": {"repaired_from": ZERO, "repairs": ("objects",)},
}
"""What the manifest says of its document, and *created* says too."""
COMPLETION = Completion(ENVELOPE, 0, "completed", {}, {}, (), (), {}, "", "").to_json()
"""A completion, for where none belongs."""
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
    "statement of an earlier history": (
        Forgery(statement=on(0, lambda s, life: replace(s, journal=life.made.journal))),
        "journal.other_head",
    ),
    "manifest of an empty original": (Forgery(manifest=document(r0=FileState(0, ZERO))), "original.size"),
    "manifest of an original that cannot be read": (
        Forgery(manifest=document(r0=FileState(100, ZERO))),
        "original.unreadable",
    ),
    "manifest that knows one place of two": (Forgery(manifest=only_first), "signatures.unexpected"),
    "manifest that calls the archive's field a person's": (Forgery(manifest=archive_as_place), "signatures.wrong_kind"),
    "statement that says nothing": (Forgery(statement=raw({"schema": "signkit.signature/1"})), "statement.form"),
    "completion in a person's place": (Forgery(statement=raw(COMPLETION)), "statement.wrong_place"),
    "completion in the manifest's place": (
        Forgery(manifest=lambda m, _: with_bytes(canonical.encode(COMPLETION), m)),
        "statement.without_manifest",
    ),
}


@pytest.mark.parametrize("name", sorted(STATEMENTS))
def test_forged_statements_fail_with_their_own_code(name: str, make: Maker):
    """Each lie, with everything after it made honestly, is FAILED with its code."""
    forgery, code = STATEMENTS[name]
    assert_failed(verify(make(forgery=forgery, guests=GUESTS[:2])), code)


OPEN: dict[str, Forgery] = {
    "rules.deadline_unreadable": Forgery(draft=lambda m, _: replace(m, deadline="soon")),
    "statement.unknown_version": Forgery(statement=raw({"schema": "signkit.signature/9"})),
}


@pytest.mark.parametrize("code", sorted(OPEN))
def test_a_statement_that_cannot_be_read_to_its_end_is_open(code: str, make: Maker):
    """What cannot be decided has its own code too, and never passes."""
    assert_open(verify(make(forgery=OPEN[code], guests=GUESTS[:2])), code)


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


def test_a_signature_dated_before_the_one_before_it(make: Maker, monkeypatch: pytest.MonkeyPatch):
    """Signkit refuses to make one; a forger whose program does not look is found."""
    monkeypatch.setattr("signkit.pades.embed.check_newest_signature", lambda *_, **__: None)
    report = verify(make(guests=GUESTS[:1], forgery=Forgery(statement=on(0, later(-20)))))
    assert "signatures.time_falls" in wrong(report)


def test_a_signature_that_says_nothing(make: Maker, monkeypatch: pytest.MonkeyPatch):
    """A person's signature without a statement is no signature of this envelope."""
    made = new_signature

    def silent(statement: bytes, **options: Any) -> Any:
        signature = made(statement, **options)
        if statement == b"{}":
            del signature["/SGNK_Statement"]
        return signature

    monkeypatch.setattr("signkit.pades.sign.new_signature", silent)
    report = verify(make(guests=GUESTS[:1], forgery=Forgery(statement=on(0, lambda s, _: with_bytes(b"{}", s)))))
    assert report.verdict is Verdict.FAILED
    assert "statement.missing" in wrong(report)


def test_every_hook_is_used():
    """No place where a forger could lie is forgotten in these tables."""
    used = {
        field.name
        for table in (STATEMENTS, CERTIFICATES, HISTORIES, EVIDENCE)
        for forgery, _ in table.values()
        for field in dataclasses.fields(forgery)
        if getattr(forgery, field.name) is not field.default
    }
    assert used >= {field.name for field in dataclasses.fields(Forgery)}
