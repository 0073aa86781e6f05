"""The server: HTTPS with client certificates around the two APIs, in threads, started and stopped at will."""

from __future__ import annotations

import contextlib
import logging
import socket
import ssl
import tempfile
import threading
from collections.abc import Iterable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

from signkit.files import write_atomic
from signkit.ports.clock import Clock
from signkit_providers.simulator.api import PREFIX, Response
from signkit_providers.simulator.order import TIMES, Times
from signkit_providers.simulator.pki import SimulatorPki
from signkit_providers.simulator.world import World

__all__ = ["AUTHORITIES", "Simulator"]

_log = logging.getLogger(__name__)

AUTHORITIES: Final = "authorities"
"""Folder of the keys that are kept between runs."""
_URL_FILE: Final = "url"
"""Says where the simulator of this folder answers, as long as it does: settings may name the folder, not the port."""
MAX_BODY_BYTES: Final = 1_000_000
"""Ours: the largest order is some 240 000 characters."""
_REQUEST_SECONDS: Final = 10.0
"""A request that takes longer to arrive is answered by 408."""


class _SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class Simulator(World):
    """A running BankID-compatible server.

    Args:
        directory: gets client.p12, client.pem, client.key, ca.pem, root.pem and url, and keeps the keys between runs;
            None: a temporary folder that goes when the server stops.
        port: 0 for any free one.
        host: address to listen on; loopback unless told.
        people: ``(name, number)`` of everybody with a BankID; None for the usual five.
        clock: tells the time of orders and signatures; None for the machine's.
        autopilot: everybody who is asked by number scans and approves, two polls later.
        times: the timing table.
        ca_bits: size of the authorities' keys.
    """

    def __init__(
        self,
        directory: Path | None = None,
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        people: Iterable[tuple[str, str]] | None = None,
        clock: Clock | None = None,
        autopilot: bool = False,
        times: Times = TIMES,
        ca_bits: int = 2048,
    ) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="signkit-simulator-") if directory is None else None
        self.directory = Path(self._temporary.name) if self._temporary else Path(directory or ".")
        keys = self.directory / AUTHORITIES
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        keys.mkdir(exist_ok=True, mode=0o700)
        clock = clock or _SystemClock()
        pki = SimulatorPki(clock.now(), folder=keys, ca_bits=ca_bits)
        pki.write(self.directory)
        super().__init__(pki, clock=clock, people=people, autopilot=autopilot, times=times)
        self._host, self._port = host, port
        self._servers: list[_Server] = []

    def start(self) -> Self:
        """Listen; returns when the server answers.

        Raises:
            OSError: the port is taken.
        """
        context = self._tls()
        first = _Server((self._host, self._port), context, self.answer)
        self._servers = [first]
        self._port = int(first.server_address[1])
        if self._host == "127.0.0.1":  # some clients try ::1 first when told localhost
            with contextlib.suppress(OSError):
                self._servers.append(_Server6(("::1", self._port), context, self.answer))
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True, name="simulator").start()
        write_atomic(self.directory / _URL_FILE, self.rp_url.encode("ascii"))
        return self

    def stop(self) -> None:
        """Stop listening, close what is open, and remove the temporary folder."""
        if self._servers:
            (self.directory / _URL_FILE).unlink(missing_ok=True)
        for server in self._servers:
            server.close_all()
        self._servers = []
        if self._temporary is not None:
            self._temporary.cleanup()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Where the page is."""
        name = "localhost" if self._host in ("127.0.0.1", "::1", "0.0.0.0") else self._host  # noqa: S104 - compared only
        return f"https://{name}:{self._port}"

    @property
    def rp_url(self) -> str:
        """Base of the relying-party API."""
        return self.url + PREFIX

    def settings(self) -> dict[str, object]:
        """Return the table ``[providers.bankid]`` with which a test home uses this simulator."""
        folder = self.directory.absolute()
        return {
            "url": self.rp_url,
            "certificate": str(folder / "client.pem"),
            "key": str(folder / "client.key"),
            "server_ca": str(folder / "ca.pem"),
            "poll_seconds": 1,
        }

    def anchors(self) -> tuple[bytes, ...]:
        """Return the root of its people's certificates."""
        return (self.pki.root.der,)

    def _tls(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        folder = self.directory / AUTHORITIES
        context.load_cert_chain(folder / "server.pem", folder / "server.key")
        context.load_verify_locations(folder / "rp-root.pem")
        context.verify_mode = ssl.CERT_OPTIONAL  # the page needs none; /rp/ answers 403 without one
        return context


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], context: ssl.SSLContext, answer: Any) -> None:
        self._context = context
        self.answer = answer
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        super().__init__(address, _Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        plain, address = self.socket.accept()
        plain.settimeout(_REQUEST_SECONDS * 3)
        try:  # the handshake is made in the connection's own thread, so that a silent client holds up nobody
            wrapped = self._context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)
        except OSError:
            plain.close()
            raise
        with self._open_lock:
            self._open.add(wrapped)
        return wrapped, address

    def shutdown_request(self, request: Any) -> None:
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the names of socketserver
        _log.debug("connection ended early", exc_info=True)

    def close_all(self) -> None:
        self.shutdown()
        self.server_close()
        with self._open_lock:
            waiting, self._open = list(self._open), set()
        for connection in waiting:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            with contextlib.suppress(OSError):
                connection.close()


class _Server6(_Server):
    address_family = socket.AF_INET6


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "signkit-simulator"
    sys_version = ""
    server: _Server

    def setup(self) -> None:
        self.request.do_handshake()
        super().setup()

    def do_GET(self) -> None:
        self._respond()

    do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = do_GET  # noqa: N815 - names of http.server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of http.server
        _log.debug("request: " + format, *args)

    def _respond(self) -> None:
        body = self._body()
        try:
            answer: Response = self.server.answer(
                self.command,
                urlsplit(self.path).path,
                content_type=self.headers.get("Content-Type"),
                body=body,
                peer=self.request.getpeercert(binary_form=True),
            )
        except Exception:  # noqa: BLE001 - the border: whatever was asked, the server answers
            _log.exception("the simulator failed")
            answer = Response.json(500, {"errorCode": "internalError", "details": "Internal error"})
        if body is None:
            self.close_connection = True
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def _body(self) -> bytes | None:
        """Return the whole body, None if it is too large or does not arrive in time."""
        self.request.settimeout(_REQUEST_SECONDS)
        try:
            if "chunked" in (self.headers.get("Transfer-Encoding") or "").lower():
                return self._chunks()
            length = self.headers.get("Content-Length") or "0"
            if not length.isdigit() or int(length) > MAX_BODY_BYTES:
                return None
            data = self.rfile.read(int(length))
        except OSError:
            return None
        return data if len(data) == int(length) else None

    def _chunks(self) -> bytes | None:
        data = bytearray()
        while len(data) <= MAX_BODY_BYTES:
            try:
                size = int(self.rfile.readline(64).split(b";")[0].strip(), 16)
            except ValueError:
                return None
            data += self.rfile.read(min(size, MAX_BODY_BYTES + 1))
            self.rfile.readline(64)
            if size == 0:
                return bytes(data)
        return None
