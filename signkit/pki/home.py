"""The keys of a new home: all of them, or none.

They are made in a folder beside the wanted one, which then is renamed into place; a crash leaves at most that
folder, and the next run removes it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)

from signkit.errors import ConfigError, KeyUnavailableError
from signkit.files import fsync_folder
from signkit.pki.files import write_private
from signkit.pki.issue import build_name
from signkit.pki.keys import LocalKey, key_path
from signkit.pki.profiles import (
    PERSON_POLICY,
    SEAL_POLICY,
    Extensions,
    Holder,
    ca_extensions,
    end_extensions,
    issue,
    self_signed,
)
from signkit.ports.keys import KeyName
from signkit.x509.certificates import Certificate

__all__ = ["Environment", "Organisation", "init_keys"]

Environment = Literal["test", "production"]

_YEAR: Final = timedelta(days=365)
_ROOT_LASTS: Final = 25 * _YEAR
_CA_LASTS: Final = 20 * _YEAR
_SEAL_LASTS: Final = 5 * _YEAR
_TSA_LASTS: Final = 15 * _YEAR
_BACKDATED: Final = timedelta(minutes=5)
"""So that a clock somewhat behind ours finds the new certificates valid."""
_KDF_ROUNDS: Final = 50_000
"""PBKDF2 rounds per file, ours: a passphrase costs a command some tens of milliseconds per key."""
_INCOMPLETE: Final = ".incomplete-"
_ENOUGH_TSA_BITS: Final = 3072


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """Who the certificates name."""

    name: str
    country: str = "SE"
    identifier: str | None = None
    """organizationIdentifier (EN 319 412-1 clause 5.1.4), for instance ``NTRSE-2120000000``."""


def init_keys(
    folder: Path,
    *,
    organisation: Organisation,
    environment: Environment,
    now: datetime,
    passphrase: bytes | None = None,
    embedded_tsa: bool | None = None,
) -> None:
    """Make all keys of a home in ``folder``, which must not exist or be empty.

    Root (P-384, path length 1), person CA and seal CA (P-256, path length 0, a policy each), organisation seal (P-256),
    journal (Ed25519) and, by default in the test environment only, a timestamper (RSA-3072) under the root. In the test
    environment every subject says TEST.

    Raises:
        ConfigError: ``config.organisation``, no name or country; ``config.keys_exist``, the folder is not empty.
        KeyUnavailableError: ``seal.key.write``, the disk refuses.
        SealError: ``seal.certificate``, a name that no certificate can hold.
    """
    if not organisation.name.strip() or len(organisation.country) != 2 or not organisation.country.isascii():
        raise ConfigError(
            "an organisation needs a name and a country of two letters",
            code="config.organisation",
            hint="--organisation NAME",
        )
    if passphrase is not None and not passphrase:
        raise ConfigError("the passphrase is empty", code="config.passphrase", hint="check the passphrase file")
    try:
        if folder.exists() and any(folder.iterdir()):
            raise ConfigError(
                f"{folder.name} already holds keys", code="config.keys_exist", hint="keys are never overwritten"
            )
        folder.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(folder)
        work = Path(tempfile.mkdtemp(prefix=f".{folder.name}{_INCOMPLETE}", dir=folder.parent))  # mode 0700
        try:
            _make(
                work, _Maker(organisation, environment, now, passphrase), with_tsa=_wants_tsa(environment, embedded_tsa)
            )
            work.replace(folder)
        except BaseException:
            shutil.rmtree(work, ignore_errors=True)
            raise
        fsync_folder(folder.parent)
    except OSError as exc:
        raise KeyUnavailableError(f"keys cannot be written: {exc.strerror}", code="seal.key.write") from exc


def _wants_tsa(environment: Environment, asked: bool | None) -> bool:  # noqa: FBT001 - private
    return environment == "test" if asked is None else asked


@dataclass(frozen=True, slots=True)
class _Maker:
    organisation: Organisation
    environment: Environment
    now: datetime
    passphrase: bytes | None

    def name(self, what: str) -> bytes:
        """``what`` is appended to the organisation's name; empty for the organisation itself."""
        test = self.environment == "test"
        common = " ".join(part for part in ("TEST" if test else "", self.organisation.name, what) if part)
        return build_name(
            [
                ("2.5.4.6", self.organisation.country.upper()),
                ("2.5.4.10", self.organisation.name),
                ("2.5.4.97", self.organisation.identifier or ""),
                ("2.5.4.11", "TEST" if test else ""),
                ("2.5.4.3", common),
            ]
        )

    def encryption(self, *, journal: bool = False) -> KeySerializationEncryption:
        if self.passphrase is None:
            return NoEncryption()
        if journal:
            return BestAvailableEncryption(self.passphrase)
        return (
            PrivateFormat.PKCS12.encryption_builder()
            .kdf_rounds(_KDF_ROUNDS)
            .key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC)
            .hmac_hash(hashes.SHA256())
            .build(self.passphrase)
        )

    def store(self, folder: Path, name: KeyName, private: Any, chain: Sequence[bytes]) -> Holder:
        loaded = [Certificate(der) for der in chain]
        data = pkcs12.serialize_key_and_certificates(
            str(name).encode(), private, loaded[0].pyca, [item.pyca for item in loaded[1:]], self.encryption()
        )
        write_private(key_path(folder, name), data)
        return Holder(LocalKey(private), loaded[0])

    def below(self, issuer: Holder, private: Any, *, what: str, lasts: timedelta, extensions: Extensions) -> bytes:
        return issue(
            subject=self.name(what),
            spki=LocalKey(private).spki,
            issuer=issuer,
            not_before=self.now - _BACKDATED,
            lasts=lasts,
            extensions=extensions,
        )


