"""One-time certificates and revocation lists."""

from __future__ import annotations

import shutil
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signkit.errors import KeyUnavailableError, SealError
from signkit.pki.authority import CRL_ISSUERS, Authority
from signkit.pki.issue import build_name
from signkit.pki.keys import new_one_time_key
from signkit.pki.profiles import PERSON_POLICY
from signkit.ports.keys import KeyName
from signkit.testing.pki import ThrowawayKeys
from signkit.x509.authcontext import AUTH_CONTEXT_OID, read_auth_context
from signkit.x509.certificates import Certificate
from signkit.x509.crls import Crl
from signkit.x509.errors import X509Error
from signkit.x509.paths import validate_path

NON_REPUDIATION = frozenset({"non_repudiation"})


def _person(home: ThrowawayKeys, **changes: Any) -> Certificate:
    key = new_one_time_key()
    return Certificate(home.authority.certify_person(key.spki, facts=home.facts(**changes), now=home.clock.at))


def _validate(home: ThrowawayKeys, certificate: Certificate, **more: Any) -> tuple[Certificate, ...]:
    arguments: dict[str, Any] = {
        "anchors": [home.authority.certificate(KeyName.ROOT)],
        "at": home.clock.at,
        "intermediates": [home.authority.certificate(KeyName.PERSON_CA)],
        "crls": [Crl(der) for der in home.authority.crls(now=home.clock.at)],
        "key_usage": NON_REPUDIATION,
        **more,
    }
    return validate_path(certificate, **arguments)


def test_profile(home: ThrowawayKeys) -> None:
    """The certificate says exactly what proof.md section 4.3 demands, and nothing of what it forbids."""
    certificate = _person(home)
    assert certificate.common_name == "Åsa Ek"
    assert certificate.subject_field("2.5.4.5") == "SK:" + "ab" * 16
    assert certificate.subject_field("2.5.4.4") == "Ek"
    assert certificate.subject_field("2.5.4.42") == "Åsa"
    assert certificate.is_test
    assert certificate.key_usage == NON_REPUDIATION
    assert certificate.extended_key_usage is None
    assert certificate.policies == frozenset({PERSON_POLICY})
    extensions = {
        item["extn_id"].dotted: item["critical"].native for item in certificate.asn1["tbs_certificate"]["extensions"]
    }
    assert extensions == {
        "2.5.29.15": True,
        "2.5.29.32": False,
        AUTH_CONTEXT_OID: False,
        "2.5.29.14": False,
        "2.5.29.35": False,
    }
    context = read_auth_context(certificate)
    assert context is not None
    assert context.assertion_ref == "sha256:" + "0" * 64
    assert context.service_id == "signkit"
    assert context.authenticated_at == home.clock.at - timedelta(seconds=2)
    assert set(context.attributes) == {"2.5.4.3", "2.5.4.4", "2.5.4.42", "2.5.4.5"}
    assert "Ek" not in "".join(context.attributes.values())


@pytest.mark.parametrize("seconds", [-600, -2, 0, 29])
def test_times(home: ThrowawayKeys, seconds: int) -> None:
    """NotBefore is a minute before the earlier of eID and now, notAfter ten minutes after now."""
    at = home.clock.at + timedelta(seconds=seconds)
    certificate = _person(home, authenticated_at=at)
    assert certificate.not_before == min(at, home.clock.at) - timedelta(seconds=60)
    assert certificate.not_after == home.clock.at + timedelta(minutes=10)


@pytest.mark.parametrize(("seconds", "code"), [(31, "clock_skew"), (-601, "seal.certificate")])
def test_skew_and_stale_identification(home: ThrowawayKeys, seconds: int, code: str) -> None:
    """An eID clock ahead of ours stops with clock_skew; an old identification certifies nothing."""
    with pytest.raises(SealError) as caught:
        _person(home, authenticated_at=home.clock.at + timedelta(seconds=seconds))
    assert caught.value.code == code


