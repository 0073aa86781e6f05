"""``signkit decline``: a signatory says no."""

from __future__ import annotations

from typing import Annotated

import typer

from signkit_cli.helping import App
from signkit_cli.session import Session
from signkit_cli.words import h

app = App()


@app.command(help=h("help.decline"))
def decline(
    context: typer.Context,
    envelope: Annotated[str, typer.Argument(help=h("help.envelope.id"), show_default=False)],
    *,
    who: Annotated[str, typer.Option("--as", help=h("help.decline.as"))],
    reason: Annotated[str | None, typer.Option(help=h("help.decline.reason"))] = None,
) -> None:
    """Write that a signatory declines; the envelope ends."""
    from signkit.errors import UsageError
    from signkit.workflows.ending import decline as decline_envelope

    session: Session = context.obj
    if who == "all":
        raise UsageError("one signatory declines at a time", code="usage.signatory")
    home = session.open()
    found = session.envelopes([envelope])[0]
    places = session.signatories(found, who)
    if len(places) > 1:
        raise UsageError(
            f"that person holds {len(places)} places", code="usage.signatory", hint="use the id: " + ", ".join(places)
        )
    signatory = places[0]
    session.terminal.confirm("cli.decline.confirm", envelope=found, name=who)
    desk = home.desk(session.observer())
    decline_envelope(desk, found, signatory, reason=reason)
    session.tell(desk, found)
    session.show_envelope(found)
