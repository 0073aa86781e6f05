"""The verifier of the rehearsal's evidence, and the evidence file."""

from __future__ import annotations

import base64
import dataclasses
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signkit import canonical
from signkit.evidence import FORMATS, verifier_for
from signkit.evidence.rehearsal import FORMAT, RehearsalVerifier
from signkit.model.evidence_file import CeremonyEvidence, EvidenceFile, evidence_digest
from signkit.model.person import commitment_of
from signkit.model.report import Verdict
from signkit.model.statement import StatementError, UnknownStatementError
from signkit.ports.provider import SigningRequest
from signkit_providers.rehearsal import RehearsalProvider
from signkit_providers.rehearsal_keys import make_issuer

NOW = datetime(2026, 5, 4, 10, 0, tzinfo=UTC)
ISSUER = make_issuer(organisation="Provby kommun", now=NOW)


class StillClock:
    """A clock that stands."""

    def now(self) -> datetime:
        """Return the standing time."""
        return NOW


def make_evidence(issuer=ISSUER):  # noqa: ANN001 - a test helper
    provider = RehearsalProvider(clock=StillClock(), issuer=issuer)
    asked = SigningRequest(ceremony="c", text="Text: åäö", data=b'{"a":1}', language="sv", name="Åsa Öberg")
    signed = provider.poll(provider.start(asked)).signed
    assert signed is not None
    return signed.evidence


EVIDENCE = make_evidence()


def judged(evidence, anchors=(ISSUER.der,)):  # noqa: ANN001 - a test helper
    return RehearsalVerifier().verify(evidence, anchors=list(anchors))


def codes(facts) -> set[tuple[str, str]]:  # noqa: ANN001 - a test helper
    return {(finding.verdict.value, finding.code) for finding in facts.findings}


def with_jws(data: bytes):
    return dataclasses.replace(EVIDENCE, parts={"jws": data})


def test_genuine_evidence_is_authentic():
    """Text, data, identity and time come from the signed payload."""
    facts = judged(EVIDENCE)
    assert codes(facts) == {("PASSED", "evidence.authentic")}
    assert (facts.text, facts.data, facts.signed_at) == ("Text: åäö", b'{"a":1}', NOW)
    assert facts.identity.name == "Åsa Öberg"


def test_without_an_anchor_it_is_undecided():
    """No anchor is no proof, and no failure either."""
    assert codes(judged(EVIDENCE, ())) == {("INDETERMINATE", "evidence.no_anchor")}


def test_another_root_does_not_count():
    """Evidence under a root that nobody trusts is undecided."""
    other = make_issuer(organisation="Annan", now=NOW)
    assert codes(judged(EVIDENCE, (other.der,))) == {("INDETERMINATE", "evidence.untrusted")}


def test_a_root_of_the_same_name_does_not_count():
    """A forged root with the trusted one's name never makes evidence authentic."""
    forged = make_evidence(make_issuer(organisation="Provby kommun", now=NOW))
    assert all(verdict != "PASSED" for verdict, _ in codes(judged(forged)))


def test_a_certificate_of_another_day_fails(monkeypatch: pytest.MonkeyPatch):
    """The person's certificate must be valid when the evidence says that they signed."""
    real = type(ISSUER).issue
    monkeypatch.setattr(type(ISSUER), "issue", lambda self, **kw: real(self, **(kw | {"at": NOW - timedelta(days=2)})))
    assert codes(judged(make_evidence())) == {("FAILED", "evidence.chain")}


def test_a_changed_payload_fails():
    """Another text under the same signature is found."""
    header, payload, signature = EVIDENCE.parts["jws"].split(b".")
    value = json.loads(base64.urlsafe_b64decode(payload + b"=="))
    value["text"] = "Något annat"
    changed = base64.urlsafe_b64encode(canonical.encode(value)).rstrip(b"=")
    assert codes(judged(with_jws(b".".join((header, changed, signature))))) == {("FAILED", "evidence.signature")}


@pytest.mark.parametrize("change", [{"value": "199001019801"}, {"name": "Någon Annan"}])
def test_an_identity_that_the_certificate_does_not_name_fails(change: dict[str, str], monkeypatch: pytest.MonkeyPatch):
    """The payload may not say another person than the certificate."""
    real = type(ISSUER).issue
    monkeypatch.setattr(type(ISSUER), "issue", lambda self, **kw: real(self, **(kw | change)))
    assert codes(judged(make_evidence())) == {("FAILED", "evidence.identity")}


