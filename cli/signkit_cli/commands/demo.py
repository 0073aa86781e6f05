"""``signkit demo``: the whole chain on an example, in a home of its own, told step by step."""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, cast

import typer

from signkit.errors import DocumentError, UsageError
from signkit_cli.helping import App
from signkit_cli.session import Session
from signkit_cli.words import h

if TYPE_CHECKING:
    from signkit.ports.simulator import SimulatorFactory
    from signkit_cli.composition import Home

app = App()

_EID: Final = "bankid"
_PEOPLE: Final = (
    ("Tolvan Tolvansson", "191212121212", "chair", 1),
    ("Berit Testsson", "195001189801", "adjuster", 2),
    ("Karim Provberg", "197802029806", "adjuster", 2),
)
"""Name, number of the series for tests, role and order of those who sign the example."""


@app.command(help=h("help.demo"))
def demo(
    context: typer.Context,
    document: Annotated[Path | None, typer.Argument(help=h("help.demo.document"), show_default=False)] = None,
    *,
    output: Annotated[Path, typer.Option(help=h("help.demo.output"))] = Path("demo"),
) -> None:
    """Create, send, sign with three people, seal, export, verify."""
    from signkit_cli.composition import open_home
    from signkit_cli.making import make_home

    session: Session = context.obj
    say = session.terminal.say
    source = document or _example()
    folder = _fresh_folder(output)
    lang = session.terminal.lang
    say("demo.start", document=source.name)
    make_home(
        folder / "home",
        environment="test",
        organisation="Björkviks kommun",
        origin=None,
        language=lang,
        passphrase=None,
    )
    session.home = folder / "home"
    home = open_home(session, write=True)
    envelope = _envelope(session, home, source)
    with _simulator(session, home):
        _sign(session, home, envelope)
    _finish(session, home, envelope, folder=folder, original=source)


@contextlib.contextmanager
def _simulator(session: Session, home: Home) -> Iterator[None]:
    """Let the home's simulator answer on a free port; everybody who is asked there signs by themselves."""
    from signkit import plugins
    from signkit_cli.composition import SIMULATOR

    factory = cast("SimulatorFactory", plugins.load(plugins.find(plugins.SIMULATORS, _EID)))
    people = [(name, number) for name, number, _, _ in _PEOPLE]
    running = factory.start(home.folder / SIMULATOR, people=people, autopilot=True)
    try:
        session.terminal.say("demo.simulator", url=running.url)
        yield
    finally:
        running.stop()


def _envelope(session: Session, home: Home, source: Path) -> str:
    """Make and send the envelope; return its id."""
    from signkit.model.signatory import Invitee
    from signkit.texts import text
    from signkit.workflows.create import EnvelopeDraft, create_envelope
    from signkit.workflows.send import send_envelope

    draft = EnvelopeDraft(
        paths=(source,),
        kind="protocol",
        invitees=tuple(
            Invitee(name, f"{name.split()[0].lower()}@example.com", role, order, "se.personnummer", number)
            for name, number, role, order in _PEOPLE
        ),
        title=text("demo.title", session.terminal.lang),
        metadata={"case": "GN 2026/118", "paragraph": "41-48", "meeting": "2026-11-18"},
        language=session.terminal.lang,
    )
    desk = home.desk()
    envelope = create_envelope(desk, draft)
    session.terminal.say("demo.created", envelope=envelope)
    send_envelope(desk, envelope)
    session.terminal.say("demo.sent")
    return envelope


def _sign(session: Session, home: Home, envelope: str) -> None:
    """Let everybody sign, one after the other, and close the file."""
    from signkit.workflows.complete import complete_envelope
    from signkit_cli.ceremony import run_ceremony
    from signkit_cli.composition import Providers
    from signkit_cli.queue import next_person

    desk = home.desk()
    everybody = session.signatories(envelope, "all")
    with Providers(home) as providers:
        while (person := next_person(home.store, [(envelope, everybody)])) is not None:
            provider, origin = providers.get(_EID)
            run_ceremony(session, desk, person.slots, provider, origin=origin, options={}, qr=False)
    complete_envelope(desk, envelope)
    session.terminal.say("demo.sealed")


def _finish(session: Session, home: Home, envelope: str, *, folder: Path, original: Path) -> None:
    """Export the file, verify it as an archivist would, and say what was proved."""
    from signkit.files import write_atomic
    from signkit.workflows.export import export_envelope
    from signkit.x509.anchor_files import format_anchors
    from signkit_cli.verifying import Question, verify_path

    made = export_envelope(home.desk(), envelope, folder)
    trust = folder / "trust.pem"
    write_atomic(trust, format_anchors(home.anchors).encode("utf-8"))
    signed = next(item.path for item in made if item.kind == "signed")
    evidence = next((item.path for item in made if item.kind == "evidence"), None)
    question = Question(
        anchors=home.anchors,
        at=home.clock.now(),
        original=original,
        evidence=evidence,
        require=frozenset({"C1", "C2", "C3a", "C3b", "C4", "C5"}),
    )
    report = verify_path(signed, question)
    session.print_report(report)
    program = "signkit" if shutil.which("signkit") else sys.argv[0]  # so that the command can be run as it stands
    session.terminal.say("demo.done", program=program, path=signed, trust=trust, evidence=evidence or "")
    report.raise_for_verdict()


def _example() -> Path:
    """Return the example: package data of the wheel, or the repository's."""
    here = Path(__file__).resolve()
    for path in (here.parents[1] / "example" / "protokoll.pdf", here.parents[3] / "examples" / "protokoll.pdf"):
        if path.is_file():
            return path
    raise DocumentError("the example document is not installed", hint="name a PDF: signkit demo FILE.pdf")


def _fresh_folder(wanted: Path) -> Path:
    """Make a folder that is new: the wanted one, or with a number."""
    for number in range(1, 1000):
        folder = wanted if number == 1 else wanted.with_name(f"{wanted.name}-{number}")
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        return folder
    raise UsageError(f"{wanted} and a thousand more exist already", code="usage.exists", hint="use another --output")
