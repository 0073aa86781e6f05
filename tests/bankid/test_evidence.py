"""Evidence as BankID sends it says text, data, person and time; what does not belong together is told by its code."""

from __future__ import annotations

import dataclasses
import re
from base64 import b64decode, b64encode
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from signkit.model.report import Verdict
from signkit.ports.provider import Evidence
from signkit_providers.simulator.persons import Person
from signkit_providers.simulator.pki import Issued, SimulatorPki, make_certificate, usage

from .conftest import FORMAT, NOW, codes, judge, resigned


def test_genuine_form_is_accepted(forge: Any) -> None:
    """Right evidence has no finding and returns text, data, person and time."""
    facts = judge(forge.evidence(), forge.anchors)
    assert facts.findings == ()
    assert facts.text == "Jag skriver under protokollet."
    assert facts.data == b'{"schema":"signkit.intent/1"}'
    assert facts.identity is not None
    assert (facts.identity.scheme, facts.identity.value) == ("se.personnummer", "191212121212")
    assert (facts.identity.name, facts.identity.birthdate) == ("Tolvan Tolvansson", "1912-12-12")
    assert facts.signed_at is not None
    assert facts.signed_at.isoformat() == "2026-03-02T10:00:00+00:00"


def test_markdown_and_missing_hidden_data_are_genuine_forms(forge: Any) -> None:
    """A formatted text, no hidden data, and requirements in the client's part are all accepted."""
    xml = forge.xml(visible_format="simpleMarkdownV1", hidden=None, policies=("1.2.3.4.25",))
    facts = judge(forge.evidence(xml), forge.anchors)
    assert (facts.findings, facts.data) == ((), None)


def test_old_documents_without_optional_elements_are_accepted(forge: Any, pki: SimulatorPki) -> None:
    """Documents of 2014 lack displayName, fsib, utb and requirement."""

    def old(data: str) -> str:
        return re.sub(r"<displayName>.*?</displayName>|<fsib>0</fsib>|<utb>cs1</utb>", "", data)

    assert codes(forge.evidence(resigned(forge, old)), forge.anchors) == set()


def test_a_bank_pinned_instead_of_the_root_is_an_anchor_too(forge: Any, pki: SimulatorPki) -> None:
    """An anchor may be any authority of the path."""
    for anchor in (pki.customer, pki.bank):
        assert codes(forge.evidence(), [anchor.der]) == set()


def test_thirty_years_later_the_verdict_is_the_same(forge: Any, pki: SimulatorPki) -> None:
    """Validity is judged at the time of the OCSP answer: a certificate that lives a week proves for ever."""
    short = pki.issue_person(forge.tolvan, not_before=NOW - timedelta(days=3), days=7)
    xml = forge.xml(short)
    assert codes(forge.evidence(xml, subject=short.certificate), forge.anchors) == set()


def test_identification_is_no_signature(forge: Any, pki: SimulatorPki) -> None:
    """An identification, though genuine, is not a signature: by funcId and by key usage."""
    auth = pki.person(forge.tolvan, function="Identification")
    xml = forge.xml(auth, function="Identification")
    assert codes(forge.evidence(xml, subject=auth.certificate), forge.anchors) == {"not_signing", "key_usage"}


def test_expired_certificate(forge: Any, pki: SimulatorPki) -> None:
    """A certificate that had expired when the answer was made is found."""
    old = pki.issue_person(forge.tolvan, not_before=NOW - timedelta(days=400), days=300)
    assert codes(forge.evidence(forge.xml(old), subject=old.certificate), forge.anchors) == {"chain_expired"}


def test_not_yet_valid_certificate(forge: Any, pki: SimulatorPki) -> None:
    """A certificate from the future is found."""
    new = pki.issue_person(forge.tolvan, not_before=NOW + timedelta(days=1))
    assert codes(forge.evidence(forge.xml(new), subject=new.certificate), forge.anchors) == {"chain_expired"}


