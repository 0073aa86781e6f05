"""Certificates, revocation lists, paths and the authentication context: read, and asked."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509 as pyca
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from signkit.pki.issue import build_name
from signkit.pki.keys import LocalKey, new_one_time_key
from signkit.pki.profiles import PERSON_POLICY, Holder, ca_extensions, end_extensions, issue
from signkit.ports.keys import KeyName
from signkit.testing.pki import ThrowawayKeys
from signkit.x509.algorithms import check_digest, check_public_key
from signkit.x509.authcontext import AuthContext, build_auth_context, parse_auth_context
from signkit.x509.certificates import Certificate, load_bundle, load_certificate
from signkit.x509.crls import Crl, load_crl
from signkit.x509.errors import X509Error
from signkit.x509.paths import validate_path
from signkit.x509.tokens import TimestampToken

AT = datetime(2026, 3, 2, 9, 9, 58, 120000, tzinfo=UTC)
CONTEXT = AuthContext(
    identity_provider="https://idp.example",
    authenticated_at=AT,
    level="http://id.elegnamnden.se/loa/1.0/loa3",
    assertion_ref="sha256:" + "0" * 64,
    service_id="signkit",
    attributes={"2.5.4.3": "urn:oid:2.16.840.1.113730.3.1.241"},
)
SACI = "http://id.elegnamnden.se/auth-cont/1.0/saci"


Flippable = tuple[Certificate, Certificate, Certificate, Crl]


def _person(home: ThrowawayKeys) -> Certificate:
    return Certificate(home.authority.certify_person(new_one_time_key().spki, facts=home.facts(), now=home.clock.at))


def test_loading(home: ThrowawayKeys) -> None:
    """DER and PEM give the same certificate; two where one is expected are refused."""
    pem = home.root.pem().encode()
    assert load_certificate(pem) == load_certificate(home.root.der) == home.root
    assert load_bundle(b"# text\n" + pem + pem) == (home.root, home.root)
    with pytest.raises(X509Error):
        load_certificate(pem + pem)
    assert home.root.self_signed
    assert home.root.valid_at(home.root.not_after)
    assert not home.root.valid_at(home.root.not_after + timedelta(seconds=1))
    assert "TEST" not in repr(home.root)


@given(data=st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    """Any bytes are read or refused with X509Error, by every reader of this room."""
    for reader in (load_certificate, load_bundle, load_crl, parse_auth_context, TimestampToken):
        with contextlib.suppress(X509Error):
            reader(data)


@given(position=st.integers(0, 10_000), bit=st.integers(0, 7))
@settings(max_examples=150, deadline=None)
def test_flipped_bits(flippable: Flippable, position: int, bit: int) -> None:
    """A certificate or list with one flipped bit is refused, or its issuer's signature does not match."""
    root, person_ca, certificate, crl = flippable
    changed = bytearray(certificate.der)
    changed[position % len(changed)] ^= 1 << bit
    try:
        odd = Certificate(bytes(changed))
        assert not odd.issued_by(person_ca)
        odd.subject, odd.issuer, odd.policies, odd.key_usage, odd.is_ca, odd.spki_digest, odd.self_signed  # noqa: B018
    except X509Error:
        pass
    changed = bytearray(crl.der)
    changed[position % len(changed)] ^= 1 << bit
    try:
        other = Crl(bytes(changed))
        assert not other.issued_by(root)
        other.number, other.this_update, other.next_update  # noqa: B018
        other.revocation(5)
    except X509Error:
        pass


def test_no_unused_bits(flippable: Flippable) -> None:
    """A certificate or list that says that bits of its signature are unused is refused: no signature covers that."""
    _, _, certificate, crl = flippable
    for reader, whole, signature in (
        (load_certificate, certificate.der, certificate.pyca.signature),
        (load_crl, crl.der, pyca.load_der_x509_crl(crl.der).signature),
    ):
        reader(whole)
        changed = bytearray(whole)
        changed[-len(signature) - 1] = 1
        with pytest.raises(X509Error, match=r"whole octets|not a"):
            reader(bytes(changed))


@pytest.fixture(scope="module")
def flippable(made_keys: Path, tmp_path_factory: pytest.TempPathFactory) -> Flippable:
    """Return root, person CA, a person's certificate and the root's list."""
    from signkit.testing.pki import open_keys

    home = open_keys(made_keys, revocations=tmp_path_factory.mktemp("r") / "r.json")
    crl = Crl(home.authority.crl(KeyName.ROOT, now=home.clock.at))
    return home.root, home.authority.certificate(KeyName.PERSON_CA), _person(home), crl


