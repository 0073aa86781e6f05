"""The manifest: what was sent to whom, under which rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from signkit import canonical
from signkit.canonical import Json
from signkit.model.statement.form import Reader, StatementError
from signkit.model.statement.parts import JournalHead
from signkit.model.statement.records import DocumentRecord, FieldNames, Issuers, SignatoryRecord

__all__ = ["Manifest"]


@dataclass(frozen=True, slots=True)
class Manifest:
    """``signkit.manifest/1``: what was sent to whom, under which rules. In the certification seal."""

    schema: ClassVar[str] = "signkit.manifest/1"

    envelope: str
    kind: str
    title: str
    metadata: Mapping[str, str]
    environment: str
    disclosure: str
    document: int
    documents: tuple[DocumentRecord, ...]
    signatories: tuple[SignatoryRecord, ...]
    fields: FieldNames
    rules: Json
    deadline: str | None
    issuers: Issuers
    journal: JournalHead
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def own(self) -> DocumentRecord:
        """The document that carries this manifest."""
        return self.documents[self.document]

    def to_json(self) -> Json:
        """Return it as JSON."""
        return {
            **self.extra,
            "schema": self.schema,
            "envelope": self.envelope,
            "kind": self.kind,
            "title": self.title,
            "metadata": dict(self.metadata),
            "environment": self.environment,
            "disclosure": self.disclosure,
            "document": self.document,
            "documents": [item.to_json() for item in self.documents],
            "signatories": [item.to_json() for item in self.signatories],
            "fields": self.fields.to_json(),
            "rules": self.rules,
            "deadline": self.deadline,
            "issuers": self.issuers.to_json(),
            "journal": self.journal.to_json(),
        }

    @classmethod
    def from_json(cls, value: Json) -> Self:
        """Return what the JSON says.

        Raises:
            StatementError: it does not fit.
        """
        reader = Reader(value, cls.schema)
        documents = tuple(map(DocumentRecord.from_json, reader.sequence("documents")))
        signatories = tuple(map(SignatoryRecord.from_json, reader.sequence("signatories")))
        index = reader.integer("document")
        metadata = Reader(reader.take("metadata"), "metadata")
        if not 0 <= index < len(documents) or documents[index].name is None:
            raise StatementError("statement.form", "the manifest does not name its own document")
        if len({item.id for item in signatories}) != len(signatories):
            raise StatementError("statement.form", "two signatories share an id")
        fields = FieldNames.from_json(reader.take("fields"))
        if set(fields.signatories) != {item.id for item in signatories}:
            raise StatementError("statement.form", "fields and signatories do not match")
        return cls(
            envelope=reader.text("envelope"),
            kind=reader.text("kind"),
            title=reader.text("title"),
            metadata={key: metadata.text(key) for key in metadata.mapping},
            environment=reader.one_of("environment", ("test", "production")),
            disclosure=reader.one_of("disclosure", ("none", "birthdate", "full")),
            document=index,
            documents=documents,
            signatories=signatories,
            fields=fields,
            rules=reader.take("rules"),
            deadline=reader.optional_text("deadline"),
            issuers=Issuers.from_json(reader.take("issuers")),
            journal=JournalHead.from_json(reader.take("journal")),
            extra=reader.rest(),
        )

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        return canonical.encode(self.to_json())
