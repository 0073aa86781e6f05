"""The simulator as a plug-in and as commands: started, used, stopped; many clients at once; keys kept between runs."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest

from signkit import plugins
from signkit.errors import PluginLoadError, PluginNotFoundError, ProviderRejectedError, ProviderUnavailableError
from signkit.evidence import verifier_for
from signkit.ports.provider import CeremonyState, ProviderContext, SigningRequest
from signkit_cli.app import run
from signkit_providers.bankid import BankIdProvider
from signkit_providers.simulator.plugin import BankIdSimulator

FILES = ("client.p12", "client.pem", "client.key", "ca.pem", "root.pem")


class MachineClock:
    """Tells the machine's time."""

    def now(self) -> Any:
        """Return it."""
        from datetime import UTC, datetime

        return datetime.now(UTC)


def request(**changes: Any) -> SigningRequest:
    values: dict[str, Any] = {"ceremony": "c", "text": "Text", "data": b"{}", "language": "sv", "value": "191212121212"}
    return SigningRequest(**(values | changes))


def test_found_by_entry_point() -> None:
    """Provider and simulator are installed plug-ins of the same name."""
    assert plugins.load(plugins.find(plugins.PROVIDERS, "bankid")) is BankIdProvider
    assert plugins.load(plugins.find(plugins.SIMULATORS, "bankid")) is BankIdSimulator


def test_settings_and_anchors_fit_a_home(tmp_path: Path) -> None:
    """What the simulator says about itself makes a provider, and its autopilot completes what the provider starts."""
    running = BankIdSimulator.start(tmp_path, people=[("Eva Ek", "198001019802")], autopilot=True)
    try:
        assert all((tmp_path / name).is_file() for name in FILES)
        assert (tmp_path / "client.key").stat().st_mode & 0o077 == 0
        context = ProviderContext(settings=running.settings(), home=tmp_path, environment="test", clock=MachineClock())
        provider = BankIdProvider.create(context)
        started = provider.start(request(value="198001019802"))
        provider._settings = provider._settings.__class__(environment="test", url="x", least_poll_seconds=0.0)
        states = [provider.poll(started) for _ in range(4)]
        signed = next(item.signed for item in states if item.state is CeremonyState.COMPLETE)
        provider.close()
    finally:
        running.stop()
    assert signed is not None
    verifier = verifier_for(signed.evidence.format)
    assert verifier is not None
    facts = verifier.verify(signed.evidence, anchors=running.anchors())
    assert facts.findings == ()
    assert facts.identity is not None
    assert facts.identity.name == "Eva Ek"


def test_keys_are_kept_between_runs(tmp_path: Path) -> None:
    """Evidence of yesterday's run leads to today's root."""
    roots = []
    for _ in range(2):
        running = BankIdSimulator.start(tmp_path)
        running.stop()
        roots.append((tmp_path / "root.pem").read_bytes())
    assert roots[0] == roots[1]


def test_what_cannot_be_started(tmp_path: Path) -> None:
    """A taken port, a file for a folder, a wrong number: an error, and nothing left open."""
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises(PluginLoadError):
        BankIdSimulator.start(tmp_path, port=listener.getsockname()[1])
    (tmp_path / "file").write_text("x", encoding="ascii")
    with pytest.raises(PluginLoadError):
        BankIdSimulator.start(tmp_path / "file")
    with pytest.raises(PluginLoadError):
        BankIdSimulator.start(tmp_path, people=[("Eva", "12")])


def test_act(running: Any) -> None:
    """People act from afar; refusals carry the simulator's reason."""
    context = ProviderContext(
        settings=running.settings(), home=running.directory, environment="test", clock=MachineClock()
    )
    provider = BankIdProvider.create(context)
    started = provider.start(request())
    assert BankIdSimulator.act(running.url, person="tolv", actions=["scan", "approve"]) == "Tolvan Tolvansson"
    assert provider.poll(started).state is CeremonyState.COMPLETE
    started = provider.start(request())
    link = started.prompt.link
    BankIdSimulator.act(running.url + "/", person="Tolvan", actions=["scan", "cancel"], link=link)
    assert provider.poll(started).state is CeremonyState.DECLINED
    provider.close()
    with pytest.raises(ProviderRejectedError, match="no order is waiting"):
        BankIdSimulator.act(running.url, person="Tolvan", actions=["scan"])
    with pytest.raises(ProviderUnavailableError):
        BankIdSimulator.act("https://localhost:1", person="Tolvan", actions=["scan"])
    with pytest.raises(ProviderUnavailableError):
        BankIdSimulator.act("not a url", person="Tolvan", actions=["scan"])


