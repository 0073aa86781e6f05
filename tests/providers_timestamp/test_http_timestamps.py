"""External timestamp services, over real HTTP on the loopback: honest ones, and those that misbehave."""

from __future__ import annotations

import base64
import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

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
from signkit.pki.timestamp_chain import TimestampChain, build_request
from signkit.pki.timestamper import EmbeddedTimestamper
from signkit.ports.keys import KeyName
from signkit.testing.pki import ThrowawayKeys
from signkit.x509.certificates import Certificate
from signkit.x509.crls import Crl
from signkit.x509.tokens import TimestampToken, verify_token
from signkit_providers.timestamp import HttpTimestamper

IMPRINT = hashlib.sha256(b"data").digest()
REPLY = "application/timestamp-reply"


@dataclass
class Server:
    """A web server whose paths are functions from the request's body to status, media type and body."""

    url: str
    routes: dict[str, Callable[[bytes, BaseHTTPRequestHandler], tuple[int, str, bytes] | None]] = field(
        default_factory=dict
    )
    seen: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def answer(self, path: str, status: int, content_type: str, body: bytes) -> None:
        """Let ``path`` always answer that."""
        self.routes[path] = lambda _body, _handler: (status, content_type, body)


@pytest.fixture
def server(home: ThrowawayKeys) -> Iterator[Server]:
    """Serve on the loopback; ``/tsa`` is the embedded timestamper."""
    made = Server("")

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            made.seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            route = made.routes.get(self.path)
            found = route(body, self) if route else (404, "text/plain", b"")
            if found is None:
                self.close_connection = True
                return
            status, content_type, answer = found
            self.send_response(status)
            if status == 302:
                self.send_header("Location", made.url + "/tsa")
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_POST = do_GET = _serve  # noqa: N815 - the standard library's names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, *_: object) -> None:
            """Say nothing of clients that went away."""

    with Quiet(("127.0.0.1", 0), Handler) as http:
        made.url = f"http://127.0.0.1:{http.server_port}"
        made.routes["/tsa"] = lambda body, _handler: (200, REPLY, home.tsa.respond(body))
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield made
        http.shutdown()
        thread.join()


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    """Return a client that is closed afterwards."""
    with httpx.Client(follow_redirects=False, trust_env=False) as made:
        yield made


def test_honest_service(home: ThrowawayKeys, server: Server, client: httpx.Client) -> None:
    """A token from a real web server verifies; headers are those of RFC 3161 section 3.4."""
    service = HttpTimestamper(server.url + "/tsa", client=client)
    timestamp = home.timestamper(services=[service]).timestamp(IMPRINT)
    assert timestamp.service == "127.0.0.1"
    assert verify_token(TimestampToken(timestamp.token), anchors=[home.root], crls=home.crls()).path
    headers = server.seen[0][1]
    assert headers["content-type"] == "application/timestamp-query"
    assert headers["accept"] == REPLY
    assert "authorization" not in headers


def _slow(_body: bytes, _handler: BaseHTTPRequestHandler) -> tuple[int, str, bytes]:
    time.sleep(1.5)
    return 200, REPLY, b""


def _drip_headers(_body: bytes, handler: BaseHTTPRequestHandler) -> None:
    for char in b"HTTP/1.1 200 OK\r\nX-Drip: " + b"x" * 30:
        handler.wfile.write(bytes([char]))
        handler.wfile.flush()
        time.sleep(0.05)


