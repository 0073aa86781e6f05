"""Every sentence that code names has been written, in three languages that say the same."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from signkit.model.envelope import EnvelopeState, SignatoryStatus
from signkit.model.risks import Risk
from signkit.texts import LANGUAGES, codes, text

ROOT = Path(__file__).resolve().parents[2]
ROOMS = (ROOT / "signkit", ROOT / "cli" / "signkit_cli", ROOT / "providers" / "signkit_providers")
CODE = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)+")
HOLE = re.compile(r"\{([^{}!:]*)[^{}]*\}")
SPEAKING = {"say": "", "note": "", "confirm": "", "step": "step."}
"""Methods that take a code, with what they put before it."""


@cache
def modules() -> tuple[tuple[Path, ast.Module], ...]:
    paths = [path for room in ROOMS for path in sorted(room.rglob("*.py"))]
    return tuple((path, ast.parse(path.read_text(encoding="utf-8"))) for path in paths)


def speaks(path: Path) -> bool:
    """Tell whether a room talks to people through an observer or a terminal."""
    return path.is_relative_to(ROOMS[1]) or path.is_relative_to(ROOMS[0] / "workflows")


def calls() -> Iterator[tuple[str, str, ast.expr]]:
    """Yield place, prefix and first argument of every call that names a sentence."""
    for path, tree in modules():
        speaking = {
            alias.asname or alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module in {"signkit.texts", "signkit_cli.words"}
            for alias in node.names
            if alias.name in {"text", "h"}
        }
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            place = f"{path.relative_to(ROOT)}:{node.lineno}"
            if isinstance(node.func, ast.Name) and node.func.id in speaking:
                yield place, "", node.args[0]
            elif isinstance(node.func, ast.Attribute) and node.func.attr in SPEAKING and speaks(path):
                yield place, SPEAKING[node.func.attr], node.args[0]


def patterns(prefix: str, argument: ast.expr) -> Iterator[str]:
    """Yield what a code must look like: a constant as it is, an f-string with its holes open."""
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        yield re.escape(prefix + argument.value)
    elif isinstance(argument, ast.JoinedStr):
        parts = [re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".+" for part in argument.values]
        yield re.escape(prefix) + "".join(parts)
    elif isinstance(argument, ast.IfExp):
        yield from patterns(prefix, argument.body)
        yield from patterns(prefix, argument.orelse)


def test_every_sentence_that_code_names_has_been_written():
    """A code that stands in a call is in the catalogues; one with a hole matches at least one."""
    missing = [
        f"{place}: {pattern}"
        for place, prefix, argument in calls()
        for pattern in patterns(prefix, argument)
        if not any(re.fullmatch(pattern, code) for code in codes())
    ]
    assert missing == []


def test_every_finding_that_code_makes_has_a_sentence():
    """A finding's code that stands in the code is in the catalogues."""
    missing = []
    for path, tree in modules():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id != "Finding":
                continue
            named = [keyword.value for keyword in node.keywords if keyword.arg == "code"] or node.args[2:3]
            missing += [
                f"{path.relative_to(ROOT)}:{node.lineno}: {item.value!s}"
                for item in named
                if isinstance(item, ast.Constant) and item.value not in codes()
            ]
    assert missing == []


@pytest.mark.parametrize("code", sorted(codes()))
def test_three_languages_say_the_same(code: str):
    """Each sentence exists in three languages, with the same holes, and none is empty."""
    forms = codes()[code]
    assert set(forms) == set(LANGUAGES)
    assert all(form.strip() for form in forms.values())
    assert len({frozenset(HOLE.findall(form)) for form in forms.values()}) == 1


def test_states_and_risks_have_words():
    """What an envelope, a signatory and a document can be, can be said."""
    wanted = [f"state.{item.value}" for item in EnvelopeState]
    wanted += [f"signatory.{item.value}" for item in SignatoryStatus]
    wanted += [f"risk.{item.value}" for item in Risk]
    assert [code for code in wanted if code not in codes()] == []


def test_a_foreign_value_cannot_reach_into_a_sentence():
    """What fills a hole is data: braces in it stay braces."""
    code = next(code for code, forms in codes().items() if len(HOLE.findall(forms["sv"])) == 1)
    hole = HOLE.findall(codes()[code]["sv"])[0]
    assert "{0.__class__}" in text(code, "sv", **{hole: "{0.__class__}"})
