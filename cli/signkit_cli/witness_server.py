"""The witness over HTTP: one path, small requests, and a status for everything."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from signkit.errors import SignkitError
from signkit.journal.witness import MAX_REQUEST_BYTES, Answer, Witness

__all__ = ["WitnessServer"]

PATH: Final = "/add-checkpoint"
_SECONDS: Final = 10
"""How long a client may take to send its request."""


class WitnessServer:
    """Serves a witness on an address until ``stop``; port 0 picks a free one."""

    def __init__(self, witness: Witness, *, host: str, port: int) -> None:
        handler = type("Handler", (_Handler,), {"witness": witness})
        self._server = ThreadingHTTPServer((host, port), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="witness", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """The submission prefix."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    def stop(self) -> None:
        """Stop serving and give the address free."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    witness: Witness
    timeout = _SECONDS
    protocol_version = "HTTP/1.1"  # a witness should keep connections open (C2SP tlog-witness, add-checkpoint)
    server_version = "signkit-witness"
    sys_version = ""

    def do_POST(self) -> None:
        """Answer ``add-checkpoint``."""
        self._say(self._answer())

    def do_GET(self) -> None:
        """Nothing is to be read here."""
        self.close_connection = True
        self._say(Answer(404, b"not found\n"))

    def _answer(self) -> Answer:
        length, closing = self.headers.get("Content-Length", ""), self.close_connection
        self.close_connection = True  # until the body has been read, what follows is no request
        if self.path != PATH:
            return Answer(404, b"not found\n")
        if "Transfer-Encoding" in self.headers or not (length.isascii() and length.isdigit() and len(length) < 10):
            return Answer(411, b"length required\n")
        if int(length) > MAX_REQUEST_BYTES:
            return Answer(413, b"too large\n")
        try:
            body = self.rfile.read(int(length))
            self.close_connection = closing
            return self.witness.add_checkpoint(body)
        except (SignkitError, OSError):
            return Answer(500, b"this witness cannot vouch for anything now\n")

    def _say(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's signature
        """Keep standard error for people."""
