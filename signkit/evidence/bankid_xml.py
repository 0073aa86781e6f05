"""The BankID signature document (XMLDSig): read by allow-list, and nothing taken from anywhere else.

The document is one line of canonical XML with an exact shape (BankID Signature Profile). Everything that makes
XMLDSig dangerous is refused before a value is read: document types, entities, comments, CDATA, processing
instructions, prefixes, unknown or repeated elements, identifiers in other places. The values returned and the octets
digested come from the same nodes, so that no second element can stand in for the signed one (signature wrapping).

What is not here: whether digests, signature and certificates are right (``bankid``, ``bankid_chain``).
"""

from __future__ import annotations

import binascii
import copy
from dataclasses import dataclass, field
from typing import Any, Final

from lxml import etree

__all__ = ["BID", "DSIG", "MAX_XML_BYTES", "MalformedDocument", "Reference", "SignedDocument", "parse", "strict_base64"]

DSIG: Final = "http://www.w3.org/2000/09/xmldsig#"
BID: Final = "http://www.bankid.com/signature/v1.0.0/types"

MAX_XML_BYTES: Final = 2 * 1024 * 1024
"""Ours: visible and hidden data are at most 240 000 characters, certificates some 20 000."""
MAX_CERTIFICATES: Final = 8
"""Ours: BankID sends three."""
_MAX_CLIENT_ELEMENTS: Final = 200
_MAX_CLIENT_DEPTH: Final = 8

_C14N: Final = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
_SIGNATURES: Final = {
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256": "sha256",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384": "sha384",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512": "sha512",
}
_DIGESTS: Final = {
    "http://www.w3.org/2001/04/xmlenc#sha256": "sha256",
    "http://www.w3.org/2001/04/xmldsig-more#sha384": "sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512": "sha512",
}
_DECLARATION: Final = b'<?xml version="1.0" encoding="UTF-8"'
_FORMATS: Final = ("simpleMarkdownV1", "plaintext")


class MalformedDocument(ValueError):  # noqa: N818 - a finding, never an error of the program
    """The bytes are not a BankID signature document; the message names what is wrong."""


@dataclass(frozen=True, slots=True)
class Reference:
    """One ``Reference`` of the signed information and the octets it must be the digest of."""

    algorithm: str
    digest: bytes
    octets: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class SignedDocument:
    """What a well-formed document says; believed only when digests, signature and chain hold."""

    visible: bytes | None = field(repr=False)
    """The visible text, decoded once from base64."""
    visible_format: str | None
    hidden: bytes | None = field(repr=False)
    """The hidden data, decoded once from base64."""
    function: str
    """``Signing`` or ``Identification``."""
    relying_party: str | None
    """Subject of the relying party's certificate, as the BankID server wrote it."""
    certificates: tuple[bytes, ...] = field(repr=False)
    """DER, the person's first."""
    data_reference: Reference
    key_reference: Reference
    signature_digest: str
    """Digest algorithm of the RSA PKCS#1 v1.5 signature."""
    signature: bytes = field(repr=False)
    signed_info: bytes = field(repr=False)
    """Canonical octets that the signature is over."""


def parse(xml: bytes) -> SignedDocument:
    """Return the document that ``xml`` is.

    Raises:
        MalformedDocument: anything but the exact shape.
    """
    _refuse_markup(xml)
    root = _tree(xml)
    signed_info, value, key_info, wrapper = _children(root, DSIG, ("SignedInfo", "SignatureValue", "KeyInfo", "Object"))
    _plain(root, "Signature")
    _plain(wrapper, "Object")
    (data,) = _children(wrapper, BID, ("bankIdSignedData",))
    _attributes(data, {"Id": ("bidSignedData",)})
    _attributes(key_info, {"Id": ("bidKeyInfo",)})
    data_reference, key_reference, signature_digest = _signed_info(signed_info, data=data, key_info=key_info)
    visible, visible_format, hidden, relying_party, function = _signed_data(data)
    _plain(value, "SignatureValue")
    return SignedDocument(
        visible=visible,
        visible_format=visible_format,
        hidden=hidden,
        function=function,
        relying_party=relying_party,
        certificates=_certificates(key_info),
        data_reference=data_reference,
        key_reference=key_reference,
        signature_digest=signature_digest,
        signature=strict_base64(_text(value)),
        signed_info=_canonical(signed_info),
    )


