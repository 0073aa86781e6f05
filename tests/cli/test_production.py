"""A production home refuses what proves nothing to others; with real services it works."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from signkit.pki.authority import Authority
from signkit.pki.home import Organisation, init_keys
from signkit.pki.keys import FileKeys
from signkit.pki.revocations import FileRevocations
from signkit.pki.timestamper import EmbeddedTimestamper
from signkit.ports.keys import KeyName
from signkit.x509.certificates import Certificate
from signkit_cli.composition import SystemClock, open_home
from signkit_cli.session import Session
from signkit_cli.terminal import Terminal

REPLY = "application/timestamp-reply"


class _Service:
    """A timestamp authority over HTTP on the loopback, by default of another organisation; ``/down`` never works."""

    def __init__(self, folder: Path, organisation: str = "Tidsstämpling AB") -> None:
        clock = SystemClock()
        init_keys(
            folder,
            organisation=Organisation(name=organisation),
            environment="production",
            now=clock.now() - timedelta(minutes=1),
            embedded_tsa=True,
        )
        self.keys = FileKeys(folder)
        authority = Authority(self.keys, FileRevocations(folder / "revoked.json"), environment="production")
        stamper = EmbeddedTimestamper(authority, clock)
        self.asked: list[str] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                """Answer a timestamp query."""
                body = self.rfile.read(int(self.headers["content-length"]))
                service.asked.append(self.path)
                answer = stamper.respond(body) if self.path == "/tsa" else b""
                self.send_response(200 if answer else 503)
                self.send_header("Content-Type", REPLY)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def do_GET(self) -> None:
                """Give the root's revocation list."""
                crl = authority.crls(now=clock.now())[0]
                self.send_response(200)
                self.send_header("Content-Type", "application/pkix-crl")
                self.send_header("Content-Length", str(len(crl)))
                self.end_headers()
                self.wfile.write(crl)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        """Stop."""
        self.http.shutdown()
        self.http.server_close()

    def root(self) -> str:
        """Return the root in PEM."""
        return Certificate(self.keys.certificates(KeyName.ROOT)[0]).pem()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Service]:
    """Return a timestamp service that answers."""
    made = _Service(tmp_path_factory.mktemp("tsa") / "keys")
    yield made
    made.close()


@pytest.fixture
def production(tmp_path: Path, signkit_at: Any) -> Any:
    """Return the command line over a fresh production home."""
    signkit = signkit_at(tmp_path / "production")
    signkit("init", "--environment", "production", "--organisation", "Björkviks kommun")
    return signkit


def _configure(signkit: Any, service: _Service, *names: str) -> None:
    config = signkit.home / "config.toml"
    listed = ", ".join(f'"{name}"' for name in names)
    text = config.read_text().replace("services = []", f"services = [{listed}]")
    for name in names:
        path = "down" if name == "down" else "tsa"
        text += f'\n[timestamp.{name}]\nurl = "{service.url}/{path}"\ncrl_urls = ["{service.url}/crl"]\n'
    config.write_text(text)


def test_refusals(production: Any, protokoll: Path, signkit: Any, service: _Service, tmp_path: Path) -> None:
    """No rehearsal (24), no test root (12), no embedded timestamper (12), nobody by name alone (2)."""
    assert "TEST" not in (production.home / "trust.pem").read_text()
    config = production.home / "config.toml"
    bare = config.read_text()
    _configure(production, service, "real")
    refused = production("envelope", "create", protokoll, "--signatory", "A", "--json", code=2).error
    assert refused["code"] == "usage.unidentified"
    production("envelope", "create", protokoll, "--signatory", "A", "--accept-risk", "unidentified")
    config.write_text(bare.replace('provider = "bankid"', 'provider = "rehearsal"'))
    assert production("envelope", "list", "--json", code=12).error["subject"]["field"] == "sign.provider"
    config.write_text(bare)
    signkit("trust", "export", tmp_path / "test.pem")
    refused = production("trust", "add", f"tsa:{tmp_path / 'test.pem'}", "--yes", "--json", code=12).error
    assert refused["code"] == "config.test_root"
    trust = production.home / "trust.pem"
    kept = trust.read_text()
    trust.write_text(kept + (tmp_path / "test.pem").read_text())
    assert production("envelope", "list", code=0)
    assert any(item["code"] == "config.test_root" for item in production("doctor", "--json", code=11).json["findings"])
    trust.write_text(kept)
    config.write_text(bare.replace("services = []", 'services = ["embedded"]'))
    assert production("envelope", "list", "--json", code=12).error["subject"]["field"] == "timestamps.services"


def test_without_a_timestamp_service(production: Any, protokoll: Path) -> None:
    """Sealing without a service is refused with what to configure."""
    refused = production("envelope", "create", protokoll, "--signatory", "A; id=198001011009", "--json", code=12)
    assert refused.error["code"] == "config.timestamps"