@pytest.mark.parametrize("days", [-1, 365 * 21])
def test_only_a_valid_ca_certifies(home: ThrowawayKeys, days: int) -> None:
    """Before and after its own validity the person CA certifies nobody."""
    home.clock.advance(days=days)
    with pytest.raises(SealError) as caught:
        _person(home)
    assert caught.value.code == "seal.certificate"


def test_only_p256_is_certified(home: ThrowawayKeys) -> None:
    """Another key kind, or no key, is refused."""
    for spki in (home.keys.key(KeyName.ROOT).spki, b"", b"\x30\x00"):
        with pytest.raises(SealError):
            home.authority.certify_person(spki, facts=home.facts(), now=home.clock.at)


def test_serials_differ(home: ThrowawayKeys) -> None:
    """Two certificates for the same key and facts have different random serial numbers of 20 bytes."""
    one, two = _person(home), _person(home)
    assert one.serial_number != two.serial_number
    assert one.serial_number.bit_length() == 159


def test_urls_only_when_configured(home: ThrowawayKeys) -> None:
    """AIA and CDP appear when configured, and only then."""
    authority = Authority(
        home.keys, home.authority.revocations, aia_url="http://ca.example/p.cer", cdp_url="http://ca.example/p.crl"
    )
    certificate = Certificate(authority.certify_person(new_one_time_key().spki, facts=home.facts(), now=home.clock.at))
    assert certificate.extension_value("1.3.6.1.5.5.7.1.1") is not None
    assert certificate.extension_value("2.5.29.31") is not None


def test_production_subject(home: ThrowawayKeys) -> None:
    """In production no TEST stands in the subject; a person without parts of a name gets none."""
    authority = Authority(home.keys, home.authority.revocations, environment="production")
    facts = home.facts(given_name=None, surname=None, country=None)
    certificate = Certificate(authority.certify_person(new_one_time_key().spki, facts=facts, now=home.clock.at))
    assert set(certificate.subject) == {"2.5.4.5", "2.5.4.3"}


@given(name=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=100))
@settings(max_examples=60, deadline=None)
def test_any_name_comes_out_as_it_went_in(name: str) -> None:
    """A name of up to 100 characters in any script survives, in NFC."""
    import unicodedata

    from asn1crypto import x509

    wanted = unicodedata.normalize("NFC", name)
    loaded = x509.Name.load(build_name([("2.5.4.3", name)]), strict=True)
    assert [pair["value"].native for rdn in loaded.chosen for pair in rdn] == [wanted]


@pytest.mark.parametrize("name", ["a\x00b", "a\nb", "x" * 257])
def test_names_that_do_not_fit(home: ThrowawayKeys, name: str) -> None:
    """Control characters and endless names are refused, not written."""
    with pytest.raises(SealError) as caught:
        _person(home, name=name)
    assert caught.value.code == "seal.certificate"


def test_path_with_lists(home: ThrowawayKeys) -> None:
    """Root, person CA and fresh lists make a valid path; afterwards the certificate has expired."""
    certificate = _person(home)
    assert [item.is_ca for item in _validate(home, certificate)] == [False, True, True]
    home.clock.advance(minutes=11)
    with pytest.raises(X509Error) as caught:
        _validate(home, certificate)
    assert caught.value.code == "chain.expired"


def test_lists_are_demanded(home: ThrowawayKeys) -> None:
    """Without a list of each issuer there is no answer, unless none is required."""
    certificate = _person(home)
    with pytest.raises(X509Error) as caught:
        _validate(home, certificate, crls=[])
    assert caught.value.code == "chain.revocation_missing"
    assert _validate(home, certificate, crls=[], require_revocation=False)


