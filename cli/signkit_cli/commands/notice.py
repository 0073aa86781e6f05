"""``signkit notice``: what is put up on the notice board."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from signkit.errors import UsageError
from signkit_cli.helping import App
from signkit_cli.session import Session
from signkit_cli.words import h

if TYPE_CHECKING:
    from datetime import date

    from signkit.workflows.notice import BoardNotice

app = App()


@app.command(help=h("help.notice"))
def notice(
    context: typer.Context,
    envelope: Annotated[str, typer.Argument(help=h("help.envelope.id"), show_default=False)],
    *,
    announced: Annotated[str | None, typer.Option(help=h("help.notice.announced"))] = None,
    available_at: Annotated[str | None, typer.Option(help=h("help.notice.available_at"))] = None,
    responsible: Annotated[str | None, typer.Option(help=h("help.notice.responsible"))] = None,
    output: Annotated[Path, typer.Option(help=h("help.notice.output"))] = Path(),
) -> None:
    """Write the notice as text, HTML and JSON."""
    from signkit.texts import text
    from signkit.workflows.notice import board_notice

    session: Session = context.obj
    if output.exists() and not output.is_dir():
        raise UsageError(f"{output} is not a folder", code="usage.output", hint="name a folder")
    day = _day(announced)
    home = session.open()
    found = session.envelopes([envelope])[0]
    sort = _sort(session, found)
    made = board_notice(
        home.desk(session.observer()),
        found,
        sort=sort,
        announced=day,
        available_at=available_at,
        responsible=responsible,
    )
    files = _write(session, made, output)
    if session.terminal.as_json:
        session.terminal.json({**made.to_json(), "files": files})
    for item in files:
        session.terminal.say("cli.notice.file", path=item["path"])
    lang = session.terminal.lang
    for name in made.dates.late:
        session.terminal.note(f"notice.late.{name}")
    by = made.dates.announce_by
    if by is not None and by.rest is not None:
        session.terminal.note("notice.rest", day=by.day.isoformat(), rest=text(f"calendar.{by.rest}", lang))


def _day(words: str | None) -> date | None:
    from datetime import date

    try:
        return date.fromisoformat(words) if words else None
    except ValueError as exc:
        raise UsageError(f"{words!r:.40} is not a date", code="usage.date", hint="write 2026-09-11") from exc


def _sort(session: Session, envelope: str) -> str:
    """Return what is announced of an envelope of this kind."""
    from signkit.workflows.desk import load
    from signkit_cli.kinds import kind_template

    with session.open().store.read() as tx:
        kind = load(tx, envelope).kind
    template = kind_template(kind)
    if template is None or template.notice is None:
        raise UsageError(
            f"nothing is put up on the board about {kind}",
            code="usage.notice",
            hint="notices are for protocol and delegated-decision",
            subject={"envelope": envelope},
        )
    return template.notice


def _write(session: Session, made: BoardNotice, folder: Path) -> list[dict[str, str]]:
    from signkit.files import write_atomic

    forms = {
        "text": (".txt", made.to_text()),
        "html": (".html", made.to_html()),
        "json": (".json", json.dumps(made.to_json(), ensure_ascii=False, indent=2) + "\n"),
    }
    paths = {kind: folder / f"anslag-{made.envelope[:8]}{suffix}" for kind, (suffix, _) in forms.items()}
    there = [path for path in paths.values() if path.exists()]
    if there and not session.terminal.assume_yes:
        raise UsageError(f"{there[0]} is there already", code="usage.exists", hint="add --yes to replace it")
    folder.mkdir(parents=True, exist_ok=True)
    for kind, (_, words) in forms.items():
        write_atomic(paths[kind], words.encode("utf-8"))
    return [{"path": str(path), "kind": kind} for kind, path in paths.items()]
