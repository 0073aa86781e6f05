"""``verify`` over many files, in several processes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from signkit.testing.signed import make_signed_pdf
from signkit_cli.app import run


def test_several_processes_say_what_one_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each file has its line, in order, whoever verified it; unreadable ones too."""
    made = make_signed_pdf(tmp_path, persons=1)
    trust = tmp_path / "trust.pem"
    trust.write_text(made.authority.root_pem)
    (tmp_path / "none.pdf").write_bytes(b"no PDF")
    files = [str(made.path), str(tmp_path / "none.pdf"), str(made.revisions["s1"])]
    said = []
    for jobs in ("1", "3"):
        code = run(["--json", "verify", *files, "--trust", str(trust), "--jobs", jobs, "--at", "2026-03-02T10:00:00Z"])
        said.append((code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]))
    assert said[0] == said[1]
    assert [item["input"]["path"] for item in said[0][1]] == files
