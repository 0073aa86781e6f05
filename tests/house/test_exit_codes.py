"""Exit codes: every error has one, and the pages say what the program does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from signkit import errors
from signkit.errors import SignkitError
from signkit_cli.exit_codes import ExitCode, exit_code_for

ROOT = Path(__file__).resolve().parents[2]


def family(kind: type[SignkitError] = SignkitError) -> Iterator[type[SignkitError]]:
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield child
        yield from family(child)


@pytest.mark.parametrize("kind", sorted(set(family()), key=str))
def test_every_error_has_an_exit_code(kind: type[SignkitError]):
    """No class of error falls back on the base's code, and none ends in 0 or 1."""
    code = exit_code_for(kind("x"))
    assert code in set(ExitCode)
    assert code not in (0, 1)
    assert kind.default_code != SignkitError.default_code
    if kind is not errors.UsageError:
        assert code is not ExitCode.USAGE


def test_every_error_is_public_and_named_error():
    """The list of public names is the whole family; every name ends in Error."""
    names = {kind.__name__ for kind in family()}
    assert names <= set(errors.__all__)
    assert all(name.endswith("Error") for name in names)


def test_no_code_is_one():
    """Python itself uses 1, so a script may read it as unplanned."""
    assert 1 not in set(ExitCode)


@pytest.mark.parametrize("page", ["docs/exit-codes.md", "README.md"])
def test_the_pages_have_the_same_table(page: str):
    """Number and name of every code stand in the pages, and no others."""
    rows = re.findall(r"^\| (\d+) \| `?([a-z_]+)`? \|", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
    assert {(int(number), name.upper()) for number, name in rows} == {(code.value, code.name) for code in ExitCode}
