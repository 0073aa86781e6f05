"""The HTTP client against servers that misbehave, over real sockets, and against the simulator over real mutual TLS."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from signkit.errors import (
    ConfigError,
    PluginNotFoundError,
    ProviderError,
    ProviderRejectedError,
    ProviderResponseError,
    ProviderUnavailableError,
    Retry,
)
from signkit.evidence import verifier_for
from signkit.ports.provider import CeremonyState, ProviderContext, SigningRequest
from signkit.testing.clock import SteppingClock
from signkit_providers.bankid import BankIdClient, BankIdProvider
from signkit_providers.bankid.settings import read_settings
from signkit_providers.bankid.tls import client_context

SECRET = "191212121212-geheim"  # in every body: must never reach a message
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

REF = b'"131daac9-16c6-4618-beb0-365768f37288"'
ORDER = b'{"orderRef": %s, "autoStartToken": %s, "qrStartToken": %s, "qrStartSecret": %s}' % (REF, REF, REF, REF)
USER = (
    b'{"status": "complete", "completionData": {"user": {"personalNumber": "191212121212", "name": "A", '
    b'"givenName": "A", "surname": "A"}'
)


def answer(body: bytes, head: bytes = OK) -> bytes:
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


@pytest.fixture
def server() -> Iterator[Callable[..., BankIdClient]]:
    """Return a maker of clients whose server does what a function does with the connection."""
    with contextlib.ExitStack() as stack:

        def make(act: Callable[[socket.socket], None], *, deadline: float = 1.0, timeout: float = 0.5) -> BankIdClient:
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            client = BankIdClient(
                f"http://127.0.0.1:{listener.getsockname()[1]}/rp/v6.0/",
                context=ssl.create_default_context(),
                timeout_seconds=timeout,
                deadline_seconds=deadline,
            )
            stack.callback(client.close)

            def serve() -> None:
                with contextlib.suppress(OSError):
                    while True:
                        connection, _ = listener.accept()
                        with connection, contextlib.suppress(OSError):
                            connection.settimeout(5)
                            read_request(connection)
                            act(connection)

            threading.Thread(target=serve, daemon=True).start()
            return client

        yield make


def read_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data or not (data.endswith(b"}") or data.startswith(b"GET")):
        chunk = connection.recv(65536)
        if not chunk:
            break
        data += chunk
    return data


def sender(data: bytes) -> Callable[[socket.socket], None]:
    return lambda connection: connection.sendall(data)


def dripper(first: bytes, drop: bytes, pause: float) -> Callable[[socket.socket], None]:
    def act(connection: socket.socket) -> None:
        connection.sendall(first)
        for _ in range(100):
            connection.sendall(drop)
            time.sleep(pause)

    return act


HTML = b"<html><head><title>403 Forbidden</title></head><body>191212121212-geheim</body></html>"

MISBEHAVIOUR: dict[str, tuple[Callable[[socket.socket], None], type[ProviderError]]] = {
    "closes at once": (sender(b""), ProviderUnavailableError),
    "half a header": (sender(b"HTTP/1.1 200 O"), ProviderUnavailableError),
    "half a body": (sender(OK + b'Content-Length: 500\r\n\r\n{"orderRef": "'), ProviderUnavailableError),
    "no HTTP": (sender(b"\x16\x03\x01garbage\r\n\r\n"), ProviderUnavailableError),
    "never answers": (lambda _: time.sleep(2), ProviderUnavailableError),
    "drips the header": (dripper(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n", 0.1), ProviderUnavailableError),
    "drips the body": (dripper(OK + b"Content-Length: 1000\r\n\r\n", b" ", 0.1), ProviderUnavailableError),
    "an empty body": (sender(answer(b"")), ProviderResponseError),
    "a list": (sender(answer(b'["191212121212-geheim"]')), ProviderResponseError),
    "a number": (sender(answer(b"17")), ProviderResponseError),
    "null": (sender(answer(b"null")), ProviderResponseError),
    "no UTF-8": (sender(answer(b'{"orderRef": "\xff"}')), ProviderResponseError),
    "deep nesting": (sender(answer(b"[" * 200_000)), ProviderResponseError),
    "HTML with 200": (sender(answer(HTML)), ProviderResponseError),
    "too large": (sender(answer(b" " * 5_000_000)), ProviderResponseError),
    "a redirect": (
        sender(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/191212121212-geheim\r\nContent-Length: 0\r\n\r\n"),
        ProviderResponseError,
    ),
    "no content": (sender(b"HTTP/1.1 204 No Content\r\n\r\n"), ProviderResponseError),
    "broken gzip": (
        sender(answer(b"not gzip", OK + b"Content-Encoding: gzip\r\n")),
        ProviderResponseError,
    ),
    "HTML with 403": (sender(answer(HTML, b"HTTP/1.1 403 Forbidden\r\n")), ProviderRejectedError),
    "HTML with 503": (sender(answer(HTML, b"HTTP/1.1 503 Service Unavailable\r\n")), ProviderUnavailableError),
    "wrong types in an error": (
        sender(answer(b'{"errorCode": 5, "details": {}}', b"HTTP/1.1 400 Bad Request\r\n")),
        ProviderRejectedError,
    ),
    "a list as an error": (sender(answer(b"[]", b"HTTP/1.1 500 Oops\r\n")), ProviderUnavailableError),
    "status 600": (sender(answer(b"{}", b"HTTP/1.1 600 What\r\n")), ProviderUnavailableError),
}


@pytest.mark.parametrize("name", MISBEHAVIOUR)
def test_misbehaviour_is_of_the_right_class(server: Any, name: str) -> None:
    """Slow, half, broken or foreign answers end in time, in the right class, with nothing of the body told."""
    act, kind = MISBEHAVIOUR[name]
    client = server(act)
    started = time.monotonic()
    with pytest.raises(ProviderError) as caught:
        client.post("collect", {"orderRef": SECRET})
    assert time.monotonic() - started < 2.5
    assert type(caught.value) is kind
    assert SECRET not in f"{caught.value} {caught.value.hint} {caught.value.subject}"
    assert caught.value.__cause__ is None or SECRET not in str(caught.value.__cause__)


def test_nobody_listens() -> None:
    """A closed port is unavailable, and may be tried again quietly."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    client = BankIdClient(f"https://127.0.0.1:{port}/", context=ssl.create_default_context())
    with pytest.raises(ProviderUnavailableError) as caught:
        client.post("sign", {})
    assert caught.value.retry is Retry.AUTO
    client.close()


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b'{"orderRef": 5}',
        b'{"orderRef": "131daac9-16c6-4618-beb0-365768f37288"}',
        b'{"orderRef": "x", "autoStartToken": "y", "qrStartToken": "z", "qrStartSecret": "w"}',
        b'{"orderRef": "131daac9-16c6-4618-beb0-365768f37288", "autoStartToken": null, "qrStartToken": []}',
    ],
)
def test_answers_to_sign_of_the_wrong_form(server: Any, body: bytes, tmp_path: Path) -> None:
    """Missing members and wrong types in the answer to sign break the API, and say which member."""
    provider = provider_at(server(sender(answer(body))), tmp_path)
    with pytest.raises(ProviderResponseError):
        provider.start(request())


