"""A web server on the loopback that answers as it is told, and a client for it."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from signkit.testing.pki import ThrowawayKeys

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
