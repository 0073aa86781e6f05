"""Help and objections speak the person's language only: no word of the library beneath shines through."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any

import pytest

ENGLISH = (
    "Usage|Options|Option|Arguments|Commands|Command|Show this|message|exit|Missing|Invalid|required|Required|default"
    "|Default|env var|environment|Try|Aborted|Error|Input should|such|unexpected|does not"
    "|requires|FILE|FOLDER|INTEGER"
)
"""Words of Typer's and of our English pages that neither Swedish nor Danish has."""
WALK = """
import contextlib, io, json, sys
from signkit_cli.app import COMMANDS, load_command, run

def spoken(*words):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(words)
    return [int(code), out.getvalue(), err.getvalue()]

pages = {"": spoken("--help")}
for name in COMMANDS:
    pages[name] = spoken(name, "--help")
    for below in getattr(load_command(name), "commands", {}):
        pages[f"{name} {below}"] = spoken(name, below, "--help")
wrong = json.loads(sys.argv[1])
print(json.dumps({"pages": pages, "wrong": [spoken(*words) for words in wrong]}))
"""
WRONG: tuple[list[str], ...] = (
    [],
    ["journal"],
    ["envelope", "creat"],
    ["zzz"],
    ["sign"],
    ["sign", "x"],
    ["sign", "x", "--ass", "y"],
    ["sign", "x", "--zzz"],
    ["sign", "x", "--as"],
    ["sign", "x", "--as", "y", "--no-qr=1"],
    ["tick", "surplus"],
    ["verify", "x", "--jobs", "many"],
    ["verify", "x", "--jobs", "999"],
    ["verify", "x", "-Z"],
)


def told(lang: str, *front: str) -> Any:
    """Return every help page and what is said of wrong arguments; a process speaks one language."""
    asked = json.dumps([[*front, *words] for words in WRONG])
    done = subprocess.run(
        [sys.executable, "-c", WALK, asked],
        capture_output=True,
        text=True,
        check=True,
        env={"SIGNKIT_LANG": lang, "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "COLUMNS": "80"},
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize("lang", ["sv", "da"])
def test_no_english_word_shines_through(lang: str) -> None:
    """Every page and every objection to a wrong command line is in the language asked for, within 80 columns."""
    spoken = told(lang)
    pages = spoken["pages"]
    assert len(pages) > 40
    for path, (code, out, err) in pages.items():
        assert (code, err) == (0, ""), path
        assert max(map(len, out.splitlines())) <= 80, path
        assert not re.search(rf"(?<![-\w_])({ENGLISH})(?![-\w_])", out), f"{path}: {out}"
        assert "{" not in out, path
    for words, (code, out, err) in zip(WRONG, spoken["wrong"], strict=True):
        assert (code, out) == (2, ""), words
        assert err, words
        assert not re.search(rf"(?<![-\w_])({ENGLISH})(?![-\w_])", err), f"{words}: {err}"


def test_a_page_in_english() -> None:
    """What a page says is complete: how to call, what is required, what is taken for granted, which variables count."""
    pages = told("en")["pages"]
    assert pages["sign"][1].startswith("Usage: signkit sign [OPTIONS] ENVELOPE …\n")
    assert re.search(r"--as WHO .*\n.*\(Required\.\)", pages["sign"][1])
    assert "(Default: 1.)" in pages["verify"][1]
    assert "SIGNKIT_HOME" in pages[""][1]
    assert "--resume / --fresh" in pages["batch"][1]
    assert "completion" not in pages["journal"][1]


def test_objections_name_what_is_wrong_and_what_to_do() -> None:
    """A wrong command line is told with the word that is wrong, and the nearest one that exists."""
    said = {" ".join(words): err for words, (_, _, err) in zip(WRONG, told("en")["wrong"], strict=True)}
    assert "did you mean signkit envelope create?" in said["envelope creat"]
    assert "did you mean --as?" in said["sign x --ass y"]
    assert "--as must be given" in said["sign x"]
    assert "ENVELOPE is missing" in said["sign"]
    assert "surplus" in said["tick surplus"]
    assert "a whole number 1–256" in said["verify x --jobs 999"]


def test_objections_as_json() -> None:
    """With --json each is signkit.error/1 with a code of its own, also a group without a command."""
    codes = [json.loads(err)["code"] for _, _, err in told("en", "--json")["wrong"]]
    assert codes[:6] == [
        "usage.no_command_given",
        "usage.no_command_given",
        "usage.no_command.near",
        "usage.no_command",
        "usage.missing_argument",
        "usage.missing_option",
    ]
    assert all(code.startswith("usage.") for code in codes)
