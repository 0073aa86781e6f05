"""Help texts, in the language of this process. Typer reads them while modules are imported, so it is fixed then."""

from __future__ import annotations

import os
import sys
from typing import Final

from signkit.texts import Language, language, text

__all__ = ["LANG", "h"]


def _wanted() -> Language:
    words = sys.argv[1:]
    for position, word in enumerate(words):
        if word.startswith("--lang="):
            return language(word.partition("=")[2])
        if word == "--lang" and position + 1 < len(words):
            return language(words[position + 1])
    for name in ("SIGNKIT_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name)  # noqa: TID251 - the one place
        if value:
            return language(value)
    return "en"


LANG: Final[Language] = _wanted()


def h(code: str) -> str:
    """Return the help text for ``code``."""
    return text(code, LANG)
