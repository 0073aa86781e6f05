"""Between the command line and the archivist: what is asked of every file, and which files there are."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from signkit.errors import DocumentError, SignkitError, UnreadableDocumentError, UsageError
from signkit.x509.anchors import TrustAnchors

if TYPE_CHECKING:
    from signkit.model.report import Report

__all__ = ["Outcome", "Question", "claims_of", "moment", "paths_of", "verify_all", "verify_path"]

_MAX_FILES: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a file."""

    anchors: TrustAnchors
    at: datetime
    original: Path | None = None
    evidence: Path | None = None
    require: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A report, and why the file could not be read, where it could not."""

    path: Path
    report: Report | None
    error: SignkitError | None


def verify_path(path: Path, question: Question) -> Report:
    """Return the report on one file.

    Raises:
        DocumentError: no PDF, encrypted, or not readable at all.
    """
    from signkit.audit import verify_file

    return verify_file(
        path,
        anchors=question.anchors,
        at=question.at,
        original=question.original,
        evidence=question.evidence,
        require=question.require,
    )


def verify_all(paths: Sequence[Path], question: Question, *, jobs: int) -> Iterator[Outcome]:
    """Give an outcome for every path, in order; with ``jobs`` processes where that helps."""
    if jobs <= 1 or len(paths) <= 1:
        for path in paths:
            yield _outcome(path, question)
        return
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    method = multiprocessing.get_context("forkserver")
    with ProcessPoolExecutor(min(jobs, len(paths)), mp_context=method) as pool:
        yield from pool.map(_outcome, paths, [question] * len(paths))


def _outcome(path: Path, question: Question) -> Outcome:
    from signkit.audit import unread_report

    try:
        return Outcome(path, verify_path(path, question), None)
    except DocumentError as error:
        reason = error
    except OSError as error:
        reason = UnreadableDocumentError(
            f"{path} cannot be read: {error.strerror}",
            subject={"file": str(path)},
            hint="check its name and permissions",
        )
    except SignkitError as error:
        return Outcome(path, None, error)
    return Outcome(path, unread_report(path, anchors=question.anchors, at=question.at, error=reason), reason)


def paths_of(arguments: Iterable[Path], *, recursive: bool) -> list[Path]:
    """Return the files that the arguments name; folders only with ``recursive``, of them every PDF, sorted.

    Raises:
        UsageError: a folder without ``recursive``.
    """
    found: list[Path] = []
    for argument in arguments:
        if not argument.is_dir():
            found.append(argument)
            continue
        if not recursive:
            raise UsageError(f"{argument} is a folder", code="usage.folder", hint="add --recursive to go through it")
        found += sorted(_pdfs(argument))
        if len(found) > _MAX_FILES:
            raise UsageError(f"more than {_MAX_FILES} files", code="usage.too_many", hint="name smaller folders")
    return found


def claims_of(text: str | None) -> frozenset[str]:
    """Return the claims that ``C3b,C5`` names.

    Raises:
        UsageError: a claim that there is not.
    """
    from signkit.model.report import CLAIMS

    known = {claim.lower(): claim for claim in CLAIMS}
    wanted = [part.strip() for part in (text or "").split(",") if part.strip()]
    for part in wanted:
        if part.lower() not in known:
            raise UsageError(
                f"no claim is called {part[:20]!r}", code="usage.claim", hint="known: " + ", ".join(CLAIMS)
            )
    return frozenset(known[part.lower()] for part in wanted)


def moment(text: str | None, now: datetime) -> datetime:
    """Return the instant that ``--at`` names, now if it was not given; a time without a zone is UTC.

    Raises:
        UsageError: no time.
    """
    if text is None:
        return now
    try:
        at = datetime.fromisoformat(text)
    except ValueError as exc:
        raise UsageError(f"{text[:40]!r} is not a time", code="usage.at", hint="write 2026-12-24T12:00:00Z") from exc
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _pdfs(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in names:
            path = Path(parent, name)
            if name.lower().endswith((".pdf", ".asice")) and stat.S_ISREG(path.lstat().st_mode):
                yield path
