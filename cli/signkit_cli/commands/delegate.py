"""``signkit delegate``: a signatory hands the place to somebody else, by a mandate."""

from __future__ import annotations

from typing import Annotated

import typer

from signkit_cli.helping import App
from signkit_cli.session import Session
from signkit_cli.words import h

app = App()


@app.command(help=h("help.delegate"))
def delegate(
    context: typer.Context,
    envelope: Annotated[str, typer.Argument(help=h("help.envelope.id"), show_default=False)],
    *,
    who: Annotated[str, typer.Option("--as", help=h("help.delegate.as"))],
    to: Annotated[str, typer.Option("--to", help=h("help.delegate.to"), show_default=False)],
    mandate: Annotated[str, typer.Option(help=h("help.delegate.mandate"), show_default=False)],
) -> None:
    """Write that somebody else signs in a signatory's place, and by what right."""
    from signkit.errors import UsageError
    from signkit.model.signatory import DEFAULT_ROLE, parse_signatory
    from signkit.workflows.mandate import delegate as delegate_place

    session: Session = context.obj
    invitee = parse_signatory(to)
    said = (invitee.role, invitee.order, invitee.capacity.value, invitee.paragraphs, invitee.level, invitee.providers)
    if said != (DEFAULT_ROLE, 1, "signatory", None, None, None):
        raise UsageError(
            "a delegate takes over the place as it is",
            code="usage.signatory",
            hint="write: NAME <EMAIL>; id=PERSONAL_NUMBER; provider=P",
        )
    home = session.open()
    found = session.envelopes([envelope])[0]
    places = session.signatories(found, who)
    if len(places) != 1:
        raise UsageError(
            "one place is delegated at a time", code="usage.signatory", hint="use the id: " + ", ".join(places)
        )
    desk = home.desk(session.observer())
    delegate_place(desk, found, places[0], invitee, mandate=mandate)
    session.tell(desk, found)
    session.show_envelope(found)