def _drip_body(_body: bytes, handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(f"HTTP/1.1 200 OK\r\nContent-Type: {REPLY}\r\n\r\n".encode())
    for _ in range(40):
        handler.wfile.write(b"x")
        handler.wfile.flush()
        time.sleep(0.05)


def _endless(_body: bytes, handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(f"HTTP/1.1 200 OK\r\nContent-Type: {REPLY}\r\n\r\n".encode())
    for _ in range(1000):
        handler.wfile.write(b"x" * 10_000)


def _hang_up(_body: bytes, handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx")


FIXED = {
    "server error": (500, "text/plain", b"oops", "status 500"),
    "unavailable": (503, REPLY, b"", "status 503"),
    "html": (200, "text/html; charset=utf-8", b"<html>Welcome</html>", "answered with text/html"),
    "redirect": (302, "text/plain", b"", "redirects are not followed"),
    "denied": (401, "text/plain", b"", "access denied"),
    "garbage": (200, REPLY, b"granted", "not a timestamp response"),
    "granted with garbage": (200, REPLY, bytes.fromhex("3009300302010030020500"), "not a timestamp"),
    "empty": (200, REPLY, b"", "not a timestamp response"),
    "huge": (200, REPLY, b"x" * 200_000, "larger than"),
}
ACTIVE = {
    "slow": (_slow, "no answer within"),
    "drips headers": (_drip_headers, "no answer within"),
    "drips body": (_drip_body, "within 0.5 s"),
    "endless": (_endless, "larger than"),
    "hangs up": (_hang_up, "cannot be reached"),
}


def _fails(home: ThrowawayKeys, server: Server, client: httpx.Client, path: str, why: str) -> None:
    service = HttpTimestamper(server.url + path, name="odd", client=client)
    chain = TimestampChain(services=[service], clock=home.clock, timeout_seconds=0.5)
    started = time.monotonic()
    with pytest.raises(TimestampError) as caught:
        chain.timestamp(IMPRINT)
    assert why in caught.value.message
    assert caught.value.message.count("odd") >= 1
    assert time.monotonic() - started < 1.4
    good = HttpTimestamper(server.url + "/tsa", name="good", client=client)
    both = TimestampChain(services=[service, good], clock=home.clock, timeout_seconds=0.5)
    assert both.timestamp(IMPRINT).service == "good"


@pytest.mark.parametrize("kind", FIXED)
def test_wrong_answers(home: ThrowawayKeys, server: Server, client: httpx.Client, kind: str) -> None:
    """Wrong status, media type, body or size is named, and the next service serves."""
    status, content_type, body, why = FIXED[kind]
    server.answer("/odd", status, content_type, body)
    _fails(home, server, client, "/odd", why)


@pytest.mark.parametrize("kind", ACTIVE)
def test_wrong_manners(home: ThrowawayKeys, server: Server, client: httpx.Client, kind: str) -> None:
    """A service that is slow, drips, never ends or hangs up costs bounded time, and the next one serves."""
    route, why = ACTIVE[kind]
    server.routes["/odd"] = route
    _fails(home, server, client, "/odd", why)


def test_wrong_imprint_and_nonce(home: ThrowawayKeys, server: Server, client: httpx.Client) -> None:
    """Granted, signed and timely, but an answer to another question."""
    for imprint, nonce, why in ((b"y" * 32, None, "something else"), (IMPRINT, 5, "another request")):

        def answer(
            body: bytes, _handler: BaseHTTPRequestHandler, imprint: bytes = imprint, nonce: int | None = nonce
        ) -> tuple[int, str, bytes]:
            from asn1crypto import tsp

            said = nonce or tsp.TimeStampReq.load(body)["nonce"].native
            return 200, REPLY, home.tsa.respond(build_request(imprint, digest="sha256", nonce=said))

        server.routes["/odd"] = answer
        _fails(home, server, client, "/odd", why)


def test_nobody_listens(home: ThrowawayKeys, client: httpx.Client) -> None:
    """A closed port is unreachable, quickly."""
    service = HttpTimestamper("http://127.0.0.1:9/tsa", client=client)
    with pytest.raises(TimestampError) as caught:
        home.timestamper(services=[service]).timestamp(IMPRINT)
    assert "cannot be reached" in caught.value.message


def test_password_from_a_file(home: ThrowawayKeys, server: Server, client: httpx.Client, tmp_path: Path) -> None:
    """Basic authentication takes the file's first line, and no message shows it."""
    secret = tmp_path / "secret"
    secret.write_text("hemligt\nignored\n")
    service = HttpTimestamper(server.url + "/tsa", client=client, username="kommun", password_file=secret)
    assert home.timestamper(services=[service]).timestamp(IMPRINT).token
    assert server.seen[0][1]["authorization"] == "Basic " + base64.b64encode(b"kommun:hemligt").decode()
    assert "hemligt" not in repr(service)
    server.answer("/tsa", 401, "text/plain", b"hemligt")
    with pytest.raises(TimestampError) as caught:
        home.timestamper(services=[service]).timestamp(IMPRINT)
    assert "hemligt" not in str(caught.value)
    for content in ("", "\n", "x" * 2000):
        secret.write_text(content)
        with pytest.raises(TimestampError):
            service.respond(b"", timeout_seconds=1)
    secret.unlink()
    with pytest.raises(TimestampError):
        service.respond(b"", timeout_seconds=1)


@pytest.mark.parametrize(
    ("url", "more"),
    [
        ("ftp://tsa.example/", {}),
        ("tsa.example", {}),
        ("", {}),
        ("https://user:pass@tsa.example/", {}),
        ("http://[::1", {}),
        ("https://tsa.example/", {"username": "x"}),
        ("http://tsa.example/", {"username": "x", "password_file": Path("p")}),
    ],
)
def test_configuration(url: str, more: dict[str, Any]) -> None:
    """Addresses that are none, or would send a password in clear, are refused when configured."""
    with pytest.raises(TimestampError) as caught:
        HttpTimestamper(url, **more)
    assert caught.value.code == "seal.timestamp.config"
    assert "pass@" not in caught.value.message


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
