"""``signkit sign``: one person, or everybody in turn, signs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from signkit.errors import UsageError
from signkit_cli.exit_codes import ExitCode
from signkit_cli.helping import App
from signkit_cli.session import Session
from signkit_cli.words import h

if TYPE_CHECKING:
    from signkit.workflows.desk import Desk

app = App()


@app.command(help=h("help.sign"))
def sign(
    context: typer.Context,
    ids: Annotated[list[str], typer.Argument(help=h("help.envelope.ids"), show_default=False)],
    *,
    who: Annotated[str, typer.Option("--as", help=h("help.sign.as"))],
    provider: Annotated[str | None, typer.Option(help=h("help.sign.provider"))] = None,
    rehearse: Annotated[str | None, typer.Option(help=h("help.sign.rehearse"))] = None,
    call: Annotated[str | None, typer.Option(help=h("help.sign.call"))] = None,
    no_qr: Annotated[bool, typer.Option("--no-qr", help=h("help.sign.no_qr"))] = False,
) -> None:
    """Run a ceremony for each person named, embed the signatures, and complete what is complete."""
    from signkit.workflows.ending import expire_if_due
    from signkit_cli.composition import Providers
    from signkit_cli.meeting import Meeting, Way

    if call not in {None, "user", "RP"}:
        raise UsageError("--call is user or RP", code="usage.call", hint="user: the person called; RP: you called")
    session: Session = context.obj
    home = session.open()
    envelopes = session.envelopes(ids)
    desk = home.desk(session.observer())
    for envelope in envelopes:
        expire_if_due(desk, envelope)
    wanted = [(item, session.signatories(item, who)) for item in envelopes]
    way = Way(provider=provider, rehearse=rehearse, call=call, qr=not no_qr)
    try:
        with Providers(home) as providers:
            meeting = Meeting(session, home, desk, providers, way, wanted, every=who == "all")
            meeting.run()
        _complete(session, desk, envelopes, told=meeting.signed > 0 or bool(meeting.skipped))
    finally:
        session.tell(desk, *envelopes)  # what did come to pass, though the last ceremony may have failed
    if meeting.skipped:
        session.terminal.note("cli.sign.skipped", names=", ".join(meeting.skipped))
        raise typer.Exit(int(ExitCode.PARTIAL if meeting.signed else ExitCode.ALL_FAILED))


def _complete(session: Session, desk: Desk, envelopes: list[str], *, told: bool) -> None:
    from signkit.workflows.complete import complete_envelope

    for envelope in envelopes:
        complete_envelope(desk, envelope)
        if not told:
            session.terminal.note("cli.sign.already", envelope=envelope)
        session.show_envelope(envelope)
