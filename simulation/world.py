"""What the home meets outside: mail server, webhook, timestamp service, and the weather in which they fail.

``python -m simulation.world FOLDER`` serves until it is ended. ``weather.json`` in the folder says how things are, and
``letters.jsonl`` gets a line for every letter that was taken.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from aiosmtpd.controller import Controller

from signkit.pki.authority import Authority
from signkit.pki.keys import FileKeys
from signkit.pki.revocations import FileRevocations
from signkit.pki.timestamper import EmbeddedTimestamper
from signkit.ports.keys import KeyName

__all__ = ["GONE", "NOBODY", "Weather", "free_port", "main"]

NOBODY: Final = "ingen"
"""Local part of addresses that the mail server refuses."""
GONE: Final = "borta"
"""Local part of addresses whose mail comes back later."""
_REPORT: Final = """\
From: MAILER-DAEMON@mail.example
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example

Final-Recipient: rfc822; borta@example.org
Action: failed
Status: 5.1.1

--B
Content-Type: text/rfc822-headers

Message-ID: <{ident}@bjorkvik.example>

--B--
"""
"""What a mail server writes of a letter that it could not deliver (RFC 3464)."""


@dataclass
class Weather:
    """How things are outside."""

    number: int = 0
    shift: float = 0
    """Seconds by which the home's clock is ahead."""
    mail: str = "fine"
    """``fine``, ``greylisting``, ``refusing``, ``hanging_up`` (after the letter was taken) or ``down``."""
    hook: str = "fine"
    """``fine``, ``failing`` or ``silent``."""
    stamps: str = "fine"
    """``fine`` or ``failing``."""

    @classmethod
    def read(cls, folder: Path) -> Weather:
        """Return the weather of now."""
        return cls(**json.loads((folder / "weather.json").read_text()))

    def write(self, folder: Path) -> None:
        """Make it so, and wait until the world has seen it."""
        self.number += 1
        partial = folder / "weather.partial"
        partial.write_text(json.dumps(self.__dict__))
        os.replace(partial, folder / "weather.json")  # noqa: PTH105 - one name for renaming
        seen = folder / "weather.seen"
        until = time.monotonic() + 30
        while not (seen.exists() and seen.read_text() == str(self.number)):
            if time.monotonic() > until:
                raise TimeoutError("the world does not answer")
            time.sleep(0.005)


@dataclass
class _Office:
    """Who takes letters."""

    folder: Path
    bounces: Path
    greeted: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, ident: str, to: str, subject: str, *, via: str, hung_up: bool = False) -> None:
        """Write down a letter."""
        line = json.dumps({"id": ident, "to": to, "subject": subject, "via": via, "hung_up": hung_up})
        with self.lock, (self.folder / "letters.jsonl").open("a") as stream:
            stream.write(line + "\n")

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        """Answer RCPT TO."""
        weather = Weather.read(self.folder)
        if weather.mail == "refusing" or address.startswith(NOBODY):
            return "550 5.1.1 no such user"
        if weather.mail == "greylisting" and address not in self.greeted:
            self.greeted.add(address)
            return "451 4.7.1 come back later"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - the server's name
        """Answer the text."""
        mail = message_from_bytes(envelope.content, policy=policy.default)
        ident = str(mail["Message-ID"]).strip("<>").rpartition("@")[0]
        hung_up = Weather.read(self.folder).mail == "hanging_up"
        self.take(ident, envelope.rcpt_tos[0], str(mail["Subject"]), via="mail", hung_up=hung_up)
        if envelope.rcpt_tos[0].startswith(GONE):
            (self.bounces / f"{secrets.token_hex(8)}.eml").write_text(_REPORT.format(ident=ident))
        if hung_up:
            server.transport.close()
        return "250 2.0.0 taken"


def free_port() -> int:
    """Return a port of this machine on which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class _Clock:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def now(self) -> datetime:
        """Return the present instant of the home."""
        return datetime.now(UTC) + timedelta(seconds=Weather.read(self._folder).shift)


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_: object) -> None:
        """Say nothing of clients that went away."""


def _web(folder: Path, office: _Office, county: Path) -> ThreadingHTTPServer:
    """Return a server of ``/hook``, ``/stamps`` and ``/list``."""
    clock = _Clock(folder)
    authority = Authority(FileKeys(county / "keys"), FileRevocations(county / "revoked.json"))
    stamps = EmbeddedTimestamper(authority, clock, name="county")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body, weather = self.rfile.read(int(self.headers["content-length"])), Weather.read(folder)
            if self.path == "/stamps":
                if weather.stamps == "failing":
                    self._answer(503, "text/plain", b"")
                else:
                    self._answer(200, "application/timestamp-reply", stamps.respond(body))
            elif weather.hook == "silent":
                self.close_connection = True
            elif weather.hook == "failing":
                self._answer(500, "text/plain", b"")
            else:
                said = json.loads(body)
                office.take(self.headers["idempotency-key"], said["to"]["address"], said["subject"], via="hook")
                self._answer(202, "text/plain", b"")

        def do_GET(self) -> None:
            self._answer(200, "application/pkix-crl", authority.crl(KeyName.ROOT, now=clock.now()))

        def _answer(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return _Quiet(("127.0.0.1", 0), Handler)


def main(folder: Path) -> None:
    """Serve; ``world.json`` says where, once everything answers."""
    office = _Office(folder, folder / "returned")
    web = _web(folder, office, folder / "county")
    threading.Thread(target=web.serve_forever, args=(0.05,), daemon=True).start()
    port = free_port()
    mail: Controller | None = None
    where = {"mail": port, "web": web.server_address[1]}
    while True:
        weather = Weather.read(folder)
        if weather.mail == "down" and mail is not None:
            mail.stop()
            mail = None
        elif weather.mail != "down" and mail is None:
            mail = Controller(office, hostname="127.0.0.1", port=port, enable_SMTPUTF8=False)
            mail.start()
        (folder / "weather.seen").write_text(str(weather.number))
        if not (folder / "world.json").exists():
            (folder / "world.partial").write_text(json.dumps(where))
            (folder / "world.partial").rename(folder / "world.json")
        time.sleep(0.01)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main(Path(sys.argv[1]))
