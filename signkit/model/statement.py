"""The statements: what signkit says inside a signature, and what an eID signs. One codec for clerk and archivist.

The clerk builds a statement and takes ``encode``; the archivist takes ``decode`` of the bytes found. Unknown fields are
kept in ``extra`` and ignored, an unknown version of a known type is :class:`UnknownStatementError` (the verifier says
INDETERMINATE), anything else that does not fit is :class:`StatementError` (FAILED). Proof.md sections 3 and 5.

What is not here: how the bytes sit in a PDF (``signkit.pades``), and whether any of it is true.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from signkit import canonical
from signkit.canonical import Json

__all__ = [
    "Completion",
    "DocumentRecord",
    "FieldNames",
    "FileState",
    "Intent",
    "Issuers",
    "JournalHead",
    "Manifest",
    "SignatoryRecord",
    "SignatureStatement",
    "StatementError",
    "UnknownStatementError",
    "decode_statement",
]


class StatementError(ValueError):
    """Bytes are not the statement that they should be; ``code`` names why."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class UnknownStatementError(StatementError):
    """A statement of a version that this signkit does not know."""

    def __init__(self, schema: str) -> None:
        super().__init__("statement.unknown_version", f"unknown statement {schema[:60]!r}")


@dataclass(frozen=True, slots=True)
class FileState:
    """One state of a file: how long, and what."""

    size: int
    sha256: str

    def to_json(self) -> Json:
        """Return it as a statement carries it."""
        return {"size": self.size, "sha256": self.sha256}

    @classmethod
    def from_json(cls, value: Json) -> FileState:
        """Return what a statement carries."""
        reader = _Reader(value, "file state")
        return cls(reader.integer("size"), reader.digest("sha256"))


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
        reader = _Reader(value, "document")
        return cls(
            name=reader.optional_text("name"),
            name_commitment=reader.digest("name_commitment"),
            r0=FileState.from_json(reader.take("r0")),
            r1=FileState.from_json(reader.take("r1")),
            pages=reader.integer("pages"),
            risks=reader.texts("risks"),
            attachments=tuple(_Reader(item, "attachment").mapping for item in reader.sequence("attachments")),
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
        reader = _Reader(value, "signatory")
        identity = reader.take("identity")
        return cls(
            id=reader.text("id"),
            role=reader.text("role"),
            order=reader.integer("order"),
            name=reader.optional_text("name"),
            person=reader.optional_text("person"),
            identity=None if identity is None else _Reader(identity, "identity").mapping,
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
        reader = _Reader(value, "fields")
        names = _Reader(reader.take("signatories"), "fields.signatories")
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
        reader = _Reader(value, "issuers")
        return cls(
            person=reader.texts("person"),
            seal=reader.texts("seal"),
            tsa=reader.texts("tsa"),
            log=reader.text("log"),
            witnesses=reader.texts("witnesses"),
            k=reader.integer("k"),
        )


@dataclass(frozen=True, slots=True)
class JournalHead:
    """Where the journal of the envelope stood."""

    origin: str
    head: str
    entries: int

    def to_json(self) -> Json:
        """Return it as a statement carries it."""
        return {"origin": self.origin, "head": self.head, "entries": self.entries}

    @classmethod
    def from_json(cls, value: Json) -> JournalHead:
        """Return what a statement carries."""
        reader = _Reader(value, "journal")
        return cls(reader.text("origin"), reader.digest("head"), reader.integer("entries"))


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
        reader = _Reader(value, cls.schema)
        documents = tuple(map(DocumentRecord.from_json, reader.sequence("documents")))
        signatories = tuple(map(SignatoryRecord.from_json, reader.sequence("signatories")))
        index = reader.integer("document")
        metadata = _Reader(reader.take("metadata"), "metadata")
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


@dataclass(frozen=True, slots=True)
class SignatureStatement:
    """``signkit.signature/1``: who signs, as what, by which ceremony. In a person's signature."""

    schema: ClassVar[str] = "signkit.signature/1"

    envelope: str
    document: int
    signatory: str
    role: str
    person: str
    identified_by: str
    """``number`` or ``name``."""
    ceremony: str
    provider: str
    environment: str
    level: str
    intent: str
    """SHA-256 of the canonical intent."""
    evidence: str
    """Commitment to the evidence: SHA-256(JCS([salt, evidence digest]))."""
    version: FileState
    """The file version that the signature was embedded into."""
    journal: JournalHead
    delegation: Json = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> Json:
        """Return it as JSON."""
        return {
            **self.extra,
            "schema": self.schema,
            "envelope": self.envelope,
            "document": self.document,
            "signatory": self.signatory,
            "role": self.role,
            "person": self.person,
            "identified_by": self.identified_by,
            "ceremony": self.ceremony,
            "provider": self.provider,
            "environment": self.environment,
            "level": self.level,
            "intent": self.intent,
            "evidence": self.evidence,
            "version": self.version.to_json(),
            "journal": self.journal.to_json(),
            "delegation": self.delegation,
        }

    @classmethod
    def from_json(cls, value: Json) -> Self:
        """Return what the JSON says.

        Raises:
            StatementError: it does not fit.
        """
        reader = _Reader(value, cls.schema)
        return cls(
            envelope=reader.text("envelope"),
            document=reader.integer("document"),
            signatory=reader.text("signatory"),
            role=reader.text("role"),
            person=reader.text("person"),
            identified_by=reader.one_of("identified_by", ("number", "name")),
            ceremony=reader.text("ceremony"),
            provider=reader.text("provider"),
            environment=reader.one_of("environment", ("test", "production")),
            level=reader.text("level"),
            intent=reader.digest("intent"),
            evidence=reader.digest("evidence"),
            version=FileState.from_json(reader.take("version")),
            journal=JournalHead.from_json(reader.take("journal")),
            delegation=reader.take("delegation"),
            extra=reader.rest(),
        )

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        return canonical.encode(self.to_json())


@dataclass(frozen=True, slots=True)
class Completion:
    """``signkit.completion/1``: what came of it, and the history. In the completion seal."""

    schema: ClassVar[str] = "signkit.completion/1"

    envelope: str
    document: int
    outcome: str
    """``completed``, ``declined``, ``voided`` or ``expired``."""
    signatories: Mapping[str, str]
    """Signatory id → outcome: ``signed``, ``approved``, ``declined``, ``expired``, ``not_needed``…"""
    rules: Json
    """The clerk's evaluation; the verifier makes its own."""
    documents: tuple[str, ...]
    """SHA-256 of Rk of every document of the envelope."""
    entries: tuple[Json, ...]
    """Every entry of the envelope up to ``completing``, in full."""
    proof: Json
    """``{index, size, path}``: inclusion of ``completing``; path base64, leaf's sibling first."""
    checkpoint: str
    """C2SP signed note."""
    token: str
    """RFC 3161 token over the note's text, DER, base64."""
    cosignatures: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> Json:
        """Return it as JSON."""
        return {
            **self.extra,
            "schema": self.schema,
            "envelope": self.envelope,
            "document": self.document,
            "outcome": self.outcome,
            "signatories": dict(self.signatories),
            "rules": self.rules,
            "documents": list(self.documents),
            "entries": list(self.entries),
            "proof": self.proof,
            "checkpoint": self.checkpoint,
            "token": self.token,
            "cosignatures": list(self.cosignatures),
        }

    @classmethod
    def from_json(cls, value: Json) -> Self:
        """Return what the JSON says.

        Raises:
            StatementError: it does not fit.
        """
        reader = _Reader(value, cls.schema)
        outcomes = _Reader(reader.take("signatories"), "signatories")
        return cls(
            envelope=reader.text("envelope"),
            document=reader.integer("document"),
            outcome=reader.one_of("outcome", ("completed", "declined", "voided", "expired")),
            signatories={key: outcomes.text(key) for key in outcomes.mapping},
            rules=reader.take("rules"),
            documents=reader.texts("documents"),
            entries=tuple(reader.sequence("entries")),
            proof=reader.take("proof"),
            checkpoint=reader.text("checkpoint"),
            token=reader.text("token"),
            cosignatures=reader.texts("cosignatures"),
            extra=reader.rest(),
        )

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        return canonical.encode(self.to_json())


@dataclass(frozen=True, slots=True)
class Intent:
    """``signkit.intent/1``: the hidden data that the eID signs. It names no person and no document by name."""

    schema: ClassVar[str] = "signkit.intent/1"

    ceremony: str
    places: Mapping[str, str]
    """Envelope id → signatory id (``for`` in JSON)."""
    spki: str
    """SHA-256 of the one-time key's SubjectPublicKeyInfo."""
    text: str
    """SHA-256 of the visible text's UTF-8."""
    documents: tuple[str, ...]
    """Sorted SHA-256 values of R2, as ``sha256:<hex>``."""

    def to_json(self) -> Json:
        """Return it as JSON; digests of documents are bare hex."""
        return {
            "schema": self.schema,
            "ceremony": self.ceremony,
            "for": dict(self.places),
            "spki": self.spki,
            "text": self.text,
            "documents": sorted(item.removeprefix("sha256:") for item in self.documents),
        }

    @classmethod
    def from_json(cls, value: Json) -> Self:
        """Return what the JSON says.

        Raises:
            StatementError: it does not fit.
        """
        reader = _Reader(value, cls.schema)
        places = _Reader(reader.take("for"), "for")
        documents = tuple(f"sha256:{item}" for item in reader.texts("documents"))
        if list(documents) != sorted(set(documents)):
            raise StatementError("statement.form", "documents are not sorted, each once")
        return cls(
            ceremony=reader.text("ceremony"),
            places={key: places.text(key) for key in places.mapping},
            spki=reader.digest("spki"),
            text=reader.digest("text"),
            documents=documents,
        )

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        return canonical.encode(self.to_json())

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical bytes."""
        return canonical.digest_text(canonical.digest(self.encode()))


_KINDS: dict[str, type[Manifest | SignatureStatement | Completion | Intent]] = {
    cls.schema: cls for cls in (Manifest, SignatureStatement, Completion, Intent)
}


def decode_statement(data: bytes) -> Manifest | SignatureStatement | Completion | Intent:
    """Return the statement whose canonical bytes are exactly ``data``.

    Raises:
        UnknownStatementError: a version that nobody here knows.
        StatementError: anything else that does not fit; ``code`` says what.
    """
    try:
        value = canonical.decode(data)
    except canonical.CanonicalError as exc:
        raise StatementError("statement.not_canonical", str(exc)) from exc
    schema = value.get("schema") if isinstance(value, dict) else None
    if not isinstance(schema, str):
        raise StatementError("statement.form", "no schema")
    kind = _KINDS.get(schema)
    if kind is None:
        raise UnknownStatementError(schema)
    return kind.from_json(value)


class _Reader:
    """Takes members of a JSON object, each with its type; remembers which."""

    def __init__(self, value: Json, what: str) -> None:
        if not isinstance(value, dict):
            raise StatementError("statement.form", f"{what} is not an object")
        self.mapping: dict[str, Any] = value
        self._what = what
        self._taken = {"schema"}

    def take(self, key: str) -> Json:
        if key not in self.mapping:
            raise StatementError("statement.form", f"{self._what} lacks {key}")
        self._taken.add(key)
        return self.mapping[key]

    def text(self, key: str) -> str:
        value = self.take(key)
        if not isinstance(value, str):
            raise StatementError("statement.form", f"{key} of {self._what} is not text")
        return value

    def optional_text(self, key: str) -> str | None:
        return None if self.take(key) is None else self.text(key)

    def integer(self, key: str) -> int:
        value = self.take(key)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise StatementError("statement.form", f"{key} of {self._what} is not a whole number")
        return value

    def digest(self, key: str) -> str:
        value = self.text(key)
        try:
            canonical.parse_digest(value)
        except canonical.CanonicalError as exc:
            raise StatementError("statement.form", f"{key} of {self._what} is not a digest") from exc
        return value

    def one_of(self, key: str, values: tuple[str, ...]) -> str:
        value = self.text(key)
        if value not in values:
            raise StatementError("statement.form", f"{key} of {self._what} has an unknown value")
        return value

    def sequence(self, key: str) -> list[Json]:
        value = self.take(key)
        if not isinstance(value, list):
            raise StatementError("statement.form", f"{key} of {self._what} is not a list")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        values = self.sequence(key)
        if not all(isinstance(item, str) for item in values):
            raise StatementError("statement.form", f"{key} of {self._what} is not a list of texts")
        return tuple(values)

    def rest(self) -> dict[str, Any]:
        return {key: value for key, value in self.mapping.items() if key not in self._taken}
