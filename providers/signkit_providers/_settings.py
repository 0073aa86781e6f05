"""The settings of one delivery service, read strictly: an unknown key is an error with a suggestion."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from signkit.errors import ConfigError

__all__ = ["Table"]

MAX_SECRET: Final = 4096


class Table:
    """One table of the configuration, with its name at hand for messages.

    Raises:
        ConfigError: a key that is not in ``known``.
    """

    def __init__(self, name: str, values: Mapping[str, object], *, known: tuple[str, ...], home: Path) -> None:
        self._name = name
        self._values = values
        self._home = home
        for key in values:
            if key not in known:
                near = difflib.get_close_matches(key, known, n=1)
                raise ConfigError(
                    f"unknown key {name}.{key[:60]}",
                    code="config.unknown_key",
                    hint=f"did you mean {near[0]!r}?" if near else "known here: " + (", ".join(known) or "none"),
                    subject={"field": f"{name}.{key[:60]}"},
                )

    def wrong(self, key: str, what: str, *, hint: str | None = None) -> ConfigError:
        """Return the error that says what is wrong with a key."""
        full = f"{self._name}.{key}"
        return ConfigError(f"{full} {what}", code="config.value", hint=hint, subject={"field": full})

    def text(self, key: str) -> str | None:
        """Return a text; None where the key is absent."""
        value = self._values.get(key)
        if value is None:
            return None
        if not isinstance(value, str) or not value.strip() or any(char < " " for char in value):
            raise self.wrong(key, "is not text, or empty")
        return value

    def needed(self, key: str) -> str:
        """Return a text that must be there."""
        value = self.text(key)
        if value is None:
            raise self.wrong(key, "is missing")
        return value

    def one_of(self, key: str, allowed: tuple[str, ...]) -> str | None:
        """Return one of several words; None where the key is absent."""
        value = self.text(key)
        if value is not None and value not in allowed:
            near = difflib.get_close_matches(value, allowed, n=1)
            raise self.wrong(key, f"is {value[:40]!r}", hint="use one of: " + ", ".join(near or allowed))
        return value

    def port(self, key: str) -> int | None:
        """Return a TCP port; None where the key is absent."""
        value = self._values.get(key)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 65536):
            raise self.wrong(key, "is not a port, 1 to 65535")
        return value

    def host(self, key: str) -> str:
        """Return the name or address of a machine."""
        value = self.needed(key)
        if not re.fullmatch(r"[A-Za-z0-9.:_-]{1,253}", value):
            raise self.wrong(key, "is not the name of a machine")
        return value

    def path(self, key: str) -> Path | None:
        """Return a path, relative to the home unless it is absolute; None where the key is absent."""
        value = self.text(key)
        return None if value is None else self._home / value

    def secret(self, key: str) -> bytes | None:
        """Return the first line of the file that the key names; None where the key is absent."""
        path = self.path(key)
        if path is None:
            return None
        try:
            with path.open("rb") as stream:
                line = stream.readline(MAX_SECRET).rstrip(b"\r\n")
        except OSError as exc:
            raise self.wrong(key, f"cannot be read: {exc.strerror}") from exc
        if not line:
            raise self.wrong(key, "names a file whose first line is empty")
        return line
