"""Anchor files: a PEM bundle whose explanatory text says what each certificate is trusted for.

RFC 7468 section 5.2 allows text before a block, so openssl, Java and everybody else read the same file. Ours is::

    # Example Municipality root CA
    Purpose: seal, person, tsa
    -----BEGIN CERTIFICATE-----
    …
    Log: example.se/journal+2b1c9d3e+AZ…
    Witness: witness.example+…

A ``Purpose:`` line counts for the next certificate only. A certificate without one is trusted for ``default``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from signkit.errors import ConfigError
from signkit.x509.anchors import DEFAULT_PURPOSES, LOG, WITNESS, Purpose, TrustAnchor, TrustAnchors
from signkit.x509.certificates import MAX_BUNDLE, Certificate, load_bundle
from signkit.x509.errors import X509Error

__all__ = ["MAX_ANCHOR_FILE_BYTES", "format_anchors", "parse_anchors", "read_anchors", "split_trust_argument"]

MAX_ANCHOR_FILE_BYTES: Final = 4 * 1024 * 1024
"""Largest anchor file, ours."""

_BEGIN: Final = "-----BEGIN "
_END: Final = "-----END "
_CERTIFICATE: Final = frozenset({"CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"})
_VKEY: Final = re.compile(r"[^\s+]{1,255}\+[0-9a-f]{8}\+[A-Za-z0-9+/]{20,2000}={0,2}")
_PREFIX: Final = re.compile(r"(seal|person|tsa|log|witness|eid:[^:/\\]+:[^:/\\]+):(.+)", re.IGNORECASE | re.DOTALL)


def split_trust_argument(argument: str) -> tuple[frozenset[Purpose] | None, str]:
    """Split ``[PURPOSE:]FILE``; purposes are None where no known purpose stands before the first colon.

    A file whose own name begins like a purpose is given as ``./seal:x.pem``.

    Raises:
        ConfigError: ``trust.purpose``.
    """
    match = _PREFIX.fullmatch(argument)
    if match is None:
        return None, argument
    try:
        return frozenset({Purpose(match.group(1))}), match.group(2)
    except X509Error as exc:
        raise ConfigError(exc.message, code="trust.purpose") from exc


def read_anchors(path: Path, *, purposes: Iterable[str] | None = None) -> TrustAnchors:
    """Return the anchors of a file (PEM with purposes, bare PEM or DER); ``purposes`` override what the file says.

    Raises:
        ConfigError: ``trust.unreadable`` or ``trust.purpose``, naming the file.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_ANCHOR_FILE_BYTES + 1)
    except OSError as exc:
        raise ConfigError(
            f"trust anchor file {path.name} cannot be read: {exc.strerror}",
            code="trust.unreadable",
            hint="check the path",
        ) from exc
    try:
        return parse_anchors(data, purposes=purposes)
    except X509Error as exc:
        code = exc.code if exc.code.startswith("trust.") else "trust.unreadable"
        raise ConfigError(
            f"trust anchor file {path.name}: {exc.message}",
            code=code,
            hint="give a PEM file with certificates, as `signkit trust export` writes it",
        ) from exc


def parse_anchors(
    data: bytes, *, purposes: Iterable[str] | None = None, default: Iterable[str] = DEFAULT_PURPOSES
) -> TrustAnchors:
    """Return the anchors in a file's bytes.

    Raises:
        X509Error: ``trust.unreadable``, ``trust.purpose`` or ``certificate.unreadable``.
    """
    if len(data) > MAX_ANCHOR_FILE_BYTES:
        raise X509Error(f"more than {MAX_ANCHOR_FILE_BYTES} bytes", code="trust.unreadable")
    override = None if purposes is None else frozenset(Purpose(text) for text in purposes)
    fallback = frozenset(Purpose(text) for text in default)
    if data[:1] == b"\x30":
        return TrustAnchors.of([data], purposes=override or fallback)
    found = list(_scan(data.decode("utf-8", "replace").splitlines(), override, fallback))
    if override is not None and all(purpose.takes_keys for purpose in override):
        found = [anchor for anchor in found if anchor.key is not None]
    if not found:
        raise X509Error("no certificate and no log key in the file", code="trust.unreadable")
    return TrustAnchors().merged(found)


def format_anchors(anchors: TrustAnchors) -> str:
    """Return the text of an anchor file that says all of ``anchors``."""
    lines: list[str] = []
    for anchor in anchors:
        if anchor.certificate is None:
            lines += [
                f"{'Witness' if purpose == WITNESS else 'Log'}: {anchor.key}" for purpose in sorted(anchor.purposes)
            ]
            continue
        name = re.sub(r"[^\w .,()&'/-]", "?", anchor.certificate.common_name or "?").replace("--", "-")
        lines.append(f"# {name}")
        lines.append("Purpose: " + ", ".join(sorted(anchor.purposes, key=_order)))
        lines.append(anchor.certificate.pem().rstrip("\n"))
    return "\n".join(lines) + "\n"


def _scan(lines: list[str], override: frozenset[Purpose] | None, fallback: frozenset[Purpose]) -> Iterable[TrustAnchor]:
    said: frozenset[Purpose] | None = None
    block: list[str] | None = None
    count = 0
    for raw in lines:
        line = raw.strip()
        if block is not None:
            block.append(line)
            if line.startswith(_END):
                kind = line.removeprefix(_END).rstrip("-")
                if kind in _CERTIFICATE:
                    certificate = load_bundle("\n".join(block).encode())[0]
                    yield _anchor(certificate, override or said or fallback)
                block, said = None, None
        elif line.startswith(_BEGIN):
            count += 1
            if count > MAX_BUNDLE:
                raise X509Error(f"more than {MAX_BUNDLE} blocks", code="trust.unreadable")
            block = [line]
        else:
            word, _, rest = line.partition(":")
            if word.lower() == "purpose":
                said = frozenset(Purpose(text) for text in rest.split(","))
            elif word.lower() in {"log", "witness"}:
                yield _key_anchor(rest.strip(), LOG if word.lower() == "log" else WITNESS, override)
    if block is not None:
        raise X509Error("a PEM block without its end", code="trust.unreadable")


def _anchor(certificate: Certificate, purposes: frozenset[Purpose]) -> TrustAnchor:
    kept = frozenset(purpose for purpose in purposes if not purpose.takes_keys)
    return TrustAnchor(kept or DEFAULT_PURPOSES, certificate=certificate)


def _key_anchor(key: str, purpose: Purpose, override: frozenset[Purpose] | None) -> TrustAnchor:
    if not _VKEY.fullmatch(key):
        raise X509Error("a log key that is no C2SP verifier key", code="trust.unreadable")
    wanted = frozenset(p for p in override or () if p.takes_keys)
    return TrustAnchor(wanted or frozenset({purpose}), key=key)


def _order(purpose: str) -> tuple[int, str]:
    plain = ["seal", "person", "tsa"]
    return (plain.index(purpose) if purpose in plain else len(plain), purpose)
