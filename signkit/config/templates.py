"""Templates: those that signkit ships, and those of a home in its folder ``templates``, which come first."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from signkit.errors import ConfigError, UsageError
from signkit.model.envelope_state import DocumentKind
from signkit.model.template import Template
from signkit.model.template_form import parse_template

__all__ = ["find_template", "own_names", "template_of_kind", "templates"]

MAX_BYTES: Final = 256 * 1024
_SHIPPED: Final = Path(__file__).parents[1] / "kinds"
_OWN: Final = "templates"
_NAME: Final = re.compile(r"[\w-]{1,60}")


def templates(home: Path | None) -> list[tuple[Template, bool]]:
    """Return every template by name, each with whether it is the home's own.

    Raises:
        ConfigError: one of them cannot be read.
    """
    return [(_read(path), own) for path, own in sorted(_files(home).values())]


def find_template(name: str, home: Path | None) -> Template:
    """Return the template of that name.

    Raises:
        UsageError: there is none.
        ConfigError: it cannot be read.
    """
    files = _files(home)
    if name not in files:
        near = difflib.get_close_matches(name, files, n=1)
        raise UsageError(
            f"no template is called {name[:40]!r}",
            code="usage.template",
            hint=f"did you mean {near[0]!r}?" if near else "known: " + ", ".join(sorted(files)),
        )
    return _read(files[name][0])


def template_of_kind(kind: str) -> Template | None:
    """Return the template that signkit ships for a kind; None where it has none."""
    path = _SHIPPED / f"{kind}.toml"
    return _read(path) if kind in set(DocumentKind) and path.is_file() else None


def own_names(home: Path) -> list[str]:
    """Return the names of a home's own templates, unread."""
    return sorted(path.stem for path in _listed(home / _OWN))


def _files(home: Path | None) -> dict[str, tuple[Path, bool]]:
    found = {path.stem: (path, False) for path in _listed(_SHIPPED)}
    if home is not None:
        found |= {path.stem: (path, True) for path in _listed(home / _OWN)}
    return found


def _listed(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (path for path in folder.glob("*.toml") if _NAME.fullmatch(path.stem))


def _read(path: Path) -> Template:
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise ConfigError(f"{path} is larger than 256 KiB", code="config.template", subject={"file": str(path)})
        tree = tomllib.loads(data.decode("utf-8"))
    except OSError as exc:
        raise ConfigError(f"{path} cannot be read: {exc.strerror}", code="config.template") from exc
    except (ValueError, RecursionError) as exc:
        raise ConfigError(f"{path} is not TOML: {exc}", code="config.template", subject={"file": str(path)}) from exc
    return parse_template(tree, name=path.stem, kinds=tuple(DocumentKind), file=path.name)
