"""Codes that no other test here ends in: one small lie, or one circumstance, for each."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import cms, x509

from signkit import canonical
from signkit.audit import verify_file
from signkit.canonical import digest_text
from signkit.errors import DocumentError, UnreadableDocumentError, VerdictError, VerdictFailedError
from signkit.files import sha256_of
from signkit.journal.checkpoint import log_vkey
from signkit.model.person import commit
from signkit.model.report import Report, Verdict
from signkit.model.rules import DeadlinePolicy, Quorum, Rules
from signkit.model.statement import Completion, FieldNames, FileState
from signkit.pades.cms import SigningIdentity
from signkit.pades.signature_dictionary import new_signature
from signkit.pki.keys import new_one_time_key
from signkit.pki.profiles import PERSON_POLICY, Holder, end_extensions, issue
from signkit.ports.keys import KeyName
from signkit.testing.attacks.plain import PlainPdf
from signkit.testing.attacks.rich import rich_document
from signkit.testing.forging import ORIGIN
from signkit.testing.journal import MemoryKey
from signkit.testing.proved import ENVELOPE, GUESTS, Forgery, Life, ProvedFile, Trusted
from signkit.x509.anchors import LOG, TrustAnchor, TrustAnchors
from signkit.x509.certificates import Certificate

from .conftest import ISSUER, verify, wrong

Maker = Callable[..., ProvedFile]
ZERO = "sha256:" + "0" * 64
LATER = datetime(2099, 1, 1, tzinfo=UTC)


class Raw:
    """A statement with bytes of the forger's own; in all else what it was."""

    def __init__(self, data: bytes, statement: Any) -> None:
        self._data, self._statement = data, statement

    def __getattr__(self, name: str) -> Any:
        return getattr(self._statement, name)

    def encode(self) -> bytes:
        """Return the bytes."""
        return self._data


def first(change: Callable[[Any, Life], Any]) -> Callable[[Any, int, Life], Any]:
    """Return a hook that changes the first person's thing."""
    return lambda value, number, life: value if number else change(value, life)


def fields(**said: Any) -> Callable[[Any, int, Life], Any]:
    """Return a hook that changes fields of the first person's thing."""
    return first(lambda value, _: replace(value, **said))


def raw(value: Any) -> Callable[[Any, int, Life], Any]:
    """Return a hook that puts other bytes in the first person's signature."""
    return first(lambda statement, _: Raw(canonical.encode(value), statement))


def silently(life: Life, kind: str, data: dict[str, Any], actor: str = "system") -> None:
    """Write an entry without asking the forger again."""
    forgery, life.forgery = life.forgery, Forgery()
    life.write(kind, data, actor=actor)
    life.forgery = forgery


def at(kind: str, what: Callable[[dict[str, Any], Life], Any]) -> Callable[[dict[str, Any], str, Life], Any]:
    """Return a hook for the first entry of a kind; None from ``what`` leaves it out."""
    done: list[bool] = []

    def hook(data: dict[str, Any], name: str, life: Life) -> Any:
        if name != kind or done:
            return data
        done.append(True)
        return what(data, life)

    return hook


def certified_last() -> Callable[[dict[str, Any], str, Life], Any]:
    """Return a hook that writes of the certificate after it was used."""
    kept: list[dict[str, Any]] = []

    def hook(data: dict[str, Any], name: str, life: Life) -> Any:
        if name == "certified" and not kept:
            kept.append(data)
            return None
        if name == "signed" and len(kept) == 1:
            silently(life, name, data, "signatory:s1")
            silently(life, "certified", kept[0])
            kept.append({})
            return None
        return data

    return hook


def afterwards(data: dict[str, Any], life: Life) -> None:
    """Write the entry, and another one behind it."""
    silently(life, "completing", data)
    silently(life, "exported", {}, "clerk")


def too_early(data: dict[str, Any], life: Life) -> None:
    """Write the entry by a clock that is behind."""
    life.clock.advance(seconds=-40)
    silently(life, "signed", data, "signatory:s1")
    life.clock.advance(seconds=60)


