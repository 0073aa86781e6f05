"""What is in the distribution, and that the installed packages are those of the checkout."""

from __future__ import annotations

import json
import tarfile
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.xdist_group("wheel")

SOURCES = {"signkit": ROOT, "signkit_cli": ROOT / "cli", "signkit_providers": ROOT / "providers"}


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def files_of_checkout() -> set[str]:
    found = set()
    for name, parent in SOURCES.items():
        for path in (parent / name).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith("."):
                found.add(path.relative_to(parent).as_posix())
    return found


def test_the_wheel_holds_three_packages_with_all_their_files(built: Any):
    """Nothing is left out, nothing else gets in, every package is typed, and both licences are there."""
    with zipfile.ZipFile(built.wheel) as wheel:
        names = set(wheel.namelist())
    inside = {name for name in names if ".dist-info/" not in name}
    assert inside == files_of_checkout()
    assert {name.split("/")[0] for name in inside} == set(SOURCES)
    assert {f"{package}/py.typed" for package in SOURCES} <= inside
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert any(name.endswith("OFL.txt") for name in names - inside)


def test_the_wheel_holds_the_data_that_code_reads(built: Any):
    """Fonts, catalogues and the recipe for verification travel with the code."""
    with zipfile.ZipFile(built.wheel) as wheel:
        names = wheel.namelist()
    assert any(name.startswith("signkit/pages/fonts/") and name.endswith(".ttf") for name in names)
    assert any(name.startswith("signkit/texts/catalogues/") and name.endswith(".toml") for name in names)
    assert "signkit/audit/recipe.md" in names


def test_the_sdist_holds_what_a_packager_needs(built: Any):
    """Tests, tools, the simulation and lock files are in the source distribution; no cache, no environment."""
    with tarfile.open(built.sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {"Makefile", "pyproject.toml", "LICENSE", "README.md", "requirements/run.txt", "tests/conftest.py"}
    assert wanted | {"tools/make_docs.py", "simulation/__main__.py", "tests/later.py", "tests/outside/main.go"} <= names
    assert not [name for name in names if "__pycache__" in name or name.startswith((".venv", "dist/", ".git/"))]


def test_entry_points_are_those_of_pyproject():
    """What is installed publishes what pyproject.toml says; if not, run ``make dev``."""
    installed = metadata.distribution("signkit").entry_points
    groups = project()["project"]["entry-points"] | {"console_scripts": project()["project"]["scripts"]}
    expected = {(group, name, value) for group, table in groups.items() for name, value in table.items()}
    assert {(entry.group, entry.name, entry.value) for entry in installed} == expected, "run: make dev"


def test_every_entry_point_loads():
    """Nothing published by signkit itself fails to import."""
    for entry in metadata.distribution("signkit").entry_points:
        assert callable(entry.load())


def test_an_editable_install_takes_all_three_packages_from_the_checkout():
    """Editable means: the three packages are imported from where they are edited, and under no second name."""
    direct = metadata.distribution("signkit").read_text("direct_url.json")
    if direct is None or not json.loads(direct).get("dir_info", {}).get("editable"):
        pytest.skip("signkit is installed from a wheel here")
    import signkit
    import signkit_cli
    import signkit_providers

    for package in (signkit, signkit_cli, signkit_providers):
        assert Path(str(package.__file__)).resolve().parents[1] == SOURCES[package.__name__]


def test_the_version_is_said_once():
    """Metadata and module agree."""
    import signkit

    assert metadata.version("signkit") == signkit.__version__
