"""Revocation data from where certificates say it is: CRL distribution points, OCSP responders, issuers by AIA."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID

from signkit.errors import TimestampError
from signkit.ports.timestamper import TimestampMaterial
from signkit.x509.certificates import MAX_CERTIFICATE_BYTES, Certificate, load_certificate
from signkit.x509.crls import load_crl
from signkit.x509.errors import X509Error
from signkit_providers._http import HttpError, exchange, new_request

__all__ = ["RevocationFetcher"]

_MAX_DEPTH: Final = 8
_MAX_URLS: Final = 4
_MAX_CRL_BYTES: Final = 4 * 1024 * 1024
"""Lists go into every document: one larger than this would not be wanted there."""
_MAX_OCSP_BYTES: Final = 64 * 1024
_FRESH: Final = timedelta(minutes=1)
_SKEW: Final = timedelta(minutes=5)


class _NoAnswerError(Exception):
    pass


@dataclass(slots=True)
class RevocationFetcher:
    """Fetches, with limits, and keeps what it fetched for a minute."""

    client: httpx.Client
    crl_urls: Sequence[str] = ()
    timeout_seconds: float = 10.0
    _kept: dict[str, tuple[datetime, bytes]] = field(default_factory=dict, repr=False)

    def material(
        self,
        signer: Certificate,
        *,
        known: Sequence[Certificate],
        anchors: Sequence[Certificate],
        now: datetime,
        name: str,
    ) -> TimestampMaterial:
        """Return the chain from ``signer`` to an anchor or a self-signed certificate, with an answer for each below it.

        Raises:
            TimestampError: ``seal.timestamp.material``, naming the certificate without an answer.
        """
        chain = [signer]
        crls: list[bytes] = []
        responses: list[bytes] = []
        while len(chain) <= _MAX_DEPTH:
            current = chain[-1]
            if current in anchors or current.self_signed:
                return TimestampMaterial(
                    certificates=tuple(item.der for item in chain),
                    crls=tuple(dict.fromkeys(crls)),
                    ocsps=tuple(dict.fromkeys(responses)),
                )
            label = current.common_name or current.digest.hex()[:16]
            try:
                issuer = self._issuer(current, [*anchors, *known], now=now)
                kind, data = self._answer(current, issuer, now=now)
            except _NoAnswerError as exc:
                raise TimestampError(f"{name}: {label}: {exc}", code="seal.timestamp.material") from exc
            (crls if kind == "crl" else responses).append(data)
            chain.append(issuer)
        raise TimestampError(f"{name}: chain of more than {_MAX_DEPTH}", code="seal.timestamp.material")

    def _issuer(self, certificate: Certificate, known: Sequence[Certificate], *, now: datetime) -> Certificate:
        for candidate in known:
            if certificate.issued_by(candidate):
                return candidate
        for url in _access(certificate, AuthorityInformationAccessOID.CA_ISSUERS):
            try:
                found = load_certificate(self._get(url, now=now, max_bytes=MAX_CERTIFICATE_BYTES))
            except (X509Error, HttpError):
                continue
            if certificate.issued_by(found):
                return found
        raise _NoAnswerError("its issuer's certificate is not at hand")

    def _answer(self, certificate: Certificate, issuer: Certificate, *, now: datetime) -> tuple[str, bytes]:
        reasons: list[str] = []
        for url in [*_points(certificate), *self.crl_urls]:
            try:
                return "crl", self._crl(url, issuer, certificate, now=now)
            except (X509Error, HttpError, _NoAnswerError) as exc:
                reasons.append(f"list: {exc}")
        for url in _access(certificate, AuthorityInformationAccessOID.OCSP):
            try:
                return "ocsp", self._ocsp(url, certificate, issuer, now=now)
            except (HttpError, _NoAnswerError) as exc:
                reasons.append(f"ocsp: {exc}")
        raise _NoAnswerError("; ".join(reasons[:_MAX_URLS]) or "it names no place for revocation data")

    def _crl(self, url: str, issuer: Certificate, certificate: Certificate, *, now: datetime) -> bytes:
        found = load_crl(self._get(url, now=now, max_bytes=_MAX_CRL_BYTES))
        if not found.issued_by(issuer):
            raise _NoAnswerError("not signed by the issuer")
        if found.this_update > now + _SKEW or (found.next_update is not None and found.next_update < now):
            raise _NoAnswerError("out of date")
        if found.revocation(certificate.serial_number) is not None:
            raise _NoAnswerError("the certificate is revoked")
        return found.der

    def _ocsp(self, url: str, certificate: Certificate, issuer: Certificate, *, now: datetime) -> bytes:
        # NOTE: SHA-1 only names the certificate here (RFC 5019 section 2.1.1); many responders know no other.
        asked = ocsp.OCSPRequestBuilder().add_certificate(certificate.pyca, issuer.pyca, hashes.SHA1()).build()  # noqa: S303
        request = new_request(
            self.client,
            "POST",
            url,
            content=asked.public_bytes(Encoding.DER),
            headers={"content-type": "application/ocsp-request", "accept": "application/ocsp-response"},
        )
        answer = exchange(self.client, request, max_bytes=_MAX_OCSP_BYTES, timeout_seconds=self.timeout_seconds)
        if answer.status != 200:
            raise _NoAnswerError(f"status {answer.status}")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                response = ocsp.load_der_ocsp_response(answer.body)
            if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
                raise _NoAnswerError("the responder refused")
            single = next(iter(response.responses))
            right = single.serial_number == certificate.serial_number
            good = single.certificate_status is ocsp.OCSPCertStatus.GOOD
            until = single.next_update_utc
        except (ValueError, TypeError, StopIteration) as exc:
            raise _NoAnswerError("not an OCSP response") from exc
        if not right or not good:
            raise _NoAnswerError("the certificate is not called good")
        if single.this_update_utc > now + _SKEW or (until is not None and until < now):
            raise _NoAnswerError("out of date")
        return answer.body

    def _get(self, url: str, *, now: datetime, max_bytes: int) -> bytes:
        kept = self._kept.get(url)
        if kept is not None and abs(now - kept[0]) < _FRESH:
            return kept[1]
        request = new_request(self.client, "GET", url)
        answer = exchange(self.client, request, max_bytes=max_bytes, timeout_seconds=self.timeout_seconds)
        if answer.status != 200:
            raise HttpError(f"status {answer.status}")
        self._kept[url] = (now, answer.body)
        return answer.body


def _access(certificate: Certificate, method: Any) -> list[str]:
    value = _extension(certificate, x509.AuthorityInformationAccess)
    names = [item.access_location for item in value or () if item.access_method == method]
    return _urls(names)


def _points(certificate: Certificate) -> list[str]:
    value = _extension(certificate, x509.CRLDistributionPoints)
    return _urls([name for point in value or () for name in point.full_name or ()])


def _urls(names: Sequence[Any]) -> list[str]:
    found = [item.value for item in names if isinstance(item, x509.UniformResourceIdentifier)]
    return [url for url in found if url.lower().startswith(("http://", "https://"))][:_MAX_URLS]


def _extension(certificate: Certificate, kind: Any) -> Any:
    try:
        return certificate.pyca.extensions.get_extension_for_class(kind).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError, TypeError):
        return None
