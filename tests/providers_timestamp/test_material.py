"""Lists, answers and issuers behind a timestamp, fetched over real HTTP from where its certificates say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from http.server import BaseHTTPRequestHandler

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from signkit.errors import TimestampError
from signkit.pki.authority import Authority
from signkit.pki.issue import build_name
from signkit.pki.keys import LocalKey
from signkit.pki.profiles import Holder, ca_extensions, end_extensions, issue
from signkit.pki.timestamp_chain import TimestampChain
from signkit.pki.timestamper import EmbeddedTimestamper
from signkit.ports.keys import KeyName
from signkit.testing.pki import ThrowawayKeys
from signkit.x509.certificates import Certificate
from signkit.x509.crls import Crl
from signkit.x509.tokens import TimestampToken, verify_token
from signkit_providers.timestamp import HttpTimestamper

from .conftest import IMPRINT, REPLY, Server


@dataclass
class Outside:
    """A foreign authority: root, intermediate CA, timestamp signer, with addresses on the loopback."""

    root: Certificate
    ca: Holder
    signer: Certificate
    tsa: EmbeddedTimestamper


def _outside(
    home: ThrowawayKeys, extensions: list[tuple[x509.ExtensionType, bool]], *, embed_ca: bool = True
) -> Outside:
    root = Holder(home.keys.key(KeyName.ROOT), home.root)
    ca_key = LocalKey(ec.generate_private_key(ec.SECP256R1()))
    at = home.clock.at - timedelta(minutes=5)
    der = issue(
        subject=build_name([("2.5.4.3", "TEST outside CA")]),
        spki=ca_key.spki,
        issuer=root,
        not_before=at,
        lasts=timedelta(days=300),
        extensions=[*ca_extensions(path_length=0), *extensions],
    )
    ca = Holder(ca_key, Certificate(der))
    key = LocalKey(rsa.generate_private_key(65537, 3072))
    leaf = issue(
        subject=build_name([("2.5.4.3", "TEST outside timestamps")]),
        spki=key.spki,
        issuer=ca,
        not_before=at,
        lasts=timedelta(days=200),
        extensions=[*end_extensions(content_commitment=False, timestamping=True), *extensions],
    )
    chain = (leaf, ca.certificate.der, home.root.der) if embed_ca else (leaf,)

    @dataclass
    class Keys:
        def has(self, name: KeyName) -> bool:
            return name is KeyName.TSA

        def key(self, name: KeyName) -> LocalKey:
            assert name is KeyName.TSA
            return key

        def certificates(self, name: KeyName) -> tuple[bytes, ...]:
            assert name is KeyName.TSA
            return chain

    tsa = EmbeddedTimestamper(Authority(Keys(), home.authority.revocations), home.clock)
    return Outside(home.root, ca, Certificate(leaf), tsa)


def _crl_of(holder: Holder, home: ThrowawayKeys) -> bytes:
    from signkit.pki.issue import build_crl
    from signkit.pki.profiles import key_id

    return build_crl(
        issuer=holder.certificate.asn1.subject.dump(),
        key=holder.key,
        number=1,
        this_update=home.clock.at,
        next_update=home.clock.at + timedelta(days=1),
        since=home.clock.at,
        authority_key_id=key_id(holder.certificate.spki),
        revoked=[],
    )


def _points(*urls: str) -> list[tuple[x509.ExtensionType, bool]]:
    return [
        (
            x509.CRLDistributionPoints(
                [x509.DistributionPoint([x509.UniformResourceIdentifier(url)], None, None, None) for url in urls]
            ),
            False,
        )
    ]


def test_lists_from_distribution_points(home: ThrowawayKeys, server: Server, client: httpx.Client) -> None:
    """Lists are fetched from where each certificate says, the second address where the first fails."""
    outside = _outside(home, _points(server.url + "/gone.crl", server.url + "/ca.crl", server.url + "/root.crl"))
    server.answer("/ca.crl", 200, "application/pkix-crl", _crl_of(outside.ca, home))
    server.answer("/root.crl", 200, "application/pkix-crl", home.authority.crl(KeyName.ROOT, now=home.clock.at))
    server.routes["/out"] = lambda body, _handler: (200, REPLY, outside.tsa.respond(body))
    service = HttpTimestamper(server.url + "/out", client=client, anchors=[home.root.der])
    chain = home.timestamper(services=[service])
    timestamp = chain.timestamp(IMPRINT)
    material = chain.material(timestamp)
    assert [Certificate(der) for der in material.certificates] == [outside.signer, outside.ca.certificate, home.root]
    assert verify_token(
        TimestampToken(timestamp.token),
        anchors=[home.root],
        certificates=[Certificate(der) for der in material.certificates],
        crls=[Crl(der) for der in material.crls],
    ).path
    fetched = len(server.seen)
    chain.material(timestamp)
    assert [path for path, _ in server.seen[fetched:]] == ["/gone.crl", "/gone.crl"]


def test_configured_lists(home: ThrowawayKeys, server: Server, client: httpx.Client) -> None:
    """Certificates that name no place are served by configured lists; without any, the certificate is named."""
    server.answer("/root.crl", 200, "application/pkix-crl", home.authority.crl(KeyName.ROOT, now=home.clock.at))
    timestamp = home.timestamper().timestamp(IMPRINT)
    bare = HttpTimestamper(server.url + "/tsa", client=client, anchors=[home.root.der])
    with pytest.raises(TimestampError) as caught:
        bare.material(timestamp.token, now=home.clock.at)
    assert "TEST Exempel kommun timestamps" in caught.value.message
    assert caught.value.code == "seal.timestamp.material"
    told = HttpTimestamper(
        server.url + "/tsa", client=client, anchors=[home.root.der], crl_urls=[server.url + "/root.crl"]
    )
    assert len(told.material(timestamp.token, now=home.clock.at).crls) == 1


def test_ocsp_and_issuer_by_aia(home: ThrowawayKeys, server: Server, client: httpx.Client) -> None:
    """A missing issuer comes by caIssuers, and OCSP answers where there are no lists."""

    def access(path: str, method: x509.ObjectIdentifier) -> x509.AccessDescription:
        return x509.AccessDescription(method, x509.UniformResourceIdentifier(server.url + path))

    aia = x509.AuthorityInformationAccess(
        [
            access("/ca.cer", AuthorityInformationAccessOID.CA_ISSUERS),
            access("/ocsp", AuthorityInformationAccessOID.OCSP),
        ]
    )
    outside = _outside(home, [(aia, False)], embed_ca=False)
    responder = ec.generate_private_key(ec.SECP256R1())
    der = issue(
        subject=build_name([("2.5.4.3", "TEST responder")]),
        spki=LocalKey(responder).spki,
        issuer=outside.ca,
        not_before=home.clock.at - timedelta(minutes=1),
        lasts=timedelta(days=1),
        extensions=[(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), False)],
    )

    def respond(body: bytes, _handler: BaseHTTPRequestHandler) -> tuple[int, str, bytes]:
        asked = ocsp.load_der_ocsp_request(body)
        subject, issuer = (outside.signer, outside.ca.certificate)
        if asked.serial_number != subject.serial_number:
            subject, issuer = (outside.ca.certificate, home.root)
        builder = ocsp.OCSPResponseBuilder().add_response(
            cert=subject.pyca,
            issuer=issuer.pyca,
            algorithm=hashes.SHA256(),
            cert_status=status[0],
            this_update=home.clock.at,
            next_update=home.clock.at + timedelta(hours=1),
            revocation_time=home.clock.at if status[0] is ocsp.OCSPCertStatus.REVOKED else None,
            revocation_reason=None,
        )
        signed = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, Certificate(der).pyca)
        return 200, "application/ocsp-response", signed.sign(responder, hashes.SHA256()).public_bytes(Encoding.DER)

    status = [ocsp.OCSPCertStatus.GOOD]
    server.answer("/ca.cer", 200, "application/pkix-cert", outside.ca.certificate.der)
    server.routes["/ocsp"] = respond
    token = TimestampChain(services=[outside.tsa], clock=home.clock).timestamp(IMPRINT).token
    service = HttpTimestamper(server.url, client=client, anchors=[home.root.der])
    material = service.material(token, now=home.clock.at)
    assert len(material.ocsps) == 2
    assert Certificate(material.certificates[1]) == outside.ca.certificate
    status[0] = ocsp.OCSPCertStatus.REVOKED
    with pytest.raises(TimestampError):
        service.material(token, now=home.clock.at)
    server.answer("/ocsp", 200, "application/ocsp-response", b"garbage")
    with pytest.raises(TimestampError):
        service.material(token, now=home.clock.at)


@pytest.mark.parametrize("kind", ["garbage", "stranger", "old", "revoked"])
def test_lists_that_do_not_hold(home: ThrowawayKeys, server: Server, client: httpx.Client, kind: str) -> None:
    """A list that is garbage, another issuer's, out of date, or names the certificate is no answer."""
    timestamp = home.timestamper().timestamp(IMPRINT)
    if kind == "revoked":
        home.authority.revoke(home.keys.certificates(KeyName.TSA)[0], reason="superseded", now=home.clock.at)
    bodies = {
        "garbage": b"garbage",
        "stranger": home.authority.crl(KeyName.SEAL_CA, now=home.clock.at),
        "old": home.authority.crl(KeyName.ROOT, now=home.clock.at - timedelta(days=30)),
        "revoked": home.authority.crl(KeyName.ROOT, now=home.clock.at),
    }
    server.answer("/x.crl", 200, "application/pkix-crl", bodies[kind])
    service = HttpTimestamper(
        server.url, client=client, anchors=[home.root.der], crl_urls=[server.url + "/x.crl", "ftp://x", "http://["]
    )
    with pytest.raises(TimestampError) as caught:
        service.material(timestamp.token, now=home.clock.at)
    assert caught.value.code == "seal.timestamp.material"


def test_material_of_garbage(home: ThrowawayKeys, client: httpx.Client) -> None:
    """A token that is none is a TimestampError."""
    with pytest.raises(TimestampError):
        HttpTimestamper("http://127.0.0.1:9/", client=client).material(b"x", now=home.clock.at)
