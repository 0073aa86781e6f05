"""External timestamp services, over real HTTP on the loopback: honest ones, and those that misbehave."""

from __future__ import annotations

import base64
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpx
import pytest

from signkit.errors import TimestampError
from signkit.pki.timestamp_chain import TimestampChain, build_request
from signkit.testing.pki import ThrowawayKeys
from signkit.x509.tokens import TimestampToken, verify_token
from signkit_providers.timestamp import HttpTimestamper

from .conftest import IMPRINT, REPLY, Server


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
