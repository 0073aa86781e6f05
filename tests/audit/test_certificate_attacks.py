"""Certificates on another's place, for too long, for two: each is FAILED with a code of its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from signkit.model.report import Verdict
from signkit.pades.cms import SigningIdentity
from signkit.pki.home import Organisation, init_keys
from signkit.pki.keys import new_one_time_key
from signkit.pki.profiles import PERSON_POLICY, Holder, end_extensions, issue
from signkit.ports.keys import KeyName
from signkit.testing.proved import GUESTS, Forgery, Life, Trusted
from signkit.testing.signed import ThrowawayAuthority
from signkit.x509.anchors import TrustAnchors
from signkit.x509.certificates import Certificate

from .conftest import assert_failed, verify, wrong
from .lies import (
    Maker,
    changed,
    later,
    on,
    only,
)


def seal_of(_identity: SigningIdentity, life: Life) -> SigningIdentity:
    return life.trusted.authority.seal()


def somebody(_identity: SigningIdentity, life: Life) -> SigningIdentity:
    return life.trusted.authority.person("Rogue Person", person="ab" * 16)


def one_key(identity: SigningIdentity, name: str, life: Life) -> SigningIdentity:
    """Return the first person's identity for everybody."""
    return _KEPT.setdefault(str(life.folder), identity) if name in life.ids else identity


_KEPT: dict[str, SigningIdentity] = {}


def certified(lasts: timedelta, **said: bool) -> Callable[[SigningIdentity, Life], SigningIdentity]:
    """Return a change to another key of the same person, whose certificate lasts so long and says nothing of how."""

    def change(identity: SigningIdentity, life: Life) -> SigningIdentity:
        keys, key = life.trusted.authority.keys, new_one_time_key()
        certificate = issue(
            subject=identity.certificate.asn1.subject.dump(),
            spki=key.spki,
            issuer=Holder(keys.key(KeyName.PERSON_CA), Certificate(keys.certificates(KeyName.PERSON_CA)[0])),
            not_before=life.clock.now() - timedelta(minutes=1),
            lasts=lasts,
            extensions=end_extensions(policy=PERSON_POLICY, **said),
        )
        return SigningIdentity(key=key, chain=(certificate, *keys.certificates(KeyName.PERSON_CA)))

    return change


YEAR = certified(timedelta(days=365))
OTHER_USAGE = certified(timedelta(minutes=10), content_commitment=False)
"""The key may do more than sign documents."""
CERTIFICATES: dict[str, tuple[Forgery, str]] = {
    "a person's certificate on the final seal": (Forgery(identity=only("complete", somebody)), "seal.not_a_seal"),
    "a person's certificate on the first seal": (Forgery(identity=only("certify", somebody)), "seal.not_a_seal"),
    "the seal on a person's place": (Forgery(identity=only("s1", seal_of)), "person.not_a_person"),
    "a rogue certificate of the person CA": (
        Forgery(identity=only("s2", somebody)),
        "person.certificate_names_another",
    ),
    "a certificate for a year": (Forgery(identity=only("s1", YEAR)), "person.not_one_time"),
    "a certificate that does not say how": (Forgery(identity=only("s1", YEAR)), "person.no_context"),
    "one key for two people": (Forgery(identity=one_key), "person.key_reused"),
    "a certificate in another's name": (
        Forgery(facts=on(0, changed(person="cd" * 16))),
        "person.certificate_names_another",
    ),
    "a key that may do more than sign documents": (Forgery(identity=only("s1", OTHER_USAGE)), "person.usage"),
}


@pytest.mark.parametrize("name", sorted(CERTIFICATES))
def test_wrong_certificates_fail_with_their_own_code(name: str, make: Maker):
    """Each lie, with everything after it made honestly, is FAILED with its code."""
    forgery, code = CERTIFICATES[name]
    assert_failed(verify(make(forgery=forgery, guests=GUESTS[:2])), code)


def test_a_signature_that_is_not_what_it_says_is_not_valid_in_the_report(make: Maker):
    """The report on a rogue signature does not call it PASSED, though its certificate is trusted."""
    report = verify(make(forgery=Forgery(identity=only("s2", somebody)), guests=GUESTS[:2]))
    assert [item.verdict for item in report.signatures if item.field.endswith("-s2")] == [Verdict.FAILED]
    assert [item.verdict for item in report.signatures if item.field.endswith("-s1")] == [Verdict.PASSED]


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


def test_a_signature_by_a_certificate_that_has_expired(make: Maker, monkeypatch: pytest.MonkeyPatch):
    """A one-time key that is used a quarter of an hour later has no certificate any more."""
    monkeypatch.setattr(Certificate, "valid_at", lambda *_: True)
    file = make(guests=GUESTS[:1], forgery=Forgery(statement=on(0, later(900))))
    monkeypatch.undo()
    report = verify(file)
    assert report.verdict is Verdict.FAILED
    assert "person.outside_validity" in wrong(report)