def _make(folder: Path, maker: _Maker, *, with_tsa: bool) -> None:
    private: Any = ec.generate_private_key(ec.SECP384R1())
    der = self_signed(
        subject=maker.name("root CA"),
        key=LocalKey(private),
        not_before=maker.now - _BACKDATED,
        lasts=_ROOT_LASTS,
        extensions=ca_extensions(path_length=1),
    )
    root = maker.store(folder, KeyName.ROOT, private, [der])
    cas: dict[KeyName, Holder] = {}
    for name, what, policy in (
        (KeyName.PERSON_CA, "person CA", PERSON_POLICY),
        (KeyName.SEAL_CA, "seal CA", SEAL_POLICY),
    ):
        private = ec.generate_private_key(ec.SECP256R1())
        extensions = ca_extensions(path_length=0, policy=policy)
        der = maker.below(root, private, what=what, lasts=_CA_LASTS, extensions=extensions)
        cas[name] = maker.store(folder, name, private, [der, root.certificate.der])
    seal_ca = cas[KeyName.SEAL_CA]
    private = ec.generate_private_key(ec.SECP256R1())
    der = maker.below(seal_ca, private, what="", lasts=_SEAL_LASTS, extensions=end_extensions(policy=SEAL_POLICY))
    maker.store(folder, KeyName.SEAL, private, [der, seal_ca.certificate.der, root.certificate.der])
    if with_tsa:
        private = rsa.generate_private_key(public_exponent=65537, key_size=_ENOUGH_TSA_BITS)
        extensions = end_extensions(content_commitment=False, timestamping=True)
        der = maker.below(root, private, what="timestamps", lasts=_TSA_LASTS, extensions=extensions)
        maker.store(folder, KeyName.TSA, private, [der, root.certificate.der])
    journal = ed25519.Ed25519PrivateKey.generate()
    data = journal.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, maker.encryption(journal=True))
    write_private(key_path(folder, KeyName.JOURNAL), data)


def _remove_leftovers(folder: Path) -> None:
    """Remove what an init that was killed left behind, if it is ours."""
    for item in folder.parent.glob(f".{folder.name}{_INCOMPLETE}*"):
        with contextlib.suppress(OSError):
            if item.is_dir() and not item.is_symlink() and item.stat().st_uid == os.geteuid():
                shutil.rmtree(item, ignore_errors=True)
