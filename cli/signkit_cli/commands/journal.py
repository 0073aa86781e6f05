"""``signkit journal``: the history, told, proved, published, witnessed and, by rule, erased."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from signkit.errors import JournalError, UsageError
from signkit_cli.helping import App
from signkit_cli.session import Session
from signkit_cli.words import h

app = App(help=h("help.journal"), no_args_is_help=True)

_ID = Annotated[str, typer.Argument(help=h("help.envelope.id"), show_default=False)]


@app.command(help=h("help.journal.show"))
def show(context: typer.Context, envelope: _ID) -> None:
    """Tell what has happened in an envelope, entry by entry."""
    from signkit.workflows.desk import find_envelope
    from signkit.workflows.erase import erasures
    from signkit.workflows.openings import Openings
    from signkit_cli.render.journal import erasure_lines, story_json, story_lines

    session: Session = context.obj
    home = session.open(write=False)
    with home.store.read() as tx:
        found = find_envelope(tx, envelope)
        entries = tx.entries(found)
        openings = Openings(tx.openings(found))
        gone = erasures(tx, found)
    if session.terminal.as_json:
        session.terminal.json(story_json(found, entries))
        return
    for line in story_lines(entries, openings, session.terminal.lang, verbose=session.terminal.verbose):
        session.terminal.line(line)
    for line in erasure_lines(gone, session.terminal.lang):
        session.terminal.line(line)


@app.command(help=h("help.journal.verify"))
def verify(
    context: typer.Context,
    folder: Annotated[Path | None, typer.Argument(help=h("help.journal.folder"), show_default=False)] = None,
    *,
    checkpoint: Annotated[list[Path] | None, typer.Option(help=h("help.journal.checkpoints"))] = None,
    key: Annotated[str | None, typer.Option(help=h("help.journal.key"))] = None,
    witness: Annotated[list[str] | None, typer.Option(help=h("help.journal.witnesses"))] = None,
    needed: Annotated[int | None, typer.Option(min=0, help=h("help.journal.needed"))] = None,
) -> None:
    """Audit this home's journal, or a published log; the worst finding decides the exit code."""
    from signkit_cli import journaling

    session: Session = context.obj
    older = [journaling.read_kept(path) for path in checkpoint or ()]
    if folder is None:
        findings, entries = journaling.judge_home(session, older, key)
    else:
        witnesses = witness or []
        findings, entries = journaling.judge_folder(
            session, folder, older, key, witnesses=witnesses, needed=len(witnesses) if needed is None else needed
        )
    raise typer.Exit(journaling.tell(session, findings, entries))


@app.command(help=h("help.journal.checkpoint"))
def checkpoint(
    context: typer.Context,
    *,
    restored: Annotated[bool, typer.Option("--restored", help=h("help.journal.restored"))] = False,
    seen: Annotated[list[Path] | None, typer.Option("--checkpoint", help=h("help.journal.elsewhere"))] = None,
) -> None:
    """Sign the log as it stands, have it timestamped and witnessed; made for a nightly timer."""
    from signkit.journal.checkpoint import log_vkey
    from signkit.journal.log import anchor, restart
    from signkit.ports.keys import KeyName
    from signkit.workflows.vouching import require_vouched
    from signkit_cli import journaling

    session: Session = context.obj
    if seen and not restored:
        raise UsageError("--checkpoint belongs to --restored", code="usage.restored")
    elsewhere = [journaling.read_kept(path) for path in seen or ()]
    home = session.open()
    desk, key = home.desk(session.observer()), home.keys.key(KeyName.JOURNAL)
    if restored:
        session.terminal.confirm("journal_cli.restored_confirm", origin=desk.origin)
        now = desk.clock.now()
        restart(desk.store, origin=desk.origin, key=key, actor="clerk", at=now, elsewhere=elsewhere)
    anchored = anchor(desk.store, origin=desk.origin, key=key, timestamper=desk.stamps.timestamper)
    if restored:
        name = anchored.checkpoint.origin
        session.terminal.note("journal_cli.restarted", origin=name, key=log_vkey(name, key.spki))
    note, vouched = journaling.witnessed(session, home, anchored.note)
    if session.terminal.as_json:
        session.terminal.json(journaling.checkpoint_json(note, anchored.gen_time, vouched))
    else:
        session.terminal.line(note.decode("utf-8").rstrip("\n"))
        session.terminal.note(
            "journal_cli.anchored", size=anchored.checkpoint.size, time=f"{anchored.gen_time:%Y-%m-%d %H:%M:%S} UTC"
        )
    require_vouched(len(vouched), needed=desk.witnesses_needed)


