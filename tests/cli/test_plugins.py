"""Third parties' providers: found by entry point, refused in conflict, harmless when broken."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest


def _distribution(folder: Path, name: str, entry: str, module: str = "") -> None:
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[signkit.providers]\n{entry}\n")
    if module:
        (folder / f"{name}_module.py").write_text(module)


@pytest.mark.parametrize(
    "case",
    [
        ("odd = odd_module:Odd", "raise RuntimeError('secret')", "plugin.load"),
        ("odd = odd_module:Odd", "raise SystemExit(3)", "plugin.load"),
        ("odd = odd_module:Gone", "x = 1", "plugin.load"),
        ("odd = odd_module:Odd", "class Odd: pass", "plugin.load"),
        ("odd = nowhere_at_all:Odd", "", "plugin.load"),
        ("rehearsal = odd_module:Odd", "class Odd: pass", "plugin.conflict"),
    ],
    ids=["raises", "exits", "lacks", "no-create", "no-module", "conflict"],
)
def test_a_broken_provider(
    sent: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: tuple[str, str, str]
) -> None:
    """A provider that cannot be loaded, or takes another's name, ends with 24, and hinders only who asks for it."""
    entry, module, code = case
    monkeypatch.delitem(sys.modules, "odd_module", raising=False)
    _distribution(tmp_path / "site", "odd", entry, module)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    name = entry.partition(" ")[0]
    ended = sent.signkit("sign", sent.id, "--as", "s1", "--provider", name, "--json", code=24)
    assert ended.error["code"] == code
    assert "secret" not in ended.err
    listed = sent.signkit("provider", "list")
    assert "rehearsal" in listed.out
    assert sent.signkit("doctor", "--json").json["findings"] == []
