"""``signkit sign`` with BankID: the home's own simulator over real TLS, calls, and servers that misbehave."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from signkit.store import open_store
from signkit_providers.bankid import BankIdProvider
from signkit_providers.bankid.settings import read_settings
from signkit_providers.simulator import Simulator

TOLVAN = "Tolvan Tolvansson <t@example.se>; id=191212121212"
ANNA = "Anna Andersson <a@example.se>; id=198507099805"


def entries(home: Path, envelope: str, kind: str) -> list[dict[str, Any]]:
    store = open_store(home, readonly=True)
    try:
        with store.read() as tx:
            return [dict(item.entry.data) for item in tx.entries(envelope) if item.entry.type == kind]
    finally:
        store.close()


def sent(signkit: Any, protokoll: Path, *people: str) -> str:
    envelope = str(signkit.create(protokoll, people=people))
    signkit("envelope", "send", envelope)
    return envelope


@pytest.fixture
def autopilot(signkit: Any) -> Iterator[Simulator]:
    """Return the home's own simulator, running, whose people do as they are asked."""
    with Simulator(signkit.home / "simulator", autopilot=True) as running:
        yield running


@pytest.mark.usefixtures("autopilot")
def test_a_test_home_signs_with_its_own_simulator(signkit: Any, protokoll: Path, tmp_path: Path) -> None:
    """Nothing is configured, nothing is trusted by hand: both sign, and the eID's own signatures prove it."""
    envelope = sent(signkit, protokoll, TOLVAN, ANNA)
    signkit("sign", envelope, "--as", "all", "--provider", "bankid", "--json")
    made = signkit("envelope", "export", envelope, "--output", tmp_path, "--json").json["files"]
    path = {item["kind"]: item["path"] for item in made}
    report = signkit("verify", path["signed"], "--evidence", path["evidence"], "--require", "C3b", "--json").json
    assert report["verdict"] == "PASSED"
    assert report["claims"]["C3b"]["verdict"] == "PASSED"


@pytest.mark.usefixtures("autopilot")
def test_a_call_is_written_down(signkit: Any, protokoll: Path) -> None:
    """Who called whom is an entry; the order goes to the person's number."""
    envelope = sent(signkit, protokoll, TOLVAN, ANNA)
    signkit("sign", envelope, "--as", "s1", "--provider", "bankid", "--call", "RP")
    signkit("sign", envelope, "--as", "s2", "--provider", "bankid")
    first, second = entries(signkit.home, envelope, "ceremony_started")
    assert first["call_initiator"] == "RP"
    assert "call_initiator" not in second
    assert signkit.show(envelope)["state"] == "completed"


def test_what_a_call_needs(signkit: Any, protokoll: Path) -> None:
    """A number, an eID that signs on calls, and one of two words; nothing is started without them."""
    envelope = sent(signkit, protokoll, "Tolvan Tolvansson")
    for words, code in (
        (("--provider", "bankid", "--call", "user"), "usage.number"),
        (("--call", "user"), "usage.call"),
        (("--provider", "bankid", "--call", "me"), "usage.call"),
    ):
        ended = signkit("sign", envelope, "--as", "s1", *words, "--json", code=2)
        assert ended.error["code"] == code
    assert entries(signkit.home, envelope, "ceremony_started") == []


@pytest.mark.usefixtures("autopilot")
@pytest.mark.parametrize(("number", "code"), [("191212121212", 0), ("198507099805", 25)])
def test_a_number_told_on_the_phone(
    signkit: Any, protokoll: Path, monkeypatch: pytest.MonkeyPatch, number: str, code: int
) -> None:
    """Asked for where the invitation does not know it; the name must still be the one that was invited."""
    monkeypatch.setattr("signkit_cli.terminal.Terminal.interactive", property(lambda _: True))
    monkeypatch.setattr("getpass.getpass", lambda _: number[:8] + "-" + number[8:])
    envelope = sent(signkit, protokoll, "Tolvan Tolvansson")
    ended = signkit("sign", envelope, "--as", "s1", "--provider", "bankid", "--call", "user", code=code)
    assert number[-4:] not in ended.out + ended.err
    assert len(entries(signkit.home, envelope, "signed")) == (1 if code == 0 else 0)


def test_a_simulator_that_does_not_run(signkit: Any, protokoll: Path) -> None:
    """22, with the command that starts it; no ceremony begins. One that was killed is no different."""
    envelope = sent(signkit, protokoll, TOLVAN)
    ended = signkit("sign", envelope, "--as", "all", "--provider", "bankid", "--json", code=22)
    assert ended.error["code"] == "simulator.unavailable"
    assert "simulator serve" in ended.error["hint"]
    assert entries(signkit.home, envelope, "ceremony_started") == []


# -- servers that misbehave --------------------------------------------------------------------------------------------

REF = "131daac9-16c6-4618-beb0-365768f37288"
ORDER = {"orderRef": REF, "autoStartToken": REF, "qrStartToken": REF, "qrStartSecret": REF}
USER = {"personalNumber": "191212121212", "name": "Tolvan Tolvansson", "givenName": "Tolvan", "surname": "Tolvansson"}
FORGED = {"user": USER, "device": {"ipAddress": "127.0.0.1"}, "signature": "PGE+", "ocspResponse": "PGE+"}
SECRET = b"191212121212-geheim"


def said(value: Any, status: str = "200 OK") -> bytes:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def error(status: str, code: str) -> bytes:
    return said({"errorCode": code, "details": SECRET.decode()}, status)


