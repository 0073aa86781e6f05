"""Values of a configuration file, read with the name of their key at hand: what is wrong is told with where."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Any

from signkit.errors import ConfigError

__all__ = ["Tree"]


class Tree:
    """Reads values with the name of their key at hand."""

    def __init__(self, file: str, tree: Mapping[str, Any]) -> None:
        self._file = file
        self._tree = tree

    def wrong(self, key: str, what: str, *, hint: str | None = None) -> ConfigError:
        """Return the error that says what is wrong with a key."""
        return ConfigError(f"{self._file}: {key} {what}", hint=hint, subject={"file": self._file, "field": key})

    def known(self, where: str, table: Mapping[str, Any], keys: tuple[str, ...]) -> None:
        """Refuse a key that is not among ``keys``."""
        for key in table:
            if key not in keys:
                near = difflib.get_close_matches(key, keys, n=1)
                full = f"{where}.{key}" if where else key
                raise ConfigError(
                    f"{self._file}: unknown key {full!r}",
                    code="config.unknown_key",
                    hint=f"did you mean {near[0]!r}?" if near else "known here: " + ", ".join(keys),
                    subject={"file": self._file, "field": full},
                )

    def table(self, name: str) -> Mapping[str, Any]:
        """Return a table of the file; empty where it is absent."""
        return self.mapping(name, self._tree.get(name, {}))

    def mapping(self, key: str, value: object) -> Mapping[str, Any]:
        """Return a table."""
        if not isinstance(value, dict):
            raise self.wrong(key, "is not a table")
        return value

    def text(self, key: str, value: object) -> str:
        """Return a text that must be there."""
        if value is None:
            raise self.wrong(key, "is missing")
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(key, "is not text, or empty")
        return value

    def url(self, key: str, value: object) -> str:
        """Return an http or https address."""
        text = self.text(key, value)
        if not re.match(r"https?://[^\s/]+", text):
            raise self.wrong(key, "is not an http or https URL")
        return text

    def optional(self, key: str, value: object) -> str | None:
        """Return a text; None where the key is absent."""
        return None if value is None else self.text(key, value)

    def one_of(self, key: str, value: object, values: tuple[str, ...]) -> str:
        """Return one of several words."""
        text = self.text(key, value)
        if text not in values:
            near = difflib.get_close_matches(text, values, n=1)
            raise self.wrong(key, f"is {text!r}", hint=f"use one of: {', '.join(near or values)}")
        return text

    def texts(self, key: str, value: object) -> tuple[str, ...]:
        """Return a list of texts."""
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            raise self.wrong(key, "is not a list of texts")
        return tuple(value)

    def count(self, key: str, value: object, *, most: int = 100) -> int:
        """Return a whole number."""
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
            raise self.wrong(key, f"is not a number from 0 to {most}")
        return value

    def seconds(self, key: str, value: object) -> float:
        """Return a number of seconds."""
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= 600:
            raise self.wrong(key, "is not a number of seconds above 0 and at most 600")
        return float(value)