def strict_base64(text: str) -> bytes:
    """Return the bytes of padded base64 without white space, line breaks or stray bits (RFC 4648 section 3).

    Raises:
        MalformedDocument: anything else.
    """
    try:
        raw = binascii.a2b_base64(text.encode("ascii"), strict_mode=True)
    except (ValueError, UnicodeEncodeError) as exc:
        raise MalformedDocument("not base64") from exc
    if binascii.b2a_base64(raw, newline=False).decode("ascii") != text:
        raise MalformedDocument("not canonical base64")
    return raw


def _refuse_markup(xml: bytes) -> None:
    if len(xml) > MAX_XML_BYTES:
        raise MalformedDocument("too large")
    body = xml
    if xml.startswith(b"<?"):
        if not xml.startswith(_DECLARATION):
            raise MalformedDocument("XML declaration")
        body = xml[xml.find(b"?>") + 2 :] if b"?>" in xml[:100] else xml
    for mark, name in (
        (b"<!", "markup declaration"),
        (b"<?", "processing instruction"),
        (b"&", "entity"),
        (b"\r", "CR"),
    ):
        if mark in body:
            raise MalformedDocument(name)


def _tree(xml: bytes) -> Any:
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        collect_ids=False,
        encoding="UTF-8",
    )
    try:
        root = etree.fromstring(xml, parser)
    except (etree.XMLSyntaxError, ValueError) as exc:
        raise MalformedDocument("not XML") from exc
    if root.tag != f"{{{DSIG}}}Signature":
        raise MalformedDocument("root element")
    return root


def _children(element: Any, namespace: str, names: tuple[str, ...]) -> list[Any]:
    """Return the children, which are exactly ``names`` in this order, with no text beside them."""
    found = list(element)
    if [child.tag for child in found] != [f"{{{namespace}}}{name}" for name in names]:
        raise MalformedDocument(f"children of {_local(element)}")
    _no_text(element)
    for child in found:
        _own_namespace(child, namespace)
    return found


def _no_text(element: Any) -> None:
    if element.text is not None or any(child.tail is not None for child in element):
        raise MalformedDocument(f"text in {_local(element)}")


def _own_namespace(element: Any, namespace: str) -> None:
    if element.prefix is not None or dict(element.nsmap) != {None: namespace}:
        raise MalformedDocument(f"namespace of {_local(element)}")


def _attributes(
    element: Any, required: dict[str, tuple[str, ...]], optional: dict[str, tuple[str, ...]] | None = None
) -> None:
    allowed = {**required, **(optional or {})}
    given = dict(element.attrib)
    if not required.keys() <= given.keys() <= allowed.keys():
        raise MalformedDocument(f"attributes of {_local(element)}")
    for name, value in given.items():
        if value not in allowed[name]:
            raise MalformedDocument(f"attribute {name} of {_local(element)}")


def _plain(element: Any, name: str) -> None:
    _attributes(element, {})
    if _local(element) != name:
        raise MalformedDocument(name)


def _text(element: Any) -> str:
    if len(element):
        raise MalformedDocument(f"children of {_local(element)}")
    return str(element.text or "")


def _local(element: Any) -> str:
    return str(etree.QName(element).localname)


def _canonical(element: Any) -> bytes:
    """Return inclusive C14N 1.0 without comments.

    NOTE: libxml2 inserts ``xmlns=""`` when it canonicalises the element in place; a copy comes out right. The copy has
    the same namespaces in scope, since no ancestor declares a prefix or an ``xml:`` attribute.
    """
    return bytes(etree.tostring(copy.deepcopy(element), method="c14n", exclusive=False, with_comments=False))


