"""Every finding code, error code and exit code has a test that ends in it, or stands in a list that only shrinks.

A code counts as tested where a test, or the public attack factory whose registry the tests run, names it in quotes:
whole, or without its area in the areas whose tests put area and code together.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from signkit_cli.exit_codes import ExitCode

ROOT = Path(__file__).resolve().parents[2]
LIST = Path(__file__).with_name("codes_without_a_test.txt")
AREAS = (
    "archive|certificate|chain|changes|completion|document|evidence|journal|opening|original|person|rules|seal|signature|"
    "signatures|statement|timestamp|bundle"
)
QUOTED = re.compile(rf'"((?:{AREAS})\.[a-z0-9_]+)"')
RAISED = re.compile(r'(?:\bdefault_code\b[^"\n]*|\bcode)=\s*"([a-z0-9_.]+)"|\bdefault_code = "([a-z0-9_.]+)"')
SHORT = {
    "signkit/audit/evidence.py": ("evidence", r'self\._(?:fail|unless_failed)\((?:facts, )?"([a-z_]+)"'),
    "signkit/audit/story.py": ("journal", r'self\._fail\("([a-z_]+)"'),
    "signkit/audit/rules.py": ("rules", r'self\._fail\("([a-z_]+)"'),
    "signkit/audit/created.py": ("opening", r'_same\([^\n]*"([a-z_]+)"(?:, subject=field)?\)'),
    "signkit/audit/bundle_journal.py": ("bundle", r'self\._fail\("([a-z_]+)"'),
    "signkit/pades/validate.py": ("signature", r'item\.fail\(\s*"([a-z_]+)"'),
    "signkit/pades/validate_container.py": ("signature", r'ContainerError\("([a-z_]+)"'),
    "signkit/pades/validate_cms.py": ("signature", r'CmsError\("([a-z_]+)"'),
    "signkit/pades/validate_time.py": ("timestamp", r'^    "token\.[a-z_]+": \("([a-z_]+)"'),
}
"""Where the area is put before the code."""
COMPOSED = frozenset({"signature", "changes", "chain", "timestamp"})
"""Areas whose tests do so, too."""
LISTS = frozenset({"tests/house/test_codes.py", "tests/audit/test_texts.py"})
"""Tests that name codes without ending in them."""
NOT_CODES = frozenset({"bundle.json", "journal.chain_", "evidence.json"})


def sources(*rooms: str) -> dict[str, str]:
    """Return path and text of every module in the rooms."""
    return {
        str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
        for room in rooms
        for path in (ROOT / room).rglob("*.py")
        if "node_modules" not in path.parts
    }


def uttered() -> set[str]:
    """Return every code that the program can give."""
    found: set[str] = set()
    for path, text in sources("signkit", "cli", "providers").items():
        if path.startswith("signkit/testing/"):
            continue
        area = "structure." if path.startswith("signkit/pades/structure/") else ""
        found |= {code if "." in code else area + code for one, other in RAISED.findall(text) if (code := one or other)}
        if path.startswith("signkit/audit/") or "/pades/validate" in path:
            found |= set(QUOTED.findall(text))
        if path in SHORT:
            area, pattern = SHORT[path]
            found |= {f"{area}.{code}" for code in re.findall(pattern, text, re.MULTILINE)}
    return found - NOT_CODES


@pytest.fixture(scope="module")
def tests() -> str:
    """Return everything that tests say."""
    told = sources("tests", "signkit/testing")
    return "\n".join(text for path, text in told.items() if path not in LISTS)


def test_every_code_has_a_test(tests: str):
    """No code is new and untested, and the list names no code that is gone; whoever tests one takes it out."""
    quoted = set(re.findall(r'"([a-z0-9_.]+)"', tests))
    without = {
        code
        for code in uttered()
        if code not in quoted and not (code.split(".")[0] in COMPOSED and code.split(".", 1)[-1] in quoted)
    }
    listed = set(LIST.read_text(encoding="utf-8").split())
    assert sorted(without - listed) == []
    assert sorted(listed - uttered()) == []


@pytest.mark.parametrize("code", sorted(set(ExitCode)))
def test_every_exit_code_has_a_test(code: ExitCode, tests: str):
    """Some command line ends with it."""
    ways = (r"code=", r"code == ", r"returncode == ", r"run\([^\n]*\) == ", r"^    \(", r"b.")
    assert re.search(rf"(?:{'|'.join(ways)}){code.value}\b|ExitCode\.{code.name}\b", tests, re.MULTILINE)
