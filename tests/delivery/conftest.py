"""Real servers on this machine's own address: one that takes mail, and one that takes webhooks."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from signkit.ports.delivery import DeliveryContext
from signkit.testing.clock import SteppingClock

USER, PASSWORD = "signkit", "hemlig åäö"


@dataclass
class Box:
    """What a mail server has taken, and how it shall answer."""

    mails: list[EmailMessage] = field(default_factory=list)
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)
    options: list[list[str]] = field(default_factory=list)
    sessions: set[object] = field(default_factory=set)
    on_mail: list[str] = field(default_factory=list)
    on_rcpt: list[str] = field(default_factory=list)
    on_data: list[str | float] = field(default_factory=list)
    hang_up: int = 0

    async def handle_MAIL(  # noqa: N802 - the server's own name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Answer MAIL FROM."""
        self.options.append(options)
        if self.on_mail:
            return self.on_mail.pop(0)
        envelope.mail_from = address
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802 - the server's own name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Answer RCPT TO."""
        if self.on_rcpt:
            return self.on_rcpt.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802 - the server's own name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Answer the text."""
        if self.hang_up:
            self.hang_up -= 1
            server.transport.close()  # type: ignore[union-attr]
            return "250 never heard"
        if self.on_data:
            answer = self.on_data.pop(0)
            if isinstance(answer, str):
                return answer
            await asyncio.sleep(answer)
        assert isinstance(envelope.content, bytes)
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        self.envelopes.append((str(envelope.mail_from), list(envelope.rcpt_tos)))
        self.sessions.add(session.peer)
        return "250 2.0.0 taken"


@dataclass
class MailServer:
    """A running mail server."""

    port: int
    box: Box


def _certificate() -> tuple[bytes, bytes]:
    """Return key and self-signed certificate of this machine, PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2000, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2999, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private, certificate.public_bytes(pem)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _login(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    good = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=good, handled=False)


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    """Return a server's TLS context for this machine, and the file with the root behind it."""
    folder = tmp_path_factory.mktemp("tls")
    key, certificate = _certificate()
    (folder / "server.pem").write_bytes(key + certificate)
    (folder / "root.pem").write_bytes(certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context, folder / "root.pem"


@pytest.fixture
def mail_server(tls: tuple[ssl.SSLContext, Path]) -> Iterator[Callable[..., MailServer]]:
    """Return what starts a mail server: plain, with STARTTLS, or with TLS from the first byte; with login or not."""
    running = []

    def start(*, security: str = "starttls", login: bool = False) -> MailServer:
        box = Box()
        options: dict[str, Any] = {"enable_SMTPUTF8": False, "hostname": "127.0.0.1", "port": _free_port()}
        if security == "starttls":
            options |= {"tls_context": tls[0], "require_starttls": True}
        if security == "tls":
            options |= {"ssl_context": tls[0]}
        if login:
            options |= {"authenticator": _login, "auth_required": True, "auth_require_tls": security == "starttls"}
        controller = Controller(box, **options)
        controller.start()
        running.append(controller)
        return MailServer(controller.port, box)

    yield start
    for controller in running:
        controller.stop()


@pytest.fixture
def context(tmp_path: Path) -> Callable[..., DeliveryContext]:
    """Return what makes the context of a delivery service in a home under the test's folder."""

    def make(*, sender: str | None = "Björkviks kommun <noreply@bjorkvik.example>", **more: Any) -> DeliveryContext:
        values: dict[str, Any] = {
            "settings": {},
            "home": tmp_path,
            "environment": "test",
            "organisation": "Björkviks kommun",
            "clock": SteppingClock(),
            "sender": sender,
            "timeout_seconds": 2.0,
        }
        return DeliveryContext(**(values | more))

    return make


@dataclass
class Hook:
    """A running receiver of webhooks."""

    url: str
    requests: list[tuple[dict[str, str], bytes]]
    answers: list[int | float]


@pytest.fixture
def hook() -> Iterator[Hook]:
    """Run a server that keeps what is posted to it, and answers as it is told: a status, or seconds of silence."""
    requests: list[tuple[dict[str, str], bytes]] = []
    answers: list[int | float] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            answer = answers.pop(0) if answers else 202
            if isinstance(answer, float):
                time.sleep(answer)
                answer = 202
            if answer < 300:
                requests.append(({key.lower(): value for key, value in self.headers.items()}, body))
            self.send_response(answer)
            self.end_headers()

        def log_message(self, *words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield Hook(f"http://127.0.0.1:{server.server_address[1]}/in", requests, answers)
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def closed_port() -> int:
    """Return a port of this machine on which nobody listens."""
    return _free_port()
