"""``signkit trust``: the anchors of a home."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from signkit.errors import ConfigError, UsageError
from signkit_cli.helping import App
from signkit_cli.session import Session
from signkit_cli.words import h

if TYPE_CHECKING:
    from signkit.x509.anchors import TrustAnchor, TrustAnchors

__all__ = ["app", "read_argument"]

app = App(help=h("help.trust"), no_args_is_help=True)


@app.command("list", help=h("help.trust.list"))
def list_(context: typer.Context) -> None:
    """List what the home trusts, and for what."""
    session: Session = context.obj
    for anchor in _anchors(session):
        purposes = sorted(anchor.purposes)
        if session.terminal.as_json:
            session.terminal.json(_json(anchor))
            continue
        session.terminal.line(f"{', '.join(purposes):<24} {anchor.label}")


@app.command(help=h("help.trust.export"))
def export(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help=h("help.trust.file"), show_default=False)],
) -> None:
    """Write the anchors to one file for an archivist."""
    from signkit.files import write_atomic
    from signkit.x509.anchor_files import format_anchors

    session: Session = context.obj
    if file.exists() and not session.terminal.assume_yes:
        raise UsageError(f"{file} exists already", code="usage.exists", hint="add --yes to replace it")
    write_atomic(file, format_anchors(_anchors(session)).encode("utf-8"))
    if session.terminal.as_json:
        session.terminal.json({"schema": "signkit.export/1", "envelope": None, "files": [_file(file)]})
    session.terminal.say("cli.trust.exported", path=file)


@app.command(help=h("help.trust.add"))
def add(
    context: typer.Context,
    argument: Annotated[str, typer.Argument(help=h("help.trust.file"), show_default=False)],
) -> None:
    """Trust the certificates of a file; a production home refuses test roots."""
    from signkit_cli.composition import refuse_test_roots

    session: Session = context.obj
    home = session.open()
    added = read_argument(argument)
    if home.config.environment == "production":
        refuse_test_roots(added, argument)
    session.terminal.confirm("cli.trust.confirm", names=", ".join(anchor.label for anchor in added))
    _write(session, _anchors(session).merged(added))
    for anchor in added:
        if session.terminal.as_json:
            session.terminal.json(_json(anchor))
        session.terminal.say("cli.trust.added", name=anchor.label, purposes=", ".join(sorted(anchor.purposes)))


@app.command(help=h("help.trust.remove"))
def remove(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help=h("help.trust.name"), show_default=False)],
) -> None:
    """Trust an anchor no longer; named by its label or the beginning of its SHA-256."""
    from signkit.x509.anchors import TrustAnchors

    session: Session = context.obj
    anchors = _anchors(session)
    gone = [anchor for anchor in anchors if _named(anchor, name)]
    if len(gone) != 1:
        raise UsageError(
            f"{len(gone)} anchors answer to {name[:60]!r}", code="usage.anchor", hint="see: signkit trust list --json"
        )
    session.terminal.confirm("cli.trust.remove", name=gone[0].label)
    _write(session, TrustAnchors(tuple(anchor for anchor in anchors if anchor is not gone[0])))
    if session.terminal.as_json:
        session.terminal.json(_json(gone[0]))
    session.terminal.say("cli.trust.removed", name=gone[0].label)


def read_argument(argument: str) -> TrustAnchors:
    """Return the anchors that ``[PURPOSE:]FILE`` names.

    Raises:
        ConfigError: the file cannot be read or holds nothing to trust.
    """
    from signkit.x509.anchor_files import read_anchors, split_trust_argument
    from signkit.x509.errors import X509Error

    try:
        purposes, file = split_trust_argument(argument)
        return read_anchors(Path(file), purposes=purposes)
    except X509Error as exc:
        raise ConfigError(f"{argument}: {exc}", code="config.trust", subject={"file": argument}) from exc
    except OSError as exc:
        raise ConfigError(
            f"{argument} cannot be read: {exc.strerror}", code="config.trust", subject={"file": argument}
        ) from exc


def _anchors(session: Session) -> TrustAnchors:
    """Return the home's anchors as they stand, a test root in a production home too: it must be found to be removed."""
    from signkit_cli.composition import home_anchors

    return home_anchors(session.open(write=False).folder)


def _named(anchor: TrustAnchor, name: str) -> bool:
    digest = anchor.certificate.digest.hex() if anchor.certificate else ""
    return anchor.label == name or (len(name) >= 8 and digest.startswith(name.removeprefix("sha256:")))


def _write(session: Session, anchors: TrustAnchors) -> None:
    from signkit.files import write_atomic
    from signkit.x509.anchor_files import format_anchors
    from signkit_cli.composition import TRUST_FILE

    write_atomic(session.folder / TRUST_FILE, format_anchors(anchors).encode("utf-8"))


def _json(anchor: TrustAnchor) -> dict[str, Any]:
    """Return ``signkit.trust/1``."""
    digest = f"sha256:{anchor.certificate.digest.hex()}" if anchor.certificate else None
    purposes = sorted(str(purpose) for purpose in anchor.purposes)
    value = {"schema": "signkit.trust/1", "name": anchor.label, "purposes": purposes, "sha256": digest}
    return {**value, "key": anchor.key}


def _file(path: Path) -> dict[str, str]:
    from signkit.files import sha256_of

    return {"path": str(path), "sha256": "sha256:" + sha256_of(path).hex(), "kind": "trust"}
