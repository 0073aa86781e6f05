"""The signed document and the OCSP answer, as the BankID server makes them.

The document is written by template, not by an XML library: one line, empty elements open and close, attributes in
canonical order, so that its octets are their own canonical form (providers.md 2.1, 2.2).
"""

from __future__ import annotations

import hashlib
import re
import secrets
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import NameOID

from signkit_providers.simulator.pki import NAME, Issued

__all__ = ["Content", "ocsp_answer", "relying_party_name", "signature_document"]

_C14N: Final = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
_DSIG: Final = "http://www.w3.org/2000/09/xmldsig#"
_BID: Final = "http://www.bankid.com/signature/v1.0.0/types"
_SHA256: Final = "http://www.w3.org/2001/04/xmlenc#sha256"
_RSA: Final = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
_NONCE: Final = x509.ObjectIdentifier("1.3.6.1.5.5.7.48.1.2")


@dataclass(frozen=True, slots=True)
class Content:
    """What goes into ``bankIdSignedData``; text and data are the relying party's base64, untouched."""

    function: str
    relying_party: x509.Certificate
    visible: str | None
    visible_format: str | None
    hidden: str | None
    version: str
    platform: str
    platform_version: str
    uhi: str
    policies: tuple[str, ...] = ()


def signature_document(content: Content, signer: Issued, authorities: tuple[Issued, ...]) -> bytes:
    """Return the XML document, signed by ``signer``; the authorities follow the person's certificate in order."""
    data = _signed_data(content)
    keys = _key_info(signer, authorities)
    info = (
        f'<SignedInfo xmlns="{_DSIG}"><CanonicalizationMethod Algorithm="{_C14N}"></CanonicalizationMethod>'
        f'<SignatureMethod Algorithm="{_RSA}"></SignatureMethod>'
        + _reference(f'Type="{_BID}" URI="#bidSignedData"', data)
        + _reference('URI="#bidKeyInfo"', keys)
        + "</SignedInfo>"
    )
    value = b64encode(signer.key.sign(info.encode("utf-8"), padding.PKCS1v15(), hashes.SHA256())).decode("ascii")
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="no"?>'
        f'<Signature xmlns="{_DSIG}">{info}<SignatureValue>{value}</SignatureValue>{keys}'
        f"<Object>{data}</Object></Signature>"
    ).encode()


def ocsp_answer(
    signature_text: str,
    *,
    subject: x509.Certificate,
    issuer: Issued,
    responder: Issued,
    at: datetime,
    revoked_at: datetime | None = None,
) -> bytes:
    """Return the DER answer about ``subject`` whose nonce names ``signature_text`` (providers.md 2.6)."""
    when = at.replace(microsecond=0)
    nonce = hashlib.sha1(signature_text.encode("utf-8"), usedforsecurity=False).digest() + secrets.token_bytes(12)
    status = ocsp.OCSPCertStatus.GOOD if revoked_at is None else ocsp.OCSPCertStatus.REVOKED
    answer = (
        ocsp.OCSPResponseBuilder()
        .add_response(
            cert=subject,
            issuer=issuer.certificate,
            algorithm=hashes.SHA1(),  # noqa: S303 - the CertID of RFC 6960, as BankID makes it
            cert_status=status,
            this_update=when,
            next_update=None,
            revocation_time=revoked_at,
            revocation_reason=None,
        )
        .responder_id(ocsp.OCSPResponderEncoding.NAME, responder.certificate)
        .certificates([responder.certificate])
        .add_extension(x509.UnrecognizedExtension(_NONCE, nonce), critical=True)
        .sign(responder.key, hashes.SHA256())
    )
    return _produced_at(answer, when, responder)


