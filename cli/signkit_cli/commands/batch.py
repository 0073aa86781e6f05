"""``signkit batch``: many steps from one file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from signkit_cli.helping import App
from signkit_cli.session import Session
from signkit_cli.words import h

if TYPE_CHECKING:
    from signkit_cli.batching.running import Outcome

app = App()


@app.command(help=h("help.batch"))
def batch(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help=h("help.batch.file"), show_default=False)],
    *,
    continue_on_error: Annotated[bool, typer.Option("--continue-on-error", help=h("help.batch.continue"))] = False,
    resume: Annotated[bool, typer.Option("--resume/--fresh", help=h("help.batch.resume"))] = True,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=h("help.batch.dry_run"))] = False,
    ledger: Annotated[Path | None, typer.Option(help=h("help.batch.ledger"), show_default=False)] = None,
) -> None:
    """Do every step of a file, tell what became of each, and end with 40 where some failed and 41 where all did."""
    from signkit_cli.batching.items import read_items
    from signkit_cli.batching.ledger import Ledger, ledger_path
    from signkit_cli.batching.running import Runner, exit_code_of

    session: Session = context.obj
    items = read_items(file)
    session.open(write=not dry_run)
    outcomes: list[Outcome] = []
    with Ledger(ledger or ledger_path(session.folder, file), write=not dry_run, fresh=not resume) as kept:
        runner = Runner(session, kept, dry_run=dry_run)
        for item in items:
            outcomes.append(runner.run(item))
            _tell(session, outcomes[-1])
            if outcomes[-1].status == "failed" and not continue_on_error:
                break
    left = len(items) - len(outcomes)
    bad = sum(outcome.status == "failed" for outcome in outcomes)
    session.terminal.note("cli.batch.done", done=len(outcomes) - bad, failed=bad, left=left)
    raise typer.Exit(int(exit_code_of(outcomes)))


def _tell(session: Session, outcome: Outcome) -> None:
    terminal = session.terminal
    if terminal.as_json:
        terminal.json(outcome.to_json())
        return
    item, error = outcome.item, outcome.error
    style = "red" if outcome.status == "failed" else None
    words = [f"{item.number:>5}", outcome.status, item.op, outcome.envelope or ""]
    if error is not None:
        words += [f"({outcome.exit_code})", error["message"]]
    elif outcome.exit_code:
        words.append(f"({outcome.exit_code})")
    from signkit_cli.terminal import printable

    if not terminal.quiet or outcome.status == "failed":
        terminal.line(printable("  ".join(word for word in words if word)), style=style)
