"""The people who live in the simulator, and what their apps are like."""

from __future__ import annotations

import hashlib
import unicodedata
from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

__all__ = ["PEOPLE", "PERSONAL_NUMBER_DIGITS", "People", "Person", "UnknownPerson", "is_personal_number"]

PERSONAL_NUMBER_DIGITS = 12
MAX_PEOPLE = 1000
"""Ours."""


class UnknownPerson(LookupError):  # noqa: N818 - an answer of the simulator, never an error of the program
    """Nobody, or more than one, answers to the name."""


@dataclass
class Person:
    """Somebody with a simulated BankID."""

    name: str
    number: str = field(repr=False)
    """Twelve digits."""
    kind: str = "mobile"
    """``mobile``, ``file`` or ``card``: which policy the certificates carry."""
    risk: str = "low"
    """``low``, ``moderate`` or ``high``: what the risk assessment will say."""
    app_version: str = "7.50.0"
    blocked: bool = False
    old_app: bool = False
    """The app is too old for anything: ``notSupportedByUserApp``."""
    wrong_codes: int = 0

    @property
    def given_name(self) -> str:
        """All but the last word of the name."""
        return self.name.rpartition(" ")[0] or self.name

    @property
    def surname(self) -> str:
        """The last word of the name."""
        return self.name.rpartition(" ")[2]

    @property
    def uhi(self) -> str:
        """A hardware identifier, base64 of twenty bytes; the same on every call."""
        return b64encode(hashlib.sha1(b"uhi" + self.number.encode(), usedforsecurity=False).digest()).decode("ascii")


PEOPLE = (
    ("Tolvan Tolvansson", "191212121212"),
    ("Anna Andersson", "198507099805"),
    ("Björn Bergström", "197203149815"),
    ("Cecilia Öberg", "199011309821"),
    ("David Dahl", "196606069810"),
)
"""Whom a fresh simulator knows; numbers of the series for tests (98xx), and BankID's own well-known test person."""


class People:
    """Everybody, found by number, by full name or by an unambiguous beginning of the name.

    Args:
        people: whom to begin with, ``(name, number)``; None for ``PEOPLE``.
    """

    def __init__(self, people: Iterable[tuple[str, str]] | None = None) -> None:
        self._by_number: dict[str, Person] = {}
        for name, number in PEOPLE if people is None else people:
            self.add(name, number)

    def __iter__(self) -> Iterator[Person]:
        return iter(tuple(self._by_number.values()))

    def add(self, name: str, number: str) -> Person:
        """Return the person with ``number``, who is called ``name`` from now on.

        Raises:
            ValueError: no name, not twelve digits, or too many people.
        """
        clean = " ".join(unicodedata.normalize("NFC", name).split())
        if not clean or len(clean) > 200 or not is_personal_number(number):
            raise ValueError("a name and a number of twelve digits are needed")
        known = self._by_number.get(number)
        if known is not None:
            known.name = clean
            return known
        if len(self._by_number) >= MAX_PEOPLE:
            raise ValueError("too many people")
        person = self._by_number[number] = Person(clean, number)
        return person

    def by_number(self, number: str) -> Person | None:
        """Return the person with this number, if any."""
        return self._by_number.get(number)

    def find(self, who: str) -> Person:
        """Return the one person whom ``who`` means.

        Raises:
            UnknownPerson: none or several.
        """
        if who in self._by_number:
            return self._by_number[who]
        wanted = _folded(who)
        everybody = tuple(self._by_number.values())
        exact = [person for person in everybody if _folded(person.name) == wanted]
        near = exact or [person for person in everybody if wanted and _folded(person.name).startswith(wanted)]
        if len(near) != 1:
            raise UnknownPerson("nobody has that name" if not near else "several people have that name")
        return near[0]


def is_personal_number(text: str) -> bool:
    """Tell whether ``text`` is twelve ASCII digits."""
    return len(text) == PERSONAL_NUMBER_DIGITS and text.isascii() and text.isdigit()


def _folded(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())
