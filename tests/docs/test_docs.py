"""The pages are true: made pages are fresh, links and commands exist, and the README's transcript happens."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LANGUAGES = ("sv", "en", "da")
MADE = """
import importlib.util, json, sys
spec = importlib.util.spec_from_file_location("make_docs", sys.argv[1])
made = importlib.util.module_from_spec(spec)
spec.loader.exec_module(made)
said = {}
for path, command in (("", made.root()), *made.walk()):
    params = {"/".join(item.opts): item.help for item in command.params if item.name != "help"}
    said[path] = {"help": command.help, "params": params}
print(json.dumps({"pages": {str(k): v for k, v in made.pages().items()}, "said": said}))
"""


def told(lang: str) -> Any:
    """Return the made pages and all help texts in one language; the language is fixed for a process."""
    done = subprocess.run(
        [sys.executable, "-c", MADE, str(ROOT / "tools" / "make_docs.py")],
        capture_output=True,
        text=True,
        check=True,
        env={"SIGNKIT_LANG": lang, "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
    )
    return json.loads(done.stdout)


@pytest.fixture(scope="session")
def english() -> Any:
    """Return what is told in English."""
    return told("en")


@pytest.mark.parametrize("page", ["commands.md", "dependencies.md"])
def test_made_pages_are_fresh(page: str, english: Any):
    """The page is what ``make docs`` makes now."""
    path = ROOT / "docs" / page
    assert path.read_text(encoding="utf-8") == english["pages"][str(path)], "run: make docs"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_command_and_option_is_explained(lang: str):
    """Nothing in ``--help`` is empty, and nothing shows a code instead of a sentence."""
    bare = []
    for path, command in told(lang)["said"].items():
        for name, words in {"": command["help"], **command["params"]}.items():
            if not words or re.fullmatch(r"[a-z_]+(\.[a-z_0-9]+)+", words):
                bare.append(f"{path} {name}: {words}")
    assert bare == []


def test_the_three_languages_differ(english: Any):
    """Help is translated, not copied: the commands' own sentences differ between the languages."""
    swedish, danish = told("sv")["said"], told("da")["said"]
    for path, command in english["said"].items():
        assert len({command["help"], swedish[path]["help"], danish[path]["help"]}) == 3, path


def test_dependencies_are_permissive(english: Any):
    """Nothing at run time is stricter than MPL or LGPL, and every licence is known."""
    row = r"^\| \**([a-z0-9._-]+)\** \| \S+ \| (.+?) \| (to run|elsewhere|to build) \|$"
    rows = re.findall(row, dependencies(english), re.MULTILINE)
    assert len(rows) > 30
    allowed = {"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT-0", "MIT-CMU", "MPL-2.0", "PSF-2.0"}
    allowed |= {"LGPL-2.1-or-later", "LGPL-3.0-or-later", "Unlicense", "0BSD", "Zlib"}
    for name, licence, _ in rows:
        assert set(re.split(r" (?:AND|OR) ", licence)) <= allowed, f"{name}: {licence}"


def dependencies(english: Any) -> str:
    return str(english["pages"][str(ROOT / "docs" / "dependencies.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path):
    """Every relative link names a file of the checkout."""
    lost = [
        target
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert lost == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_tests_that_are_named_exist(page: Path):
    """Whoever reads that something is found, and by which test, finds that test."""
    sources = sorted((ROOT / "tests").rglob("test_*.py"))
    functions = {name for path in sources for name in re.findall(r"def (test_\w+)", path.read_text(encoding="utf-8"))}
    known = functions | {path.name for path in sources}
    text = page.read_text(encoding="utf-8")
    named = {word for code in re.findall(r"`([^`\n]+)`", text) for word in re.findall(r"\btest_\w+(?:\.py)?", code)}
    assert named <= known, sorted(named - known)
    paths = {path.rstrip("/") for path in re.findall(r"`(tests/[\w./-]+)", text) if "*" not in path}
    assert {path for path in paths if not (ROOT / path).exists()} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_commands_in_the_pages_exist(page: Path, english: Any):
    """Each ``signkit …`` line of a page names a command that exists, and options that it has."""
    said = english["said"]
    everywhere = set(said[""]["params"]) | {"--help"}
    for line in commands_of(page.read_text(encoding="utf-8")):
        words = [word for word in line.split() if word != "|"]
        path = next((" ".join(words[:count]) for count in (2, 1) if " ".join(words[:count]) in said), None)
        options = {word.split("=")[0] for word in words if re.fullmatch(r"--[a-z-]+(=.*)?", word)}
        groups = {name.split(" ")[0] for name in said if " " in name}
        if path is None and (not words or words[0].startswith("--") or (words[0] in groups and len(words) == 1)):
            assert options <= everywhere | {"--version"}, line
            continue
        assert path is not None, line
        known = {name for names in said[path]["params"] for name in names.split("/")}
        assert options <= known | everywhere, line


def commands_of(text: str) -> list[str]:
    """Return what follows ``signkit`` in blocks and in inline code."""
    lines = []
    joined = text.replace("\\\n", " ")
    for block in re.findall(r"^```[a-z]*\n(.*?)^```", joined, re.MULTILINE | re.DOTALL):
        lines += re.findall(r"^(?:\$ )?signkit ([^#\n]*)", block, re.MULTILINE)
    outside = re.sub(r"^```.*?^```", "", joined, flags=re.MULTILINE | re.DOTALL)
    lines += re.findall(r"`signkit ([^`]*)`", outside)
    return [line for line in lines if not re.search(r"COMMAND|…", line)]


def test_the_transcript_of_the_readme_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, signkit_at: Any):
    """The commands of both people, run as written, end well and print the lines shown."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```console\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert [block.count("$ ") for block in blocks] == [5, 1]
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "examples" / "protokoll.pdf", tmp_path)
    signkit = signkit_at(tmp_path / "home")
    envelope, printed = "", ""
    for line in "".join(blocks).splitlines():
        if not line.startswith("$ "):
            assert line in printed.replace(f"{tmp_path}/", ""), line
            continue
        words = [envelope[:8] if word == "46p8" else word for word in shlex.split(line)[2:]]
        if words[0] == "verify":
            signkit("trust", "export", "exempelkommunen.pem")
        printed = signkit(*words).out
        if words[:2] == ["envelope", "create"]:
            envelope = str(signkit("--json", "envelope", "list").json["id"])


def test_example_lists_of_signatories_agree():
    """The three examples name the same people."""
    from signkit.model.signatory import parse_signatories

    files = [ROOT / "examples" / f"signatories{suffix}" for suffix in (".csv", ".toml", ".json")]
    people = [parse_signatories(file.read_bytes(), suffix=file.suffix, file=file.name) for file in files]
    assert people[0] == people[1] == people[2]
    assert len(people[0]) == 3


def test_the_page_of_benchmarks_has_its_table():
    """``make bench`` finds where to write, and what it wrote last is there."""
    page = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
    begin, end = page.index("<!-- made by: make bench -->"), page.index("<!-- end -->")
    rows = re.findall(r"^\| .+ \| .+ \| +[0-9.]+ \|", page[begin:end], re.MULTILINE)
    assert len(rows) >= 8