def later(seconds: int) -> Callable[[Any, Life], Any]:
    """Return a change of nothing: the signature is made so much later, or earlier."""

    def wait(statement: Any, life: Life) -> Any:
        life.clock.advance(seconds=seconds)
        return statement

    return wait


def second_signed(data: dict[str, Any], life: Life) -> dict[str, Any]:
    """Write that the second signed too, who did not."""
    state = life.state(life.newest.stem).sha256
    record = {"before": state, "after": ZERO, "size": 1}
    silently(life, "ceremony_started", {"ceremony": "c9", "signatory": "s2"}, "signatory:s2")
    silently(
        life,
        "signed",
        {"ceremony": "c9", "signatory": "s2", "person": "ab" * 16, "documents": [record]},
        "signatory:s2",
    )
    return data


def stamped(seconds: int) -> Callable[[Completion, Life], Completion]:
    """Return a hook that dates the checkpoint so much after its completion."""

    def hook(completion: Completion, life: Life) -> Completion:
        note = completion.checkpoint.encode()
        imprint = canonical.digest(note[: note.index(b"\n\n") + 1])
        life.clock.advance(seconds=seconds)
        token = life.trusted.authority.stamps.stamp(imprint, digest="sha256").token
        life.clock.advance(seconds=-seconds)
        return replace(completion, token=base64.b64encode(token).decode())

    return hook


def other_usage(identity: SigningIdentity, name: str, life: Life) -> SigningIdentity:
    """Return a person's identity whose key may do more than sign documents."""
    if name != "s1":
        return identity
    keys = life.trusted.authority.keys
    holder = Holder(keys.key(KeyName.PERSON_CA), Certificate(keys.certificates(KeyName.PERSON_CA)[0]))
    key = new_one_time_key()
    der = issue(
        subject=identity.certificate.asn1.subject.dump(),
        spki=key.spki,
        issuer=holder,
        not_before=life.clock.now() - timedelta(minutes=1),
        lasts=timedelta(minutes=10),
        extensions=end_extensions(policy=PERSON_POLICY, content_commitment=False),
    )
    return SigningIdentity(key=key, chain=(der, *identity.chain[1:]))


def record(**said: Any) -> Callable[[Any, Life], Any]:
    """Return a change of the manifest's document."""
    return lambda manifest, _life: replace(manifest, documents=(replace(manifest.own, **said),))


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


COMPLETION = Completion(ENVELOPE, 0, "completed", {}, {}, (), (), {}, "", "").to_json()
MINUTES = timedelta(minutes=5)
LIES: dict[str, Forgery] = {
    "evidence.level": Forgery(statement=fields(level="loa4"), facts=fields(level="loa4")),
    "evidence.other_intent": Forgery(statement=fields(intent=ZERO), facts=fields(intent_digest=ZERO)),
    "evidence.other_name": Forgery(facts=fields(name="Eva Ek")),
    "evidence.time": Forgery(facts=first(lambda f, _: replace(f, authenticated_at=f.authenticated_at - MINUTES))),
    "journal.anchor_late": Forgery(completion=stamped(40)),
    "journal.certificate_late": Forgery(entry=certified_last()),
    "journal.not_completing": Forgery(entry=at("completing", afterwards)),
    "journal.not_sent": Forgery(entry=at("sent", lambda _d, _l: None)),
    "journal.other_signature": Forgery(
        entry=at("signed", lambda d, _: {**d, "documents": [{**d["documents"][0], "size": 7}]})
    ),
    "journal.time": Forgery(statement=first(later(40)), entry=at("signed", too_early)),
    "original.size": Forgery(manifest=record(r0=FileState(0, ZERO))),
    "original.unreadable": Forgery(manifest=record(r0=FileState(100, ZERO))),
    "person.before_identification": Forgery(
        facts=first(lambda f, life: replace(f, authenticated_at=life.clock.now() + timedelta(seconds=29))),
        statement=first(later(-2)),
    ),
    "person.usage": Forgery(identity=other_usage),
    "signatures.unexpected": Forgery(manifest=only_first),
    "signatures.wrong_kind": Forgery(manifest=archive_as_place),
    "statement.form": Forgery(statement=raw({"schema": "signkit.signature/1"})),
    "statement.wrong_place": Forgery(statement=raw(COMPLETION)),
    "statement.without_manifest": Forgery(manifest=lambda m, _: Raw(canonical.encode(COMPLETION), m)),  # type: ignore[arg-type,return-value]
}