@app.command(help=h("help.journal.prove"))
def prove(
    context: typer.Context,
    envelope: _ID,
    *,
    output: Annotated[
        Path | None, typer.Option(help=h("help.journal.output"), metavar=h("help.placeholder.file"))
    ] = None,
) -> None:
    """Write the proof that everything up to an envelope's last signed-for entry is in the log."""
    from signkit.files import write_atomic
    from signkit_cli import journaling

    session: Session = context.obj
    found, digest, proof = journaling.proof_of(session, envelope)
    target = output or Path(f"{found}.tlog-proof")
    if target.exists() and not session.terminal.assume_yes:
        raise UsageError(f"{target} exists already", code="usage.exists", hint="add --yes to replace it")
    write_atomic(target, proof.encode())
    if session.terminal.as_json:
        session.terminal.json(
            {"schema": "signkit.proof/1", "envelope": found, "entry": digest, "index": proof.index, "path": str(target)}
        )
    session.terminal.say("journal_cli.proved", path=target, entry=digest)


@app.command(help=h("help.journal.publish"))
def publish(
    context: typer.Context,
    folder: Annotated[str, typer.Argument(help=h("help.journal.target"), show_default=False)],
) -> None:
    """Write the log as static files; nothing personal is in them."""
    from signkit_cli import journaling

    session: Session = context.obj
    done = journaling.publish_to(session, journaling.sink_for(session, folder))
    where = f"{folder.rstrip('/')}/{done.prefix.rstrip('/')}" if done.prefix else folder
    if session.terminal.as_json:
        session.terminal.json(
            {"schema": "signkit.published/1", "folder": where, "entries": done.size, "written": done.written}
        )
    session.terminal.say("journal_cli.published", folder=where, entries=done.size, written=done.written)


@app.command(help=h("help.journal.witness"))
def witness(
    context: typer.Context,
    *,
    name: Annotated[str, typer.Option(help=h("help.journal.witness_name"), show_default=False)],
    log: Annotated[list[str], typer.Option(help=h("help.journal.witness_log"), show_default=False)],
    directory: Annotated[Path, typer.Option(help=h("help.journal.witness_directory"))] = Path("witness"),
    host: Annotated[str, typer.Option(help=h("help.journal.witness_host"))] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help=h("help.journal.witness_port"))] = 0,
) -> None:
    """Watch other logs and vouch for their checkpoints until interrupted."""
    from signkit_cli import watching_logs

    session: Session = context.obj
    watching_logs.serve(session, name=name, logs=log, folder=directory, host=host, port=port)


@app.command(help=h("help.journal.erase"))
def erase(
    context: typer.Context,
    envelopes: Annotated[list[str] | None, typer.Argument(help=h("help.envelope.ids"), show_default=False)] = None,
    *,
    older_than: Annotated[int | None, typer.Option(min=0, help=h("help.journal.older_than"))] = None,
    kind: Annotated[str | None, typer.Option(help=h("help.journal.kind"))] = None,
    due: Annotated[bool, typer.Option("--due", help=h("help.journal.due"))] = False,
    rule: Annotated[str | None, typer.Option(help=h("help.journal.rule"))] = None,
) -> None:
    """Erase names, salts and evidence of envelopes that have ended; every proof still holds."""
    from signkit_cli import journaling

    session: Session = context.obj
    if (bool(envelopes), older_than is not None, due).count(True) != 1:
        raise UsageError("name envelopes, or say --older-than DAYS, or --due", code="usage.erase")
    if due:
        found = journaling.due_by_retention(session)
    elif older_than is not None:
        found = dict.fromkeys(journaling.due(session, days=older_than, kind=kind), f"older-than-{older_than}-days")
    else:
        found = dict.fromkeys(session.envelopes(envelopes or []), "by-hand")
    if not found:
        raise JournalError("nothing is due to be erased", code="journal.nothing_due")
    session.terminal.confirm("journal_cli.erase_confirm", count=len(found), envelopes=", ".join(list(found)[:5]))
    for done, letters in journaling.erase_all(session, found if rule is None else dict.fromkeys(found, rule)):
        if session.terminal.as_json:
            session.terminal.json(journaling.erasure_json(done, letters))
        session.terminal.say(
            "journal_cli.erased",
            envelope=done.envelope,
            openings=done.openings,
            evidence=done.evidence,
            letters=letters,
        )
    session.terminal.note("journal_cli.erased_elsewhere")
