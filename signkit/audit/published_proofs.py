"""What lies beside the tree of a published log: proofs of entries, each with a checkpoint of its own, and the key.

Whoever takes one of them from here believes the folder; so each is judged as its reader would judge it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from signkit.errors import JournalCorruptError
from signkit.journal.chain import failed
from signkit.journal.checkpoint import Checkpoint, verify_checkpoint
from signkit.journal.note import MAX_NOTE_BYTES
from signkit.journal.proof import TlogProof
from signkit.journal.publish import key_files
from signkit.journal.tiles import proof_path
from signkit.model.report import Finding

__all__ = ["check_keys", "read_proofs", "read_published"]

_MAX_BYTES: Final = 2 * MAX_NOTE_BYTES


def read_proofs(folder: Path, vkey: str, origin: str) -> tuple[list[Checkpoint], list[Finding]]:
    """Return the checkpoints in the proofs that hold, each once, and a finding for each proof that does not.

    Args:
        folder: a published log.
        vkey: verifier key of the log's first generation.
        origin: the generation that is published here.
    """
    known: dict[bytes, Checkpoint] = {}
    findings: list[Finding] = []
    for path in sorted((folder / "proof").glob("*.tlog-proof")):
        try:
            proof = TlogProof.decode(read_published(path, _MAX_BYTES))
            if proof.note not in known:
                known[proof.note] = verify_checkpoint(proof.note, vkey, generations=True)
            held = known[proof.note].origin == origin and _holds(proof, path, known[proof.note])
        except (JournalCorruptError, ValueError):
            held = False
        if not held:
            findings.append(failed("journal.published_proof", name=path.name[:80]))
    return [item for item in known.values() if item.origin == origin], findings


def check_keys(folder: Path, vkey: str, origin: str) -> Iterator[Finding]:
    """Give the files that name another key than the log's; who wants to check may have taken it from here."""
    for name, right in key_files(vkey, origin).items():
        if (folder / name).exists() and read_published(folder / name, len(right)) != right:
            yield failed("journal.published_key", name=name)


def read_published(path: Path, limit: int) -> bytes:
    """Return a file's bytes, one more than ``limit`` at most; nothing if it is no file that can be read."""
    try:
        if not path.is_file():  # opening a pipe would wait for ever
            return b""
        with path.open("rb") as stream:
            return stream.read(limit + 1)
    except OSError:
        return b""


def _holds(proof: TlogProof, path: Path, checkpoint: Checkpoint) -> bool:
    digest = bytes.fromhex(path.name.partition(".")[0])
    return proof_path(digest) == f"proof/{path.name}" and proof.inclusion().holds(digest, checkpoint=checkpoint)
