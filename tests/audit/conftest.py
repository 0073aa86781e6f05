"""One throw-away authority and one honest file for the whole folder: making keys is dear."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from signkit.audit import verify_file
from signkit.errors import VerdictFailedError
from signkit.model.report import Report, Verdict
from signkit.ports.provider import Signed, SigningRequest
from signkit.testing.proved import ProvedFile, Trusted, make_proved
from signkit_providers.rehearsal import RehearsalProvider
from signkit_providers.rehearsal_keys import make_issuer

ISSUER = make_issuer(organisation="Provby kommun", now=datetime(2026, 3, 2, 8, 0, tzinfo=UTC))


class _At:
    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at


def rehearse(request: SigningRequest, at: datetime) -> Signed:
    """Run a rehearsal that succeeds at ``at``."""
    provider = RehearsalProvider(clock=_At(at), issuer=ISSUER)
    signed = provider.poll(provider.start(request)).signed
    assert signed is not None
    return signed


@pytest.fixture(scope="session")
def trusted() -> Trusted:
    """Return keys that everybody in this folder shares."""
    return Trusted(sign=rehearse, eid_root=ISSUER.der)


@pytest.fixture(scope="session")
def honest(trusted: Trusted, tmp_path_factory: pytest.TempPathFactory) -> ProvedFile:
    """Return an honest, finished file of three people."""
    return make_proved(tmp_path_factory.mktemp("honest"), trusted)


@pytest.fixture
def make(trusted: Trusted, tmp_path: Path) -> Callable[..., ProvedFile]:
    """Return a maker of files, one folder each."""
    count = 0

    def maker(**options: Any) -> ProvedFile:
        nonlocal count
        count += 1
        folder = tmp_path / str(count)
        folder.mkdir()
        return make_proved(folder, trusted, **options)

    return maker


def verify(file: ProvedFile, path: Path | None = None, **options: Any) -> Report:
    """Verify with everything at hand, a minute after the end, unless told otherwise."""
    given: dict[str, Any] = {"anchors": file.trusted.anchors, "at": file.at + timedelta(minutes=1)} | options
    return verify_file(path or file.path, **({"evidence": file.evidence} | given))


def wrong(report: Report, verdict: Verdict = Verdict.FAILED) -> set[str]:
    """Return the codes of the findings with that verdict."""
    return {finding.code for finding in report.findings if finding.verdict is verdict}


def holding(report: Report) -> set[str]:
    """Return the codes of what holds."""
    return wrong(report, Verdict.PASSED)


def reasons(report: Report) -> set[str]:
    """Return why something was not checked."""
    return {item.reason for item in report.not_checked}


def assert_failed(report: Report, code: str) -> None:
    """The file is FAILED, whoever asks how, and the code is among the reasons."""
    assert report.verdict is Verdict.FAILED
    assert code in wrong(report)
    with pytest.raises(VerdictFailedError):
        report.raise_for_verdict()


def assert_open(report: Report, code: str) -> None:
    """The file does not pass, and the code is among what could not be decided."""
    assert report.verdict is not Verdict.PASSED
    assert code in wrong(report, Verdict.INDETERMINATE)