def test_revoked_certificate(forge: Any) -> None:
    """An answer that says revoked is found, with the day."""
    evidence = forge.evidence(revoked_at=NOW - timedelta(days=1))
    facts = judge(evidence, forge.anchors)
    assert [(item.code, dict(item.params)) for item in facts.findings] == [
        ("evidence.bankid.ocsp_revoked", {"since": "2026-03-01"})
    ]


def test_test_evidence_is_never_production(forge: Any, pki: SimulatorPki) -> None:
    """Test certificates fail in production, even under a root that somebody pinned there by mistake."""
    evidence = forge.evidence(environment="production")
    assert {"policy", "environment"} <= codes(evidence, forge.anchors)
    assert judge(evidence, forge.anchors).findings[0].verdict is Verdict.FAILED


def test_production_policy_is_never_test(forge: Any, pki: SimulatorPki) -> None:
    """A production policy in the test environment fails the other way round."""
    made = pki.issue_person(forge.tolvan, policy="1.2.752.78.1.5")
    evidence = forge.evidence(forge.xml(made), subject=made.certificate)
    assert codes(evidence, forge.anchors) == {"policy", "environment"}


def test_unknown_environment_is_refused(forge: Any) -> None:
    """An environment that does not exist is not an excuse."""
    assert "environment" in codes(forge.evidence(environment="staging"), forge.anchors)


def test_other_root_is_unknown_not_trusted(forge: Any) -> None:
    """A whole simulator of somebody else's, correct in itself, leads to no anchor: cannot tell, never a pass."""
    other = SimulatorPki(NOW)
    facts = judge(forge.evidence(), [other.bank.der])
    assert [item.verdict for item in facts.findings] == [Verdict.INDETERMINATE]
    assert facts.findings[0].code == "evidence.bankid.anchor_unknown"
    assert [item.verdict for item in judge(forge.evidence(), []).findings] == [Verdict.INDETERMINATE]


def test_same_names_other_keys_is_a_forgery(forge: Any) -> None:
    """A copy of the whole hierarchy with the same names and other keys fails, rather than being unknown."""
    other = SimulatorPki(NOW)
    copy = dataclasses.replace(forge, pki=other)
    assert codes(copy.evidence(), forge.anchors) == {"chain"}


def test_rogue_certificate_of_our_own_authority(forge: Any, pki: SimulatorPki) -> None:
    """A certificate in a person's name from another authority of ours does not pass as the bank's."""
    rogue = rogue_leaf(pki, pki.client_root, forge.tolvan)
    evidence = forge.evidence(forge.xml(rogue), subject=rogue.certificate)
    assert "chain" in codes(evidence, forge.anchors)
    assert "chain" in codes(evidence, [*forge.anchors, pki.client_root.der])


def test_person_as_authority(forge: Any, pki: SimulatorPki) -> None:
    """A person's own key cannot issue a certificate for somebody else."""
    tolvan = pki.person(forge.tolvan, function="Signing")
    rogue = rogue_leaf(pki, tolvan, forge.anna)
    xml = forge.xml(rogue, (tolvan, pki.customer, pki.bank))
    assert "chain" in codes(forge.evidence(xml, subject=rogue.certificate, issuer=tolvan), forge.anchors)


def test_missing_or_reordered_authorities(forge: Any, pki: SimulatorPki) -> None:
    """The list of certificates is the path itself: nothing may be missing, extra or out of order."""
    for authorities in ((pki.customer,), (pki.bank, pki.customer), (pki.customer, pki.bank, pki.tls_root)):
        found = codes(forge.evidence(forge.xml(None, authorities)), forge.anchors)
        assert found & {"chain", "anchor_unknown", "ocsp_responder"}, authorities


