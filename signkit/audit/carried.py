"""The checkpoint that a finished file or a bundle carries: whoever has kept one has kept a checkpoint of the log.

Nothing is judged here but where it lies: the log's own signature over it is, by whoever compares it.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from signkit.errors import DocumentError
from signkit.journal.note import MAX_NOTE_BYTES
from signkit.model.bundle import BUNDLE_INDEX, MAX_INDEX_BYTES, BundleIndex
from signkit.model.statement import Completion, StatementError, decode_statement
from signkit.pades.asic.reader import ContainerReader, ContainerReadError
from signkit.pades.structure import Pdf
from signkit.pades.validate import preview_signatures

__all__ = ["carried_checkpoint"]


def carried_checkpoint(path: Path) -> bytes:
    """Return the signed note in a PDF's completion seal, or the one in an evidence bundle.

    Raises:
        DocumentError: the file cannot be read, or carries none (``document.no_checkpoint``).
        OSError: the file cannot be read.
    """
    with path.open("rb") as stream:
        bundle = stream.read(2) == b"PK"
    note = _of_bundle(path) if bundle else _of_pdf(path)
    if note is None:
        raise DocumentError(
            f"{path.name} carries no checkpoint of a log",
            code="document.no_checkpoint",
            hint="name a checkpoint, a file that is finished, or a bundle",
            subject={"file": path.name},
        )
    return note


def _of_pdf(path: Path) -> bytes | None:
    pdf = Pdf.open(path)
    for item in preview_signatures(pdf, pdf.view().signatures):
        with contextlib.suppress(StatementError):
            statement = decode_statement(item.statement) if item.statement is not None else None
            if isinstance(statement, Completion):
                return statement.checkpoint.encode("utf-8")
    return None


def _of_bundle(path: Path) -> bytes | None:
    with contextlib.suppress(ContainerReadError, StatementError), ContainerReader(path) as reader:
        index = BundleIndex.decode(reader.read(BUNDLE_INDEX, limit=MAX_INDEX_BYTES))
        return reader.read(index.checkpoint, limit=MAX_NOTE_BYTES)
    return None
