"""Write the pages of ``docs`` that are made from the program: ``commands.md`` and ``dependencies.md``.

Run it as ``make docs``. Tests call :func:`pages` and compare, so a page that has fallen behind fails the build.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator
from importlib import import_module, metadata
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
DOCS: Final = ROOT / "docs"

PINNED: Final = re.compile(r"^([a-z0-9][a-z0-9._-]*)==([^\s;]+)(?: ; ([^\\]+?))? \\$", re.MULTILINE)
NAMES: Final = {
    "Apache 2.0": "Apache-2.0",
    "BSD-3-Clause, Apache-2.0, dependency licenses": "BSD-3-Clause AND Apache-2.0",
    "ISC License": "ISC",
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
    "License :: OSI Approved :: BSD License": "BSD-3-Clause",
    "License :: OSI Approved :: MIT License": "MIT",
    "License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "License :: OSI Approved :: Python Software Foundation License": "PSF-2.0",
}
"""How distributions that name no SPDX expression say it."""
ELSEWHERE: Final = {"colorama": "BSD-3-Clause"}
"""Needed on other systems only, so not installed where this page is made."""
BUILD: Final = ("editables", "hatchling", "packaging", "pathspec", "pluggy", "tomlkit", "trove-classifiers")
"""Needed to build and to install from the checkout, not to run."""


def licence(name: str) -> str:
    """Return the licence of an installed distribution as an SPDX expression, or as it names it itself."""
    if name in ELSEWHERE:
        return ELSEWHERE[name]
    facts = metadata.metadata(name)
    stated = [facts["License-Expression"]] if "License-Expression" in facts else []
    stated += [line for line in facts.get_all("License") or [] if line.strip()]
    stated += [line for line in facts.get_all("Classifier") or [] if line.startswith("License ::")]
    return NAMES.get(stated[0], stated[0]) if stated else "?"


def dependencies() -> str:
    """Return docs/dependencies.md: what the lock file for running pins, with licences."""
    direct = {
        re.split(r"[^a-z0-9-]", line.lower(), maxsplit=1)[0]
        for line in tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    }
    lines = [
        "# Dependencies",
        "",
        "Made by `make docs` from `requirements/run.txt` and the installed distributions. Names in bold are imported",
        "by signkit itself; the others come with them. At run time nothing is under a licence stricter than MPL-2.0,",
        "and a test fails if that changes. What only tests use is in `requirements/test.in`, and, where Go is at hand,",
        "in `tests/outside/go.mod`: golang.org/x/mod, golang.org/x/crypto, torchwood (BSD-3-Clause), Tessera with",
        "its merkle, aws-sdk-go-v2 (Apache-2.0), and gofakes3 (MIT); where Maven is, Sweden Connect's",
        "bankid-rp-api (Apache-2.0).",
        "",
        "| distribution | version | licence | used |",
        "| --- | --- | --- | --- |",
    ]
    for name, version, condition in PINNED.findall((ROOT / "requirements" / "run.txt").read_text(encoding="utf-8")):
        shown = f"**{name}**" if name in direct else name
        when = "to build" if name in BUILD else "to run"
        if "sys_platform" in condition:
            when = "elsewhere"
        lines.append(f"| {shown} | {version} | {licence(name)} | {when} |")
    return "\n".join(lines) + "\n"


def commands() -> str:
    """Return docs/commands.md: every command with its options, in English."""
    lines = [
        "# Commands",
        "",
        "Made by `make docs` from the program. `signkit --help` and `signkit COMMAND --help` say the same in Swedish,",
        "English or Danish (`--lang`). Exit codes: [exit-codes.md](exit-codes.md).",
        "",
        "## Options of every command",
        "",
        *_options(root()),
    ]
    for path, command in walk():
        lines += [
            f"## `signkit {path}`",
            "",
            str(command.help),
            "",
            f"    signkit {path} {_usage(command)}".rstrip(),
            "",
        ]
        lines += _options(command)
    return "\n".join(lines).rstrip() + "\n"


def root() -> Any:
    """Return the program itself."""
    typer, app = import_module("typer"), import_module("signkit_cli.app")
    return typer.main.get_command(app.app)


def walk() -> Iterator[tuple[str, Any]]:
    """Yield every command that does something, with its words."""
    typer, app = import_module("typer"), import_module("signkit_cli.app")
    for name in app.COMMANDS:
        if not (ROOT / "cli" / "signkit_cli" / "commands" / f"{name}.py").exists():
            continue
        command = typer.main.get_command(import_module(f"signkit_cli.commands.{name}").app)
        below = getattr(command, "commands", None)
        if below is None:
            yield name, command
        else:
            yield from ((f"{name} {word}", item) for word, item in below.items())


def _usage(command: Any) -> str:
    placeholder = import_module("signkit_cli.helping").placeholder
    arguments = [item for item in command.params if item.param_type_name == "argument"]
    return " ".join(placeholder(item) if item.required else f"[{placeholder(item)}]" for item in arguments)


def _options(command: Any) -> list[str]:
    rows = []
    for item in command.params:
        if item.name == "help":
            continue
        name = f"{' / '.join([*item.opts, *item.secondary_opts])} " if item.param_type_name == "option" else ""
        name = f"{name}{import_module('signkit_cli.helping').placeholder(item)}".strip().replace("|", "\\|")
        default = item.default
        shown = f" Default: `{default}`." if isinstance(default, str | int) and not isinstance(default, bool) else ""
        said = (item.help or "").replace("|", "\\|")
        rows.append(f"| `{name}` | {said}{shown}{' Required.' if item.required else ''} |")
    return ["| | |", "| --- | --- |", *rows, ""] if rows else []


def pages() -> dict[Path, str]:
    """Return every made page with its content. The commands speak the language of the process."""
    return {DOCS / "commands.md": commands(), DOCS / "dependencies.md": dependencies()}


if __name__ == "__main__":
    os.environ["SIGNKIT_LANG"] = "en"
    for path, content in pages().items():
        path.write_text(content, encoding="utf-8")
