"""``signkit journal witness``: a key of its own, the logs it watches, and a server until interrupted."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from signkit.errors import KeyUnavailableError, UsageError
from signkit.files import write_atomic
from signkit.journal.cosignature import witness_vkey
from signkit.journal.note import ED25519, parse_vkey
from signkit.journal.witness import Witness
from signkit_cli.composition import SystemClock
from signkit_cli.witness_server import WitnessServer

if TYPE_CHECKING:
    from signkit_cli.session import Session

__all__ = ["WitnessKey", "open_key", "serve"]

KEY_FILE: Final = "witness.pem"


class WitnessKey:
    """The witness's Ed25519 key; it signs cosignatures and nothing else."""

    algorithm = "ed25519"

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def sign(self, data: bytes, *, digest: str = "sha256") -> bytes:  # noqa: ARG002 - Ed25519 has its own
        """Return the signature over ``data``."""
        return self._key.sign(data)


def open_key(folder: Path) -> WitnessKey:
    """Return the witness's key, made when it is not there yet, readable by its owner only.

    Raises:
        KeyUnavailableError: the file is no Ed25519 key, or others may read it.
    """
    path = folder / KEY_FILE
    if not path.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = Ed25519PrivateKey.generate()
        write_atomic(
            path, made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), mode=0o600, overwrite=False
        )
    if os.stat(path).st_mode & 0o077:  # noqa: PTH116 - one call
        raise KeyUnavailableError(f"{path} can be read by others", hint=f"run: chmod 600 {path}")
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except (ValueError, TypeError) as exc:
        raise KeyUnavailableError(f"{path} is no key", subject={"file": str(path)}) from exc
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyUnavailableError(f"{path} is no Ed25519 key", subject={"file": str(path)})
    return WitnessKey(key)


def serve(session: Session, *, name: str, logs: Sequence[str], folder: Path, host: str, port: int) -> None:
    """Serve until interrupted; tells one line, with the witness's own verifier key, when it answers.

    Raises:
        UsageError: the address is taken, or a log's key is a witness's.
        JournalCorruptError: a key cannot be read.
    """
    watched = {parse_vkey(log).name: log for log in logs}
    if any(parse_vkey(log).kind != ED25519 for log in logs):
        raise UsageError("--log takes the verifier key of a log, not of a witness", code="usage.log")
    key = open_key(folder)
    vkey = witness_vkey(name, key.spki)
    witness = Witness(vkey=vkey, key=key, logs=watched, folder=folder / "seen", clock=SystemClock())
    try:
        server = WitnessServer(witness, host=host, port=port)
    except OSError as exc:
        raise UsageError(f"{host}:{port} cannot be used: {exc.strerror}", code="usage.address") from exc
    ended = threading.Event()
    previous = signal.signal(signal.SIGTERM, lambda *_: ended.set())
    try:
        if session.terminal.as_json:
            session.terminal.json({"schema": "signkit.witness/1", "url": server.url, "key": vkey})
        session.terminal.say("journal_cli.witnessing", url=server.url, key=vkey)
        while not ended.wait(0.5):
            pass
    except KeyboardInterrupt:
        session.terminal.note("journal_cli.witness_stopped")
    finally:
        server.stop()
        signal.signal(signal.SIGTERM, previous)