@pytest.mark.parametrize(
    "body",
    [
        b'{"status": "done"}',
        b'{"status": 1}',
        b'{"orderRef": "another-order", "status": "pending"}',
        b'{"status": "pending", "hintCode": 5}',
        b'{"status": "complete"}',
        b'{"status": "complete", "completionData": []}',
        b'{"status": "complete", "completionData": {"user": {"personalNumber": "1"}}}',
        b'{"status": "complete", "completionData": {"user": {"personalNumber": "191212121212", "name": ""}}}',
        USER + b', "signature": "***", "ocspResponse": "AAAA"}}',
        USER + b', "signature": "AAAA"}}',
    ],
)
def test_answers_to_collect_of_the_wrong_form(server: Any, body: bytes, tmp_path: Path) -> None:
    """Missing members and wrong types in the answer to collect break the API; no number is told."""
    bodies = [ORDER, body]
    provider = provider_at(server(lambda connection: connection.sendall(answer(bodies.pop(0)))), tmp_path)
    started = provider.start(request())
    with pytest.raises(ProviderResponseError) as caught:
        provider.poll(started)
    assert "191212121212" not in str(caught.value)


def test_unknown_members_and_hints_are_ignored(server: Any, tmp_path: Path) -> None:
    """Members that nobody knows yet change nothing, and an unknown pending hint keeps polling."""
    ref = b'"131daac9-16c6-4618-beb0-365768f37288"'
    bodies = [
        b'{"orderRef": %s, "autoStartToken": %s, "qrStartToken": %s, "qrStartSecret": %s, "new": {}}'
        % (ref, ref, ref, ref),
        b'{"orderRef": %s, "status": "pending", "hintCode": "brandNew", "more": [1]}' % ref,
        b'{"orderRef": %s, "status": "failed", "hintCode": "brandNewToo"}' % ref,
    ]
    client = server(lambda connection: connection.sendall(answer(bodies.pop(0))), deadline=20.0, timeout=10.0)
    provider = provider_at(client, tmp_path)
    started = provider.start(request())
    result = provider.poll(started)
    assert (result.state, result.prompt.hint) == (CeremonyState.PENDING, "unknownPending")
    result = provider.poll(started)
    assert (result.state, result.reason) == (CeremonyState.FAILED, "unknownFailed")


