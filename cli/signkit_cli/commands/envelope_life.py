"""``signkit envelope`` after sending: correct, extend, remind."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from signkit_cli.asking import read_deadline, read_invitees, read_metadata, read_risks
from signkit_cli.session import Session
from signkit_cli.words import h

__all__ = ["correct", "extend", "join", "remind"]

Ids = Annotated[list[str], typer.Argument(help=h("help.envelope.ids"), show_default=False)]


def join(app: typer.Typer) -> None:
    """Add the commands to ``signkit envelope``."""
    app.command(help=h("help.envelope.correct"))(correct)
    app.command(help=h("help.envelope.extend"))(extend)
    app.command(help=h("help.envelope.remind"))(remind)


def correct(
    context: typer.Context,
    envelope: Annotated[str, typer.Argument(help=h("help.envelope.id"), show_default=False)],
    documents: Annotated[
        list[Path] | None, typer.Argument(help=h("help.correct.documents"), show_default=False)
    ] = None,
    *,
    title: Annotated[str | None, typer.Option(help=h("help.create.title"))] = None,
    meta: Annotated[list[str] | None, typer.Option(help=h("help.create.meta"))] = None,
    signatory: Annotated[list[str] | None, typer.Option(help=h("help.correct.signatory"))] = None,
    signatories: Annotated[Path | None, typer.Option(help=h("help.create.signatories"))] = None,
    rule: Annotated[list[str] | None, typer.Option(help=h("help.create.rule"))] = None,
    deadline: Annotated[str | None, typer.Option(help=h("help.create.deadline"))] = None,
    accept_risk: Annotated[list[str] | None, typer.Option(help=h("help.create.accept_risk"))] = None,
    repair: Annotated[bool, typer.Option("--repair", help=h("help.create.repair"))] = False,
) -> None:
    """Make a new envelope in place of one that ended without being completed."""
    from signkit.workflows.correct import Correction
    from signkit.workflows.correct import correct as correct_envelope

    session: Session = context.obj
    invitees, rules = read_invitees(signatory or [], signatories, rule or [])
    home = session.open()
    correction = Correction(
        paths=documents or (),
        invitees=invitees or None,
        rules=rules,
        title=title,
        metadata=read_metadata(meta or []),
        deadline=read_deadline(deadline) if deadline else None,
        accepted_risks=read_risks(accept_risk or []) | frozenset(home.config.accept_risks),
        repair=repair,
    )
    old = session.envelopes([envelope])[0]
    desk = home.desk(session.observer())
    new = correct_envelope(desk, old, correction, on_repair=session.tell_repair)
    session.tell(desk, old)
    session.show_envelope(new)
    session.terminal.say("cli.correct.next", envelope=new, old=old)


def extend(
    context: typer.Context,
    ids: Ids,
    *,
    deadline: Annotated[str, typer.Option(help=h("help.extend.deadline"), show_default=False)],
) -> None:
    """Give the signatories more time."""
    from signkit.workflows.extend import extend as extend_envelope

    session: Session = context.obj
    moment = read_deadline(deadline)
    home = session.open()
    desk = home.desk(session.observer())
    for envelope in session.envelopes(ids):
        extend_envelope(desk, envelope, moment)
        session.tell(desk, envelope)
        session.show_envelope(envelope)


def remind(context: typer.Context, ids: Ids) -> None:
    """Remind everybody whose turn it is; who was reminded a short while ago is left in peace."""
    from signkit.workflows.remind import remind as remind_envelope

    session: Session = context.obj
    home = session.open()
    desk = home.desk(session.observer())
    for envelope in session.envelopes(ids):
        places = remind_envelope(desk, envelope)
        session.tell(desk, envelope)
        session.show_envelope(envelope)
        session.terminal.say("cli.remind.done", count=len(places), envelope=envelope)