@pytest.mark.parametrize("code", sorted(LIES))
def test_each_lie_ends_in_its_code(code: str, make: Maker):
    """The file is FAILED, and the code is among the reasons."""
    report = verify(make(forgery=LIES[code], guests=GUESTS[:2]))
    assert report.verdict is Verdict.FAILED
    assert code in wrong(report)
    with pytest.raises(VerdictFailedError) as caught:
        report.raise_for_verdict()
    assert isinstance(caught.value, VerdictError)


OPEN: dict[str, Forgery] = {
    "evidence.unknown_format": Forgery(
        evidence=lambda e, _: replace(e, ceremonies=(replace(e.ceremonies[0], format="x/1"), *e.ceremonies[1:]))
    ),
    "journal.anchor_untrusted": Forgery(completion=stamped(3600)),
    "rules.deadline_unreadable": Forgery(draft=lambda m, _: replace(m, deadline="soon")),
    "statement.unknown_version": Forgery(statement=raw({"schema": "signkit.signature/9"})),
}


@pytest.mark.parametrize("code", sorted(OPEN))
def test_each_circumstance_leaves_it_open(code: str, make: Maker):
    """What cannot be decided has its own code too, and never passes."""
    report = verify(make(forgery=OPEN[code], guests=GUESTS[:2]))
    assert report.verdict is not Verdict.PASSED
    assert code in wrong(report, Verdict.INDETERMINATE)


def test_a_signature_in_the_journal_that_the_file_lacks(make: Maker):
    """Who signed according to the entries has signed in the file."""
    report = verify(make(sign=(0,), guests=GUESTS[:2], forgery=Forgery(entry=at("completing", second_signed))))
    assert "journal.signature_missing" in wrong(report)


def test_a_deadline_that_no_timestamp_proves(make: Maker, trusted: Trusted):
    """Completed by its deadline, under timestamps that the reader does not trust: open."""

    def by_deadline(value: Any, _life: Life) -> Any:
        return replace(value, rules={**value.rules, "met": True, "deadline": True})

    rules = Rules((Quorum(("s1", "s2"), 2),), deadline=DeadlinePolicy.COMPLETES)
    forgery = Forgery(completion=by_deadline)
    file = make(deadline=LATER, sign=(0,), guests=GUESTS[:2], rules=rules, forgery=forgery)
    root = Certificate(trusted.authority.keys.certificates(KeyName.ROOT)[0])
    report = verify(file, anchors=TrustAnchors.of([root], purposes=["seal", "person"]))
    assert "rules.deadline_unproved" in wrong(report, Verdict.INDETERMINATE)


def test_mandates_before_the_end_and_with_other_words(make: Maker):
    """A mandate is open until the completion brings the journal; its words are those that were committed to."""
    made = commit("Delegationsordning 4.2")
    data = {"signatory": "s1", "person": None, "name": made.digest, "mandate": made.digest}

    def started(value: dict[str, Any], life: Life) -> dict[str, Any]:
        silently(life, "delegated", data, "signatory:s1")
        return value

    def statement(value: Any, life: Life) -> Any:
        entry = next(item for item in life.entries if item.type == "delegated")
        said = {"entry": entry.digest_text, "name": "Dag Vik", "person": None, "mandate": made.digest}
        said |= {"by": "signatory:s1", "at": entry.to_json()["at"]}
        return replace(value, delegation=said, identified_by="name")

    def evidence(value: Any, life: Life) -> Any:
        entry = next(item for item in life.entries if item.type == "delegated")
        opening = {f"delegate.{entry.seq}.mandate": {"salt": made.salt, "value": "anything"}}
        return replace(value, openings={**value.openings, **opening})

    forgery = Forgery(entry=at("ceremony_started", started), statement=first(statement), evidence=evidence)
    file = make(guests=GUESTS[:1], forgery=forgery)
    assert "rules.mandate_words_differ" in wrong(verify(file))
    assert "rules.mandate_open" in wrong(verify(file, file.revisions["s1"]), Verdict.INDETERMINATE)


