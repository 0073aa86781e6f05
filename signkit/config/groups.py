"""Address books: people who sign together again and again, one TOML file each in the home's folder ``groups``.

A file has the form of a list of signatories, so it may be written by hand. It may hold personal numbers, and is
readable by its owner only.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from signkit.errors import ConfigError, UsageError
from signkit.files import write_atomic
from signkit.model.rules import Capacity
from signkit.model.signatory import DEFAULT_ROLE, MAX_SIGNATORIES, Invitee, parse_signatory_file

__all__ = ["group_names", "read_group", "remove_group", "write_group"]

_FOLDER: Final = "groups"
_NAME: Final = re.compile(r"[\w][\w-]{0,59}")
_MAX_BYTES: Final = 1 << 20


def group_names(home: Path) -> list[str]:
    """Return the names of the home's groups."""
    folder = home / _FOLDER
    if not folder.is_dir():
        return []
    return sorted(path.stem for path in folder.glob("*.toml") if _NAME.fullmatch(path.stem))


def read_group(home: Path, name: str) -> list[Invitee]:
    """Return the people of a group, in their order.

    Raises:
        UsageError: there is no such group, or its file names nobody or cannot be understood.
        ConfigError: its file cannot be read.
    """
    path = _path(home, name)
    try:
        with path.open("rb") as stream:
            data = stream.read(_MAX_BYTES)
    except FileNotFoundError as exc:
        names = group_names(home)
        near = difflib.get_close_matches(name, names, n=1)
        raise UsageError(
            f"no group is called {name[:40]!r}",
            code="usage.group",
            hint=f"did you mean {near[0]!r}?" if near else "known: " + (", ".join(names) or "none"),
        ) from exc
    except OSError as exc:
        raise ConfigError(f"{path} cannot be read: {exc.strerror}", code="config.group") from exc
    return list(parse_signatory_file(data, suffix=".toml", file=str(path)).invitees)


def write_group(home: Path, name: str, people: Sequence[Invitee]) -> Path:
    """Keep people as a group; one of that name is replaced. Return the file.

    Raises:
        UsageError: the name does not fit, nobody is in it, too many are, or one of them is twice.
        ConfigError: the file cannot be written.
    """
    path = _path(home, name)
    if not people or len(people) > MAX_SIGNATORIES:
        raise UsageError(
            f"a group has 1 to {MAX_SIGNATORIES} people", code="usage.group", hint="add --member 'NAME <EMAIL>'"
        )
    seen = set()
    for person in people:
        key = (person.name.casefold(), person.value, person.role)
        if key in seen:
            raise UsageError(f"{person.name} is in the group twice as {person.role}", code="usage.group")
        seen.add(key)
    text = "\n".join(map(_entry, people))
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        write_atomic(path, text.encode("utf-8"), mode=0o600)
    except OSError as exc:
        raise ConfigError(f"{path} cannot be written: {exc.strerror}", code="config.group") from exc
    return path


def remove_group(home: Path, name: str) -> None:
    """Delete a group.

    Raises:
        UsageError: there is none of that name.
        ConfigError: its file cannot be deleted.
    """
    read_group(home, name)
    try:
        _path(home, name).unlink()
    except OSError as exc:
        raise ConfigError(f"the group cannot be removed: {exc.strerror}", code="config.group") from exc


def _path(home: Path, name: str) -> Path:
    if not _NAME.fullmatch(name):
        raise UsageError(
            "the name of a group has letters, digits and hyphens, at most 60",
            code="usage.group",
            hint="such as: csg-2026",
        )
    return home / _FOLDER / f"{name}.toml"


def _entry(person: Invitee) -> str:
    usual = replace(Invitee(person.name), role=DEFAULT_ROLE)
    values: dict[str, object] = {"name": person.name, "email": person.email, "id": person.value}
    for key in ("role", "order", "provider", "paragraphs", "level"):
        if getattr(person, key) != getattr(usual, key):
            values[key] = getattr(person, key)
    if person.capacity is not Capacity.SIGNATORY:
        values["capacity"] = person.capacity.value
    if person.providers:
        values["providers"] = list(person.providers)
    lines = [f"{key} = {_toml(value)}" for key, value in values.items() if value is not None]
    return "[[signatory]]\n" + "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(char if char >= " " and char != "\x7f" else " " for char in escaped) + '"'
