"""The certificates of a BankID signature: path to a pinned root, purpose, environment, person.

The path is the list in the document itself, in its order, each issued by the next, at the time of the OCSP answer: a
person's certificate lives about a year, so today says nothing about an archive (providers.md 2.5). There is no
path building, so there is nothing to be misled in.

What is not here: revocation of the banks' own certificates (the evidence carries none).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from cryptography import x509 as pyca
from cryptography.exceptions import UnsupportedAlgorithm

from signkit.model.person import Identity
from signkit.x509.algorithms import STRONG_DIGESTS, check_public_key
from signkit.x509.certificates import Certificate

__all__ = [
    "UNREADABLE",
    "ChainFlaw",
    "check_environment",
    "check_issuer",
    "check_path",
    "check_policy",
    "check_usage",
    "identity_of",
    "load_path",
]

SCHEME: Final = "se.personnummer"
PRODUCTION_POLICIES: Final = frozenset({"1.2.752.78.1.1", "1.2.752.78.1.2", "1.2.752.78.1.5"})
"""BankID on file, on card, mobile."""
TEST_POLICIES: Final = frozenset({"1.2.3.4.5", "1.2.3.4.10", "1.2.3.4.25", "1.2.752.60.1.6"})
"""The same in BankID's test environment, and test certificates of some banks."""
BOTH_POLICIES: Final = frozenset({"1.2.752.71.1.3"})
"""Nordea's e-id carries one identifier in both environments."""

UNREADABLE: Final = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    pyca.DuplicateExtension,
    pyca.InvalidVersion,
    pyca.UnsupportedGeneralNameType,
)
"""What the library raises for certificates that are none; X509Error is a ValueError."""

_KNOWN_CRITICAL: Final = frozenset({"2.5.29.15", "2.5.29.19", "2.5.29.32", "2.5.29.37"})
_TEST_WORD: Final = re.compile(r"\btest\b", re.IGNORECASE)
_PERSONAL_NUMBER: Final = re.compile(r"(\d{4})(\d{2})(\d{2})\d{4}")


@dataclass
class ChainFlaw(Exception):  # noqa: N818 - a finding, never an error of the program
    """What is wrong with a path; ``code`` is the last part of the finding's code."""

    code: str
    sub_indication: str
    unknown: bool = False
    """True where it cannot be told: no anchor speaks about it."""


def load_path(ders: Sequence[bytes]) -> tuple[Certificate, ...]:
    """Return the certificates.

    Raises:
        ChainFlaw: ``certificate``, one cannot be read.
    """
    try:
        path = tuple(Certificate(der) for der in ders)
        for item in path:
            check_public_key(item.public_key)
    except UNREADABLE as exc:
        raise ChainFlaw("certificate", "FORMAT_FAILURE") from exc
    return path


def check_path(path: Sequence[Certificate], *, anchors: Sequence[Certificate], at: datetime) -> None:
    """Return if ``path`` leads to one of ``anchors`` and all of it was valid at ``at`` (RFC 5280 section 6.1).

    Raises:
        ChainFlaw: ``chain``, ``chain_expired``, or ``anchor_unknown`` where no anchor speaks.
    """
    for depth, (item, issuer) in enumerate(itertools.pairwise(path)):
        if item in anchors and depth:
            break
        check_issuer(item, issuer, below=depth)
    _check_validity(path, at)
    if any(item in anchors for item in path[1:]):
        return
    last = path[-1]
    named = [anchor for anchor in anchors if anchor.pyca.subject == last.pyca.issuer]
    if not named:
        raise ChainFlaw("anchor_unknown", "NO_CERTIFICATE_CHAIN_FOUND", unknown=True)
    anchor = next((item for item in named if last.issued_by(item)), None)
    if anchor is None:
        raise ChainFlaw("chain", "SIG_CRYPTO_FAILURE")
    check_issuer(last, anchor, below=len(path) - 1)
    _check_validity((anchor,), at)


def check_issuer(item: Certificate, issuer: Certificate, *, below: int) -> None:
    """Return if ``issuer`` is a CA that issued ``item`` and may have ``below`` CAs beneath it.

    Raises:
        ChainFlaw: ``chain``.
    """
    digest = item.pyca.signature_hash_algorithm
    if not item.issued_by(issuer) or digest is None or digest.name not in STRONG_DIGESTS:
        raise ChainFlaw("chain", "SIG_CRYPTO_FAILURE")
    constraints = _extension(issuer, pyca.BasicConstraints)
    length = getattr(constraints, "path_length", None)
    usage = issuer.key_usage
    if (
        not issuer.is_ca
        or (usage is not None and "key_cert_sign" not in usage)
        or (length is not None and below > length)
    ):
        raise ChainFlaw("chain", "CHAIN_CONSTRAINTS_FAILURE")
    _check_critical(item)
    _check_critical(issuer)