def test_a_signature_dated_before_the_one_before_it(make: Maker, monkeypatch: pytest.MonkeyPatch):
    """Signkit refuses to make one; a forger whose program does not look is found."""
    monkeypatch.setattr("signkit.pades.embed.check_newest_signature", lambda *_, **__: None)
    report = verify(make(guests=GUESTS[:1], forgery=Forgery(statement=first(later(-20)))))
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
    report = verify(make(guests=GUESTS[:1], forgery=Forgery(statement=first(lambda s, _: Raw(b"{}", s)))))
    assert report.verdict is Verdict.FAILED
    assert "statement.missing" in wrong(report)


def test_a_signature_by_a_certificate_that_has_expired(make: Maker, monkeypatch: pytest.MonkeyPatch):
    """A one-time key that is used a quarter of an hour later has no certificate any more."""
    monkeypatch.setattr(Certificate, "valid_at", lambda *_: True)
    file = make(guests=GUESTS[:1], forgery=Forgery(statement=first(later(900))))
    monkeypatch.undo()
    report = verify(file)
    assert report.verdict is Verdict.FAILED
    assert "person.outside_validity" in wrong(report)


def reasons(report: Report) -> set[str]:
    """Return why something was not checked."""
    return {item.reason for item in report.not_checked}


def holding(report: Report) -> set[str]:
    """Return the codes of what holds."""
    return wrong(report, Verdict.PASSED)


def test_what_holds_and_what_was_not_checked_is_said(honest: ProvedFile, tmp_path: Path):
    """An honest file says for each step that it holds; what there was nothing for is told."""
    report = verify(honest)
    assert holding(report) >= {"journal.whole", "original.intact", "person.attested", "signature.valid"}
    assert "original.not_given" in reasons(report)
    unfinished = verify(honest, honest.revisions["s3"])
    assert reasons(unfinished) >= {"journal.unfinished", "rules.unfinished"}
    assert "archive.not_long_term" in reasons(verify(honest, honest.revisions["completed"]))
    plain = tmp_path / "plain.pdf"
    plain.write_bytes(PlainPdf().build())
    foreign = verify(honest, honest.revisions["r2"], original=plain)
    assert "original.differs" in wrong(foreign)


def test_risks_are_told(make: Maker):
    """A risk that was accepted, and one that only informs, are told of and pass."""
    script = PlainPdf(catalog=b"/OpenAction << /S /JavaScript /JS (1) >>").build()
    assert "original.risk_accepted" in holding(verify(make(source=script, guests=GUESTS[:1])))
    forgery = Forgery(draft=record(risks=()))
    report = verify(make(source=rich_document(), guests=GUESTS[:1], forgery=forgery))
    assert report.verdict is Verdict.PASSED
    assert "original.risk_informing" in holding(report)


def test_a_repaired_original(make: Maker, tmp_path: Path):
    """The report says that the document was written anew, and knows the file that it came from."""
    source = tmp_path / "before.pdf"
    source.write_bytes(PlainPdf().build() + b"% before\n")
    file = make(guests=GUESTS[:1], forgery=Forgery(draft=record(repaired_from=digest_text(sha256_of(source)))))
    report = verify(file, original=source)
    assert report.verdict is Verdict.PASSED
    assert holding(report) >= {"original.repaired", "original.same_before_repair"}


def test_a_log_that_the_reader_does_not_know(honest: ProvedFile):
    """Another log key among the anchors leaves the history open."""
    root = Certificate(honest.trusted.authority.keys.certificates(KeyName.ROOT)[0])
    other = TrustAnchor(frozenset({LOG}), key=log_vkey(ORIGIN, MemoryKey(9).spki))
    report = verify(honest, anchors=TrustAnchors.of([root]).merged([other]))
    assert "journal.log_unknown" in wrong(report, Verdict.INDETERMINATE)