def test_revocation(home: ThrowawayKeys) -> None:
    """A revoked certificate is on every later list of its issuer, first reason first, and no path holds after it."""
    certificate = _person(home)
    before = Crl(home.authority.crl(KeyName.PERSON_CA, now=home.clock.at))
    home.clock.advance(minutes=1)
    home.authority.revoke(certificate.der, reason="keyCompromise", now=home.clock.at)
    home.authority.revoke(certificate.der, reason="superseded", now=home.clock.at + timedelta(hours=1))
    home.clock.advance(minutes=1)
    after = Crl(home.authority.crl(KeyName.PERSON_CA, now=home.clock.at))
    assert before.revocation(certificate.serial_number) is None
    entry = after.revocation(certificate.serial_number)
    assert entry is not None
    assert entry.reason == "keyCompromise"
    assert entry.revoked_at == home.clock.at - timedelta(minutes=1)
    assert (after.number or 0) > (before.number or 0)
    for required in (True, False):
        with pytest.raises(X509Error) as caught:
            _validate(home, certificate, require_revocation=required)
        assert caught.value.code == "chain.revoked"
    assert _validate(home, certificate, at=home.clock.at - timedelta(minutes=2))


def test_revoking_strangers(home: ThrowawayKeys) -> None:
    """What this home did not issue cannot be revoked here, nor for an unknown reason."""
    root = home.authority.certificate(KeyName.ROOT)
    for der, reason in ((root.der, "superseded"), (b"x", "superseded"), (_person(home).der, "whim")):
        with pytest.raises(SealError):
            home.authority.revoke(der, reason=reason, now=home.clock.at)


@pytest.mark.parametrize(
    "damage", ["", "{", "[]", '{"schema": "x"}', '{"schema": "signkit.revocations/1", "revoked": [1]}']
)
def test_damaged_record(home: ThrowawayKeys, damage: str) -> None:
    """A damaged record of revocations stops every list: silence would un-revoke."""
    home.authority.revocations.path.write_text(damage)
    with pytest.raises(KeyUnavailableError) as caught:
        home.authority.crls(now=home.clock.at)
    assert caught.value.code == "seal.key.revocations"


def test_leaf_keys_issue_no_lists(home: ThrowawayKeys) -> None:
    """Only root and CAs issue lists."""
    with pytest.raises(KeyUnavailableError):
        home.authority.crl(KeyName.SEAL, now=home.clock.at)


@pytest.mark.judge
@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not at hand")
def test_openssl_agrees(home: ThrowawayKeys, tmp_path: Path) -> None:
    """OpenSSL verifies a person's certificate with all lists, and refuses it once revoked."""
    certificate = _person(home)
    (tmp_path / "root.pem").write_text(home.authority.certificate(KeyName.ROOT).pem())
    (tmp_path / "ca.pem").write_text(home.authority.certificate(KeyName.PERSON_CA).pem())
    (tmp_path / "person.pem").write_text(certificate.pem())

    def verify() -> subprocess.CompletedProcess[str]:
        lists = []
        for name in CRL_ISSUERS:
            (tmp_path / f"{name}.crl").write_bytes(home.authority.crl(name, now=home.clock.at))
            convert = ["openssl", "crl", "-inform", "DER", "-in", str(tmp_path / f"{name}.crl")]
            lists.append(subprocess.run(convert, capture_output=True, text=True, check=True).stdout)
        (tmp_path / "crls.pem").write_text("".join(lists))
        command = [
            "openssl",
            "verify",
            "-x509_strict",
            "-crl_check_all",
            "-attime",
            str(int(home.clock.at.timestamp())),
        ]
        command += ["-CAfile", "root.pem", "-untrusted", "ca.pem", "-CRLfile", "crls.pem", "person.pem"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert verify().returncode == 0, verify().stderr
    home.authority.revoke(certificate.der, reason="superseded", now=home.clock.at)
    home.clock.advance(seconds=5)
    refused = verify()
    assert refused.returncode != 0
    assert "revoked" in refused.stderr + refused.stdout