def test_an_external_service_with_a_fallback(
    production: Any, service: _Service, protokoll: Path, tmp_path: Path
) -> None:
    """Services are asked in order; the first that holds is taken; the file is closed when the envelope is voided."""
    (tmp_path / "tsa.pem").write_text(service.root())
    production("trust", "add", f"tsa:{tmp_path / 'tsa.pem'}", "--yes")
    _configure(production, service, "down", "real")
    envelope = production("envelope", "create", protokoll, "--signatory", "A; id=198001011009", "--json").json["id"]
    service.asked.clear()
    assert production("envelope", "send", envelope, "--json").json["state"] == "sent"
    assert service.asked[:2] == ["/down", "/tsa"]
    refused = production("sign", envelope, "--as", "A", "--provider", "rehearsal", "--json", code=24).error
    assert refused["code"] == "plugin.refused"
    assert production("envelope", "void", envelope, "--yes", "--json").json["sealed"]
    assert production("doctor", "--json").json["findings"] == []


def test_a_service_under_the_own_root(production: Any, tmp_path: Path) -> None:
    """A home that trusts its own root for timestamps still takes none that chain to it."""
    own = FileKeys(production.home / "keys")
    authority = Authority(own, FileRevocations(tmp_path / "revoked.json"), environment="production")
    home = open_home(Session(terminal=Terminal(), home=production.home), write=False)
    refused = {certificate.der for certificate in home.own_authorities()}
    assert refused == {authority.certificate(name).der for name in (KeyName.ROOT, KeyName.PERSON_CA, KeyName.SEAL_CA)}
    home.store.close()


def test_it_takes_no_token_of_a_service_under_its_own_root(signkit_at: Any, protokoll: Path, tmp_path: Path) -> None:
    """Trusted or not, such a service is passed over: nothing is sent, and the reason is told."""
    own = _Service(tmp_path / "own" / "keys", "Björkviks kommun")
    try:
        signkit = signkit_at(tmp_path / "own")
        signkit("init", "--environment", "production", "--organisation", "Björkviks kommun")
        (tmp_path / "own.pem").write_text(own.root())
        signkit("trust", "add", f"tsa:{tmp_path / 'own.pem'}", "--yes")
        _configure(signkit, own, "real")
        envelope = signkit("envelope", "create", protokoll, "--signatory", "A; id=198001011009", "--json").json["id"]
        refused = signkit("envelope", "send", envelope, "--json", code=30).error
        assert refused["code"] == "seal.timestamp"
        assert "not independent of this home" in refused["message"]
        assert own.asked
        assert signkit.show(envelope)["state"] == "draft"
    finally:
        own.close()


def test_a_service_that_was_not_trusted_when_the_envelope_was_sent(
    signkit: Any, service: _Service, protokoll: Path, tmp_path: Path
) -> None:
    """Its token is refused before anything is signed; one of a service trusted then goes on, whichever it is."""
    old = signkit.create(protokoll)
    signkit("envelope", "send", old)
    (tmp_path / "tsa.pem").write_text(service.root())
    signkit("trust", "add", f"tsa:{tmp_path / 'tsa.pem'}", "--yes")
    new = signkit.create(protokoll)
    signkit("envelope", "send", new)
    config = signkit.home / "config.toml"
    bare = config.read_text()
    text = bare.replace('services = ["embedded"]', 'services = ["down", "real"]')
    for name, path in (("down", "down"), ("real", "tsa")):
        text += f'\n[timestamp.{name}]\nurl = "{service.url}/{path}"\ncrl_urls = ["{service.url}/crl"]\n'
    config.write_text(text)
    refused = signkit("sign", old, "--as", "all", "--provider", "rehearsal", "--json", code=30).error
    assert refused["code"] == "seal.timestamp.not_named"
    signkit("sign", new, "--as", "all", "--provider", "rehearsal")
    config.write_text(bare)
    signkit("sign", old, "--as", "all", "--provider", "rehearsal")
    for envelope in (old, new):
        signkit("envelope", "export", envelope, "--output", tmp_path / envelope)
        (path,) = (tmp_path / envelope).glob("*.pdf")
        assert signkit("verify", path, "--json").json["verdict"] == "PASSED"


def test_every_service_fails(production: Any, service: _Service, protokoll: Path, tmp_path: Path) -> None:
    """When no service gives a token, the step ends with 30 that may be tried again; the envelope stays a draft."""
    (tmp_path / "tsa.pem").write_text(service.root())
    production("trust", "add", f"tsa:{tmp_path / 'tsa.pem'}", "--yes")
    _configure(production, service, "down")
    envelope = production("envelope", "create", protokoll, "--signatory", "A; id=198001011009", "--json").json["id"]
    refused = production("envelope", "send", envelope, "--json", code=30).error
    assert refused["retry"] == "auto"
    assert production.show(envelope)["state"] == "draft"
    assert production("doctor", "--json").json["sound"]
