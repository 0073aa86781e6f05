"""Every sentence for people, in Swedish, English and Danish.

A catalogue is a TOML file in ``catalogues/``; each table is a code with the keys ``sv``, ``en`` and ``da``, with
placeholders in ``str.format`` notation. Language is an argument: nothing here looks at the environment. A code that
nobody has written comes back as itself, so a missing sentence is seen but never breaks a report; a test fails for it.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

__all__ = ["LANGUAGES", "Language", "codes", "language", "said", "text"]

Language = Literal["sv", "en", "da"]
LANGUAGES: Final[tuple[Language, ...]] = ("sv", "en", "da")


def text(code: str, lang: str, /, **params: object) -> str:
    """Return the sentence for ``code``; Swedish where ``lang`` lacks it, the code itself where nobody has it."""
    forms = _area(code.partition(".")[0]).get(code) or codes().get(code)
    if forms is None:
        return code
    sentence = forms.get(lang) or forms.get("sv") or code
    return sentence.format_map(_Params(params))


def said(english: str, lang: str) -> str | None:
    """Return what an English sentence of an error says in another language; None where the catalogue lacks it.

    The key is the sentence itself, with its holes, as in gettext; what stands in a hole may be such sentences too.
    """
    for pattern, forms in _sayings():
        found = pattern.fullmatch(english)
        if found is not None:
            parts = {name: value.split("; ") for name, value in found.groupdict().items()}
            values = {name: "; ".join(said(part, lang) or part for part in value) for name, value in parts.items()}
            return forms[lang].format_map(values)
    return None


def language(locale: str | None) -> Language:
    """Return the language that a locale name such as ``sv_SE.UTF-8`` asks for; English for any other."""
    short = (locale or "").lower()[:2]
    return next((name for name in LANGUAGES if name == short), "en")


@functools.cache
def codes() -> Mapping[str, Mapping[str, str]]:
    """Return the whole catalogue: code → language → sentence."""
    merged: dict[str, dict[str, str]] = {}
    for entry in sorted(_folder().iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".toml"):
            _flatten("", tomllib.loads(entry.read_text(encoding="utf-8")), merged)
    return merged


@functools.cache
def _area(name: str) -> dict[str, dict[str, str]]:
    """Read one file: reading all costs more than a whole ``--help`` may."""
    merged: dict[str, dict[str, str]] = {}
    entry = _folder() / f"{name}.toml"
    if name.isidentifier() and entry.is_file():
        _flatten("", tomllib.loads(entry.read_text(encoding="utf-8")), merged)
    return merged


@functools.cache
def _sayings() -> list[tuple[re.Pattern[str], dict[str, str]]]:
    """Return the sentences of ``said.toml``, those with most words of their own first."""
    forms = sorted(_area("said").values(), key=lambda item: -len(re.sub(r"\{\w+\}", "", item["en"])))
    return [
        (re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+?)", re.escape(item["en"])), re.DOTALL), item) for item in forms
    ]


def _folder() -> Path:
    return Path(__file__).parent / "catalogues"


class _Params(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


def _flatten(prefix: str, table: Mapping[str, object], merged: dict[str, dict[str, str]]) -> None:
    forms = {key: value for key, value in table.items() if isinstance(value, str)}
    if forms:
        merged[prefix] = forms
    for key, value in table.items():
        if isinstance(value, dict):
            _flatten(f"{prefix}.{key}" if prefix else key, value, merged)
