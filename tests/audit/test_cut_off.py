"""A file whose end was cut off: told as such where a revision ends, FAILED anywhere else."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from signkit.audit import verify_file
from signkit.model.report import Completion, Verdict
from signkit.testing.proved import ProvedFile

from .conftest import verify, wrong


@pytest.mark.parametrize(
    ("revision", "completion", "reason"),
    [("s3", Completion.UNFINISHED, "journal.unfinished"), ("completed", Completion.FINISHED, "archive.cut_off")],
)
def test_a_file_without_its_end_is_recognised(
    honest: ProvedFile, revision: str, completion: Completion, reason: str
) -> None:
    """Before the final seal it is unfinished; before the archive's timestamp it is told that its end is missing."""
    at = honest.at + timedelta(minutes=1)
    cut = verify_file(honest.revisions[revision], anchors=honest.trusted.anchors, at=at)
    assert cut.completion is completion
    assert reason in {item.reason for item in cut.not_checked}
    assert cut.claims["C6"].verdict is Verdict.NOT_DECIDED
    whole = verify_file(honest.path, anchors=honest.trusted.anchors, at=at)
    assert reason not in {item.reason for item in whole.not_checked}


def test_without_its_completion_a_file_is_unfinished(honest: ProvedFile):
    """A file cut back to before its completion is INDETERMINATE and says why."""
    report = verify(honest, honest.revisions["s3"])
    assert report.verdict is Verdict.INDETERMINATE
    assert report.completion is Completion.UNFINISHED
    assert report.claims["C4"].verdict is Verdict.NOT_DECIDED
    assert not wrong(report)


@pytest.mark.parametrize("keep", [0.3, 0.6, 0.9, 0.999])
def test_a_truncated_file_fails(keep: float, honest: ProvedFile, tmp_path: Path):
    """A file cut anywhere else names signatures and cannot be read: FAILED."""
    data = honest.path.read_bytes()
    path = tmp_path / "cut.pdf"
    path.write_bytes(data[: int(len(data) * keep)])
    assert verify(honest, path).verdict is Verdict.FAILED
