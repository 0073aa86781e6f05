"""Every code that the archivist can utter has its sentence, in three languages, with the same placeholders."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

import pytest

import signkit
from signkit.model.report import CLAIMS, Completion, SignatureKind, Verdict, Voucher
from signkit.texts import LANGUAGES, codes

ROOT = Path(signkit.__file__).parent
AREAS = (
    "archive|certificate|chain|changes|claim|completion|document|evidence|journal|opening|original|person|report|rules|seal|"
    "signature|signatures|statement|timestamp"
)
QUOTED = re.compile(rf'"((?:{AREAS})\.[a-z0-9_.]+)"')
SHORT = {
    "audit/evidence.py": ("evidence", r'self\._fail\("([a-z_]+)"'),
    "audit/story.py": ("journal", r'self\._fail\("([a-z_]+)"'),
    "pades/validate.py": ("signature", r'item\.fail\(\s*"([a-z_]+)"'),
    "pades/validate_container.py": ("signature", r'ContainerError\("([a-z_]+)"'),
    "pades/validate_cms.py": ("signature", r'CmsError\("([a-z_]+)"'),
    "evidence/rehearsal.py": ("evidence", r'_failed\("([a-z_]+)"'),
}
NOT_CODES = {"journal.chain_"}


def uttered() -> set[str]:
    """Return every code that stands in the source of the archivist's rooms."""
    found: set[str] = set()
    for path in [*(ROOT / "audit").glob("*.py"), *(ROOT / "pades").glob("validate*.py")]:
        if path.name in {"home.py", "carried.py"}:  # they raise errors, whose words tests/house looks at
            continue
        found |= set(QUOTED.findall(path.read_text(encoding="utf-8")))
    for name, (area, pattern) in SHORT.items():
        text = (ROOT / name).read_text(encoding="utf-8")
        found |= {f"{area}.{code}" for code in re.findall(pattern, text)}
    return found - NOT_CODES


def composed() -> set[str]:
    """Return the codes that are put together from parts."""
    found = {f"claim.{name.lower()}.{verdict.value.lower()}" for name in CLAIMS for verdict in Verdict}
    found |= {f"claim.{name.lower()}.hint" for name in CLAIMS}
    found |= {f"{area}.{outcome}" for area in ("claim.c4", "rules") for outcome in ("declined", "voided", "expired")}
    found |= {f"report.voucher.{item.value}" for item in Voucher} | {
        f"report.kind.{item.value}" for item in SignatureKind
    }
    found |= {f"report.completion.{item.value}" for item in Completion}
    found |= {f"report.verdict.{name}" for name in ("passed", "failed", "indeterminate")}
    chain = ("untrusted", "expired", "not_yet_valid", "revoked", "revocation_missing", "algorithm", "usage", "invalid")
    found |= {f"{area}.{name}" for area in ("chain", "timestamp") for name in chain}
    created = "kind environment disclosure rules deadline pages risks name repair original"
    found |= {f"journal.other_{name}" for name in created.split()}
    found |= {f"opening.{name}" for name in ("title", "metadata", "document_name", "attachments", "name")}
    words = ("imprint", "digest", "value", "ess", "no_certificate", "validity", "unreadable", "future", "order")
    return found | {f"timestamp.{name}" for name in words}


@pytest.mark.parametrize("code", sorted(uttered() | composed()))
def test_every_code_has_its_sentence(code: str):
    """Swedish, English and Danish, none empty, with the same placeholders."""
    forms = codes().get(code)
    assert forms is not None
    assert set(forms) == set(LANGUAGES)
    assert all(forms.values())
    assert len({frozenset(re.findall(r"\{(\w+)\}", form)) for form in forms.values()}) == 1


def test_the_recipe_ships_with_the_code():
    """The recipe for people stands beside the modules that follow it, and names each step and claim."""
    recipe = resources.files("signkit.audit").joinpath("recipe.md").read_text(encoding="utf-8")
    assert all(f"**{step} " in recipe for step in range(1, 12))
    assert all(f"| {claim} |" in recipe for claim in CLAIMS)
