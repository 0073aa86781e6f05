"""The home's memory: SQLAlchemy Core, SQLite by default, and documents beside it."""

from signkit.store.objects import FileObjectStore
from signkit.store.sql import DATABASE, SqlStore, open_store

__all__ = ["DATABASE", "FileObjectStore", "SqlStore", "open_store"]