def _signed_info(element: Any, *, data: Any, key_info: Any) -> tuple[Reference, Reference, str]:
    _plain(element, "SignedInfo")
    names = ("CanonicalizationMethod", "SignatureMethod", "Reference", "Reference")
    method, signature, first, second = _children(element, DSIG, names)
    _attributes(method, {"Algorithm": (_C14N,)})
    _attributes(signature, {"Algorithm": tuple(_SIGNATURES)})
    _empty(method, signature)
    _attributes(first, {"Type": (BID,), "URI": ("#bidSignedData",)})
    _attributes(second, {"URI": ("#bidKeyInfo",)})
    return _reference(first, data), _reference(second, key_info), _SIGNATURES[signature.get("Algorithm")]


def _reference(element: Any, target: Any) -> Reference:
    transforms, method, value = _children(element, DSIG, ("Transforms", "DigestMethod", "DigestValue"))
    _plain(transforms, "Transforms")
    (transform,) = _children(transforms, DSIG, ("Transform",))
    _attributes(transform, {"Algorithm": (_C14N,)})
    _attributes(method, {"Algorithm": tuple(_DIGESTS)})
    _empty(transform, method)
    _plain(value, "DigestValue")
    return Reference(
        algorithm=_DIGESTS[method.get("Algorithm")], digest=strict_base64(_text(value)), octets=_canonical(target)
    )


def _empty(*elements: Any) -> None:
    if any(len(element) or element.text for element in elements):
        raise MalformedDocument("content in an algorithm element")


def _certificates(key_info: Any) -> tuple[bytes, ...]:
    (data,) = _children(key_info, DSIG, ("X509Data",))
    _plain(data, "X509Data")
    count = len(data)
    if not 1 <= count <= MAX_CERTIFICATES:
        raise MalformedDocument("number of certificates")
    found = _children(data, DSIG, ("X509Certificate",) * count)
    for element in found:
        _plain(element, "X509Certificate")
    return tuple(strict_base64(_text(element)) for element in found)


def _signed_data(element: Any) -> tuple[bytes | None, str | None, bytes | None, str | None, str]:
    names = [_local(child) for child in element]
    has_visible, has_hidden = "usrVisibleData" in names, "usrNonVisibleData" in names
    expected = ("usrVisibleData",) * has_visible + ("usrNonVisibleData",) * has_hidden + ("srvInfo", "clientInfo")
    found = dict(zip(expected, _children(element, BID, expected), strict=True))
    visible = visible_format = hidden = None
    if has_visible:
        node = found["usrVisibleData"]
        _attributes(node, {"charset": ("UTF-8",), "visible": ("wysiwys",)}, {"format": _FORMATS})
        visible, visible_format = strict_base64(_text(node)), node.get("format")
    if has_hidden:
        _plain(found["usrNonVisibleData"], "usrNonVisibleData")
        hidden = strict_base64(_text(found["usrNonVisibleData"]))
    relying_party = _server(found["srvInfo"])
    return visible, visible_format, hidden, relying_party, _client(found["clientInfo"])


def _server(element: Any) -> str | None:
    _plain(element, "srvInfo")
    names = ["name", "nonce"] + ["displayName"] * any(_local(child) == "displayName" for child in element)
    name, *others = _children(element, BID, tuple(names))
    for child in (name, *others):
        _plain(child, _local(child))
        strict_base64(_text(child))
    try:
        return strict_base64(_text(name)).decode("utf-8")
    except UnicodeDecodeError as exc:
        raise MalformedDocument("name of the relying party") from exc


def _client(element: Any) -> str:
    """Return ``funcId``; the app's own facts beside it may grow, in the same namespace and without identifiers."""
    _plain(element, "clientInfo")
    if sum(_local(child) == "funcId" for child in element.iter(etree.Element)) != 1 or _local(element[0]) != "funcId":
        raise MalformedDocument("funcId")
    for count, (node, depth) in enumerate(_walk(element)):
        if count > _MAX_CLIENT_ELEMENTS or depth > _MAX_CLIENT_DEPTH:
            raise MalformedDocument("clientInfo too large")
        _own_namespace(node, BID)
        _plain(node, _local(node))
        if len(node):
            _no_text(node)
    return _text(element[0])


def _walk(element: Any) -> Any:
    pending = [(child, 1) for child in element]
    while pending:
        node, depth = pending.pop()
        yield node, depth
        pending.extend((child, depth + 1) for child in node)
