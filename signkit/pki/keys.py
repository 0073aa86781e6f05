"""Keys kept in files: the default back end of the key port.

One folder, mode 0700; each key a file of mode 0600: PKCS#12 with its certificates, for the journal PKCS#8 in PEM.
A key is opened when first asked for and then kept (opening costs more than a hundred signatures).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    pkcs12,
)

from signkit.errors import KeyUnavailableError
from signkit.pki.files import check_private, read_private
from signkit.ports.keys import KeyName
from signkit.x509.algorithms import check_public_key, key_algorithm
from signkit.x509.certificates import Certificate
from signkit.x509.errors import X509Error

__all__ = ["FileKeys", "LocalKey", "key_path", "new_one_time_key"]

_HASHES: Final = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}


class LocalKey:
    """A private key in memory, behind the port's ``SigningKey``.

    Raises:
        KeyUnavailableError: ``seal.key.weak``, the key is not among those that we make (TS 119 312).
    """

    __slots__ = ("_key", "algorithm", "spki")

    def __init__(self, private_key: Any) -> None:
        public = private_key.public_key()
        try:
            check_public_key(public, ours=True)
        except X509Error as exc:
            raise KeyUnavailableError(exc.message, code="seal.key.weak") from exc
        self._key = private_key
        self.algorithm = key_algorithm(public)
        self.spki = bytes(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))

    def __repr__(self) -> str:
        return f"<LocalKey {self.algorithm}>"

    def __reduce__(self) -> Any:
        raise TypeError("private keys are not copied")

    def sign(self, data: bytes, *, digest: str = "sha256") -> bytes:
        """Return the signature over ``data``; see the port.

        Raises:
            KeyUnavailableError: ``seal.key.digest``, not one of sha256, sha384, sha512.
        """
        if digest not in _HASHES:
            raise KeyUnavailableError(f"digest {digest} is not among those that we use", code="seal.key.digest")
        if isinstance(self._key, ed25519.Ed25519PrivateKey):
            return self._key.sign(data)
        if isinstance(self._key, rsa.RSAPrivateKey):
            return self._key.sign(data, padding.PKCS1v15(), _HASHES[digest])
        return bytes(self._key.sign(data, ec.ECDSA(_HASHES[digest])))


def new_one_time_key() -> LocalKey:
    """Return a fresh ECDSA P-256 key that exists in memory only (proof.md section 4.1)."""
    return LocalKey(ec.generate_private_key(ec.SECP256R1()))


def key_path(folder: Path, name: KeyName) -> Path:
    """Return where the key of that name is kept."""
    return folder / (f"{name}.pem" if name is KeyName.JOURNAL else f"{name}.p12")


@dataclass(slots=True)
class FileKeys:
    """The key port over a folder.

    Each key is read at most once in the life of this object.
    """

    folder: Path
    passphrase: bytes | None = field(default=None, repr=False)
    _opened: dict[KeyName, tuple[LocalKey, tuple[bytes, ...]]] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def has(self, name: KeyName) -> bool:
        """Tell whether the key's file exists."""
        return key_path(self.folder, name).is_file()

    def key(self, name: KeyName) -> LocalKey:
        """Return the key.

        Raises:
            KeyUnavailableError: ``seal.key.missing``, ``.permissions``, ``.unreadable``, ``.passphrase`` or ``.weak``.
        """
        return self._open(name)[0]

    def certificates(self, name: KeyName) -> tuple[bytes, ...]:
        """Return the key's certificate and its issuers, DER; empty for the journal key.

        Raises:
            KeyUnavailableError: as ``key``.
        """
        return self._open(name)[1]

    def _open(self, name: KeyName) -> tuple[LocalKey, tuple[bytes, ...]]:
        with self._lock:
            if name not in self._opened:
                self._opened[name] = self._read(name)
            return self._opened[name]

    def _read(self, name: KeyName) -> tuple[LocalKey, tuple[bytes, ...]]:
        check_private(self.folder)
        path = key_path(self.folder, name)
        data = read_private(path)
        attempts = [self.passphrase] if self.passphrase is None else [self.passphrase, None]
        cause: Exception | None = None
        for passphrase in attempts:
            try:
                key, certificates = _parse(name, data, passphrase)
            except (ValueError, TypeError, UnsupportedAlgorithm) as exc:
                cause = cause or exc
                continue
            return _checked(path, key, certificates)
        raise _refusal(path, data, given=self.passphrase is not None) from cause


def _parse(name: KeyName, data: bytes, passphrase: bytes | None) -> tuple[Any, tuple[bytes, ...]]:
    if name is KeyName.JOURNAL:
        return load_pem_private_key(data, passphrase), ()
    key, certificate, more = pkcs12.load_key_and_certificates(data, passphrase)
    chain = (certificate, *more) if certificate is not None else ()
    return key, _in_order(tuple(item.public_bytes(Encoding.DER) for item in chain))


def _in_order(certificates: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """Own certificate first, then each one's issuer: PKCS#12 keeps no order."""
    rest = [Certificate(der) for der in certificates]
    ordered = rest[:1]
    rest = rest[1:]
    while rest and not ordered[-1].self_signed:
        issuer = next((item for item in rest if ordered[-1].issued_by(item)), None)
        if issuer is None:
            break
        ordered.append(issuer)
        rest.remove(issuer)
    return tuple(item.der for item in ordered)


def _checked(path: Path, key: Any, certificates: tuple[bytes, ...]) -> tuple[LocalKey, tuple[bytes, ...]]:
    if key is None or (path.suffix == ".p12") != bool(certificates):
        raise KeyUnavailableError(f"{path.name} holds no key with its certificate", code="seal.key.unreadable")
    try:
        local = LocalKey(key)
        if certificates and Certificate(certificates[0]).spki != local.spki:
            raise KeyUnavailableError(f"{path.name}: key and certificate differ", code="seal.key.unreadable")
    except (AttributeError, X509Error) as exc:
        raise KeyUnavailableError(f"{path.name} holds another kind of key", code="seal.key.weak") from exc
    return local, certificates


def _refusal(path: Path, data: bytes, *, given: bool) -> KeyUnavailableError:
    looks_right = data[:1] == b"\x30" or b"PRIVATE KEY-----" in data
    if not looks_right:
        return KeyUnavailableError(
            f"{path.name} is damaged", code="seal.key.unreadable", hint="restore it from a backup"
        )
    if given:
        return KeyUnavailableError(
            f"the passphrase does not open {path.name}, or the file is damaged",
            code="seal.key.passphrase",
            hint="give the passphrase that was used at init",
        )
    return KeyUnavailableError(
        f"{path.name} is protected by a passphrase, or damaged",
        code="seal.key.passphrase",
        hint="give --passphrase-file FILE",
    )
