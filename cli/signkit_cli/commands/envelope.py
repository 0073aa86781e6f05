"""``signkit envelope``: create, send, show, list, void, export."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from signkit.errors import UsageError
from signkit_cli.session import Session
from signkit_cli.words import h

if TYPE_CHECKING:
    from datetime import datetime

    from signkit.model.signatory import Invitee

app = typer.Typer(add_completion=False, help=h("help.envelope"), no_args_is_help=True)

Ids = Annotated[list[str], typer.Argument(help=h("help.envelope.ids"), show_default=False)]


@app.command(help=h("help.envelope.create"))
def create(
    context: typer.Context,
    documents: Annotated[list[Path], typer.Argument(help=h("help.create.documents"), show_default=False)],
    *,
    kind: Annotated[str, typer.Option(help=h("help.create.kind"))] = "protocol",
    title: Annotated[str | None, typer.Option(help=h("help.create.title"))] = None,
    meta: Annotated[list[str] | None, typer.Option(help=h("help.create.meta"), metavar="KEY=VALUE")] = None,
    signatory: Annotated[list[str] | None, typer.Option(help=h("help.create.signatory"))] = None,
    signatories: Annotated[Path | None, typer.Option(help=h("help.create.signatories"))] = None,
    deadline: Annotated[str | None, typer.Option(help=h("help.create.deadline"))] = None,
    disclosure: Annotated[str, typer.Option(help=h("help.create.disclosure"))] = "none",
    accept_risk: Annotated[list[str] | None, typer.Option(help=h("help.create.accept_risk"))] = None,
    repair: Annotated[bool, typer.Option("--repair", help=h("help.create.repair"))] = False,
) -> None:
    """Make an envelope from PDF files."""
    session: Session = context.obj
    metadata = _metadata(meta or [])
    invitees = _invitees(signatory or [], signatories)
    risks = _risks(accept_risk or [])
    home = session.open()
    from signkit.workflows.create import EnvelopeDraft, create_envelope
    from signkit.workflows.view import show as view
    from signkit_cli.render.text import repair_lines

    draft = EnvelopeDraft(
        paths=documents,
        kind=_kind(kind),
        invitees=invitees,
        title=title,
        metadata=metadata,
        deadline=_deadline(deadline) if deadline else None,
        disclosure=disclosure,
        accepted_risks=risks | frozenset(home.config.accept_risks),
        repair=repair,
        language=home.config.language,
    )

    def tell(report: Any) -> None:
        for line in repair_lines(report, session.terminal.lang):
            session.terminal.err.write(line + "\n")

    envelope = create_envelope(home.desk(session.observer()), draft, on_repair=tell)
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
        session.show_envelope(envelope)
        session.terminal.say("cli.send.next", envelope=envelope)


@app.command(help=h("help.envelope.show"))
def show(context: typer.Context, ids: Ids) -> None:
    """Show envelopes."""
    session: Session = context.obj
    session.open(write=False)
    for envelope in session.envelopes(ids):
        session.show_envelope(envelope)


@app.command("list", help=h("help.envelope.list"))
def list_(
    context: typer.Context,
    *,
    state: Annotated[str | None, typer.Option(help=h("help.list.state"))] = None,
) -> None:
    """List envelopes, newest first."""
    from signkit.model.envelope import EnvelopeState
    from signkit.workflows.view import show as view

    session: Session = context.obj
    if state is not None and state not in set(EnvelopeState):
        raise UsageError(
            f"no envelope is ever {state[:40]!r}", code="usage.state", hint="one of: " + ", ".join(EnvelopeState)
        )
    home = session.open(write=False)
    from signkit_cli.render.text import envelope_row

    with home.store.read() as tx:
        for envelope in tx.envelopes():
            value = view(tx, envelope)
            if state is not None and value["state"] != state:
                continue
            if session.terminal.as_json:
                session.terminal.json(value)
            else:
                session.terminal.line(envelope_row(value, session.terminal.lang))


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
        session.show_envelope(envelope)


@app.command(help=h("help.envelope.export"))
def export(
    context: typer.Context,
    ids: Ids,
    *,
    output: Annotated[Path, typer.Option(help=h("help.export.output"))] = Path(),
) -> None:
    """Write the signed files, and the evidence beside them."""
    from signkit.workflows.export import export_envelope

    session: Session = context.obj
    home = session.open()
    desk = home.desk(session.observer())
    for envelope in session.envelopes(ids):
        made = export_envelope(desk, envelope, output, overwrite=session.terminal.assume_yes)
        files = [{"path": str(item.path), "sha256": item.sha256, "kind": item.kind} for item in made]
        if session.terminal.as_json:
            session.terminal.json({"schema": "signkit.export/1", "envelope": envelope, "files": files})
        for item in made:
            session.terminal.say(f"cli.export.{item.kind}", path=item.path)


def _metadata(pairs: list[str]) -> dict[str, str]:
    metadata: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        key, value = key.strip(), " ".join(value.split())
        if not equals or not key or not value or len(key) > 60 or len(value) > 300 or len(metadata) >= 40:
            raise UsageError(
                "metadata is written KEY=VALUE, at most 40 of them", code="usage.meta", hint="--meta case=KS2026/118"
            )
        if key in metadata:
            raise UsageError(f"metadata {key!r} is given twice", code="usage.meta")
        metadata[key] = value
    return metadata


def _invitees(options: list[str], file: Path | None) -> list[Invitee]:
    from signkit.model.signatory import parse_signatories, parse_signatory

    invitees = [parse_signatory(option) for option in options]
    if file is not None:
        try:
            if file.stat().st_size > 1 << 20:
                raise UsageError(f"{file} is larger than 1 MiB", code="usage.signatories")
            data = file.read_bytes()
        except OSError as exc:
            raise UsageError(f"{file} cannot be read: {exc.strerror}", code="usage.signatories") from exc
        invitees += parse_signatories(data, suffix=file.suffix, file=str(file))
    return invitees


def _risks(codes: list[str]) -> frozenset[str]:
    import difflib

    from signkit.model.risks import REFUSING

    known = sorted({risk.value for risk in REFUSING} | {"unidentified"})
    for code in codes:
        if code not in known:
            near = difflib.get_close_matches(code, known, n=1)
            raise UsageError(
                f"no risk is called {code[:40]!r}",
                code="usage.risk",
                hint=f"did you mean {near[0]!r}?" if near else "known: " + ", ".join(known),
            )
    return frozenset(codes)


def _kind(kind: str) -> str:
    import difflib

    from signkit.model.envelope import DocumentKind

    known = [item.value for item in DocumentKind]
    if kind not in known:
        near = difflib.get_close_matches(kind, known, n=1)
        raise UsageError(
            f"no kind of document is called {kind[:40]!r}",
            code="usage.kind",
            hint=f"did you mean {near[0]!r}?" if near else "known: " + ", ".join(known),
        )
    return kind


def _deadline(text: str) -> datetime:
    """Return the instant meant: a date is the end of that day in Sweden, a time without a zone is Swedish time."""
    from datetime import UTC, datetime, time
    from zoneinfo import ZoneInfo

    try:
        moment = datetime.fromisoformat(text)
    except ValueError as exc:
        raise UsageError(
            f"{text[:40]!r} is not a date", code="usage.deadline", hint="write 2026-12-24 or 2026-12-24T16:00+01:00"
        ) from exc
    if len(text) <= len("2026-12-24"):
        moment = datetime.combine(moment.date(), time(23, 59, 59))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo("Europe/Stockholm"))
    return moment.astimezone(UTC)