def test_silent_and_broken_clients_hold_up_nobody(running: Any) -> None:
    """Connections that say nothing, or no TLS, or half a request, do not keep others waiting."""
    port = int(running.url.rsplit(":", 1)[1])
    context = ssl.create_default_context(cafile=str(running.directory / "ca.pem"))
    context.load_cert_chain(running.directory / "client.pem", running.directory / "client.key")
    idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
    for item in idle[::2]:
        item.sendall(b"GET / HTTP/1.1\r\n\r\n")
    half = context.wrap_socket(socket.create_connection(("127.0.0.1", port)), server_hostname="localhost")
    half.sendall(b"POST /rp/v6.0/sign HTTP/1.1\r\nContent-Length: 500\r\n\r\n{")
    answers: list[int] = []

    def ask() -> None:
        with httpx.Client(verify=context) as client:
            answers.extend(client.get(running.rp_url + "auth").status_code for _ in range(5))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    begun = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [405] * 40
    assert time.monotonic() - begun < 8
    for item in (*idle, half):
        item.close()


def test_chunked_and_oversize_bodies(running: Any) -> None:
    """A chunked body is read; a body beyond all limits is answered and the connection closed."""
    context = ssl.create_default_context(cafile=str(running.directory / "ca.pem"))
    context.load_cert_chain(running.directory / "client.pem", running.directory / "client.key")
    with httpx.Client(verify=context, headers={"Content-Type": "application/json"}) as client:
        body = b'{"endUserIp": "127.0.0.1"}'
        answer = client.post(running.rp_url + "auth", content=iter([body[:7], body[7:]]))
        assert answer.status_code == 200
        with contextlib.suppress(httpx.TransportError):  # the server may close before all is sent
            assert client.post(running.rp_url + "auth", content=b"x" * 1_500_000).status_code == 408


def fits(name: str, value: Any) -> None:
    """Hold what was printed against the published schema."""
    path = Path(__file__).resolve().parents[2] / "docs" / "formats" / f"{name}.schema.json"
    schema = json.loads(path.read_text(encoding="utf-8"))
    jsonschema.validate(value, schema)
    assert set(value) <= set(schema["properties"])


def test_serve_and_app_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Serve tells one line of JSON when it answers and ends at SIGTERM; app acts on it; exit codes as promised."""
    command = [sys.executable, "-m", "signkit_cli", "--json", "simulator", "serve", "--directory", str(tmp_path)]
    with subprocess.Popen([*command, "--person", "Eva Ek=198001019802"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            told = json.loads(process.stdout.readline())
            fits("simulator", told)
            assert told["directory"] == str(tmp_path)
            context = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
            page = httpx.get(told["url"], verify=context, trust_env=False)
            assert page.status_code == 200
            app = ["--json", "simulator", "app", "--url", told["url"], "--person", "Eva"]
            assert run([*app, "--do", "block"]) == 0
            acted = json.loads(capsys.readouterr().out)
            fits("simulator-act", acted)
            assert acted["person"] == "Eva Ek"
            assert run([*app, "--scan"]) == 23
            assert run(app) == 2
            assert run([*app, "--approve", "--cancel"]) == 2
            error = capsys.readouterr().err.splitlines()[-1]
            assert json.loads(error)["schema"] == "signkit.error/1"
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=10) == 0
        finally:
            process.kill()
    assert run(["simulator", "app", "--url", told["url"], "--person", "Eva", "--scan"]) == 22
    assert run(["simulator", "serve", "--person", "Eva"]) == 2


def test_production_home_refuses(tmp_path: Path) -> None:
    """Neither the simulator nor a provider at a test server in a production home: 24."""
    (tmp_path / "config.toml").write_text(
        '[home]\nenvironment = "production"\norganisation = "X"\norigin = "x.example"\n'
        '[sign]\nprovider = "bankid"\n[timestamps]\nservices = []\n',
        encoding="utf-8",
    )
    assert run(["--home", str(tmp_path), "simulator", "serve"]) == 24
    context = ProviderContext(
        settings={"url": "https://localhost:1/rp/v6.0/"}, home=tmp_path, environment="production", clock=MachineClock()
    )
    with pytest.raises(PluginNotFoundError):
        BankIdProvider.create(context)
