"""Envelopes in the states that commands meet, made once and copied."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PEOPLE = (
    "Anna Öberg <anna@example.se>; role=chair; id=198001011009",
    "Bo Ek <bo@example.se>; order=2; id=197506121008",
)


@dataclass(frozen=True)
class Case:
    """A home with one envelope."""

    signkit: Any
    id: str

    def state(self) -> str:
        """Return the envelope's state."""
        return str(self.signkit.show(self.id)["state"])


@pytest.fixture(scope="session")
def sent_home(tmp_path_factory: pytest.TempPathFactory, fresh_home: Path, protokoll: Path, signkit_at: Any) -> Path:
    """Return a home in which an envelope for Anna, then Bo, is sent; to be copied."""
    home = tmp_path_factory.mktemp("sent") / "home"
    shutil.copytree(fresh_home, home)
    signkit = signkit_at(home)
    envelope = signkit.create(
        protokoll, people=PEOPLE, more=["--title", "Protokoll § 12 Åre", "--meta", "case=KS2026/118"]
    )
    signkit("envelope", "send", envelope)
    return home


@pytest.fixture
def sent(tmp_path: Path, sent_home: Path, signkit_at: Any) -> Case:
    """Return a sent envelope."""
    home = tmp_path / "sent"
    shutil.copytree(sent_home, home)
    signkit = signkit_at(home)
    return Case(signkit, str(signkit("envelope", "list", "--json").json["id"]))
