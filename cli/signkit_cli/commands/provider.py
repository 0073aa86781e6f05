"""``signkit provider``: which eIDs are installed."""

from __future__ import annotations

import typer

from signkit_cli.helping import App
from signkit_cli.session import Session
from signkit_cli.words import h

app = App(help=h("help.provider"), no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Providers."""


@app.command("list", help=h("help.provider.list"))
def list_(context: typer.Context) -> None:
    """List providers by name, with the distribution that each comes from; nothing is loaded."""
    from signkit import plugins

    session: Session = context.obj
    for plugin in plugins.installed(plugins.PROVIDERS):
        if session.terminal.as_json:
            session.terminal.json(
                {
                    "schema": "signkit.provider/1",
                    "name": plugin.name,
                    "distribution": plugin.distribution,
                    "version": plugin.version,
                    "conflict": list(plugin.conflict),
                }
            )
            continue
        clash = f"  ! {', '.join(plugin.conflict)}" if plugin.conflict else ""
        session.terminal.line(f"{plugin.name:<16} {plugin.distribution} {plugin.version}{clash}")
