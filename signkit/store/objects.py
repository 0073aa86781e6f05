"""Documents by digest, in a folder: ``objects/<2 hex>/<62 hex>``, and the private workspaces beside it."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from signkit import canonical
from signkit.errors import DocumentChangedError, StoreError, StoreLockedError, UnreadableDocumentError
from signkit.files import BLOCK_BYTES, PARTIAL, fsync_folder, sha256_of
from signkit.store.faults import wrapped

__all__ = ["FileObjectStore"]

_FOLDER: Final = re.compile(r"[0-9a-f]{2}")
_NAME: Final = re.compile(r"[0-9a-f]{62}")


class FileObjectStore:
    """Implements ``signkit.ports.store.ObjectStore`` in ``home``; folders are made when first needed."""

    def __init__(self, home: Path, *, readonly: bool = False) -> None:
        self._objects = home / "objects"
        self._work = home / "work"
        self._readonly = readonly

    def put(self, path: Path) -> str:
        """Keep a copy of a file; return its digest. The file may be anywhere."""
        with self.workspace() as folder, wrapped(), _source(path) as source:
            copy = folder / "object"
            hasher = hashlib.sha256()
            with copy.open("xb") as target:
                while block := source.read(BLOCK_BYTES):
                    hasher.update(block)
                    target.write(block)
            digest = canonical.digest_text(hasher.digest())
            if not self._same_size(digest, copy):
                self._move(copy, digest)
        return digest

    def put_bytes(self, data: bytes) -> str:
        """Keep ``data``; return its digest."""
        digest = canonical.digest_text(canonical.digest(data))
        with self.workspace() as folder, wrapped():
            copy = folder / "object"
            copy.write_bytes(data)
            if not self._same_size(digest, copy):
                self._move(copy, digest)
        return digest

    def adopt(self, path: Path, digest: str) -> None:
        """Move a file of ``workspace`` into place after comparing its digest."""
        with wrapped():
            if canonical.digest_text(sha256_of(path)) != digest:
                raise DocumentChangedError("a new document is not what was computed", subject={"document": digest})
            self._move(path, digest)

    def path(self, digest: str) -> Path:
        """Return where the object is."""
        path = self._place(digest)
        if not path.is_file():
            raise DocumentChangedError(
                "a stored document is missing",
                code="document.missing",
                hint="restore it from a backup; signkit doctor names what lacks",
                subject={"document": digest},
            )
        return path

    def check(self, digest: str) -> None:
        """Return if the object is there and has its digest."""
        path = self.path(digest)
        with wrapped():
            actual = canonical.digest_text(sha256_of(path))
        if actual != digest:
            raise DocumentChangedError(
                "a stored document has been changed",
                hint="restore it from a backup; signkit doctor names what else is wrong",
                subject={"document": digest},
            )

    def remove(self, digest: str) -> None:
        """Delete an object; none there is no error."""
        self._may_write()
        path = self._place(digest)
        with wrapped():
            path.unlink(missing_ok=True)
            if path.parent.is_dir():
                fsync_folder(path.parent)

    def digests(self) -> Iterator[str]:
        """Give the digests of all objects, sorted."""
        with wrapped():
            for folder in sorted(self._objects.iterdir()) if self._objects.is_dir() else ():
                if _FOLDER.fullmatch(folder.name) and folder.is_dir():
                    names = sorted(item.name for item in folder.iterdir() if _NAME.fullmatch(item.name))
                    yield from (f"sha256:{folder.name}{name}" for name in names)

    @contextlib.contextmanager
    def workspace(self) -> Iterator[Path]:
        """Give a private folder, held under a lock by which others know that it is in use.

        What processes that are gone left in theirs is deleted first: it may be documents, and large.
        """
        self._may_write()
        with wrapped():
            self._work.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._clean()
            shared = _locked(self._work, fcntl.LOCK_SH)
            folder, handle = _held_folder(self._work)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(handle)
            os.close(shared)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Hold off every workspace, if none is in use now."""
        self._may_write()
        with wrapped():
            self._work.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                handle = _locked(self._work, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as exc:
                raise StoreLockedError("another signkit command is at work in this home", hint="wait for it") from exc
        try:
            yield
        finally:
            os.close(handle)

    def leftovers(self, *, remove: bool = False) -> list[Path]:
        """Return what a crash left behind, and delete it if asked."""
        with wrapped():
            found = self._left_work()
            if self._objects.is_dir():
                found += sorted(self._objects.rglob(f"*{PARTIAL}"))
        if remove:
            with self.alone(), wrapped():
                for path in found:
                    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        return found

    def _clean(self) -> None:
        """Delete what is in the work folder, if nobody is at work; whoever begins meanwhile waits."""
        if not self._left_work():
            return
        with contextlib.suppress(StoreLockedError), self.alone():
            for path in self._left_work():
                shutil.rmtree(path, ignore_errors=True)

    def _left_work(self) -> list[Path]:
        return [path for path in sorted(self._work.iterdir()) if not _in_use(path)] if self._work.is_dir() else []

    def _place(self, digest: str) -> Path:
        try:
            digits = canonical.parse_digest(digest).hex()
        except canonical.CanonicalError as exc:
            raise DocumentChangedError("not the digest of a document", code="document.digest") from exc
        return self._objects / digits[:2] / digits[2:]

    def _same_size(self, digest: str, copy: Path) -> bool:
        place = self._place(digest)
        return place.is_file() and place.stat().st_size == copy.stat().st_size

    def _move(self, path: Path, digest: str) -> None:
        self._may_write()
        place = self._place(digest)
        if not place.parent.is_dir():
            self._objects.mkdir(mode=0o700, exist_ok=True)
            place.parent.mkdir(mode=0o700, exist_ok=True)
            fsync_folder(self._objects)
        path.chmod(0o600)
        with path.open("rb") as stream:
            os.fsync(stream.fileno())
        os.replace(path, place)  # noqa: PTH105 - one name for renaming, tests inject here
        fsync_folder(place.parent)

    def _may_write(self) -> None:
        if self._readonly:
            raise StoreError("the store was opened for reading", code="store.readonly")


def _source(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as exc:
        raise UnreadableDocumentError(
            f"the file cannot be read: {exc.strerror or type(exc).__name__}", subject={"file": path.name}
        ) from exc


def _held_folder(parent: Path) -> tuple[Path, int]:
    """Make a folder and take its lock; a cleaner of old that came in between is met by making another."""
    while True:
        folder = Path(tempfile.mkdtemp(dir=parent))
        with contextlib.suppress(FileNotFoundError):
            handle = os.open(folder, os.O_RDONLY)
            fcntl.flock(handle, fcntl.LOCK_SH)
            if folder.is_dir():
                return folder, handle
            os.close(handle)


def _locked(folder: Path, how: int) -> int:
    """Return a handle that holds a lock on a folder until it is closed."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, how)
    except BaseException:
        os.close(handle)
        raise
    return handle


def _in_use(folder: Path) -> bool:
    """Tell whether a living process holds the folder's lock; one that has gone meanwhile is not left over."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(handle)
