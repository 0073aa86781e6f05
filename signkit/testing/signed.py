"""Signed files in one call: a throw-away certification authority, and an envelope's whole life over one document.

Everything is real but the people and the journal: keys, certificates, timestamps, revisions, statements in their
places. The completion statement's entries, proof and checkpoint say nothing. For tests, attacks and benchmarks only.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from signkit.canonical import digest_text
from signkit.files import sha256_of
from signkit.model.ids import field_prefix
from signkit.model.statement import (
    Completion,
    DocumentRecord,
    FieldNames,
    FileState,
    Issuers,
    JournalHead,
    Manifest,
    SignatoryRecord,
    SignatureStatement,
)
from signkit.pades import (
    Embedded,
    SignatureRequest,
    SigningIdentity,
    approve,
    archive,
    certify,
    complete,
    prepare,
)
from signkit.pades.examine.graph import read_graph
from signkit.pades.structure import Pdf
from signkit.pades.tag_style import title_tag
from signkit.pages.appearance import layout_appearance
from signkit.pages.data import AppearanceDescription, SignaturePageDescription, SignaturePages, SignaturePlace
from signkit.pages.signature_page import layout_signature_page
from signkit.ports.keys import KeyName
from signkit.testing.clock import SteppingClock
from signkit.testing.throwaway import ThrowawayAuthority, plain_document
from signkit.x509.certificates import Certificate

__all__ = ["SignedFile", "ThrowawayAuthority", "make_signed_pdf", "plain_document"]

_ENVELOPE: Final = "test0test0test0test0"
_ZERO: Final = "sha256:" + "0" * 64
_ROLES: Final = ("Ordförande", "Justerare", "Sekreterare")


@dataclass(frozen=True, slots=True)
class SignedFile:
    """An envelope's life over one document."""

    path: Path
    """The newest revision."""
    revisions: Mapping[str, Path]
    """``r0``, ``r1``, ``r2``, ``s1``…, ``completed``, ``archived``: each revision as a file of its own."""
    fields: FieldNames
    archive_field: str
    manifest: Manifest
    authority: ThrowawayAuthority


Tamper = Callable[[bytes], bytes]


def make_signed_pdf(
    folder: Path,
    *,
    source: bytes | Path | None = None,
    persons: int = 3,
    sign: int | None = None,
    until: str = "archived",
    outcome: str = "completed",
    authority: ThrowawayAuthority | None = None,
    tamper: Mapping[str, Tamper] | None = None,
) -> SignedFile:
    """Make a signkit file, and every revision of it, in ``folder``.

    Args:
        folder: exists; gets ``r0.pdf``, ``r1.pdf``, ``r2.pdf``, ``s1.pdf``…, ``completed.pdf``, ``archived.pdf``.
        source: the original; a small document by default.
        persons: how many places there are.
        sign: how many of them sign; all by default.
        until: the last revision to make, by its name.
        outcome: what the completion statement says.
        authority: keys to use again; making them takes half a second.
        tamper: name of a revision → what to do to its bytes before life goes on; statements then speak of the result.

    Returns:
        What was made; ``path`` is the newest revision.
    """
    maker = _Maker(folder, authority or ThrowawayAuthority(), tamper or {}, until)
    data = source.read_bytes() if isinstance(source, Path) else source or plain_document()
    return maker.make(data, persons=persons, sign=persons if sign is None else sign, outcome=outcome)


class _Enough(Exception):  # noqa: N818 - the way out, never seen outside
    pass


