"""``signkit simulator``: a stand-in for BankID, and the phones of the people in it."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from signkit.errors import UsageError
from signkit_cli.helping import App
from signkit_cli.session import Session
from signkit_cli.words import h

if TYPE_CHECKING:
    from signkit.ports.simulator import SimulatorFactory

app = App(help=h("help.simulator"), no_args_is_help=True)


@app.command(help=h("help.simulator.serve"))
def serve(
    context: typer.Context,
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help=h("help.simulator.port"))] = 0,
    directory: Annotated[Path | None, typer.Option(help=h("help.simulator.directory"), show_default=False)] = None,
    person: Annotated[list[str] | None, typer.Option(help=h("help.simulator.people"))] = None,
    autopilot: Annotated[bool, typer.Option("--autopilot", help=h("help.simulator.autopilot"))] = False,
) -> None:
    """Serve until interrupted; tells one line when it answers."""
    session: Session = context.obj
    people = [_name_and_number(item) for item in person or ()]
    factory = _factory(session)
    running = factory.start(directory or _own_folder(session), port=port, people=people, autopilot=autopilot)
    ended = threading.Event()
    previous = signal.signal(signal.SIGTERM, lambda *_: ended.set())
    try:
        if session.terminal.as_json:
            where = str(running.directory.absolute())
            session.terminal.json({"schema": "signkit.simulator/1", "url": running.url, "directory": where})
        session.terminal.say("cli.simulator.serving", url=running.url, directory=running.directory)
        while not ended.wait(0.5):
            pass
    except KeyboardInterrupt:
        session.terminal.note("cli.simulator.stopped")
    finally:
        running.stop()
        signal.signal(signal.SIGTERM, previous)


@app.command("app", help=h("help.simulator.app"))
def app_(
    context: typer.Context,
    *,
    url: Annotated[str, typer.Option(help=h("help.simulator.url"), show_default=False)],
    person: Annotated[str, typer.Option(help=h("help.simulator.person"), show_default=False)],
    scan: Annotated[bool, typer.Option("--scan", help=h("help.simulator.scan"))] = False,
    approve: Annotated[bool, typer.Option("--approve", help=h("help.simulator.approve"))] = False,
    cancel: Annotated[bool, typer.Option("--cancel", help=h("help.simulator.cancel"))] = False,
    do: Annotated[list[str] | None, typer.Option(help=h("help.simulator.do"))] = None,
    qr: Annotated[str | None, typer.Option(help=h("help.simulator.qr"))] = None,
    link: Annotated[str | None, typer.Option(help=h("help.simulator.link"))] = None,
    number: Annotated[str | None, typer.Option(help=h("help.simulator.number"))] = None,
) -> None:
    """Do what a person does with the phone: first scan, then --do in order, then approve or cancel."""
    session: Session = context.obj
    started = scan or qr is not None or link is not None
    actions = ["scan"] * started + list(do or ()) + ["approve"] * approve + ["cancel"] * cancel
    if not actions or (approve and cancel):
        raise UsageError(
            "the person needs one thing to do", code="usage.action", hint="use --scan, --approve, --cancel or --do"
        )
    name = _factory(session).act(url, person=person, actions=actions, number=number, qr=qr, link=link)
    if session.terminal.as_json:
        session.terminal.json({"schema": "signkit.simulator-act/1", "person": name, "actions": actions})
    session.terminal.say("cli.simulator.acted", name=name, actions=", ".join(actions))


def _factory(session: Session) -> SimulatorFactory:
    from signkit import plugins
    from signkit_cli.composition import refuse_production

    refuse_production(session, "simulator")
    found: Any = plugins.load(plugins.find(plugins.SIMULATORS, "bankid"))
    return cast("SimulatorFactory", found)


def _own_folder(session: Session) -> Path:
    """Return where the home's own simulator lives; without a home, a folder here."""
    from signkit_cli.composition import CONFIG_FILE, SIMULATOR

    return session.folder / SIMULATOR if (session.folder / CONFIG_FILE).is_file() else Path(SIMULATOR)


def _name_and_number(text: str) -> tuple[str, str]:
    name, mark, number = text.rpartition("=")
    if not mark or not name.strip():
        raise UsageError(
            "a person is given as NAME=NUMBER", code="usage.person", hint="'Eva Ek=198001019802', twelve digits"
        )
    return name.strip(), number.strip()
