"""Every forgery of the factory is found under its own code; honest files are found innocent."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from signkit.pades.changes import LayoutFacts, check_places, check_revision, check_signkit_file, classify_changes
from signkit.pades.structure import Pdf
from signkit.testing.attacks.plain import PlainPdf
from signkit.testing.attacks.registry import Attack, attack, attacks
from signkit.testing.attacks.rich import rich_document
from signkit.testing.attacks.while_signing import careless, signing_attacks, tampering
from signkit.testing.signed import SignedFile, ThrowawayAuthority, make_signed_pdf, plain_document

_WIDGET = b"<< /FT /Tx /T (namn) /Type /Annot /Subtype /Widget /Rect [72 600 200 620] /P 3 0 R >>"


def direct_form(catalog: bytes = b"") -> bytes:
    """Return a document whose form is part of the catalog, and whose fields are an array of their own."""
    return PlainPdf(
        catalog=b"/AcroForm << /Fields 7 0 R >> " + catalog,
        page=b"/Annots [6 0 R]",
        objects={6: _WIDGET, 7: b"[6 0 R]"},
    ).build()


SOURCES = {
    "": plain_document(),
    "rich": rich_document(),
    "needs-appearances": rich_document(need_appearances=True),
    "undefined": rich_document(undefined=True),
    "direct-form": direct_form(),
}
_ORDER = ("r1", "r2", "s1", "s2", "completed", "archived")


@pytest.fixture(scope="module")
def authority() -> ThrowawayAuthority:
    return ThrowawayAuthority()


@pytest.fixture(scope="module")
def honest(authority: ThrowawayAuthority) -> dict[str, SignedFile]:
    made = {}
    for name, source in SOURCES.items():
        folder = Path(tempfile.mkdtemp(prefix="signkit-attack-"))
        with careless():
            made[name] = make_signed_pdf(folder, source=source, persons=2, authority=authority)
    return made


def facts_of(signed: SignedFile) -> LayoutFacts:
    """What the manifest says."""
    return LayoutFacts(
        size_r0=signed.revisions["r0"].stat().st_size,
        size_r1=signed.revisions["r1"].stat().st_size,
        certify=signed.fields.certify,
        complete=signed.fields.complete,
        persons=tuple(signed.fields.signatories.values()),
    )


@pytest.mark.parametrize("kind", sorted(SOURCES))
def test_honest(honest: dict[str, SignedFile], kind: str) -> None:
    """An honest file has no finding, as a whole and revision by revision."""
    signed = honest[kind]
    facts = facts_of(signed)
    pdf = Pdf.open(signed.path)
    assert check_signkit_file(pdf, facts) == []
    assert check_places(pdf, signkit_after=facts.size_r0) == []
    assert classify_changes(pdf).findings == ()
    for index, name in enumerate(_ORDER, 1):
        assert check_revision(Pdf.open(signed.revisions[name]), index, facts) == [], name


def test_fields_with_two_owners_in_one_object(authority: ThrowawayAuthority, tmp_path: Path) -> None:
    """A form inside the catalog owns its array of fields, unless another part of the catalog names it as well."""
    source = direct_form(b"/OpenAction << /S /ResetForm /Fields 7 0 R >>")
    with careless():
        made = make_signed_pdf(tmp_path, source=source, persons=1, authority=authority)
    assert {item.code for item in check_signkit_file(Pdf.open(made.path), facts_of(made))} == {"changes.shared_object"}


def _forged(found: Attack, honest: dict[str, SignedFile], authority: ThrowawayAuthority, folder: Path) -> SignedFile:
    if not found.continues:
        signed = honest[found.needs]
        target = folder / "forged.pdf"
        attack(found.name, signed.revisions[found.on], target)
        revisions = dict(signed.revisions)
        if found.on == "r1":
            revisions["r1"] = target
        return SignedFile(target, revisions, signed.fields, signed.archive_field, signed.manifest, authority)
    source = SOURCES[found.needs]
    tamper = {found.on: lambda data: found.forge(Pdf.open(data))}
    with careless():
        return make_signed_pdf(folder, source=source, persons=1, authority=authority, tamper=tamper)


@pytest.mark.parametrize("name", sorted(attacks()))
def test_attack(name: str, honest: dict[str, SignedFile], authority: ThrowawayAuthority, tmp_path: Path) -> None:
    """The forgery is found under its own code, though R0 is an intact prefix and everything is signed afterwards."""
    found = attacks()[name]
    signed = _forged(found, honest, authority, tmp_path)
    codes = {finding.code for finding in check_signkit_file(Pdf.open(signed.path), facts_of(signed))}
    assert found.code in codes


@pytest.mark.parametrize("name", sorted(signing_attacks()))
def test_signing_attack(name: str, authority: ThrowawayAuthority, tmp_path: Path) -> None:
    """A forgery inside an honestly signed revision is found under its own code."""
    found = signing_attacks()[name]
    source = rich_document() if found.needs else plain_document()
    with tampering(found):
        signed = make_signed_pdf(tmp_path, source=source, persons=1, authority=authority)
    codes = {finding.code for finding in check_signkit_file(Pdf.open(signed.path), facts_of(signed))}
    assert found.code in codes
