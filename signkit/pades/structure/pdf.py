"""A PDF as it lies on disk: mapped, never copied, and read only where somebody looks."""

from __future__ import annotations

import mmap
from collections.abc import Callable
from pathlib import Path
from typing import Final

from signkit.errors import UnreadableDocumentError
from signkit.pades.structure.limits import Limits, over, unreadable
from signkit.pades.structure.objects import ObjectReader
from signkit.pades.structure.parser import Buffer
from signkit.pades.structure.revisions import Chain, Revision, read_chain
from signkit.pades.structure.view import View

__all__ = ["Pdf"]

_DEFAULT: Final = Limits()
_SMALL: Final = 8 * 1024**2
"""Files up to this size are read, not mapped: a mapped file that somebody shortens kills the process."""
_LARGE: Final = 256 * 1024
"""Pieces of at least this size are not read twice soon."""


class Pdf:
    """One file, or the first bytes of one. Make it with :meth:`open`; it holds the file mapped while it lives.

    Attributes:
        size: bytes that belong to it.
        revisions: oldest first.
        header_offset: bytes before ``%PDF-``.
        base: what is added to the file's own offsets (0, or ``header_offset``).
        version: of the header, as ``1.7``.
    """

    def __init__(self, buffer: Buffer, *, size: int, limits: Limits, reader: ObjectReader | None = None) -> None:
        self.buffer: Final = buffer
        self.size: Final = size
        self.limits: Final = limits
        chain = _guarded(lambda: read_chain(buffer, size, limits))
        self.revisions: Final[tuple[Revision, ...]] = chain.revisions
        self.header_offset: Final = chain.header_offset
        self.base: Final = chain.base
        self.version: Final = chain.version
        self._reader = reader or ObjectReader(buffer, limits)
        self._views: dict[int, View] = {}

    @classmethod
    def open(cls, source: Path | str | bytes, *, limits: Limits = _DEFAULT) -> Pdf:
        """Read the ends of a file: revisions, trailers, sections. Objects are read when asked for.

        Raises:
            UnreadableDocumentError: not a PDF, damaged, or beyond a limit; also when the path cannot be read.
        """
        buffer = source if isinstance(source, bytes) else _mapped(Path(source))
        if len(buffer) > limits.max_bytes:
            raise over("bytes", limits.max_bytes)
        return cls(buffer, size=len(buffer), limits=limits)

    def prefix(self, size: int) -> Pdf:
        """Return the first ``size`` bytes as a file of their own; nothing is copied.

        Raises:
            UnreadableDocumentError: these bytes are no PDF.
        """
        if size == self.size:
            return self
        if not 0 < size <= self.size:
            raise unreadable("a prefix longer than the file", code="prefix")
        return Pdf(self.buffer, size=size, limits=self.limits)

    def view(self, index: int = -1) -> View:
        """Return the document as it was with revision ``index`` (negative counts from the newest)."""
        if not -len(self.revisions) <= index < len(self.revisions):
            raise unreadable("no such revision", code="revision")
        index %= len(self.revisions)
        if index not in self._views:
            self._views[index] = View(self, index, self._reader)
        return self._views[index]

    def bytes(self, start: int, end: int) -> bytes:
        """Return bytes of the file, never beyond its end.

        Whoever reads a whole file in large pieces, to hash it, does not keep it in memory: the pages that a large
        piece was copied from are given back.
        """
        start, end = max(0, start), min(end, self.size)
        piece = self.buffer[start:end]
        if len(piece) >= _LARGE and isinstance(self.buffer, mmap.mmap):
            first = start - start % mmap.PAGESIZE
            self.buffer.madvise(mmap.MADV_DONTNEED, first, end - first)
        return piece

    @property
    def encrypted(self) -> bool:
        """Whether any trailer names an encryption dictionary. Nothing here decrypts."""
        return any("Encrypt" in section.trailer for rev in self.revisions for section in rev.sections)

    @property
    def linearized(self) -> bool:
        """Whether the oldest revision is laid out for the web (ISO 32000-1 annex F)."""
        return self.revisions[0].linearized

    @property
    def hybrid(self) -> bool:
        """Whether any revision hides objects from old readers (ISO 32000-1 clause 7.5.8.4)."""
        return any(revision.kind == "hybrid" for revision in self.revisions)

    @property
    def trailing(self) -> int:
        """Bytes after the last ``%%EOF`` and its line end."""
        return self.size - self.revisions[-1].end


def _guarded(action: Callable[[], Chain]) -> Chain:
    try:
        return action()
    except (ValueError, OverflowError, RecursionError, MemoryError) as exc:
        raise unreadable("damaged beyond reading", code="damaged") from exc


def _mapped(path: Path) -> Buffer:
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            if size == 0:
                raise unreadable("an empty file", code="empty")
            if size <= _SMALL:
                file.seek(0)
                return file.read()
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as exc:
        raise UnreadableDocumentError(
            f"the file cannot be opened: {exc.strerror or type(exc).__name__}",
            code="structure.open",
            hint="check the path and who may read it",
        ) from exc
    except ValueError as exc:
        raise unreadable("the file cannot be mapped", code="open") from exc