def check_usage(signer: Certificate) -> None:
    """Return if the person's certificate is one for signing (RFC 5280 section 4.2.1.3: nonRepudiation).

    Raises:
        ChainFlaw: ``key_usage``.
    """
    if signer.is_ca or signer.key_usage is None or "non_repudiation" not in signer.key_usage:
        raise ChainFlaw("key_usage", "CHAIN_CONSTRAINTS_FAILURE")


def check_policy(signer: Certificate, *, environment: str) -> None:
    """Return if the person's certificate was issued as a BankID of ``environment``.

    Raises:
        ChainFlaw: ``policy``.
    """
    allowed = PRODUCTION_POLICIES if environment == "production" else TEST_POLICIES
    if not signer.policies & (allowed | BOTH_POLICIES):
        raise ChainFlaw("policy", "CHAIN_CONSTRAINTS_FAILURE")


def check_environment(path: Sequence[Certificate], *, environment: str) -> None:
    """Return if nothing in the path belongs to the other environment: neither a policy nor, in production, a name.

    Raises:
        ChainFlaw: ``environment``.
    """
    foreign = TEST_POLICIES if environment == "production" else PRODUCTION_POLICIES
    if any(item.policies & foreign for item in path):
        raise ChainFlaw("environment", "CHAIN_CONSTRAINTS_FAILURE")
    if environment == "production" and any(_says_test(item) for item in path):
        raise ChainFlaw("environment", "CHAIN_CONSTRAINTS_FAILURE")


def identity_of(signer: Certificate, *, environment: str) -> Identity:
    """Return whom the certificate names (subject serialNumber, CN, GN, SN).

    Raises:
        ChainFlaw: ``identity``, no single twelve-digit number or no name.
    """
    number, name = signer.subject_field("2.5.4.5"), signer.subject_field("2.5.4.3")
    if number is None or not name or not _PERSONAL_NUMBER.fullmatch(number) or not number.isascii():
        raise ChainFlaw("identity", "CHAIN_CONSTRAINTS_FAILURE")
    return Identity(
        scheme=SCHEME,
        value=number,
        name=name,
        given_name=signer.subject_field("2.5.4.42"),
        surname=signer.subject_field("2.5.4.4"),
        birthdate=_birthdate_of(number),
        level="loa3" if environment == "production" else "test",
    )


def _birthdate_of(number: str) -> str | None:
    """Return the ISO date in a twelve-digit personal or coordination number, None where it holds none."""
    match = _PERSONAL_NUMBER.fullmatch(number)
    if match is None:
        return None
    year, month, day = (int(part) for part in match.groups())
    try:
        return date(year, month, day - 60 if day > 60 else day).isoformat()  # coordination numbers add 60
    except ValueError:
        return None


def _check_validity(path: Sequence[Certificate], at: datetime) -> None:
    if not all(item.valid_at(at) for item in path):
        raise ChainFlaw("chain_expired", "OUT_OF_BOUNDS_NO_POE")


def _check_critical(item: Certificate) -> None:
    try:
        extensions = list(item.pyca.extensions)
    except UNREADABLE as exc:
        raise ChainFlaw("certificate", "FORMAT_FAILURE") from exc
    if any(ext.critical and ext.oid.dotted_string not in _KNOWN_CRITICAL for ext in extensions):
        raise ChainFlaw("chain", "CHAIN_CONSTRAINTS_FAILURE")


def _extension(item: Certificate, kind: type[pyca.ExtensionType]) -> pyca.ExtensionType | None:
    try:
        return item.pyca.extensions.get_extension_for_class(kind).value
    except pyca.ExtensionNotFound:
        return None
    except UNREADABLE as exc:
        raise ChainFlaw("certificate", "FORMAT_FAILURE") from exc


def _says_test(item: Certificate) -> bool:
    names = [value for values in (*item.subject.values(), *item.issuer.values()) for value in values]
    return any(_TEST_WORD.search(name) for name in names)
