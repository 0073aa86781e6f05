"""``signkit group``: address books of people who sign together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from signkit_cli.helping import App
from signkit_cli.session import Session
from signkit_cli.words import h

if TYPE_CHECKING:
    from signkit.model.signatory import Invitee

app = App(help=h("help.group"), no_args_is_help=True)

Name = Annotated[str, typer.Argument(help=h("help.group.name"), show_default=False)]


@app.command(help=h("help.group.add"))
def add(
    context: typer.Context,
    name: Name,
    *,
    member: Annotated[list[str] | None, typer.Option(help=h("help.group.member"))] = None,
    members: Annotated[Path | None, typer.Option(help=h("help.group.members"))] = None,
) -> None:
    """Add people to a group, which is made if it is not there."""
    from signkit.config import groups
    from signkit.errors import UsageError
    from signkit_cli.asking import read_invitees

    session: Session = context.obj
    people, _ = read_invitees(member or [], members, [])
    if not people:
        raise UsageError("nobody is named", code="usage.group", hint="add --member 'NAME <EMAIL>' or --members FILE")
    home = session.open(write=False)
    before = groups.read_group(home.folder, name) if name in groups.group_names(home.folder) else []
    kept = [old for old in before if not any(_same(old, new) for new in people)]
    groups.write_group(home.folder, name, [*kept, *people])
    _print(session, name)


@app.command("list", help=h("help.group.list"))
def list_(context: typer.Context) -> None:
    """List the groups."""
    from signkit.config import groups
    from signkit.texts import text
    from signkit_cli.terminal import printable

    session: Session = context.obj
    home = session.open(write=False)
    names = groups.group_names(home.folder)
    if not names:
        session.terminal.note("cli.group.none")
    for name in names:
        if session.terminal.as_json:
            _print(session, name)
        count = len(groups.read_group(home.folder, name))
        session.terminal.line(text("cli.group.row", session.terminal.lang, name=printable(name), count=count))


@app.command(help=h("help.group.show"))
def show(context: typer.Context, name: Name) -> None:
    """Show the people of a group."""
    _print(context.obj, name)


@app.command(help=h("help.group.remove"))
def remove(
    context: typer.Context,
    name: Name,
    *,
    member: Annotated[list[str] | None, typer.Option(help=h("help.group.remove_member"))] = None,
) -> None:
    """Remove a group, or some of its people."""
    from signkit.config import groups
    from signkit.errors import UsageError

    session: Session = context.obj
    home = session.open(write=False)
    people = groups.read_group(home.folder, name)
    if not member:
        session.terminal.confirm("cli.group.confirm", name=name, count=len(people))
        groups.remove_group(home.folder, name)
        session.terminal.say("cli.group.removed", name=name)
        return
    left = people
    for wanted in member:
        found = [item for item in left if wanted.casefold() in {item.name.casefold(), (item.email or "").casefold()}]
        if not found:
            raise UsageError(
                f"nobody in {name} answers to {wanted[:40]!r}",
                code="usage.group",
                hint=f"see: signkit group show {name}",
            )
        left = [item for item in left if item not in found]
    if not left:
        raise UsageError(
            f"nobody would be left in {name}",
            code="usage.group",
            hint=f"remove the group itself: signkit group remove {name}",
        )
    groups.write_group(home.folder, name, left)
    _print(session, name)


def _same(old: Invitee, new: Invitee) -> bool:
    """Tell whether two entries are one person in one role: the newer takes the place of the older."""
    if old.role != new.role:
        return False
    if old.value and new.value:
        return old.value == new.value
    return old.name.casefold() == new.name.casefold()


def _print(session: Session, name: str) -> None:
    """Print a group; a personal number is told of, never shown."""
    from signkit.config import groups
    from signkit.texts import text
    from signkit_cli.terminal import printable

    people = groups.read_group(session.open(write=False).folder, name)
    if session.terminal.as_json:
        members = [
            {
                "name": item.name,
                "email": item.email,
                "role": item.role,
                "order": item.order,
                "identified": item.value is not None,
                "provider": item.provider,
                "capacity": item.capacity.value,
            }
            for item in people
        ]
        session.terminal.json({"schema": "signkit.group/1", "name": name, "members": members})
        return
    lang = session.terminal.lang
    session.terminal.line(printable(name), style="bold")
    for item in people:
        role = text(f"role.{item.role}", lang)
        words = item.role if role.startswith("role.") else role
        number = text("cli.group.number" if item.value else "cli.group.no_number", lang)
        address = f" <{item.email}>" if item.email else ""
        session.terminal.line(printable(f"  {item.name}{address}  {words}  {number}"))