def test_path_inside_an_event_loop(home: ThrowawayKeys) -> None:
    """A path can be asked for while an event loop runs in this thread, as pyHanko's does."""

    async def inside() -> int:
        crls = home.crls()
        path = validate_path(
            home.authority.certificate(KeyName.SEAL),
            anchors=[home.root],
            at=home.clock.at,
            intermediates=[home.authority.certificate(KeyName.SEAL_CA)],
            crls=crls,
        )
        return len(path)

    assert asyncio.run(inside()) == 3


@pytest.mark.parametrize(
    ("case", "code"),
    [
        ("no anchors", "chain.untrusted"),
        ("no intermediate", "chain.untrusted"),
        ("stranger", "chain.untrusted"),
        ("early", "chain.not_yet_valid"),
        ("usage", "chain.invalid"),
        ("stale lists", "chain.revocation_missing"),
        ("too many", "chain.invalid"),
    ],
)
def test_paths_that_do_not_hold(home: ThrowawayKeys, case: str, code: str) -> None:
    """Each reason has its own code."""
    person = _person(home)
    ca = home.authority.certificate(KeyName.PERSON_CA)
    arguments: dict[str, Any] = {
        "anchors": [home.root],
        "at": home.clock.at,
        "intermediates": [ca],
        "crls": home.crls(),
    }
    if case == "stale lists":
        arguments["crls"] = [Crl(der) for der in home.authority.crls(now=home.clock.at - timedelta(days=30))]
    changes: dict[str, dict[str, Any]] = {
        "no anchors": {"anchors": []},
        "no intermediate": {"intermediates": []},
        "stranger": {"anchors": [home.authority.certificate(KeyName.SEAL_CA)]},
        "early": {"at": home.clock.at - timedelta(minutes=2)},
        "usage": {"key_usage": frozenset({"digital_signature"})},
        "stale lists": {},
        "too many": {"intermediates": [_person(home) for _ in range(201 if case == "too many" else 0)]},
    }
    arguments |= changes[case]
    with pytest.raises(X509Error) as caught:
        validate_path(person, **arguments)
    assert caught.value.code == code


def test_anchor_itself(home: ThrowawayKeys) -> None:
    """A certificate that is an anchor is its own path, within its validity and usage."""
    seal = home.authority.certificate(KeyName.SEAL)
    assert validate_path(seal, anchors=[seal], at=home.clock.at) == (seal,)
    for more, code in (
        ({"at": seal.not_after + timedelta(days=1)}, "chain.expired"),
        ({"at": seal.not_before - timedelta(days=1)}, "chain.not_yet_valid"),
        ({"key_usage": frozenset({"crl_sign"})}, "chain.usage"),
        ({"extended_key_usage": frozenset({"time_stamping"})}, "chain.usage"),
    ):
        with pytest.raises(X509Error) as caught:
            validate_path(seal, anchors=[seal], **{"at": home.clock.at, **more})  # type: ignore[arg-type]
        assert caught.value.code == code


def test_path_length_is_kept(home: ThrowawayKeys) -> None:
    """A CA below a CA of path length 0 makes no path."""
    holder = Holder(home.keys.key(KeyName.SEAL_CA), home.authority.certificate(KeyName.SEAL_CA))
    below = LocalKey(ec.generate_private_key(ec.SECP256R1()))
    ca = issue(
        subject=build_name([("2.5.4.3", "TEST sub CA")]),
        spki=below.spki,
        issuer=holder,
        not_before=home.clock.at,
        lasts=timedelta(days=1),
        extensions=ca_extensions(path_length=0),
    )
    leaf = issue(
        subject=build_name([("2.5.4.3", "TEST leaf")]),
        spki=new_one_time_key().spki,
        issuer=Holder(below, Certificate(ca)),
        not_before=home.clock.at,
        lasts=timedelta(days=1),
        extensions=end_extensions(policy=PERSON_POLICY),
    )
    with pytest.raises(X509Error):
        validate_path(
            Certificate(leaf),
            anchors=[home.root],
            at=home.clock.at,
            intermediates=[holder.certificate, Certificate(ca)],
            require_revocation=False,
        )


