"""A home with a finished envelope and its bundle, made once, and a container of its own for the reader."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from signkit.audit import verify_file
from signkit.model.report import Report
from signkit.pades.asic.writer import write_container
from signkit.testing.containers import unpack
from signkit.workflows.desk import Desk
from signkit.x509.anchor_files import read_anchors
from signkit_cli.composition import open_home
from signkit_cli.session import Session
from signkit_cli.terminal import Terminal


@dataclass(frozen=True)
class Made:
    """A home, its one envelope, its bundle, and what others trust."""

    signkit: Any
    envelope: str
    bundle: Path
    trust: Path

    def verify(self, path: Path | None = None, **options: Any) -> Report:
        """Return the report on the bundle, or on another in its place."""
        return verify_file(path or self.bundle, anchors=read_anchors(self.trust), at=datetime.now(UTC), **options)


@pytest.fixture(scope="session")
def made(fresh_home: Path, signkit_at: Any, tmp_path_factory: pytest.TempPathFactory, protokoll: Path) -> Made:
    """A finished envelope of two people and its bundle; not to be written to."""
    folder = tmp_path_factory.mktemp("bundled")
    signkit = signkit_at(shutil.copytree(fresh_home, folder / "home"))
    people = ("Anna Öberg <anna@example.se>; role=chair; id=198001011009", "Bo Ek <bo@example.se>; order=2")
    envelope = signkit.create(protokoll, people=people, more=["--title", "Protokoll § 12 Åre"])
    signkit("envelope", "send", envelope)
    signkit("sign", envelope, "--as", "all", "--provider", "rehearsal")
    value = signkit("envelope", "export", envelope, "--bundle", "--output", folder, "--json").json
    signkit("trust", "export", folder / "trust.pem")
    return Made(signkit, envelope, Path(value["files"][0]["path"]), folder / "trust.pem")


@pytest.fixture
def at(made: Made, signkit_at: Any, tmp_path: Path) -> Any:
    """The command line over a copy of that home."""
    return signkit_at(shutil.copytree(made.signkit.home, tmp_path / "home"))


Reseal = Callable[[Mapping[str, bytes]], Path]


@pytest.fixture
def desk(made: Made) -> Desk:
    """Everything that the operator has, every key among it."""
    return open_home(Session(Terminal(lang="en"), home=made.signkit.home), write=False).desk()


@pytest.fixture
def reseal(desk: Desk, tmp_path: Path) -> Reseal:
    """Return what seals changed files again with the home's own keys: an operator who forges."""

    def write(files: Mapping[str, bytes]) -> Path:
        path, now = tmp_path / "forged.asice", desk.clock.now()
        kept = {name: data for name, data in files.items() if name != "mimetype" and not name.startswith("META-INF/")}
        write_container(path, kept, identity=desk.seal, at=now, material=desk.material(now), stamps=desk.stamps)
        return path

    return write


@pytest.fixture
def files(made: Made) -> dict[str, bytes]:
    """What is in the bundle."""
    return unpack(made.bundle)
