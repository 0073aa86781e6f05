"""The tables, and what the database itself refuses.

``entries`` is only ever appended to: triggers refuse UPDATE and DELETE. That hinders mistakes, it is no security;
security is the tree, the anchors and the witnesses (proof.md section 7). ``openings`` and ``evidence`` may be erased;
``projections`` and ``tiles`` are caches that can be rebuilt from ``entries``.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

__all__ = [
    "POSTGRESQL_GUARDS",
    "SCHEMA_VERSION",
    "SQLITE_GUARDS",
    "checkpoints",
    "entries",
    "evidence",
    "meta",
    "metadata",
    "openings",
    "projections",
    "tiles",
]

SCHEMA_VERSION: Final = 1

metadata: Final = sa.MetaData()


def _table(name: str, *columns: sa.schema.SchemaItem) -> sa.Table:
    return sa.Table(name, metadata, *columns, sqlite_strict=True)


meta: Final = _table(
    "meta",
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

entries: Final = _table(
    "entries",
    sa.Column("idx", sa.BigInteger().with_variant(sa.INTEGER, "sqlite"), primary_key=True, autoincrement=False),
    sa.Column("envelope", sa.Text, nullable=False),
    sa.Column("seq", sa.BigInteger().with_variant(sa.INTEGER, "sqlite"), nullable=False),
    sa.Column("digest", sa.LargeBinary, nullable=False),
    sa.Column("raw", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("envelope", "seq", name="entries_envelope_seq"),
    sa.CheckConstraint("idx >= 0 AND seq >= 0 AND length(digest) = 32", name="entries_shape"),
)

sa.Index("entries_first", entries.c.envelope, sqlite_where=entries.c.seq == 0, postgresql_where=entries.c.seq == 0)

openings: Final = _table(
    "openings",
    sa.Column("envelope", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.LargeBinary, nullable=False),
)

evidence: Final = _table(
    "evidence",
    sa.Column("envelope", sa.Text, primary_key=True),
    sa.Column("digest", sa.LargeBinary, primary_key=True),
    sa.Column("data", sa.LargeBinary, nullable=False),
)

projections: Final = _table(
    "projections",
    sa.Column("envelope", sa.Text, primary_key=True),
    sa.Column("state", sa.Text, nullable=False, index=True),
    sa.Column("value", sa.LargeBinary, nullable=False),
)

tiles: Final = _table(
    "tiles",
    sa.Column("level", sa.Integer, primary_key=True),
    sa.Column("number", sa.BigInteger().with_variant(sa.INTEGER, "sqlite"), primary_key=True),
    sa.Column("hashes", sa.LargeBinary, nullable=False),
)

checkpoints: Final = _table(
    "checkpoints",
    sa.Column("id", sa.BigInteger().with_variant(sa.INTEGER, "sqlite"), primary_key=True),
    sa.Column("text", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("note", sa.LargeBinary, nullable=False),
    sa.Column("token", sa.LargeBinary),
)

SQLITE_GUARDS: Final = tuple(
    f"CREATE TRIGGER IF NOT EXISTS entries_no_{verb.lower()} BEFORE {verb} ON entries "
    "BEGIN SELECT RAISE(ABORT, 'entries are only ever appended'); END"
    for verb in ("UPDATE", "DELETE")
)

POSTGRESQL_GUARDS: Final = (
    """CREATE OR REPLACE FUNCTION entries_refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'entries are only ever appended'; END $$""",
    """CREATE OR REPLACE TRIGGER entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON entries
    FOR EACH STATEMENT EXECUTE FUNCTION entries_refuse()""",
)