def test_evidence_that_lacks_somebody_is_told(honest: ProvedFile):
    """Whoever signed and has no evidence in the file is named."""
    report = verify(honest, evidence=replace(honest.evidence, ceremonies=honest.evidence.ceremonies[:2]))
    assert "evidence.missing" in wrong(report, Verdict.INDETERMINATE)


def test_more_signatures_than_are_read(honest: ProvedFile, monkeypatch: pytest.MonkeyPatch):
    """Beyond the limit nothing is decided."""
    monkeypatch.setattr("signkit.pades.validate.MAX_SIGNATURES", 3)
    report = verify(honest)
    assert report.verdict is not Verdict.PASSED
    assert "signatures.too_many" in wrong(report, Verdict.INDETERMINATE)


def test_an_original_beyond_the_limits(honest: ProvedFile, monkeypatch: pytest.MonkeyPatch):
    """An original that is larger or deeper than is read leaves its risks, and C1, open."""

    def too_deep(_pdf: Any) -> Any:
        raise UnreadableDocumentError("too deep", code="structure.limit")

    monkeypatch.setattr("signkit.audit.original.read_facts", too_deep)
    report = verify(honest)
    assert "original.limit" in wrong(report, Verdict.INDETERMINATE)
    assert report.claims["C1"].verdict is Verdict.INDETERMINATE


def test_an_original_beside_a_file_that_has_none(make: Maker):
    """A file without a manifest has no original to compare with, and that is said."""
    file = make(forgery=LIES["statement.without_manifest"], guests=GUESTS[:1])
    assert "original.not_a_signkit_file" in reasons(verify(file, original=file.revisions["r0"]))


def test_a_second_reader_that_reads_nothing(honest: ProvedFile, monkeypatch: pytest.MonkeyPatch):
    """Where the second reader gives up, the first one's word is not enough."""

    def broken(_path: Path) -> Any:
        raise UnreadableDocumentError("no")

    monkeypatch.setattr("signkit.audit.document.inspect", broken)
    assert "document.second_parser" in wrong(verify(honest), Verdict.INDETERMINATE)


@pytest.mark.parametrize(
    ("option", "code"),
    [("path", "document.missing"), ("original", "document.original"), ("evidence", "document.evidence")],
)
def test_what_cannot_be_opened_is_an_error(option: str, code: str, honest: ProvedFile, tmp_path: Path):
    """A path that leads nowhere is no verdict."""
    given: dict[str, Any] = {"path": honest.path, "anchors": honest.trusted.anchors, "at": honest.at}
    given |= {option: tmp_path / "missing"}
    with pytest.raises(DocumentError) as caught:
        verify_file(given.pop("path"), **given)
    assert caught.value.code == code


def test_a_link_to_nothing_cannot_be_opened(honest: ProvedFile, tmp_path: Path):
    """Something is there by that name, but it cannot be opened; the hint does not ask whether it is a PDF."""
    link = tmp_path / "signed.pdf"
    link.symlink_to(tmp_path / "gone.pdf")
    with pytest.raises(DocumentError) as caught:
        verify_file(link, anchors=honest.trusted.anchors, at=honest.at)
    assert caught.value.code == "document.not_opened"
    assert "PDF" not in (caught.value.hint or "")


def contents(data: bytes) -> tuple[int, int]:
    """Return where the digits of the last signature's contents stand."""
    start = data.rindex(b"/Contents <") + len(b"/Contents <")
    return start, data.index(b">", start)


def lower(data: bytes) -> bytes:
    start, end = contents(data)
    return data[:start] + data[start:end].lower() + data[end:]


def rewritten(change: Callable[[Any], None]) -> Callable[[bytes], bytes]:
    """Return a change of the last signature's CMS; what is signed stays as it is."""

    def apply(data: bytes) -> bytes:
        start, end = contents(data)
        info = cms.ContentInfo.load(bytes.fromhex(data[start:end].decode()), strict=False)
        change(info["content"])
        der: bytes = info.dump().hex().upper().encode()
        assert len(der) <= end - start
        return data[:start] + der.ljust(end - start, b"0") + data[end:]

    return apply