def _produced_at(answer: ocsp.OCSPResponse, when: datetime, responder: Issued) -> bytes:
    """Return the answer's DER bytes with ``producedAt`` = ``when``; the library knows only the machine's clock.

    The first GeneralizedTime of the signed part is producedAt (RFC 6960 section 4.2.1); all lengths stay.
    """
    old = answer.tbs_response_bytes
    stamp = b"\x18\x0f" + when.strftime("%Y%m%d%H%M%SZ").encode("ascii")
    new = re.sub(rb"\x18\x0f\d{14}Z", lambda _: stamp, old, count=1)
    signature = responder.key.sign(new, padding.PKCS1v15(), hashes.SHA256())
    der = answer.public_bytes(Encoding.DER)
    return der.replace(old, new, 1).replace(answer.signature, signature, 1)


def relying_party_name(certificate: x509.Certificate) -> str:
    """Return the subject as ``srvInfo/name`` has it: most specific first, ``cn=…,name=…,serialNumber=…,o=…,c=…``."""
    words = {
        NameOID.COMMON_NAME: "cn",
        NAME: "name",
        NameOID.SERIAL_NUMBER: "serialNumber",
        NameOID.ORGANIZATION_NAME: "o",
        NameOID.ORGANIZATIONAL_UNIT_NAME: "ou",
        NameOID.COUNTRY_NAME: "c",
    }
    pairs = [(words.get(item.oid), str(item.value)) for item in reversed(list(certificate.subject))]
    return ",".join(f"{word}={value}" for word, value in pairs if word)


def _signed_data(content: Content) -> str:
    display = content.relying_party.subject.get_attributes_for_oid(NAME)
    text = str(display[0].value) if display else ""
    form = f' format="{content.visible_format}"' if content.visible_format == "simpleMarkdownV1" else ""
    visible = (
        f'<usrVisibleData charset="UTF-8"{form} visible="wysiwys">{content.visible}</usrVisibleData>'
        if content.visible
        else ""
    )
    hidden = f"<usrNonVisibleData>{content.hidden}</usrNonVisibleData>" if content.hidden else ""
    policies = ",".join(content.policies)
    requirement = (
        f"<requirement><condition><type>CertificatePolicies</type><value>{policies}</value></condition></requirement>"
        if policies
        else ""
    )
    nonce = b64encode(secrets.token_bytes(20)).decode("ascii")
    return (
        f'<bankIdSignedData xmlns="{_BID}" Id="bidSignedData">{visible}{hidden}'
        f"<srvInfo><name>{_b64(relying_party_name(content.relying_party))}</name><nonce>{nonce}</nonce>"
        f"<displayName>{_b64(text)}</displayName></srvInfo>"
        f"<clientInfo><funcId>{content.function}</funcId><version>{_b64(content.version)}</version>"
        f"<env><ai><type>{_b64(content.platform)}</type><deviceInfo>{_b64(content.platform_version)}</deviceInfo>"
        f"<uhi>{content.uhi}</uhi><fsib>0</fsib><utb>cs1</utb>{requirement}<uauth>pw</uauth></ai></env></clientInfo>"
        "</bankIdSignedData>"
    )


def _key_info(signer: Issued, authorities: tuple[Issued, ...]) -> str:
    certificates = "".join(
        f"<X509Certificate>{b64encode(item.der).decode('ascii')}</X509Certificate>" for item in (signer, *authorities)
    )
    return f'<KeyInfo xmlns="{_DSIG}" Id="bidKeyInfo"><X509Data>{certificates}</X509Data></KeyInfo>'


def _reference(attributes: str, octets: str) -> str:
    digest = b64encode(hashlib.sha256(octets.encode("utf-8")).digest()).decode("ascii")
    return (
        f'<Reference {attributes}><Transforms><Transform Algorithm="{_C14N}"></Transform></Transforms>'
        f'<DigestMethod Algorithm="{_SHA256}"></DigestMethod><DigestValue>{digest}</DigestValue></Reference>'
    )


def _b64(text: str) -> str:
    return b64encode(text.encode("utf-8")).decode("ascii")
