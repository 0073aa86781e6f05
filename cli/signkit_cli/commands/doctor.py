"""``signkit doctor``: is the home sound, what has been left undone, and can this PDF be signed?"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from signkit_cli.exit_codes import ExitCode
from signkit_cli.helping import App
from signkit_cli.session import Session
from signkit_cli.words import h

if TYPE_CHECKING:
    from signkit_cli.composition import Home
    from signkit_cli.health import Health

app = App()


@app.command(help=h("help.doctor"))
def doctor(
    context: typer.Context,
    *,
    file: Annotated[Path | None, typer.Option(help=h("help.doctor.file"), show_default=False)] = None,
    fix: Annotated[bool, typer.Option("--fix", help=h("help.doctor.fix"))] = False,
) -> None:
    """Look at the home, or at one file; nothing is changed without ``--fix``."""
    session: Session = context.obj
    if file is not None:
        from signkit_cli.file_health import tell_file

        raise typer.Exit(tell_file(session, file))
    health, fixed = _home(session, fix=fix)
    from signkit_cli.render.doctor import health_json, health_lines

    if session.terminal.as_json:
        session.terminal.json(health_json(health, session.folder, fixed, session.terminal.lang))
    elif not (session.terminal.quiet and health.sound):
        for words, style in health_lines(health, fixed, session.terminal.lang):
            session.terminal.line(words, style=style)
    raise typer.Exit(ExitCode.OK if health.sound else ExitCode.STORE)


def _home(session: Session, *, fix: bool) -> tuple[Health, list[tuple[str, str]]]:
    from signkit.errors import StoreError
    from signkit_cli.composition import open_home
    from signkit_cli.health import Health, Symptom, examine_home

    try:
        with contextlib.closing(open_home(session, write=False)) as home:
            health = examine_home(home)
    except StoreError as exc:
        return Health((Symptom("fault", exc.code, {}, None, exc.message, exc.hint),), 0, 0, untidy=False), []
    if not fix or not health.untidy:
        return health, []
    session.terminal.confirm("doctor.fix_confirm")
    with contextlib.closing(open_home(session, write=True)) as home:
        fixed = _mend(home)
        return examine_home(home), fixed


def _mend(home: Home) -> list[tuple[str, str]]:
    import shutil

    from signkit.workflows.doctor import mend
    from signkit_cli.health import stray_files

    fixed = mend(home.store)
    for path in stray_files(home.folder):
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        fixed.append(("leftover", path.name))
    return fixed
