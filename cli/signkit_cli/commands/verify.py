"""``signkit verify``: the archivist's command. It needs no home, no network and no account."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from signkit.errors import UsageError
from signkit_cli.exit_codes import ExitCode, exit_code_for
from signkit_cli.helping import App
from signkit_cli.session import Session
from signkit_cli.words import h

if TYPE_CHECKING:
    from signkit.x509.anchors import TrustAnchors
    from signkit_cli.verifying import Outcome

app = App()

_WORST_FIRST = (
    ExitCode.VERDICT_FAILED,
    ExitCode.DOCUMENT,
    ExitCode.VERDICT_INDETERMINATE,
    ExitCode.NOTHING_TO_VERIFY,
)


@app.command(help=h("help.verify"))
def verify(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(help=h("help.verify.paths"), show_default=False)],
    *,
    trust: Annotated[list[str] | None, typer.Option(help=h("help.verify.trust"))] = None,
    original: Annotated[Path | None, typer.Option(help=h("help.verify.original"))] = None,
    evidence: Annotated[Path | None, typer.Option(help=h("help.verify.evidence"))] = None,
    require: Annotated[str | None, typer.Option(help=h("help.verify.require"))] = None,
    at: Annotated[str | None, typer.Option(help=h("help.verify.at"))] = None,
    recursive: Annotated[bool, typer.Option("--recursive", help=h("help.verify.recursive"))] = False,
    jobs: Annotated[int, typer.Option(help=h("help.verify.jobs"), min=1, max=256)] = 1,
) -> None:
    """Verify every file named, print a report on each, and end with the worst verdict's code."""
    from datetime import UTC, datetime

    from signkit_cli.verifying import Question, claims_of, moment, paths_of, verify_all

    session: Session = context.obj
    files = paths_of(paths, recursive=recursive)
    if original is not None and len(files) > 1:
        raise UsageError("--original goes with one file", code="usage.original")
    for named in (original, evidence):
        if named is not None and not named.is_file():
            raise UsageError(f"{named} is not a file", code="usage.file", hint="check its name")
    question = Question(
        anchors=_anchors(session, trust or []),
        at=moment(at, datetime.now(UTC)),
        original=original,
        evidence=evidence,
        require=claims_of(require),
    )
    codes = [_tell(session, outcome) for outcome in verify_all(files, question, jobs=jobs)]
    if not codes:
        raise UsageError("no PDF is there", code="usage.paths", hint="check the folder")
    raise typer.Exit(next((code for code in _WORST_FIRST if code in codes), ExitCode.OK))


def _tell(session: Session, outcome: Outcome) -> ExitCode:
    if outcome.error is not None:
        code = exit_code_for(outcome.error)
        if outcome.report is not None:
            session.print_unread(outcome.path, outcome.report)
        session.terminal.error(outcome.error, code)
        return code
    report = outcome.report
    if report is None:
        return ExitCode.VERDICT_FAILED
    session.print_report(report)
    if report.nothing_to_verify:
        return ExitCode.NOTHING_TO_VERIFY
    return {"PASSED": ExitCode.OK, "FAILED": ExitCode.VERDICT_FAILED}.get(
        report.verdict.value, ExitCode.VERDICT_INDETERMINATE
    )


def _anchors(session: Session, arguments: list[str]) -> TrustAnchors:
    """Return what ``--trust`` names, else the home's anchors; no home and no ``--trust`` is no anchor."""
    from signkit.x509.anchors import TrustAnchors
    from signkit_cli.commands.trust import read_argument

    if not arguments:
        from signkit_cli.composition import home_anchors

        return home_anchors(session.folder)
    anchors = TrustAnchors()
    for argument in arguments:
        anchors = anchors.merged(read_argument(argument))
    return anchors
