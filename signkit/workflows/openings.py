"""The openings of an envelope: names, titles, addresses and keys, apart from the entries that commit to them.

Each is ``{"salt", "value"}`` under a name: ``title``, ``metadata``, ``document.<n>``, ``signatory.<id>.name``
(``.email``, ``.identity``), ``evidence.<ceremony>``, ``reason.<n>``; ``person_key`` is base64url alone.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from signkit.canonical import Json
from signkit.model.person import commit, new_person_key
from signkit.ports.store import WriteTransaction

__all__ = ["Openings", "OpeningsDraft"]


@dataclass(slots=True)
class OpeningsDraft:
    """Openings of an envelope in the making."""

    values: dict[str, Json] = field(default_factory=dict, repr=False)

    def commit(self, name: str, value: Json) -> str:
        """Keep ``value`` under ``name`` and return the commitment to it, ``sha256:<hex>``."""
        made = commit(value)
        self.values[name] = {"salt": made.salt, "value": value}
        return made.digest

    def new_person_key(self) -> bytes:
        """Keep and return a fresh key for the envelope's persons."""
        key = new_person_key()
        self.values["person_key"] = base64.urlsafe_b64encode(key).rstrip(b"=").decode("ascii")
        return key

    def store(self, tx: WriteTransaction, envelope: str) -> None:
        """Put all of them into the table ``openings``."""
        for name, value in self.values.items():
            tx.put_opening(envelope, name, value)


@dataclass(frozen=True, slots=True)
class Openings:
    """Openings of an envelope as they are stored; what has been erased is simply not there."""

    values: Mapping[str, Json] = field(repr=False)

    def get(self, name: str) -> Json:
        """Return the value under ``name``, or None."""
        opening = self.values.get(name)
        return opening.get("value") if isinstance(opening, dict) else None

    def text(self, name: str, otherwise: str = "") -> str:
        """Return the value under ``name`` as text."""
        value = self.get(name)
        return value if isinstance(value, str) else otherwise

    @property
    def person_key(self) -> bytes | None:
        """The envelope's key for persons, or None once erased."""
        value = self.values.get("person_key")
        return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)) if isinstance(value, str) else None

    @property
    def title(self) -> str:
        """The envelope's title."""
        return self.text("title")

    @property
    def metadata(self) -> dict[str, str]:
        """Decision metadata."""
        value = self.get("metadata")
        return {str(key): str(item) for key, item in value.items()} if isinstance(value, dict) else {}

    def document(self, index: int) -> str:
        """Return a document's file name."""
        return self.text(f"document.{index}", f"document-{index + 1}.pdf")

    def name(self, signatory: str) -> str:
        """Return a signatory's name."""
        return self.text(f"signatory.{signatory}.name", signatory)

    def email(self, signatory: str) -> str | None:
        """Return a signatory's address."""
        return self.text(f"signatory.{signatory}.email") or None

    def identity(self, signatory: str) -> tuple[str, str] | None:
        """Return the invited identity, scheme and value; None where the person was invited by name."""
        value = self.get(f"signatory.{signatory}.identity")
        return (str(value["scheme"]), str(value["value"])) if isinstance(value, dict) else None

    def ceremonies(self) -> Iterator[tuple[str, Mapping[str, Json]]]:
        """Give every ceremony that left evidence, with what its opening says."""
        for name, opening in self.values.items():
            prefix, _, ceremony = name.partition(".")
            if prefix == "evidence" and isinstance(opening, dict):
                yield ceremony, opening
