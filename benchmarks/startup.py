"""Starting: ``--version`` against a bare interpreter, ``--help`` against an empty Typer program of as many options."""

from __future__ import annotations

import tempfile
from importlib import import_module
from pathlib import Path

from benchmarks.harness import Row, medians, python, script

__all__ = ["measure"]


def measure(rounds: int) -> list[Row]:
    """Return the two ratios of starting."""
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder) / "empty.py"
        empty.write_text(_empty_program(), encoding="utf-8")
        actions = {
            "pass": python("-c", "pass"),
            "version": script("--version"),
            "typer": python(empty, "--help"),
            "help": script("--help"),
        }
        took = medians(actions, rounds=max(rounds, 11))
    return [
        Row("`signkit --version`", "`python -c pass`", took["version"] / took["pass"], 3.0),
        Row("`signkit --help`", "an empty Typer program with as many options", took["help"] / took["typer"], 1.3),
    ]


def _empty_program() -> str:
    """Return a program that has signkit's options and commands by number, and does nothing."""
    typer, app = import_module("typer"), import_module("signkit_cli.app")
    options = len(typer.main.get_command(app.app).params)
    lines = ["import typer", "app = typer.Typer(add_completion=False)", "@app.callback()", "def main("]
    lines += [
        f'    o{number}: bool = typer.Option(False, "--o{number}", help="An option."),' for number in range(options)
    ]
    lines += [") -> None:", '    """A program."""']
    for number in range(len(app.COMMANDS)):
        lines += ["@app.command()", f"def c{number}() -> None:", '    """A command."""']
    return "\n".join([*lines, "app()", ""])
