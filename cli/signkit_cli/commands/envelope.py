"""``signkit envelope``: create, send, show, list, void, export; the rest of its life is in ``envelope_life``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from signkit.errors import JournalCorruptError, StoreCorruptError, UsageError
from signkit_cli.commands import envelope_life
from signkit_cli.helping import App
from signkit_cli.session import Session
from signkit_cli.words import h

if TYPE_CHECKING:
    from signkit.ports.store import ReadTransaction

app = App(help=h("help.envelope"), no_args_is_help=True)

Ids = Annotated[list[str], typer.Argument(help=h("help.envelope.ids"), show_default=False)]


@app.command(help=h("help.envelope.create"))
def create(
    context: typer.Context,
    documents: Annotated[list[Path], typer.Argument(help=h("help.create.documents"), show_default=False)],
    *,
    kind: Annotated[str | None, typer.Option(help=h("help.create.kind"))] = None,
    template: Annotated[str | None, typer.Option(help=h("help.create.template"))] = None,
    title: Annotated[str | None, typer.Option(help=h("help.create.title"))] = None,
    meta: Annotated[list[str] | None, typer.Option(help=h("help.create.meta"))] = None,
    signatory: Annotated[list[str] | None, typer.Option(help=h("help.create.signatory"))] = None,
    signatories: Annotated[Path | None, typer.Option(help=h("help.create.signatories"))] = None,
    group: Annotated[list[str] | None, typer.Option(help=h("help.create.group"))] = None,
    rule: Annotated[list[str] | None, typer.Option(help=h("help.create.rule"))] = None,
    deadline: Annotated[str | None, typer.Option(help=h("help.create.deadline"))] = None,
    disclosure: Annotated[str | None, typer.Option(help=h("help.create.disclosure"))] = None,
    accept_risk: Annotated[list[str] | None, typer.Option(help=h("help.create.accept_risk"))] = None,
    repair: Annotated[bool, typer.Option("--repair", help=h("help.create.repair"))] = False,
) -> None:
    """Make an envelope from PDF files."""
    from signkit_cli.drafting import Asked, draft_of

    session: Session = context.obj
    asked = Asked(
        documents=documents,
        kind=kind,
        template=template,
        title=title,
        meta=meta or [],
        signatory=signatory or [],
        signatories=signatories,
        group=group or [],
        rule=rule or [],
        deadline=deadline,
        disclosure=disclosure,
        accept_risk=accept_risk or [],
        repair=repair,
    )
    draft = draft_of(session, asked)
    home = session.open()
    from signkit.workflows.create import create_envelope
    from signkit.workflows.view import show as view

    desk = home.desk(session.observer())
    envelope = create_envelope(desk, draft, on_repair=session.tell_repair, envelope=session.planned)
    with home.store.read() as tx:
        session.print_envelope(view(tx, envelope))
    session.terminal.say("cli.create.next", envelope=envelope)


@app.command(help=h("help.envelope.send"))
def send(context: typer.Context, ids: Ids) -> None:
    """Seal the documents and invite the signatories."""
    from signkit.workflows.send import send_envelope

    session: Session = context.obj
    home = session.open()
    desk = home.desk(session.observer())
    for envelope in session.envelopes(ids):
        send_envelope(desk, envelope)
        session.tell(desk, envelope)
        session.show_envelope(envelope)
        session.terminal.say("cli.send.next", envelope=envelope)


@app.command(help=h("help.envelope.show"))
def show(context: typer.Context, ids: Ids) -> None:
    """Show envelopes."""
    session: Session = context.obj
    session.open(write=False)
    for envelope in session.envelopes(ids):
        session.show_envelope(envelope, asked=True)


@app.command("list", help=h("help.envelope.list"))
def list_(
    context: typer.Context,
    *,
    state: Annotated[str | None, typer.Option(help=h("help.list.state"))] = None,
    review_due: Annotated[str | None, typer.Option("--review-due", help=h("help.list.review_due"))] = None,
) -> None:
    """List envelopes, newest first."""
    from signkit.model.envelope import EnvelopeState

    session: Session = context.obj
    if state is not None and state not in set(EnvelopeState):
        raise UsageError(
            f"no envelope is ever {state[:40]!r}", code="usage.state", hint="one of: " + ", ".join(EnvelopeState)
        )
    home = session.open(write=False)
    with home.store.read() as tx:
        found = tx.envelopes() if review_due is None else _review_due(session, tx, review_due)
        shown, damaged = _show_each(session, tx, found, state)
    if damaged:
        names = ", ".join(damaged)
        raise StoreCorruptError(
            f"envelopes that cannot be read: {names}",
            code="store.damaged",
            hint="keep the files as they are and run signkit doctor",
            subject={"envelopes": names},
        )
    if not shown:
        session.terminal.note("cli.list.none")


def _show_each(session: Session, tx: ReadTransaction, wanted: list[str], state: str | None) -> tuple[int, list[str]]:
    """Show the envelopes in that state; return how many, and those that cannot be read: they hide no other."""
    from signkit.workflows.view import show as view
    from signkit_cli.render.text import envelope_row

    shown, damaged = 0, []
    for envelope in wanted:
        try:
            value = view(tx, envelope)
        except (JournalCorruptError, StoreCorruptError):
            damaged.append(envelope)
            continue
        if state is not None and value["state"] != state:
            continue
        shown += 1
        if session.terminal.as_json:
            session.terminal.json(value)
        else:
            session.terminal.line(envelope_row(value, session.terminal.lang))
    return shown, damaged


def _review_due(session: Session, tx: ReadTransaction, day: str) -> list[str]:
    """Return the envelopes that are to be reviewed by a day, the most urgent first."""
    from datetime import date

    from signkit.texts.dates import swedish_day
    from signkit.workflows.review import due_for_review
    from signkit_cli.kinds import review_keys

    try:
        wanted = swedish_day(session.open().clock.now()) if day == "today" else date.fromisoformat(day)
    except ValueError as exc:
        raise UsageError(
            f"{day[:40]!r} is not a date",
            code="usage.date",
            hint="write --review-due 2026-12-31, or --review-due alone",
        ) from exc
    return [item.envelope for item in due_for_review(tx, wanted, keys=review_keys(session))]


@app.command(help=h("help.envelope.void"))
def void(
    context: typer.Context,
    ids: Ids,
    *,
    reason: Annotated[str | None, typer.Option(help=h("help.void.reason"))] = None,
) -> None:
    """Take envelopes back; files that were sent are closed as voided."""
    from signkit.workflows.ending import void as void_envelope

    session: Session = context.obj
    home = session.open()
    wanted = session.envelopes(ids)
    session.terminal.confirm("cli.void.confirm", envelopes=", ".join(wanted))
    desk = home.desk(session.observer())
    for envelope in wanted:
        void_envelope(desk, envelope, reason=reason)
        session.tell(desk, envelope)
        session.show_envelope(envelope)


@app.command(help=h("help.envelope.export"))
def export(
    context: typer.Context,
    ids: Ids,
    *,
    output: Annotated[Path, typer.Option(help=h("help.export.output"))] = Path(),
    bundle: Annotated[bool, typer.Option("--bundle", help=h("help.export.bundle"))] = False,
) -> None:
    """Write the signed files, and the evidence beside them; or everything in one sealed container."""
    from signkit.workflows.export import export_envelope
    from signkit_cli.bundling import bundle_envelope

    session: Session = context.obj
    home = session.open()
    desk = home.desk(session.observer())
    for envelope in session.envelopes(ids):
        write = bundle_envelope if bundle else export_envelope
        made = write(desk, envelope, output, overwrite=session.terminal.assume_yes)
        files = [{"path": str(item.path), "sha256": item.sha256, "kind": item.kind} for item in made]
        if session.terminal.as_json:
            session.terminal.json({"schema": "signkit.export/1", "envelope": envelope, "files": files})
        for item in made:
            session.terminal.say(f"cli.export.{item.kind}", path=item.path)


envelope_life.join(app)
