"""Judges of the journal that nobody here wrote: Go's note and tlog, torchwood with its witness, and Tessera.

``make .venv/outside/.tried`` builds them where Go is at hand; elsewhere these tests skip.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from signkit.journal.cosignature import witness_vkey
from signkit.testing.journal import MemoryKey

PROGRAMS = Path(sys.prefix) / "outside"


@pytest.fixture(scope="session")
def outside() -> Callable[..., Any]:
    """Return what asks the judges: a command's words, to its answer; what they refuse fails with their reason."""
    program = _program("outside")

    def ask(*words: object) -> Any:
        done = subprocess.run([program, *map(str, words)], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        return json.loads(done.stdout)

    return ask


@dataclass(frozen=True)
class LiteWitness:
    """Torchwood's witness; what it saw is in ``folder`` and survives it."""

    folder: Path
    key = MemoryKey(5)  # the agent has the same seed
    name = "outside.example/w1"

    @property
    def vkey(self) -> str:
        """Its verifier key, as we write it."""
        return witness_vkey(self.name, self.key.spki)

    @contextlib.contextmanager
    def run(self) -> Iterator[str]:
        """Run it; give its address."""
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        key = hashlib.sha256(self.key.spki[-32:]).hexdigest()
        words = ["-name", self.name, "-db", str(self.folder / "db"), "-ssh-agent", str(self.folder / "agent")]
        with _running([_program("litewitness"), *words, "-key", key, "-listen", f"127.0.0.1:{port}"], "listening"):
            _wait_for(port)
            yield f"http://127.0.0.1:{port}"

    def watch(self, vkey: str) -> None:
        """Make it watch a log. Its own tool for that does not build without modules that are gone."""
        with contextlib.closing(sqlite3.connect(self.folder / "db")) as database, database:
            origin = vkey.partition("+")[0]
            empty = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
            database.execute("INSERT INTO log VALUES (?, 0, ?)", (origin, empty))
            database.execute("INSERT INTO key VALUES (?, ?)", (origin, vkey))


@pytest.fixture
def litewitness(tmp_path: Path) -> Iterator[LiteWitness]:
    """Return torchwood's witness, with its key in an agent."""
    made = LiteWitness(tmp_path / "litewitness")
    made.folder.mkdir()
    with _running([_program("outside"), "agent", str(made.folder / "agent"), (bytes([5]) * 32).hex()], "ready"):
        yield made


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Callable[[Path], str]]:
    """Return what serves a folder as a plain web server does; give its address."""
    with contextlib.ExitStack() as stack:

        def serve(folder: Path) -> str:
            server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
            return f"http://127.0.0.1:{server.server_port}"

        yield serve


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def running() -> Callable[..., contextlib.AbstractContextManager[str]]:
    """Return what runs one of the judges' servers: its program, its words, and what it says when it is ready."""
    return lambda name, words, said: _running([_program(name), *words], said)


@contextlib.contextmanager
def _running(command: list[str], said: str) -> Iterator[str]:
    """Run a program from when it says that it is ready; give that line."""
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            line = next((line for line in process.stderr if said in line), "")
            assert line, f"{command[0]} did not start"
            reader = threading.Thread(target=process.stderr.read, daemon=True)
            reader.start()
            yield line
            process.terminate()
            reader.join()
        finally:
            process.kill()


def _wait_for(port: int) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
    raise AssertionError("the witness does not listen")


def _program(name: str) -> str:
    path = PROGRAMS / name
    if not path.is_file():
        pytest.skip("the journal's judges are not built: run make .venv/outside/.tried where Go is at hand")
    return str(path)