@dataclass(slots=True)
class _Maker:
    folder: Path
    authority: ThrowawayAuthority
    tamper: Mapping[str, Tamper]
    until: str
    revisions: dict[str, Path] = field(default_factory=dict)

    def make(self, data: bytes, *, persons: int, sign: int, outcome: str) -> SignedFile:
        prefix = field_prefix(_ENVELOPE)
        ids = [f"s{number}" for number in range(1, persons + 1)]
        fields = FieldNames(f"{prefix}certify", f"{prefix}complete", {key: prefix + key for key in ids})
        manifest: Any = None
        try:
            (self.folder / "r0.pdf").write_bytes(data)
            self._keep("r0")
            self._prepare(fields)
            manifest = self._manifest(fields)
            self._step(
                "r2", lambda s, t: certify(s, t, self._seal(fields.certify, manifest.encode()), docmdp=self._fresh())
            )
            for number, key in enumerate(ids[:sign], 1):
                self._step(f"s{number}", functools.partial(self._approve, fields=fields, key=key, number=number))
            statement = _completion(ids, sign, outcome, sha256_of(self._newest()))
            self._step("completed", lambda s, t: complete(s, t, self._seal(fields.complete, statement)))
            self._step("archived", lambda s, t: self._archive(s, t, fields))
        except _Enough:
            pass
        return SignedFile(
            path=self._newest(),
            revisions=dict(self.revisions),
            fields=fields,
            archive_field=f"{prefix}archive-1",
            manifest=manifest,
            authority=self.authority,
        )

    def _fresh(self) -> bool:
        return not Pdf.open(self.revisions["r0"]).view().signatures

    def _newest(self) -> Path:
        return list(self.revisions.values())[-1]

    def _step(self, name: str, action: Callable[[Path, Path], Embedded]) -> None:
        action(self._newest(), self.folder / f"{name}.pdf")
        self._keep(name)

    def _keep(self, name: str) -> None:
        path = self.folder / f"{name}.pdf"
        if name in self.tamper:
            path.write_bytes(self.tamper[name](path.read_bytes()))
        self.revisions[name] = path
        if isinstance(self.authority.clock, SteppingClock):
            self.authority.clock.advance(seconds=5)
        if name == self.until:
            raise _Enough

    def _prepare(self, fields: FieldNames) -> None:
        source = self._newest()
        view = Pdf.open(source).view()
        prepare(
            source,
            self.folder / "r1.pdf",
            pages=self._pages(source, fields) if self._fresh() else None,
            fields=fields,
            highest_number=read_graph(view).highest,
        )
        self._keep("r1")

    def _pages(self, source: Path, fields: FieldNames) -> SignaturePages:
        style = title_tag(source)
        places = tuple(
            SignaturePlace(field=name, role=_ROLES[number % len(_ROLES)])
            for number, name in enumerate(fields.signatories.values())
        )
        description = SignaturePageDescription(
            organisation="Björkviks kommun",
            title="Protokoll",
            document_name="protokoll.pdf",
            page_count=len(Pdf.open(source).view().pages),
            size_bytes=source.stat().st_size,
            digest=digest_text(sha256_of(source)),
            envelope=_ENVELOPE,
            places=places,
            test=True,
        )
        return layout_signature_page(description, tagged=style is not None, title_tag=style or "H1")

    def _seal(self, name: str, statement: bytes) -> SignatureRequest:
        return self._request(name, self.authority.seal(), statement, role=None)

    def _request(self, name: str, identity: SigningIdentity, statement: bytes, *, role: str | None) -> SignatureRequest:
        return SignatureRequest(
            field=name,
            identity=identity,
            statement=statement,
            at=self.authority.clock.now(),
            material=self.authority.material(),
            timestamper=self.authority.stamps,
            role=role,
        )

    def _approve(self, source: Path, target: Path, *, fields: FieldNames, key: str, number: int) -> Embedded:
        name, role, person = f"Åsa Öberg {number}", _ROLES[(number - 1) % len(_ROLES)], _person(number)
        statement = SignatureStatement(
            envelope=_ENVELOPE,
            document=0,
            signatory=key,
            role=role,
            person=person,
            identified_by="number",
            ceremony=f"ceremony{number}",
            provider="rehearsal",
            environment="test",
            level="test",
            intent=_ZERO,
            evidence=_ZERO,
            version=FileState(source.stat().st_size, digest_text(sha256_of(source))),
            journal=_HEAD,
        )
        request = self._request(
            fields.signatories[key], self.authority.person(name, person=person), statement.encode(), role=role
        )
        look = AppearanceDescription(
            name=name, role=role, signed_at=request.at, provider="rehearsal", envelope=_ENVELOPE, test=True
        )
        box = _place_width(source, fields.signatories[key])
        return approve(
            source, target, request, appearance=layout_appearance(look, width=box[0], height=box[1]) if box else None
        )

    def _archive(self, source: Path, target: Path, fields: FieldNames) -> Embedded:
        prefix = field_prefix(_ENVELOPE)
        return archive(
            source,
            target,
            field=f"{prefix}archive-1",
            beside=fields.certify,
            material=self.authority.material(),
            timestamper=self.authority.stamps,
        )

    def _manifest(self, fields: FieldNames) -> Manifest:
        r0, r1 = (FileState(path.stat().st_size, digest_text(sha256_of(path))) for path in self.revisions.values())
        record = DocumentRecord(
            name="protokoll.pdf",
            name_commitment=_ZERO,
            r0=r0,
            r1=r1,
            pages=len(Pdf.open(self.revisions["r0"]).view().pages),
        )
        ids = list(fields.signatories)
        return Manifest(
            envelope=_ENVELOPE,
            kind="protocol",
            title="Protokoll",
            metadata={"case": "KS 2026/1"},
            environment="test",
            disclosure="none",
            document=0,
            documents=(record,),
            signatories=tuple(
                SignatoryRecord(key, _ROLES[index % len(_ROLES)], 1, f"Åsa Öberg {index + 1}", _person(index + 1))
                for index, key in enumerate(ids)
            ),
            fields=fields,
            rules={},
            deadline=None,
            issuers=self._issuers(),
            journal=_HEAD,
        )

    def _issuers(self) -> Issuers:
        keys = self.authority.keys
        person, seal, tsa = (
            digest_text(Certificate(keys.certificates(name)[0]).spki_digest)
            for name in (KeyName.PERSON_CA, KeyName.SEAL_CA, KeyName.TSA)
        )
        return Issuers(person=(person,), seal=(seal,), tsa=(tsa,), log="signkit-test+00000000+none")


_HEAD: Final = JournalHead("signkit-test", _ZERO, 1)


def _person(number: int) -> str:
    return hashlib.sha256(f"person {number}".encode()).hexdigest()[:32]


def _place_width(path: Path, name: str) -> tuple[float, float] | None:
    view = Pdf.open(path).view()
    for found in view.fields:
        if found.name == name:
            left, bottom, right, top = (float(value) for value in view.get_list(found.dict.get("Rect")))
            return (right - left, top - bottom) if right > left else None
    return None


def _completion(ids: list[str], sign: int, outcome: str, newest: bytes) -> bytes:
    return Completion(
        envelope=_ENVELOPE,
        document=0,
        outcome=outcome,
        signatories={key: "signed" if number < sign else "declined" for number, key in enumerate(ids)},
        rules={},
        documents=(digest_text(newest),),
        entries=(),
        proof={"index": 0, "size": 1, "path": []},
        checkpoint="",
        token="",
    ).encode()