@pytest.mark.parametrize("number", ["1912121212", "19121212-1212", "1912121212122", "abcdefghijkl"])
def test_identity_must_be_one_personal_number(forge: Any, pki: SimulatorPki, number: str) -> None:
    """A subject whose serialNumber is not twelve digits names nobody."""
    made = pki.issue_person(Person("Tolvan Tolvansson", number))
    facts = judge(forge.evidence(forge.xml(made), subject=made.certificate), forge.anchors)
    assert {item.code for item in facts.findings} == {"evidence.bankid.identity"}
    assert facts.identity is None


def test_answer_of_another_ceremony(forge: Any) -> None:
    """The answer of another signature by the same person is found by its nonce."""
    one, other = forge.evidence(), forge.evidence(forge.xml(hidden=b64encode(b"other").decode()))
    mixed = dataclasses.replace(one, parts={**one.parts, "ocspResponse": other.parts["ocspResponse"]})
    assert codes(mixed, forge.anchors) == {"ocsp_nonce"}


def test_answer_about_another_person(forge: Any, pki: SimulatorPki) -> None:
    """An answer about somebody else's certificate is found, even with the right nonce."""
    anna = pki.person(forge.anna, function="Signing")
    assert codes(forge.evidence(subject=anna.certificate), forge.anchors) == {"ocsp_certificate"}


def test_swapped_between_people(forge: Any, pki: SimulatorPki) -> None:
    """One person's certificate put over another person's signature is found by digest and signature."""
    tolvan, anna = (pki.person(person, function="Signing") for person in (forge.tolvan, forge.anna))
    xml = forge.xml(tolvan).replace(b64encode(tolvan.der), b64encode(anna.der))
    assert codes(forge.evidence(xml, subject=anna.certificate), forge.anchors) == {"digest_keys", "signature"}


def test_swapped_signed_data_between_documents(forge: Any) -> None:
    """The signed data of one document in the frame of another is found by its digest."""
    one, other = forge.xml(), forge.xml(hidden=b64encode(b"another document").decode())
    part = re.compile(rb"<Object>.*</Object>")
    found = part.search(other)
    assert found is not None
    assert codes(forge.evidence(part.sub(lambda _: found.group(), one)), forge.anchors) == {"digest_data"}


def test_other_key_over_the_same_content(forge: Any, pki: SimulatorPki) -> None:
    """A value made by another key is found."""
    other = pki.person(forge.anna, function="Signing")
    tolvan = pki.person(forge.tolvan, function="Signing")
    xml = forge.xml(Issued(tolvan.certificate, other.key))
    assert codes(forge.evidence(xml), forge.anchors) == {"signature"}


@pytest.mark.parametrize("who", ["person", "customer", "stranger"])
def test_answer_by_the_wrong_responder(forge: Any, pki: SimulatorPki, who: str) -> None:
    """Only a certificate of the same issuer with the OCSP purpose may answer."""
    stranger = SimulatorPki(NOW).responder
    responder = {
        "person": pki.person(forge.anna, function="Signing"),
        "customer": pki.customer,
        "stranger": stranger,
    }[who]
    assert codes(forge.evidence(responder=responder), forge.anchors) == {"ocsp_responder"}


def test_answer_signed_by_another_key(forge: Any, pki: SimulatorPki) -> None:
    """The responder's certificate over another key's signature is found."""
    evidence = forge.evidence()
    fake = make_certificate(
        pki.responder.certificate.subject,
        pki.responder.key,
        Issued(pki.customer.certificate, pki.responder.key),
        extensions=[(item.value, item.critical) for item in pki.responder.certificate.extensions],
        begin=pki.responder.certificate.not_valid_before_utc,
        end=pki.responder.certificate.not_valid_after_utc,
    )
    answer = b64decode(evidence.parts["ocspResponse"])
    response = ocsp.load_der_ocsp_response(answer)
    other = pki.client.key.sign(response.tbs_response_bytes, padding.PKCS1v15(), hashes.SHA256())
    assert codes(forge.evidence(forge.xml(), responder=Issued(fake, pki.responder.key)), forge.anchors) == {
        "ocsp_responder"
    }
    spoiled = b64encode(answer.replace(response.signature, other))
    evidence = dataclasses.replace(evidence, parts={**evidence.parts, "ocspResponse": spoiled})
    assert codes(evidence, forge.anchors) == {"ocsp_signature"}


