"""A file whose last revision was cut off: said to be so, whichever revision that was."""

from __future__ import annotations

from datetime import timedelta

import pytest

from signkit.audit import verify_file
from signkit.model.report import Completion, Verdict
from signkit.testing.proved import ProvedFile


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
