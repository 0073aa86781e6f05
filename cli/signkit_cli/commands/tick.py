"""``signkit tick``: all that time brings, for cron."""

from __future__ import annotations

import typer

from signkit_cli.exit_codes import ExitCode, exit_code_for
from signkit_cli.helping import App
from signkit_cli.session import Session
from signkit_cli.words import h

app = App()


@app.command(help=h("help.tick"))
def tick(context: typer.Context) -> None:
    """Expire, complete, finish what was cut off, remind; safe to run at any time, several at once."""
    from signkit.model.entry import format_time
    from signkit.workflows.tick import tick as tick_home
    from signkit_cli.delivering import delivery_chores

    session: Session = context.obj
    home = session.open()
    ticked = tick_home(home.desk(session.observer()), home.config.reminders, chores=delivery_chores(home.post))
    for failure in ticked.failed:
        failure.error.subject.setdefault("envelope", failure.envelope)
        session.terminal.error(failure.error, exit_code_for(failure.error))
    if session.terminal.as_json:
        session.terminal.json(
            {
                "schema": "signkit.tick/1",
                "at": format_time(ticked.at),
                "done": [
                    {"envelope": item.envelope, "action": item.action, "signatory": item.signatory}
                    for item in ticked.done
                ],
                "failed": [{"envelope": item.envelope, "code": item.error.code} for item in ticked.failed],
            }
        )
    for item in ticked.done:
        session.terminal.say(f"tick.{item.action}", envelope=item.envelope, signatory=item.signatory or "")
    if ticked.failed:
        raise typer.Exit(ExitCode.PARTIAL if ticked.done else ExitCode.ALL_FAILED)
