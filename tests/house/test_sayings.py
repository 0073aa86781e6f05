"""What is said of wrong words and settings is said in the person's language, also where a sentence names a detail."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from signkit.texts import codes, said

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("signkit/model", "signkit/config", "signkit/workflows", "signkit/audit", "cli/signkit_cli")
FAMILIES = ("usage.", "envelope.", "batch.", "config.group", "config.s3", "config.pdfa")


def forms(node: ast.expr | None) -> list[str]:
    """Return the sentences that an expression may be, with X in each hole; none where that is not written there."""
    match node:
        case ast.Constant(str(words)):
            return [words]
        case ast.JoinedStr(parts):
            return ["".join(filled(part) for part in parts)]
        case ast.BinOp(left, ast.Add(), right):
            return [a + b for a in forms(left) for b in forms(right) or ["X"]]
        case ast.IfExp(_, yes, no):
            return forms(yes) + forms(no)
    return []


def filled(part: ast.expr) -> str:
    """Return a part of an f-string, with X for a value."""
    if isinstance(part, ast.Constant):
        return str(part.value)
    return "'X'" if isinstance(part, ast.FormattedValue) and part.conversion == ord("r") else "X"


def raised() -> Iterator[tuple[str, str, ast.Call]]:
    """Yield where an error is made, its code, and the call."""
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and node.args:
                    code = next((item.value for item in node.keywords if item.arg == "code"), None)
                    if isinstance(code, ast.Constant) and str(code.value).startswith(FAMILIES):
                        yield f"{path.relative_to(ROOT)}:{node.lineno}", str(code.value), node


def whole(code: str) -> bool:
    """Whether a code has a Swedish sentence that needs no English words."""
    return code in codes() and not {"{detail}", "{hint}"} & {
        word.strip("().,:") for word in codes()[code]["sv"].split()
    }


@pytest.mark.parametrize("lang", ["sv", "da"])
def test_what_is_said_of_wrong_words_can_be_said_in_every_language(lang: str) -> None:
    """Each message and each hint that stands in the code has a sentence, its own or its code's."""
    missing = []
    for where, code, call in raised():
        missing += [
            f"{where} {code}: {m}" for m in forms(call.args[0]) if not whole(f"error.{code}") and not said(m, lang)
        ]
        hint = next((item.value for item in call.keywords if item.arg == "hint"), None)
        missing += [
            f"{where} {code}, hint: {m}" for m in forms(hint) if not whole(f"error.{code}.hint") and not said(m, lang)
        ]
    assert missing == []


@pytest.mark.parametrize("code", sorted(code for code in codes() if code.startswith("said.")))
def test_a_saying_finds_itself(code: str) -> None:
    """The English sentence is recognised, and no other takes its place; what stands in the holes comes through."""
    form = codes()[code]
    english = form["en"]
    for lang in ("sv", "da"):
        assert said(english, lang) == form[lang]
    assert said(english, "en") == english


def test_what_stands_in_a_hole_may_be_a_sentence_too() -> None:
    """The cause of a failure is told in the same language as the sentence around it."""
    assert said("a.csv cannot be read: Permission denied", "sv") == "a.csv kan inte läsas: behörighet saknas"
    assert said("a.csv cannot be read: Permission denied", "da") == "a.csv kan ikke læses: adgang nægtet"
    assert said("nobody has written this sentence", "sv") is None
