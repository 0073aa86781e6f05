"""``signkit init``: make a home."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from signkit.errors import ConfigError, UsageError
from signkit_cli.helping import App
from signkit_cli.session import Session
from signkit_cli.words import LANG, h

app = App()


@app.command(help=h("help.init"))
def init(
    context: typer.Context,
    *,
    environment: Annotated[str, typer.Option(help=h("help.init.environment"))] = "test",
    organisation: Annotated[str | None, typer.Option(help=h("help.init.organisation"))] = None,
    origin: Annotated[str | None, typer.Option(help=h("help.init.origin"))] = None,
    database: Annotated[str | None, typer.Option(help=h("help.init.database"))] = None,
) -> None:
    """Make the home's folder, configuration, keys, trust anchors and database; a half-made home is finished."""
    session: Session = context.obj
    if environment not in {"test", "production"}:
        raise UsageError("--environment is test or production", code="usage.environment")
    from signkit.model.words import clean_words, misleads
    from signkit_cli.composition import read_passphrase
    from signkit_cli.making import is_home, make_home

    name = organisation or ("Exempelkommunen" if environment == "test" else None)
    name = clean_words(name or "")
    if not name or any(map(misleads, name)):
        raise UsageError(
            "the organisation's name is missing or cannot be shown",
            code="usage.organisation",
            hint="add --organisation NAME",
        )
    folder = session.folder
    if is_home(folder):
        raise ConfigError(
            f"there is a home in {folder} already",
            code="config.home_exists",
            hint="use it, or name another folder with --home",
            subject={"file": str(folder)},
        )
    make_home(
        folder,
        environment=environment,
        organisation=name,
        origin=origin,
        language=session.terminal.lang if session.terminal.lang in {"sv", "en", "da"} else LANG,
        passphrase=read_passphrase(session),
        database=database,
    )
    if session.terminal.as_json:
        session.terminal.json({"schema": "signkit.home/1", "home": str(folder), "environment": environment})
    session.terminal.say("cli.init.done", folder=_short(folder), environment=environment, organisation=name)
    session.terminal.say(f"cli.init.next_{environment}")


def _short(path: Path) -> str:
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)
