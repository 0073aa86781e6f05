"""What the forgers of this folder share: hooks that lie in one place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from signkit import canonical
from signkit.testing.proved import Forgery, Life, ProvedFile

Maker = Callable[..., ProvedFile]
ZERO = "sha256:" + "0" * 64
OTHER = "sha256:" + "1" * 64


def on(number: int, change: Callable[[Any, Life], Any]) -> Callable[[Any, int, Life], Any]:
    """Return a hook that changes one person's thing."""
    return lambda value, index, life: change(value, life) if index == number else value


def only(wanted: str, change: Callable[[Any, Life], Any]) -> Callable[[Any, str, Life], Any]:
    """Return a hook that changes what has one name."""
    return lambda value, name, life: change(value, life) if name == wanted else value


def changed(**fields: Any) -> Callable[[Any, Life], Any]:
    """Return a change of fields."""
    return lambda value, _life: replace(value, **fields)


def document(**fields: Any) -> Callable[[Any, Life], Any]:
    """Return a change of the manifest's document."""
    return lambda manifest, _life: replace(manifest, documents=(replace(manifest.own, **fields),))


def told(kind: str, **changes: Any) -> Callable[[Any, str, Life], Any]:
    """Return a hook that changes the data of entries of a kind."""
    return only(kind, lambda data, _life: {**data, **changes})


class _Raw:
    """A statement with bytes of the forger's own; in all else what it was."""

    def __init__(self, data: bytes, statement: Any) -> None:
        self._data, self._statement = data, statement

    def __getattr__(self, name: str) -> Any:
        return getattr(self._statement, name)

    def encode(self) -> bytes:
        """Return the bytes."""
        return self._data


def with_bytes(data: bytes, statement: Any) -> Any:
    """Return a statement that is written with other bytes."""
    return _Raw(data, statement)


def raw(value: Any) -> Callable[[Any, int, Life], Any]:
    """Return a hook that puts other bytes in the first person's signature."""
    return on(0, lambda statement, _: with_bytes(canonical.encode(value), statement))


def silently(life: Life, kind: str, data: dict[str, Any], actor: str = "system") -> None:
    """Write an entry without asking the forger again."""
    forgery, life.forgery = life.forgery, Forgery()
    life.write(kind, data, actor=actor)
    life.forgery = forgery


def at(kind: str, what: Callable[[dict[str, Any], Life], Any]) -> Callable[[dict[str, Any], str, Life], Any]:
    """Return a hook for the first entry of a kind; None from ``what`` leaves it out."""
    done: list[bool] = []

    def hook(data: dict[str, Any], name: str, life: Life) -> Any:
        if name != kind or done:
            return data
        done.append(True)
        return what(data, life)

    return hook


def later(seconds: int) -> Callable[[Any, Life], Any]:
    """Return a change of nothing: the signature is made so much later, or earlier."""

    def wait(statement: Any, life: Life) -> Any:
        life.clock.advance(seconds=seconds)
        return statement

    return wait
