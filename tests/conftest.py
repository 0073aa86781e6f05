"""What every test may lean on: no network but loopback, and the material beside the repository where it is at hand."""

from __future__ import annotations

import contextlib
import io
import ipaddress
import json
import shutil
import signal
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from signkit.testing.clock import MovableClock
    from signkit.testing.pki import ThrowawayKeys

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A run that a shell put into the background ignores Ctrl-C, and so would every process that a test starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(autouse=True)
def _only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that leaves the machine."""
    real_connect = socket.socket.connect

    def connect(self: socket.socket, address: object) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and isinstance(address, tuple):
            host = str(address[0])
            if host != "localhost" and not ipaddress.ip_address(host).is_loopback:
                raise AssertionError(f"a test tried to reach {host}")
        real_connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", connect)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder with corpora and judges, or skip."""
    if not SHARED.is_dir():
        pytest.skip("corpora and judges are not at hand")
    return SHARED


@dataclass(frozen=True)
class Ran:
    """What one command line said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON document on standard output."""
        (line,) = self.out.splitlines()
        return json.loads(line)

    @property
    def error(self) -> Any:
        """``signkit.error/1``, the last line on standard error."""
        return json.loads(self.err.splitlines()[-1])


@dataclass(frozen=True)
class Signkit:
    """The command line over one home, run in this process, without a terminal."""

    home: Path

    def __call__(self, *words: object, code: int | None = 0, lang: str = "en") -> Ran:
        """Run a command line; fail unless it ends with ``code`` (None: any)."""
        from signkit_cli.app import run

        arguments = ["--home", str(self.home), "--lang", lang, *map(str, words)]
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            got = run(arguments)
        assert code is None or got == code, f"{arguments} ended with {got}: {err.getvalue()}"
        return Ran(int(got), out.getvalue(), err.getvalue())

    def create(self, *documents: Path, people: Sequence[str] = ("Anna Ek",), more: Sequence[object] = ()) -> str:
        """Make an envelope; return its id."""
        named = [word for person in people for word in ("--signatory", person)]
        return str(self("envelope", "create", *documents, *named, *more, "--json").json["id"])

    def show(self, envelope: str) -> Any:
        """Return ``signkit.envelope/1``."""
        return self("envelope", "show", envelope, "--json").json


@pytest.fixture(scope="session")
def signkit_at() -> type[Signkit]:
    """Return what makes a command line over the home in a folder."""
    return Signkit


@pytest.fixture(scope="session")
def fresh_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a test home just made; to be copied, never written."""
    home = tmp_path_factory.mktemp("fresh") / "home"
    Signkit(home)("init", "--environment", "test", "--organisation", "Björkviks kommun")
    return home


@pytest.fixture
def signkit(tmp_path: Path, fresh_home: Path) -> Signkit:
    """Return the command line over a fresh test home."""
    shutil.copytree(fresh_home, tmp_path / "home")
    return Signkit(tmp_path / "home")


@pytest.fixture(scope="session")
def protokoll() -> Path:
    """Return the example: a Swedish protocol, PDF/A."""
    return Path(__file__).resolve().parents[1] / "examples" / "protokoll.pdf"


@pytest.fixture(scope="session")
def made_keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the keys of a small test home, made at nine o'clock; never written again."""
    from signkit.testing.pki import make_keys

    folder = tmp_path_factory.mktemp("home") / "keys"
    make_keys(folder)
    return folder


@pytest.fixture
def home(made_keys: Path, tmp_path: Path) -> ThrowawayKeys:
    """Return those keys ten minutes later, with their own record of revocations."""
    from signkit.testing.pki import open_keys

    return open_keys(made_keys, revocations=tmp_path / "revocations.json")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> MovableClock:
    """Return the clock of every home that is opened from now on."""
    from signkit.testing.clock import MovableClock

    made = MovableClock()
    monkeypatch.setattr("signkit_cli.composition.SystemClock.now", lambda _: made.now())
    return made