def test_weak_algorithms_are_named() -> None:
    """SHA-1, MD5, RSA-1024, DSA and odd curves are refused by name; RSA-2048 is read and not made."""
    for digest in ("sha1", "md5", "sha224"):
        with pytest.raises(X509Error, match=digest):
            check_digest(digest)
    small = rsa.generate_private_key(65537, 2048).public_key()
    check_public_key(small)
    for key, ours in (
        (small, True),
        (rsa.generate_private_key(65537, 1024).public_key(), False),  # noqa: S505 - that is the test
        (dsa.generate_parameters(1024).generate_private_key().public_key(), False),
        (ec.generate_private_key(ec.SECP256K1()).public_key(), False),
        (ec.generate_private_key(ec.SECP192R1()).public_key(), False),
    ):
        with pytest.raises(X509Error) as caught:
            check_public_key(key, ours=ours)
        assert caught.value.code == "algorithm.key"


def test_auth_context_round_trip() -> None:
    """What is built is read back, to the millisecond."""
    assert parse_auth_context(build_auth_context(CONTEXT)) == CONTEXT
    bare = AuthContext(identity_provider="x", authenticated_at=AT, level="y")
    assert parse_auth_context(build_auth_context(bare)) == bare


def test_auth_context_of_sweden_connect() -> None:
    """The form of Sweden Connect's profile, with values and further namespaces, is read."""
    xml = (
        f'<saci:SAMLAuthContext xmlns:saci="{SACI}" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><saci:AuthContextInfo '
        'IdentityProvider="https://idp.example.test" AuthenticationInstant="2026-01-15T09:30:00.000Z" '
        'AuthnContextClassRef="http://id.elegnamnden.se/loa/1.0/loa3" AssertionRef="_a1b2"/><saci:IdAttributes>'
        '<saci:AttributeMapping Type="rdn" Ref="2.5.4.5"><saml:Attribute Name="urn:oid:1.2.752.29.4.13">'
        '<saml:AttributeValue xsi:type="xs:string">x</saml:AttributeValue></saml:Attribute>'
        "</saci:AttributeMapping></saci:IdAttributes></saci:SAMLAuthContext>"
    )
    context = parse_auth_context(_contexts(("urn:other", None), (SACI, xml)))
    assert context.level.endswith("loa3")
    assert context.attributes == {"2.5.4.5": "urn:oid:1.2.752.29.4.13"}
    assert context.service_id is None


INFO = f'<AuthContextInfo xmlns="{SACI}" IdentityProvider="a" AuthenticationInstant="%s" AuthnContextClassRef="b"/>'


@pytest.mark.parametrize(
    "xml",
    [
        None,
        "",
        "not xml",
        "<a/>",
        f'<SAMLAuthContext xmlns="{SACI}"/>',
        f'<SAMLAuthContext xmlns="{SACI}"><AuthContextInfo IdentityProvider="a"/></SAMLAuthContext>',
        f'<SAMLAuthContext xmlns="{SACI}">{INFO % "yesterday"}</SAMLAuthContext>',
        f'<SAMLAuthContext xmlns="{SACI}">{INFO % "2026-01-01T00:00:00"}</SAMLAuthContext>',
        f'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><SAMLAuthContext xmlns="{SACI}">&e;</SAMLAuthContext>',
        '<?xml version="1.0" encoding="utf-16"?><a/>',
        "<a>" * 5000,
    ],
)
def test_hostile_contexts(xml: str | None) -> None:
    """Missing, broken, incomplete or hostile XML is an X509Error, never a guess and never a file read."""
    with pytest.raises(X509Error) as caught:
        parse_auth_context(_contexts((SACI, xml)))
    assert caught.value.code == "authcontext.unreadable"


def test_context_that_xml_cannot_hold() -> None:
    """Control characters are refused when building."""
    with pytest.raises(X509Error):
        build_auth_context(AuthContext(identity_provider="a\x00", authenticated_at=AT, level="x"))


def _contexts(*pairs: tuple[str, str | None]) -> bytes:
    from asn1crypto import core

    def sequence(*parts: bytes) -> bytes:
        return bytes(core.Sequence(contents=b"".join(parts)).dump())

    return sequence(*(sequence(*(core.UTF8String(text).dump() for text in pair if text is not None)) for pair in pairs))
