"""The parts of a manifest: documents, places, fields, issuers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from signkit.canonical import Json
from signkit.model.statement.form import Reader, StatementError
from signkit.model.statement.parts import FileState

__all__ = ["DocumentRecord", "FieldNames", "Issuers", "SignatoryRecord"]


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    """One document of the envelope, as one document's manifest names it."""

    name: str | None
    """In clear for the document that carries the manifest, None for the others."""
    name_commitment: str
    r0: FileState
    r1: FileState
    pages: int
    risks: tuple[str, ...] = ()
    """Every risk code found in R0, refusing ones only if they were accepted."""
    attachments: tuple[Mapping[str, Any], ...] = ()
    """``{name, size, sha256}`` each; of the carrying document only."""
    repaired_from: str | None = None
    """SHA-256 of the file that R0 was repaired from."""
    repairs: tuple[str, ...] = ()
    """Codes of what the repair changed."""

    def to_json(self) -> Json:
        """Return it as the manifest carries it."""
        return {
            "name": self.name,
            "name_commitment": self.name_commitment,
            "r0": self.r0.to_json(),
            "r1": self.r1.to_json(),
            "pages": self.pages,
            "risks": list(self.risks),
            "attachments": [dict(item) for item in self.attachments],
            "repaired_from": self.repaired_from,
            "repairs": list(self.repairs),
        }

    @classmethod
    def from_json(cls, value: Json) -> DocumentRecord:
        """Return what a manifest carries."""
        reader = Reader(value, "document")
        return cls(
            name=reader.optional_text("name"),
            name_commitment=reader.digest("name_commitment"),
            r0=FileState.from_json(reader.take("r0")),
            r1=FileState.from_json(reader.take("r1")),
            pages=reader.integer("pages"),
            risks=reader.texts("risks"),
            attachments=tuple(Reader(item, "attachment").mapping for item in reader.sequence("attachments")),
            repaired_from=reader.optional_text("repaired_from"),
            repairs=reader.texts("repairs"),
        )


@dataclass(frozen=True, slots=True)
class SignatoryRecord:
    """One place, as the manifest names it."""

    id: str
    role: str
    order: int
    name: str | None
    person: str | None
    """None: invited without a number (``identified_by: name``)."""
    identity: Mapping[str, str] | None = None
    """What the disclosure policy lets the file say in clear: ``birthdate``, or ``scheme`` and ``value``."""

    def to_json(self) -> Json:
        """Return it as the manifest carries it."""
        return {
            "id": self.id,
            "role": self.role,
            "order": self.order,
            "name": self.name,
            "person": self.person,
            "identity": dict(self.identity) if self.identity else None,
        }

    @classmethod
    def from_json(cls, value: Json) -> SignatoryRecord:
        """Return what a manifest carries."""
        reader = Reader(value, "signatory")
        identity = reader.take("identity")
        return cls(
            id=reader.text("id"),
            role=reader.text("role"),
            order=reader.integer("order"),
            name=reader.optional_text("name"),
            person=reader.optional_text("person"),
            identity=None if identity is None else Reader(identity, "identity").mapping,
        )


@dataclass(frozen=True, slots=True)
class FieldNames:
    """The signature fields that signkit made in R1."""

    certify: str
    complete: str
    signatories: Mapping[str, str]
    """Signatory id → field name."""

    def to_json(self) -> Json:
        """Return it as the manifest carries it."""
        return {"certify": self.certify, "complete": self.complete, "signatories": dict(self.signatories)}

    @classmethod
    def from_json(cls, value: Json) -> FieldNames:
        """Return what a manifest carries."""
        reader = Reader(value, "fields")
        names = Reader(reader.take("signatories"), "fields.signatories")
        result = cls(reader.text("certify"), reader.text("complete"), {key: names.text(key) for key in names.mapping})
        everything = [result.certify, result.complete, *result.signatories.values()]
        if len(set(everything)) != len(everything):
            raise StatementError("statement.form", "two places share a field")
        return result


@dataclass(frozen=True, slots=True)
class Issuers:
    """The issuers of this file's certificates. They narrow an anchor, never replace one."""

    person: tuple[str, ...]
    """SHA-256 of the SubjectPublicKeyInfo of each person CA."""
    seal: tuple[str, ...]
    tsa: tuple[str, ...]
    log: str
    """C2SP verifier key."""
    witnesses: tuple[str, ...] = ()
    k: int = 0

    def to_json(self) -> Json:
        """Return it as the manifest carries it."""
        return {
            "person": list(self.person),
            "seal": list(self.seal),
            "tsa": list(self.tsa),
            "log": self.log,
            "witnesses": list(self.witnesses),
            "k": self.k,
        }

    @classmethod
    def from_json(cls, value: Json) -> Issuers:
        """Return what a manifest carries."""
        reader = Reader(value, "issuers")
        return cls(
            person=reader.texts("person"),
            seal=reader.texts("seal"),
            tsa=reader.texts("tsa"),
            log=reader.text("log"),
            witnesses=reader.texts("witnesses"),
            k=reader.integer("k"),
        )
