"""Taking a statement apart: each member once, with its type, or a named error."""

from __future__ import annotations

from typing import Any

from signkit import canonical
from signkit.canonical import Json

__all__ = ["Reader", "StatementError", "UnknownStatementError", "read_record"]


class StatementError(ValueError):
    """Bytes are not the statement that they should be; ``code`` names why."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class UnknownStatementError(StatementError):
    """A statement of a version that this signkit does not know."""

    def __init__(self, schema: str) -> None:
        super().__init__("statement.unknown_version", f"unknown statement {schema[:60]!r}")


def read_record(data: bytes, *, schema: str, max_bytes: int) -> Json:
    """Return the JSON object whose canonical bytes are exactly ``data``, of the schema ``name/version`` asked for.

    Raises:
        UnknownStatementError: another version of it.
        StatementError: anything else that does not fit.
    """
    try:
        value = canonical.decode(data, max_bytes=max_bytes)
    except canonical.CanonicalError as exc:
        raise StatementError("statement.not_canonical", str(exc)) from exc
    found = value.get("schema") if isinstance(value, dict) else None
    if found == schema:
        return value
    name, _, _ = schema.partition("/")
    if isinstance(found, str) and found.startswith(f"{name}/"):
        raise UnknownStatementError(found)
    raise StatementError("statement.form", f"not {schema}")


class Reader:
    """Takes members of a JSON object, each with its type; remembers which."""

    def __init__(self, value: Json, what: str) -> None:
        if not isinstance(value, dict):
            raise StatementError("statement.form", f"{what} is not an object")
        self.mapping: dict[str, Any] = value
        self._what = what
        self._taken = {"schema"}

    def take(self, key: str) -> Json:
        """Return the member, of any type."""
        if key not in self.mapping:
            raise StatementError("statement.form", f"{self._what} lacks {key}")
        self._taken.add(key)
        return self.mapping[key]

    def text(self, key: str) -> str:
        """Return a member that is text."""
        value = self.take(key)
        if not isinstance(value, str):
            raise StatementError("statement.form", f"{key} of {self._what} is not text")
        return value

    def optional_text(self, key: str) -> str | None:
        """Return a member that is text or null."""
        return None if self.take(key) is None else self.text(key)

    def integer(self, key: str) -> int:
        """Return a member that is a whole number, zero or more."""
        value = self.take(key)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise StatementError("statement.form", f"{key} of {self._what} is not a whole number")
        return value

    def digest(self, key: str) -> str:
        """Return a member that is a digest, ``sha256:<hex>``."""
        value = self.text(key)
        try:
            canonical.parse_digest(value)
        except canonical.CanonicalError as exc:
            raise StatementError("statement.form", f"{key} of {self._what} is not a digest") from exc
        return value

    def one_of(self, key: str, values: tuple[str, ...]) -> str:
        """Return a member that is one of ``values``."""
        value = self.text(key)
        if value not in values:
            raise StatementError("statement.form", f"{key} of {self._what} has an unknown value")
        return value

    def sequence(self, key: str) -> list[Json]:
        """Return a member that is a list."""
        value = self.take(key)
        if not isinstance(value, list):
            raise StatementError("statement.form", f"{key} of {self._what} is not a list")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a member that is a list of texts."""
        values = self.sequence(key)
        if not all(isinstance(item, str) for item in values):
            raise StatementError("statement.form", f"{key} of {self._what} is not a list of texts")
        return tuple(values)

    def rest(self) -> dict[str, Any]:
        """Return the members that nobody took."""
        return {key: value for key, value in self.mapping.items() if key not in self._taken}
