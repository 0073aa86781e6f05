"""Certification paths (RFC 5280 section 6): from a certificate to an anchor, at one instant, with the data given.

The path algorithm is pyhanko-certvalidator's, with fetching off: nothing here touches a network. Every failure is an
``X509Error`` with one of the codes ``chain.untrusted``, ``.expired``, ``.not_yet_valid``, ``.revoked``,
``.revocation_missing``, ``.algorithm``, ``.usage``, ``.invalid``.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterable
from datetime import datetime
from itertools import pairwise
from typing import Any, Final, cast

from asn1crypto import x509 as asn1
from pyhanko_certvalidator import CertificateValidator, ValidationContext, errors
from pyhanko_certvalidator.path import ValidationPath
from pyhanko_certvalidator.policy_decl import DisallowWeakAlgorithmsPolicy

from signkit.x509.certificates import Certificate
from signkit.x509.crls import Crl
from signkit.x509.errors import MALFORMED, X509Error

__all__ = ["MAX_PATH_CERTIFICATES", "validate_path"]

MAX_PATH_CERTIFICATES: Final = 200
"""Most candidate certificates considered for one path, ours."""

_CODES: Final[tuple[tuple[type[Exception], str, str], ...]] = (
    (errors.RevokedError, "chain.revoked", "a certificate of the path is revoked"),
    (errors.InsufficientRevinfoError, "chain.revocation_missing", "no usable revocation data for the path"),
    (errors.ExpiredError, "chain.expired", "a certificate of the path had expired"),
    (errors.NotYetValidError, "chain.not_yet_valid", "a certificate of the path was not yet valid"),
    (errors.DisallowedAlgorithmError, "chain.algorithm", "the path uses an algorithm that is not accepted"),
    (errors.InvalidCertificateError, "chain.invalid", "the certificate may not be used so"),
    (errors.PathBuildingError, "chain.untrusted", "no path to a trust anchor"),
)


def validate_path(
    certificate: Certificate,
    *,
    anchors: Iterable[Certificate],
    at: datetime,
    intermediates: Iterable[Certificate] = (),
    crls: Iterable[Crl] = (),
    ocsps: Iterable[bytes] = (),
    require_revocation: bool = True,
    key_usage: frozenset[str] = frozenset(),
    extended_key_usage: frozenset[str] = frozenset(),
) -> tuple[Certificate, ...]:
    """Return the valid path at ``at``, the certificate first and the anchor last.

    ``require_revocation`` demands revocation data for every certificate below the anchor; without it what is given
    is still heeded. Lists issued after ``at`` count too (a later list says more, not less); a revocation after
    ``at`` does not undo the path. An anchor given as the certificate itself is its own path. Key usages are
    asn1crypto's names, all demanded of the certificate itself.

    Raises:
        X509Error: see the module.
    """
    trusted = tuple(anchors)
    candidates = tuple(dict.fromkeys(intermediates))
    if not trusted:
        raise X509Error("no trust anchor was given", code="chain.untrusted")
    if len(candidates) > MAX_PATH_CERTIFICATES:
        raise X509Error("too many certificates", code="chain.invalid")
    if certificate in trusted:
        return _direct(certificate, at, key_usage, extended_key_usage)
    lists = tuple(dict.fromkeys(crls))
    responses = tuple(ocsps)
    try:
        context = ValidationContext(
            trust_roots=[anchor.asn1 for anchor in trusted],
            other_certs=[item.asn1 for item in candidates],
            moment=at,
            crls=[item.der for item in lists],
            ocsps=list(responses),
            revocation_mode="require" if require_revocation else "soft-fail",
            retroactive_revinfo=True,
            allow_fetching=False,
            algorithm_usage_policy=_policy(),
        )
        validator = CertificateValidator(certificate.asn1, validation_context=context)
        path = _run(_validated(validator, key_usage, extended_key_usage))
    except tuple(kind for kind, _, _ in _CODES) as exc:
        code, message = next((code, text) for kind, code, text in _CODES if isinstance(exc, kind))
        raise X509Error(message, code=code) from exc
    except (errors.ValidationError, errors.PathError, *MALFORMED) as exc:
        raise X509Error("the path is not valid", code="chain.invalid") from exc
    found = tuple(Certificate(item.dump()) for item in reversed(list(path)) if isinstance(item, asn1.Certificate))
    if not require_revocation:
        _heed(found, lists, at)
    return found


async def _validated(
    validator: CertificateValidator, key_usage: frozenset[str], extended_key_usage: frozenset[str]
) -> ValidationPath:
    untyped: Any = validator
    if not key_usage and not extended_key_usage:
        return cast("ValidationPath", await untyped.async_validate_path())
    return cast("ValidationPath", await untyped.async_validate_usage(set(key_usage), set(extended_key_usage)))


def _policy() -> DisallowWeakAlgorithmsPolicy:
    untyped: Any = DisallowWeakAlgorithmsPolicy
    return cast("DisallowWeakAlgorithmsPolicy", untyped())


def _direct(
    certificate: Certificate, at: datetime, key_usage: frozenset[str], extended: frozenset[str]
) -> tuple[Certificate, ...]:
    """Trusted as it is: only its own validity and usage are asked."""
    if at > certificate.not_after:
        raise X509Error("the certificate had expired", code="chain.expired")
    if at < certificate.not_before:
        raise X509Error("the certificate was not yet valid", code="chain.not_yet_valid")
    if not key_usage <= (certificate.key_usage if certificate.key_usage is not None else key_usage):
        raise X509Error("the certificate may not be used so", code="chain.usage")
    have = certificate.asn1.extended_key_usage_value
    if extended and (have is None or not extended <= set(have.native)):
        raise X509Error("the certificate may not be used so", code="chain.usage")
    return (certificate,)


def _heed(path: tuple[Certificate, ...], lists: tuple[Crl, ...], at: datetime) -> None:
    for certificate, issuer in pairwise(path):
        for item in lists:
            if not item.issued_by(issuer):
                continue
            entry = item.revocation(certificate.serial_number)
            if entry is not None and entry.revoked_at <= at and entry.reason != "removeFromCRL":
                raise X509Error("a certificate of the path is revoked", code="chain.revoked")


def _run(work: Coroutine[Any, Any, ValidationPath]) -> ValidationPath:
    """Run to the end, whether or not the caller is inside an event loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    outcome: list[ValidationPath | BaseException] = []

    def target() -> None:
        try:
            outcome.append(asyncio.run(work))
        except BaseException as exc:  # noqa: BLE001 - handed to the caller's thread
            outcome.append(exc)

    thread = threading.Thread(target=target, daemon=True)
    thread.start()
    thread.join()
    result = outcome[0]
    if isinstance(result, BaseException):
        raise result
    return result
