"""The statements: what signkit says inside a signature, and what an eID signs. One codec for clerk and archivist.

The clerk builds a statement and takes ``encode``; the archivist takes ``decode`` of the bytes found. Unknown fields are
kept in ``extra`` and ignored, an unknown version of a known type is :class:`UnknownStatementError` (the verifier says
INDETERMINATE), anything else that does not fit is :class:`StatementError` (FAILED). Proof.md sections 3 and 5.

What is not here: how the bytes sit in a PDF (``signkit.pades``), and whether any of it is true.
"""

from __future__ import annotations

from signkit import canonical
from signkit.model.statement.completion import Completion
from signkit.model.statement.delegation import Delegation
from signkit.model.statement.form import StatementError, UnknownStatementError
from signkit.model.statement.manifest import Manifest
from signkit.model.statement.parts import FileState, JournalHead
from signkit.model.statement.records import DocumentRecord, FieldNames, Issuers, SignatoryRecord
from signkit.model.statement.signature import Intent, SignatureStatement

__all__ = [
    "Completion",
    "Delegation",
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
