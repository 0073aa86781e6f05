"""What the store asks of a database, in the words of PostgreSQL too."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from signkit.errors import ConfigError
from signkit.store import open_store, schema


def test_the_tables_can_be_made_in_postgresql() -> None:
    """Every table and index has a form there, numbers are 64 bits, and the guards refuse change."""
    said: list[str] = []

    def tell(statement: Any, *_: object, **__: object) -> None:
        said.append(str(statement.compile(dialect=postgresql.dialect())))

    schema.metadata.create_all(sa.create_mock_engine("postgresql://", tell), checkfirst=False)
    words = "\n".join(said)
    assert "idx BIGINT NOT NULL" in words
    assert "WHERE seq = 0" in words
    assert "STRICT" not in words
    assert words.count("CREATE TABLE") == len(schema.metadata.tables)
    assert any("UPDATE OR DELETE OR TRUNCATE" in guard for guard in schema.POSTGRESQL_GUARDS)


def test_a_database_url_without_its_driver_is_a_matter_of_configuration(tmp_path: Any) -> None:
    """A server that cannot be spoken to is named as what it is."""
    for url in ("nonsense", "nosuch://host/db", "postgresql+nosuchdriver://host/db"):
        with pytest.raises(ConfigError) as caught:
            open_store(tmp_path, url=url)
        assert caught.value.code == "config.database"