def test_answer_of_another_issuer_key(forge: Any, pki: SimulatorPki) -> None:
    """An answer whose CertID names another issuer is found."""
    assert codes(forge.evidence(issuer=pki.bank), forge.anchors) == {"ocsp_certificate"}


def test_missing_answer_cannot_tell(forge: Any) -> None:
    """Without an OCSP answer neither time nor revocation is known: INDETERMINATE."""
    evidence = forge.evidence()
    bare = dataclasses.replace(evidence, parts={"signature": evidence.parts["signature"]})
    facts = judge(bare, forge.anchors)
    assert [(item.code, item.verdict) for item in facts.findings] == [
        ("evidence.bankid.ocsp_missing", Verdict.INDETERMINATE)
    ]
    assert facts.signed_at is None


def test_nonce_is_read_raw_whatever_its_bytes(forge: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A nonce that looks like ASN.1 itself (one signature of 65 536) is still compared byte for byte."""
    from signkit.evidence import bankid_ocsp

    signature = b64encode(forge.xml()).decode()
    for begin in (b"\x04\x1e", b"\x04\x20", b"\x30\x1e", b"\x00\x00"):
        digest = begin + bytes(18)

        fixed = SimpleNamespace(digest=lambda value=digest: value)
        monkeypatch.setattr("signkit_providers.simulator.document.hashlib.sha1", lambda *_, fixed=fixed, **__: fixed)
        raw = bankid_ocsp._raw_nonce(ocsp.load_der_ocsp_response(forge.answer(signature)).tbs_response_bytes)
        assert raw[:20] == digest
        assert len(raw) == 32


def test_answer_without_nonce(forge: Any, pki: SimulatorPki) -> None:
    """An answer that names no signature could be anybody's."""
    signature = b64encode(forge.xml()).decode()
    with_nonce = ocsp.load_der_ocsp_response(forge.answer(signature))
    assert len(list(with_nonce.extensions)) == 1
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=pki.person(forge.tolvan, function="Signing").certificate,
        issuer=pki.customer.certificate,
        algorithm=hashes.SHA1(),  # noqa: S303 - the CertID of RFC 6960
        cert_status=ocsp.OCSPCertStatus.GOOD,
        this_update=NOW,
        next_update=None,
        revocation_time=None,
        revocation_reason=None,
    )
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.NAME, pki.responder.certificate)
    answer = builder.certificates([pki.responder.certificate]).sign(pki.responder.key, hashes.SHA256())
    parts = {"signature": signature.encode(), "ocspResponse": b64encode(answer.public_bytes(Encoding.DER))}
    assert "ocsp_nonce" in codes(Evidence("bankid", "test", FORMAT, parts), forge.anchors)


def test_unsuccessful_answer(forge: Any) -> None:
    """An answer that is only an error says nothing."""
    answer = ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER)
    assert codes(forge.evidence(ocsp=answer.public_bytes(Encoding.DER)), forge.anchors) == {"ocsp_unreadable"}


def test_anchor_that_is_no_certificate(forge: Any) -> None:
    """A broken anchor trusts nobody."""
    assert codes(forge.evidence(), [b"not a certificate"]) == {"anchor_unknown"}


def rogue_leaf(pki: SimulatorPki, issuer: Issued, person: Person) -> Issued:
    """Return a certificate in a person's name from whatever issuer."""
    key = rsa.generate_private_key(65537, 2048)
    subject = pki.person(person, function="Signing").certificate.subject
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier("1.2.3.4.25"), None)]), False),
        (usage("content_commitment"), True),
    ]
    begin = NOW - timedelta(days=1)
    end = NOW + timedelta(days=30)
    return Issued(make_certificate(subject, key, issuer, extensions=extensions, begin=begin, end=end), key)