# -- against the simulator over mutual TLS ---------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["p12", "pem"])
def test_whole_ceremony_over_mutual_tls(running: Any, tmp_path: Path, form: str) -> None:
    """Configured from a table, with PKCS#12 or PEM: sign, scan, approve, evidence that holds; then cancel."""
    table = configuration(running, tmp_path, form)
    provider = made(table, running)
    started = provider.start(request())
    running.app("Tolvan").scan(provider.prompt(started).qr)
    running.app("Tolvan").approve()
    result = provider.poll(started)
    assert result.signed is not None
    verifier = verifier_for(result.signed.evidence.format)
    assert verifier is not None
    facts = verifier.verify(result.signed.evidence, anchors=[running.pki.root.der])
    assert (facts.findings, facts.text) == ((), request().text)
    started = provider.start(request())
    provider.cancel(started)
    provider.close()


def test_check(running: Any, tmp_path: Path, server: Any) -> None:
    """The health check passes where BankID answers 405, and nowhere else."""
    provider = made(configuration(running, tmp_path, "pem"), running)
    provider.check()
    provider.close()
    for head, kind in ((b"403 Forbidden", ProviderRejectedError), (b"503 Busy", ProviderUnavailableError)):
        client = server(sender(answer(HTML, b"HTTP/1.1 " + head + b"\r\n")))
        with pytest.raises(kind):
            client.check()
    client = server(sender(b""))
    with pytest.raises(ProviderUnavailableError):
        client.check()


def test_server_that_is_not_bankids(running: Any, tmp_path: Path) -> None:
    """A server whose certificate does not lead to the configured root is refused, and not worth trying again."""
    table = {**configuration(running, tmp_path, "p12"), "server_ca": "root.pem"}
    provider = made(table, running)
    with pytest.raises(ProviderRejectedError) as caught:
        provider.start(request())
    assert caught.value.code == "provider.bankid.server_certificate"
    provider.close()


