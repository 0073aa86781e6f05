"""``signkit sign``: one person, or everybody in turn, signs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from signkit.errors import UsageError
from signkit_cli.session import Session
from signkit_cli.words import h

if TYPE_CHECKING:
    from signkit.workflows.ceremony import Slot
    from signkit.workflows.desk import Desk
    from signkit_cli.composition import Home

app = typer.Typer(add_completion=False)


@app.command(help=h("help.sign"))
def sign(
    context: typer.Context,
    ids: Annotated[list[str], typer.Argument(help=h("help.envelope.ids"), show_default=False)],
    *,
    who: Annotated[str, typer.Option("--as", help=h("help.sign.as"))],
    provider: Annotated[str | None, typer.Option(help=h("help.sign.provider"))] = None,
    rehearse: Annotated[str | None, typer.Option(help=h("help.sign.rehearse"))] = None,
    no_qr: Annotated[bool, typer.Option("--no-qr", help=h("help.sign.no_qr"))] = False,
) -> None:
    """Run a ceremony for each person named, embed the signatures, and complete what is complete."""
    from signkit.workflows.ending import expire_if_due
    from signkit_cli.queue import next_person

    session: Session = context.obj
    home = session.open()
    envelopes = session.envelopes(ids)
    desk = home.desk(session.observer())
    for envelope in envelopes:
        expire_if_due(desk, envelope)
    wanted = [(item, session.signatories(item, who)) for item in envelopes]
    told = False
    while (person := next_person(home.store, wanted, every=who == "all")) is not None:
        told = True
        _one(session, home, desk, person.slots, provider=provider or person.provider, rehearse=rehearse, qr=not no_qr)
    _complete(session, desk, envelopes, told=told)


def _one(
    session: Session,
    home: Home,
    desk: Desk,
    slots: tuple[Slot, ...],
    *,
    provider: str | None,
    rehearse: str | None,
    qr: bool,
) -> None:
    from signkit_cli.ceremony import run_ceremony
    from signkit_cli.composition import load_provider

    name = provider or home.config.provider
    if rehearse is not None and name != "rehearsal":
        raise UsageError("--rehearse goes with --provider rehearsal", code="usage.rehearse")
    adapter, origin = load_provider(home, name)
    options = {"rehearse": rehearse} if rehearse else {}
    run_ceremony(session, desk, slots, adapter, origin=origin, options=options, qr=qr)


def _complete(session: Session, desk: Desk, envelopes: list[str], *, told: bool) -> None:
    from signkit.workflows.complete import complete_envelope

    for envelope in envelopes:
        complete_envelope(desk, envelope)
        if not told:
            session.terminal.note("cli.sign.already", envelope=envelope)
        session.show_envelope(envelope)
