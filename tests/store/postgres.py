"""A PostgreSQL of our own, from Debian's package: in a temporary folder, reached by a socket, ended by its test."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

__all__ = ["missing", "running"]

_FOLDERS = Path("/usr/lib/postgresql")


def _programs() -> Path | None:
    """Return the folder of the newest version that is installed."""
    found = [folder / "bin" for folder in _FOLDERS.glob("*") if (folder / "bin" / "initdb").is_file()]
    return max(found, key=lambda path: int(path.parent.name) if path.parent.name.isdigit() else 0, default=None)


def missing() -> str | None:
    """Return why there can be no PostgreSQL here, or None."""
    try:
        import psycopg  # noqa: F401
    except ImportError:
        return "psycopg is not installed"
    if _programs() is None:
        return "PostgreSQL is not installed"
    if os.getuid() == 0 and (shutil.which("setpriv") is None or _owner() is None):
        return "PostgreSQL refuses root, and there is nobody else"
    return None


def _owner() -> str | None:
    """Return the user under whom Debian runs PostgreSQL."""
    import pwd

    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        return None


def _as_owner(*words: object) -> None:
    front: list[str] = []
    if os.getuid() == 0:
        front = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    subprocess.run(
        [*front, *map(str, words)],
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        timeout=60,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
    )


@contextlib.contextmanager
def running() -> Iterator[str]:
    """Give the URL of a server with no databases of ours; it listens on a socket only."""
    programs = _programs()
    assert programs is not None
    with tempfile.TemporaryDirectory(prefix="signkit-pg-", dir="/tmp") as name:  # sockets have short names
        folder, data = Path(name), Path(name) / "data"
        if os.getuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        _as_owner(programs / "initdb", "-D", data, "-U", "signkit", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = f"-k {folder} -c listen_addresses= -c fsync=off -c max_connections=60"
        _as_owner(programs / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start")
        try:
            yield f"postgresql+psycopg://signkit@/postgres?host={quote(name, safe='')}"
        finally:
            _as_owner(programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