@pytest.mark.parametrize("data", [b"", b"a.b", b"a.b.c", b"....", b"\xff.\xff.\xff", b"e30.e30.e30", b"x" * 5_000_000])
def test_garbage_is_a_finding(data: bytes):
    """What is no JWS of the one form is unreadable, never an exception."""
    assert codes(judged(with_jws(data))) == {("FAILED", "evidence.unreadable")}


def test_other_algorithms_are_refused():
    """A header that says none, HS256 or anything else is refused."""
    header, payload, signature = EVIDENCE.parts["jws"].split(b".")
    value = json.loads(base64.urlsafe_b64decode(header + b"=="))
    for name in ("none", "HS256", "ES384"):
        forged = base64.urlsafe_b64encode(canonical.encode(value | {"alg": name})).rstrip(b"=")
        assert codes(judged(with_jws(b".".join((forged, payload, signature))))) == {("FAILED", "evidence.unreadable")}


def test_unexpected_parts_are_refused():
    """One part, by its name."""
    extra = dataclasses.replace(EVIDENCE, parts={**EVIDENCE.parts, "more": b"x"})
    assert codes(judged(extra)) == {("FAILED", "evidence.unreadable")}


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_flipped_bit_is_noticed(data: st.DataObject):
    """Evidence with one bit flipped is never authentic, and never an exception."""
    raw = bytearray(EVIDENCE.parts["jws"])
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= 1 << data.draw(st.integers(0, 7))
    facts = judged(with_jws(bytes(raw)))
    assert any(finding.verdict is not Verdict.PASSED for finding in facts.findings)


def test_formats_load_and_unknown_ones_are_none():
    """Each registered format has a verifier; any other has none."""
    assert isinstance(verifier_for(FORMAT), RehearsalVerifier)
    assert FORMAT in FORMATS
    assert verifier_for("nobody/1") is None


RECORD = CeremonyEvidence("c1", "rehearsal", "test", FORMAT, {"jws": b"abc"}, "c2FsdA")
FILE = EvidenceFile("envelope", (RECORD,), bytes(range(32)), {"names": ["a"]})


def test_evidence_file_round_trip():
    """What is written is read back, a final line end forgiven, unknown fields kept."""
    assert EvidenceFile.decode(FILE.encode()) == FILE
    assert EvidenceFile.decode(FILE.encode() + b"\n") == FILE
    extended = canonical.encode(FILE.to_json() | {"later": 1})
    assert EvidenceFile.decode(extended).encode() == extended
    assert FILE.ceremony("c1") == RECORD
    assert FILE.ceremony("c2") is None


def test_evidence_file_hides_secrets_in_repr():
    """No key, salt or evidence byte shows in a repr."""
    assert "c2FsdA" not in repr(FILE)
    assert "abc" not in repr(FILE)


def test_commitment_is_over_format_and_parts():
    """The digest is canonical over format and part digests, and changes with each."""
    digest = evidence_digest(FORMAT, {"jws": b"abc"})
    assert digest == RECORD.digest
    assert digest.startswith("sha256:")
    assert digest != evidence_digest(FORMAT, {"jws": b"abd"})
    assert digest != evidence_digest("other", {"jws": b"abc"})
    assert commitment_of("c2FsdA", digest) != commitment_of("c2FsdB", digest)


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "signkit.other/1"},
        {"person_key": "AAAA"},
        {"person_key": "!"},
        {"ceremonies": [RECORD.to_json(), RECORD.to_json()]},
        {"ceremonies": [{**RECORD.to_json(), "parts": {"jws": "***"}}]},
        {"ceremonies": [{**RECORD.to_json(), "parts": {str(n): "" for n in range(20)}}]},
        {"ceremonies": {}},
        {"openings": []},
        {"envelope": 1},
    ],
)
def test_wrong_evidence_files_are_named_errors(change: dict[str, object]):
    """Anything out of form is a StatementError."""
    with pytest.raises(StatementError):
        EvidenceFile.decode(canonical.encode(FILE.to_json() | change))


def test_another_version_is_unknown_and_not_wrong():
    """A later version is told apart from garbage; garbage and non-canonical bytes are refused."""
    with pytest.raises(UnknownStatementError):
        EvidenceFile.decode(canonical.encode(FILE.to_json() | {"schema": "signkit.evidence/2"}))
    with pytest.raises(StatementError):
        EvidenceFile.decode(b"\x00")
    with pytest.raises(StatementError):
        EvidenceFile.decode(b" " + FILE.encode())