def no_token(signed: Any) -> None:
    signed["signer_infos"][0]["unsigned_attrs"] = None


def unknown_attribute(signed: Any) -> None:
    when = cms.Time({"utc_time": datetime(2026, 1, 1, tzinfo=UTC)})
    attribute = cms.CMSAttribute({"type": "signing_time", "values": [when]})
    signed["signer_infos"][0]["unsigned_attrs"] = cms.CMSAttributes([attribute])


def fewer_certificates(signed: Any) -> None:
    signed["certificates"] = None


def other_version(signed: Any) -> None:
    signed["version"] = "v3"


def other_certificates(signed: Any) -> None:
    stranger = x509.Certificate.load(ISSUER.der)
    del signed["certificates"][-1]
    signed["certificates"].append(cms.CertificateChoices(name="certificate", value=stranger))


def without_attribute(name: str) -> Callable[[Any], None]:
    """Return a change that takes a signed attribute away."""

    def change(signed: Any) -> None:
        info = signed["signer_infos"][0]
        info["signed_attrs"] = cms.CMSAttributes([item for item in info["signed_attrs"] if item["type"].native != name])

    return change


def other_ess(signed: Any) -> None:
    for item in signed["signer_infos"][0]["signed_attrs"]:
        if item["type"].native == "signing_certificate_v2":
            item["values"][0]["certs"][0]["cert_hash"] = bytes(32)


def twice(signed: Any) -> None:
    info = signed["signer_infos"][0]
    attributes = list(info["signed_attrs"])
    info["signed_attrs"] = cms.CMSAttributes([*attributes, attributes[0].copy()])


def long_length(data: bytes) -> bytes:
    """Write the outer length with a byte more than it needs."""
    start, end = contents(data)
    digits = data[start:end]
    assert digits.startswith(b"3082")
    assert digits.endswith(b"00")
    return data[:start] + b"308300" + digits[4:-2] + data[end:]


def last(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    """Return a change of the last place where something stands."""

    def apply(data: bytes) -> bytes:
        at = data.rindex(old)
        return data[:at] + new + data[at + len(old) :]

    return apply


def shorter(data: bytes) -> bytes:
    """Say of the last signature that it ends a few bytes earlier."""
    end = data.index(b"]", data.rindex(b"/ByteRange ["))
    start = data.rindex(b" ", 0, len(data[:end].rstrip())) + 1
    number = data[start:end].rstrip()
    return data[:start] + str(int(number) - 3).encode().ljust(len(number)) + data[start + len(number) :]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (shorter, "signature.not_a_revision"),
        (lower, "signature.hex_case"),
        (rewritten(no_token), "signature.no_timestamp"),
        (rewritten(unknown_attribute), "signature.unsigned_attribute"),
        (rewritten(fewer_certificates), "signature.no_certificate"),
        (rewritten(other_version), "signature.cms_form"),
        (rewritten(other_certificates), "signature.stray_certificate"),
        (rewritten(without_attribute("signing_certificate_v2")), "signature.no_ess"),
        (rewritten(other_ess), "signature.ess"),
        (rewritten(twice), "signature.signed_attributes"),
        (long_length, "signature.not_der"),
        (last(b"/ETSI.CAdES.detached", b"/adbe.pkcs7.detached"), "signature.sub_filter"),
        (last(b"/ByteRange [0 ", b"/ByteRange [1 "), "signature.byte_range"),
    ],
    ids=[
        "shorter",
        "hex",
        "token",
        "attribute",
        "certificates",
        "version",
        "stray",
        "no ess",
        "other ess",
        "twice",
        "length",
        "filter",
        "range",
    ],
)
def test_a_container_of_another_form_fails(
    change: Callable[[bytes], bytes], code: str, honest: ProvedFile, tmp_path: Path
):
    """What no signature covers in the newest seal is exactly what signkit writes, or FAILED."""
    path = tmp_path / "changed.pdf"
    path.write_bytes(change(honest.revisions["completed"].read_bytes()))
    report = verify(honest, path)
    assert report.verdict is Verdict.FAILED
    assert code in wrong(report)
