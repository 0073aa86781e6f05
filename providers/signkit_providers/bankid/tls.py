"""Mutual TLS: our certificate from PKCS#12 or PEM, the server's only under the given root, never the system's."""

from __future__ import annotations

import os
import secrets
import ssl
import tempfile
import warnings
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import pkcs12

from signkit.errors import ConfigError

__all__ = ["client_context"]

MAX_FILE_BYTES: Final = 1 << 20


def client_context(
    *, certificate: Path, server_ca: Path, key: Path | None = None, password: bytes | None = None
) -> ssl.SSLContext:
    """Return a context that shows ``certificate`` and trusts servers under ``server_ca`` alone (TLS 1.2 or newer).

    Args:
        certificate: PKCS#12, or PEM with the certificate and its chain.
        server_ca: PEM file with the root of the server's certificate.
        key: PEM file with the private key; None where ``certificate`` holds it.
        password: of the PKCS#12 file or of the key.

    Raises:
        ConfigError: a file is missing, wrong, or does not open with the password.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_verify_locations(cadata=_read(server_ca).decode("ascii"))
    except (ssl.SSLError, ValueError) as exc:
        raise _wrong("the root certificate of BankID's server", server_ca, "a PEM file with one certificate") from exc
    chain, private = _identity(certificate, key, password)
    _load(context, chain + private[0], private[1], certificate)
    return context


def _identity(certificate: Path, key: Path | None, password: bytes | None) -> tuple[bytes, tuple[bytes, bytes]]:
    """Return the chain in PEM, and the key in PEM under a random password."""
    data = _read(certificate)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # old files use old algorithms; they are only read
            if b"-----BEGIN" in data:
                return data, _resealed(serialization.load_pem_private_key(_read(key) if key else data, password))
            private, own, others = pkcs12.load_key_and_certificates(data, password)
    except (ValueError, TypeError) as exc:
        raise _wrong(
            "the client certificate", certificate, "check the password and that the key belongs to it"
        ) from exc
    if private is None or own is None:
        raise _wrong("the client certificate", certificate, "the file needs a certificate and its private key")
    chain = b"".join(item.public_bytes(serialization.Encoding.PEM) for item in (own, *others))
    return chain, _resealed(private)


def _resealed(private: PrivateKeyTypes) -> tuple[bytes, bytes]:
    """Return the key in PEM under a random password, and that password."""
    once = secrets.token_hex(32).encode("ascii")
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(once),
    )
    return pem, once


def _load(context: ssl.SSLContext, pem: bytes, once: bytes, source: Path) -> None:
    """Hand chain and key to OpenSSL, which takes files only: one that nobody else can read, gone at once."""
    handle, name = tempfile.mkstemp(prefix="signkit-")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(pem)
        context.load_cert_chain(name, password=once)
    except (ssl.SSLError, ValueError) as exc:
        raise _wrong("the client certificate", source, "the key does not belong to the certificate") from exc
    finally:
        Path(name).unlink(missing_ok=True)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_FILE_BYTES + 1)
    except OSError as exc:
        raise ConfigError(
            f"{path} cannot be read: {exc.strerror}", code="config.bankid.file", subject={"file": str(path)}
        ) from exc
    if len(data) > MAX_FILE_BYTES:
        raise ConfigError(f"{path} is larger than 1 MiB", code="config.bankid.file", subject={"file": str(path)})
    return data


def _wrong(what: str, path: Path, hint: str) -> ConfigError:
    return ConfigError(
        f"{what} cannot be used: {path}", code="config.bankid.certificate", hint=hint, subject={"file": str(path)}
    )