SLOW = b"slow"
ORDERED = said(ORDER)
REDIRECT = (
    b"HTTP/1.1 307 Temporary Redirect\r\nLocation: https://localhost:1/" + SECRET + b"\r\nContent-Length: 0\r\n\r\n"
)

CASES: dict[str, tuple[bytes, bytes, int, str | None]] = {
    "no answer to the order": (SLOW, b"", 22, None),
    "half an answer to the order": (ORDERED[:-20], b"", 22, None),
    "an order of wrong types": (said({"orderRef": 7, "qrStartToken": []}), b"", 22, None),
    "an order that is a list": (said([ORDER]), b"", 22, None),
    "a redirect of the order": (REDIRECT, b"", 22, None),
    "503 to every order": (error("503 Service Unavailable", "Maintenance"), b"", 22, None),
    "a page instead of an order": (said(b"<html>" + SECRET, "403 Forbidden"), b"", 23, None),
    "parameters refused": (error("400 Bad Request", "invalidParameters"), b"", 23, None),
    "no answer to polls": (ORDERED, SLOW, 22, "failed"),
    "half answers to polls": (ORDERED, said({"orderRef": REF, "status": "pending"})[:-9], 22, "failed"),
    "polls of wrong types": (ORDERED, said({"orderRef": REF, "status": ["complete"]}), 22, "failed"),
    "polls about another order": (ORDERED, said({"orderRef": REF[::-1], "status": "pending"}), 22, "failed"),
    "503 to every poll": (ORDERED, error("503 Service Unavailable", "Maintenance"), 22, "failed"),
    "a redirect of polls": (ORDERED, REDIRECT, 22, "failed"),
    "completed without anything": (ORDERED, said({"orderRef": REF, "status": "complete"}), 22, "failed"),
    "completed with garbage": (
        ORDERED,
        said({"orderRef": REF, "status": "complete", "completionData": FORGED}),
        23,
        "failed",
    ),
}


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a simulator's folder: certificates for a server that is no simulator."""
    folder = tmp_path_factory.mktemp("keys")
    with Simulator(folder):
        return folder


@contextlib.contextmanager
def answering(keys: Path, replies: Callable[[bytes], bytes]) -> Iterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(keys / "authorities" / "server.pem", keys / "authorities" / "server.key")
    listener = socket.create_server(("127.0.0.1", 0))

    def talk(plain: socket.socket) -> None:
        with contextlib.suppress(OSError), context.wrap_socket(plain, server_side=True) as connection:
            connection.settimeout(5)
            data = b""
            while b"\r\n\r\n" not in data or not data.endswith(b"}"):
                chunk = connection.recv(65536)
                if not chunk:
                    return
                data += chunk
            reply = replies(data.split(b" ", 2)[1])
            if reply == SLOW:
                time.sleep(1.5)
            else:
                connection.sendall(reply)

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=talk, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        listener.close()


@pytest.fixture(scope="module")
def sent_to_tolvan(tmp_path_factory: pytest.TempPathFactory, fresh_home: Path, protokoll: Path, signkit_at: Any) -> Any:
    """Return a home in which an envelope waits for Tolvan, and its id; to be copied."""
    home = tmp_path_factory.mktemp("waiting") / "home"
    shutil.copytree(fresh_home, home)
    return home, sent(signkit_at(home), protokoll, TOLVAN)


@pytest.fixture
def waiting(tmp_path: Path, sent_to_tolvan: Any, signkit_at: Any) -> Any:
    """Return a command line over a home in which an envelope waits for Tolvan, and its id."""
    original, envelope = sent_to_tolvan
    shutil.copytree(original, tmp_path / "home")
    return signkit_at(tmp_path / "home"), envelope


@pytest.mark.parametrize("name", CASES)
def test_servers_that_misbehave(name: str, waiting: Any, keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command ends with 22 or 23 and one error, nothing foreign in it; the journal tells the story."""
    order, poll, code, outcome = CASES[name]
    signkit, envelope = waiting
    monkeypatch.setattr("signkit_cli.ceremony._pass_time", lambda *_, **__: None)
    ticks = iter(range(0, 10**6, 10))

    def create(context: Any) -> BankIdProvider:
        read = read_settings(context.settings, folder=context.home, environment=context.environment)
        return BankIdProvider(read.client(), clock=context.clock, settings=read, monotonic=lambda: float(next(ticks)))

    monkeypatch.setattr(BankIdProvider, "create", create)
    with answering(keys, lambda path: order if path.endswith(b"/sign") else poll or said({})) as port:
        table = {"url": f"https://localhost:{port}/rp/v6.0", "certificate": str(keys / "client.pem")}
        table |= {"key": str(keys / "client.key"), "server_ca": str(keys / "ca.pem")}
        lines = [f"{key} = {json.dumps(value)}" for key, value in table.items()]
        config = signkit.home / "config.toml"
        config.write_text(
            config.read_text(encoding="utf-8") + "\n[providers.bankid]\ntimeout_seconds = 0.2\n" + "\n".join(lines),
            encoding="utf-8",
        )
        ended = signkit("sign", envelope, "--as", "all", "--provider", "bankid", "--json", code=code)
    assert ended.error["exit_code"] == code
    assert "Traceback" not in ended.err
    assert SECRET.decode() not in ended.err
    (begun,), (over,) = (
        entries(signkit.home, envelope, "ceremony_started"),
        entries(signkit.home, envelope, "ceremony_ended"),
    )
    assert over["ceremony"] == begun["ceremony"]
    assert over["outcome"] == (outcome or "failed")
    assert over["code"]
    assert entries(signkit.home, envelope, "signed") == []
    assert signkit.show(envelope)["signatories"][0]["state"] == "invited"