def test_certificate_that_the_server_does_not_know(running: Any, tmp_path: Path, pki: Any) -> None:
    """A client certificate of another authority is refused, and so is none at all."""
    pki.write(tmp_path)
    context = client_context(
        certificate=tmp_path / "client.p12", password=b"qwerty123", server_ca=running.directory / "ca.pem"
    )
    bare = ssl.create_default_context(cafile=str(running.directory / "ca.pem"))
    for item in (context, bare):
        client = BankIdClient(running.rp_url, context=item)
        with pytest.raises(ProviderRejectedError):
            client.post("sign", {})
        client.close()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"certificate": None}, "config.bankid.missing"),
        ({"server_ca": None}, "config.bankid.missing"),
        ({"certificate": "missing.p12"}, "config.bankid.file"),
        ({"password_file": "missing"}, "config.bankid.file"),
        ({"password_file": "root.pem"}, "config.bankid.certificate"),
        ({"password_file": None}, "config.bankid.certificate"),
        ({"certificate": "ca.pem"}, "config.bankid.certificate"),
        ({"server_ca": "client.p12"}, "config.bankid.certificate"),
        ({"certificate": "client.pem", "key": "authorities/server.key"}, "config.bankid.certificate"),
        ({"certificat": "x"}, "config.bankid.key"),
        ({"url": "http://localhost/"}, "config.bankid.value"),
        ({"url": "https://appapi2.bankid.com/rp/v6.0/"}, "config.bankid.value"),
        ({"url": "https://[/"}, "config.bankid.value"),
        ({"mrtd": "yes"}, "config.bankid.value"),
        ({"risk": "high"}, "config.bankid.value"),
        ({"certificate_policies": ["*"]}, "config.bankid.value"),
        ({"poll_seconds": 0.5}, "config.bankid.value"),
        ({"timeout_seconds": True}, "config.bankid.value"),
        ({"call_initiator": "me"}, "config.bankid.value"),
        ({"proxy": ""}, "config.bankid.value"),
    ],
)
def test_wrong_settings(running: Any, tmp_path: Path, change: dict[str, Any], code: str) -> None:
    """A missing, misspelt or contradictory setting is an error that names it, without the password."""
    table = {**configuration(running, tmp_path, "p12"), **change}
    table = {name: value for name, value in table.items() if value is not None}
    with pytest.raises(ConfigError) as caught:
        made(table, running)
    assert caught.value.code == code
    assert "qwerty" not in f"{caught.value} {caught.value.hint}"


def test_production_refuses_what_is_for_tests(tmp_path: Path) -> None:
    """A production home takes neither a test server nor a test policy, and knows BankID's address."""
    for table in ({"url": "https://appapi2.test.bankid.com/rp/v6.0/"}, {"url": "https://localhost:1/"}):
        with pytest.raises(PluginNotFoundError):
            read_settings(table, folder=tmp_path, environment="production")
    with pytest.raises(ConfigError):
        read_settings({"certificate_policies": ["1.2.3.4.25"]}, folder=tmp_path, environment="production")
    for environment, host in (("production", "appapi2.bankid.com"), ("test", "appapi2.test.bankid.com")):
        assert read_settings({}, folder=tmp_path, environment=environment).url == f"https://{host}/rp/v6.0/"


class SystemClock:
    """Tells the machine's time."""

    def now(self) -> Any:
        """Return it."""
        from datetime import UTC, datetime

        return datetime.now(UTC)


def made(table: dict[str, Any], running: Any) -> BankIdProvider:
    context = ProviderContext(settings=table, home=running.directory, environment="test", clock=SystemClock())
    return BankIdProvider.create(context)


def configuration(running: Any, folder: Path, form: str) -> dict[str, Any]:
    password = folder / "password"
    password.write_text("qwerty123\n", encoding="ascii")
    own = {"certificate": "client.p12", "password_file": str(password)}
    if form == "pem":
        own = {"certificate": "client.pem", "key": "client.key"}
    return {"url": running.rp_url, "server_ca": "ca.pem", **own}


def provider_at(client: BankIdClient, folder: Path) -> BankIdProvider:
    import dataclasses

    settings = dataclasses.replace(read_settings({}, folder=folder, environment="test"), least_poll_seconds=0.0)
    return BankIdProvider(client, clock=SteppingClock(), settings=settings)


def request() -> SigningRequest:
    return SigningRequest(ceremony="c1", text="Jag skriver under.", data=b"{}", language="sv", value="191212121212")
