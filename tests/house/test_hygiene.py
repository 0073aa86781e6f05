"""The house itself: lock files, tests that are not a package, no addresses and no markers."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("run", "test")
NAME = re.compile(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", re.MULTILINE)


def tracked(*suffixes: str) -> list[Path]:
    """Return the files of the checkout, as git knows them."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip("not a git checkout")
    paths = (ROOT / name for name in done.stdout.decode().split("\0") if name.endswith(suffixes))
    return [path for path in paths if path.is_file()]


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_files_pin_with_hashes_and_name_no_address(lock: str):
    """Every line is a pinned name or a SHA-256; there are no options, hosts or paths."""
    content = (ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")
    pinned = re.compile(r"[a-z0-9][a-z0-9._-]*==[^\s;]+(?: ; [^\\]+?)? \\")
    hashed = re.compile(r"    --hash=sha256:[0-9a-f]{64}(?: \\)?")
    for line in content.splitlines():
        assert pinned.fullmatch(line) or hashed.fullmatch(line), line


def test_both_lock_files_agree():
    """What runs is what is tested."""
    run, test = (
        dict(NAME.findall((ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8"))) for lock in LOCKS
    )
    assert run.items() <= test.items()


def test_tests_are_not_a_package():
    """Without ``__init__.py`` no test folder can shadow what is installed."""
    assert list((ROOT / "tests").rglob("__init__.py")) == []


def test_every_test_says_in_a_sentence_what_it_shows():
    """Each test function has a docstring that ends like a sentence."""
    silent = []
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                said = ast.get_docstring(node)
                if not said or not said.rstrip().endswith((".", "?", "…", ":", "!")):
                    silent.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert silent == []


def test_no_module_is_longer_than_four_hundred_lines():
    """A module that has grown past 400 lines has more than one idea in it."""
    long = []
    for room in ("signkit", "cli", "providers", "simulation", "benchmarks", "tools", "tests"):
        for path in (ROOT / room).rglob("*.py"):
            count = len(path.read_text(encoding="utf-8").splitlines())
            if count > 400:
                long.append(f"{path.relative_to(ROOT)}: {count}")
    assert long == []


def test_what_is_public_stands_in_all():
    """A function or class without an underscore is in its module's ``__all__``; what a call registers, need not be."""
    missing = []
    for room in ("signkit", "cli", "providers", "simulation"):
        for path in sorted((ROOT / room).rglob("*.py")):
            body = ast.parse(path.read_text(encoding="utf-8")).body
            public = {
                node.name
                for node in body
                if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name[0] != "_" and not registered(node)
            }
            for node in body:
                if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
                    public -= set(ast.literal_eval(node.value))
            if public and path.name != "__main__.py":
                missing.append(f"{path.relative_to(ROOT)}: {', '.join(sorted(public))}")
    assert missing == []


def registered(node: ast.FunctionDef | ast.ClassDef) -> bool:
    """Tell whether a decorator hands it over: ``@app.command(…)``, ``@attack(…)``."""
    calls = (item for item in node.decorator_list if isinstance(item, ast.Call))
    return any(ast.unparse(item.func) != "dataclass" for item in calls)


def test_nothing_is_left_for_later():
    """No marker of unfinished work, and no switched-off check without its code."""
    marker = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b|# type: ignore(?!\[)|# noqa(?!:)")
    found = []
    for path in set(tracked(".py", ".toml", ".md", ".sh", "Makefile")) - {Path(__file__).resolve()}:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if marker.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}")
    assert found == []
