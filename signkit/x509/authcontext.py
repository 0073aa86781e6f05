"""The Authentication Context extension (RFC 7773): who authenticated the certificate's subject, when, at which level.

Built non-critical, with one context of the type ``saci``; its XML names where the subject's attributes came from,
without their values. A reader that cannot parse it MUST assume the lowest level of the policy (RFC 7773 section 3).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from asn1crypto import core
from lxml import etree

from signkit.x509.certificates import Certificate
from signkit.x509.errors import MALFORMED, X509Error

__all__ = ["AUTH_CONTEXT_OID", "SACI", "AuthContext", "build_auth_context", "parse_auth_context", "read_auth_context"]

AUTH_CONTEXT_OID: Final = "1.2.752.201.5.1"
SACI: Final = "http://id.elegnamnden.se/auth-cont/1.0/saci"
_SAML: Final = "urn:oasis:names:tc:SAML:2.0:assertion"
_MAX_CONTEXTS: Final = 16
_MAX_MAPPINGS: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthContext:
    """One saci context."""

    identity_provider: str
    authenticated_at: datetime
    level: str
    """AuthnContextClassRef: assurance level as the provider states it."""
    assertion_ref: str | None = None
    """For our certificates ``sha256:<hex>`` of the intent."""
    service_id: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    """Subject attribute OID to the provider's name for it; values are never written."""


class _Context(core.Sequence):  # type: ignore[misc]
    _fields = [("context_type", core.UTF8String), ("context_info", core.UTF8String, {"optional": True})]  # noqa: RUF012


class _Contexts(core.SequenceOf):  # type: ignore[misc]
    _child_spec = _Context


def build_auth_context(context: AuthContext) -> bytes:
    """Return the DER value of the extension with this one context.

    Raises:
        X509Error: ``authcontext.unwritable``, a text that XML cannot hold.
    """
    try:
        root = etree.Element(f"{{{SACI}}}SAMLAuthContext", nsmap={"saci": SACI, "saml": _SAML})
        info = etree.SubElement(root, f"{{{SACI}}}AuthContextInfo")
        info.set("IdentityProvider", context.identity_provider)
        info.set("AuthenticationInstant", _instant(context.authenticated_at))
        info.set("AuthnContextClassRef", context.level)
        if context.assertion_ref is not None:
            info.set("AssertionRef", context.assertion_ref)
        if context.service_id is not None:
            info.set("ServiceID", context.service_id)
        mappings = etree.SubElement(root, f"{{{SACI}}}IdAttributes")
        for oid, name in context.attributes.items():
            mapping = etree.SubElement(mappings, f"{{{SACI}}}AttributeMapping", Type="rdn", Ref=oid)
            etree.SubElement(mapping, f"{{{_SAML}}}Attribute", Name=name)
    except ValueError as exc:
        raise X509Error("text that XML cannot hold", code="authcontext.unwritable") from exc
    xml = etree.tostring(root, encoding="unicode")
    return bytes(_Contexts([{"context_type": SACI, "context_info": xml}]).dump())


def parse_auth_context(value: bytes) -> AuthContext:
    """Return the first saci context of an extension value; contexts of other types are ignored.

    Raises:
        X509Error: ``authcontext.unreadable``, none that can be parsed.
    """
    try:
        for context in list(_Contexts.load(value, strict=True))[:_MAX_CONTEXTS]:
            if context["context_type"].native == SACI:
                return _parsed(context["context_info"].native or "")
    except X509Error:
        raise
    except MALFORMED as exc:
        raise X509Error("not an authentication context", code="authcontext.unreadable") from exc
    raise X509Error("no context of the saci type", code="authcontext.unreadable")


def read_auth_context(certificate: Certificate) -> AuthContext | None:
    """Return the certificate's context, None if it has no such extension.

    Raises:
        X509Error: ``authcontext.unreadable`` or ``certificate.unreadable``.
    """
    value = certificate.extension_value(AUTH_CONTEXT_OID)
    return None if value is None else parse_auth_context(value)


def _parsed(xml: str) -> AuthContext:
    if "<!" in xml:
        raise X509Error("a document type in the context", code="authcontext.unreadable")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(xml.encode("utf-8"), parser)
    except (etree.XMLSyntaxError, ValueError) as exc:
        raise X509Error("not XML", code="authcontext.unreadable") from exc
    info = root.find(f"{{{SACI}}}AuthContextInfo")
    if root.tag != f"{{{SACI}}}SAMLAuthContext" or info is None:
        raise X509Error("no AuthContextInfo", code="authcontext.unreadable")
    provider, instant, level = (
        info.get(name) for name in ("IdentityProvider", "AuthenticationInstant", "AuthnContextClassRef")
    )
    if provider is None or instant is None or level is None:
        raise X509Error("AuthContextInfo is incomplete", code="authcontext.unreadable")
    return AuthContext(
        identity_provider=provider,
        authenticated_at=_parsed_instant(instant),
        level=level,
        assertion_ref=info.get("AssertionRef"),
        service_id=info.get("ServiceID"),
        attributes=_mappings(root),
    )


def _mappings(root: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for mapping in root.iterfind(f"{{{SACI}}}IdAttributes/{{{SACI}}}AttributeMapping"):
        attribute = mapping.find(f"{{{_SAML}}}Attribute")
        if mapping.get("Type") == "rdn" and attribute is not None:
            found[mapping.get("Ref") or ""] = attribute.get("Name") or ""
        if len(found) > _MAX_MAPPINGS:
            raise X509Error("too many attribute mappings", code="authcontext.unreadable")
    return found


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _parsed_instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as exc:
        raise X509Error("AuthenticationInstant is no time", code="authcontext.unreadable") from exc
    if at.tzinfo is None:
        raise X509Error("AuthenticationInstant has no time zone", code="authcontext.unreadable")
    return at.astimezone(UTC)
