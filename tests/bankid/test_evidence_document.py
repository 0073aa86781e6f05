"""Whatever is altered in the document of BankID's evidence is found, and no bytes make its verifier raise."""

from __future__ import annotations

import dataclasses
import re
from base64 import b64decode, b64encode
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from signkit.ports.provider import Evidence

from .conftest import FORMAT, codes


def test_every_element_altered_removed_doubled_or_moved_is_found(forge: Any) -> None:
    """Whatever is done to any element of the document, something is found; the answer is made for the altered text."""
    original = forge.xml()
    count = sum(1 for _ in etree.fromstring(original).iter())
    assert count > 35
    for index in range(count):
        for change in (alter_text, remove, double, rename, add_attribute, wrap):
            root = etree.fromstring(original)
            element = list(root.iter())[index]
            if not change(root, element):
                continue
            altered = etree.tostring(root, encoding="UTF-8", standalone=False)
            found = codes(forge.evidence(altered), forge.anchors)
            assert found, (change.__name__, element.tag)


def test_every_attribute_altered_is_found(forge: Any) -> None:
    """Algorithms, identifiers and references are exactly what they are."""
    original = forge.xml()
    count = sum(1 for _ in etree.fromstring(original).iter())
    for index in range(count):
        for name in list(etree.fromstring(original).iter())[index].attrib:
            for value in ("", "#bidKeyInfo", "http://www.w3.org/2000/09/xmldsig#sha1", "ISO-8859-1"):
                root = etree.fromstring(original)
                element = list(root.iter())[index]
                if element.get(name) == value:
                    continue
                element.set(name, value)
                assert codes(forge.evidence(etree.tostring(root)), forge.anchors), (element.tag, name, value)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"<Signature xmlns", b"<!DOCTYPE Signature><Signature xmlns"),
        (b"<Signature xmlns", b'<!DOCTYPE s [<!ENTITY a "b">]><Signature xmlns'),
        (b"<SignedInfo", b"<!--c--><SignedInfo"),
        (b"</usrVisibleData>", b"<!--c--></usrVisibleData>"),
        (b"<SignedInfo", b"<?php x?><SignedInfo"),
        (b"<funcId>Signing", b"<funcId>&#83;igning"),
        (b"<funcId>Signing", b"<funcId><![CDATA[Signing]]>"),
        (b"<Object>", b'<Object Id="bidSignedData">'),
        (b"<Object>", b'<Object xml:lang="sv">'),
        (b"<Object>", b" <Object>"),
        (b"<Object>", b'<Object xmlns:x="urn:x">'),
        (b"<srvInfo>", b'<srvInfo Id="bidSignedData">'),
        (b"<env>", b'<env ID="bidKeyInfo">'),
        (b"<env>", b'<env xmlns="urn:other">'),
        (b"</Signature>", b"</Signature><Signature></Signature>"),
        (b"</Object>", b"</Object><Object></Object>"),
        (b"<KeyInfo", b"<KeyInfo></KeyInfo><KeyInfo"),
        (b'UTF-8" standalone', b'UTF-16" standalone'),
    ],
)
def test_dangerous_markup_is_refused_before_anything_is_read(forge: Any, before: bytes, after: bytes) -> None:
    """Document types, entities, comments, CDATA, foreign names, second elements: not BankID's form."""
    original = forge.xml()
    assert before in original
    assert codes(forge.evidence(original.replace(before, after, 1)), forge.anchors) == {"structure"}


def test_classic_wrapping_is_refused(forge: Any) -> None:
    """The genuine signed data moved aside, and a forged one in its place, is not BankID's form."""
    original = forge.xml()
    genuine = re.search(rb"<bankIdSignedData.*</bankIdSignedData>", original)
    assert genuine is not None
    forged = genuine.group().replace(b64encode(b"Jag skriver under protokollet."), b64encode(b"Jag ger bort allt."))
    for place in (forged + genuine.group(), genuine.group() + forged):
        xml = original.replace(genuine.group(), place)
        assert codes(forge.evidence(xml), forge.anchors) == {"structure"}
    aside = original.replace(genuine.group(), forged).replace(
        b"<KeyInfo", b"<Object>" + genuine.group() + b"</Object><KeyInfo"
    )
    assert codes(forge.evidence(aside), forge.anchors) == {"structure"}


def test_weak_algorithms_are_refused(forge: Any) -> None:
    """SHA-1 in signature or digest is not accepted."""
    original = forge.xml()
    for old, new in (
        (b"2001/04/xmldsig-more#rsa-sha256", b"2000/09/xmldsig#rsa-sha1"),
        (b"2001/04/xmlenc#sha256", b"2000/09/xmldsig#sha1"),
        (b"REC-xml-c14n-20010315", b"REC-xml-c14n-20010315#WithComments"),
    ):
        assert codes(forge.evidence(original.replace(old, new)), forge.anchors) == {"structure"}


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"ocspResponse": b"AAAA"},
        {"signature": b"", "ocspResponse": b""},
        {"signature": b"\xff\xfe", "ocspResponse": b"\xff"},
        {"signature": b"AAAA\n", "ocspResponse": b"AAAA"},
        {"signature": b"PGE+" * 900_000, "ocspResponse": b"AAAA" * 90_000},
        {"signature": b64encode(b"<a" * 1000), "ocspResponse": b""},
        {"signature": b64encode(b"<a>" * 50_000), "ocspResponse": b""},
    ],
)
def test_rubbish_is_a_finding(forge: Any, parts: dict[str, bytes]) -> None:
    """No bytes whatever make the verifier raise, and none of them pass."""
    assert codes(Evidence("bankid", "test", FORMAT, parts), forge.anchors) <= {"parts", "structure"}
    assert codes(Evidence("bankid", "test", FORMAT, parts), forge.anchors)


def test_unknown_parts_are_refused(forge: Any) -> None:
    """Evidence consists of two parts and nothing that somebody may take for a third."""
    evidence = forge.evidence()
    more = dataclasses.replace(evidence, parts={**evidence.parts, "user": b"{}"})
    assert codes(more, forge.anchors) == {"parts"}


_CASES = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@_CASES
@given(data=st.data())
def test_no_flipped_bit_survives(forge: Any, data: st.DataObject) -> None:
    """One bit flipped anywhere in either part, the other untouched, is always found."""
    evidence = forge.evidence()
    name = data.draw(st.sampled_from(["signature", "ocspResponse"]))
    raw = bytearray(b64decode(evidence.parts[name]))
    at, bit = data.draw(st.integers(0, len(raw) - 1)), data.draw(st.integers(0, 7))
    raw[at] ^= 1 << bit
    spoiled = dataclasses.replace(evidence, parts={**evidence.parts, name: b64encode(bytes(raw))})
    assert codes(spoiled, forge.anchors)


@_CASES
@given(data=st.data())
def test_no_flipped_bit_survives_even_with_a_fresh_answer(forge: Any, data: st.DataObject) -> None:
    """One byte changed in what is signed is found though the OCSP answer is made for the changed text."""
    xml = bytearray(forge.xml())
    start = data.draw(
        st.sampled_from([xml.find(b"<SignedInfo"), xml.find(b"<KeyInfo"), xml.find(b"<bankIdSignedData")])
    )
    at = data.draw(st.integers(start, min(start + 1500, len(xml) - 1)))
    old = xml[at]
    xml[at] = data.draw(st.integers(32, 126).filter(lambda value: value != old))
    assert codes(forge.evidence(bytes(xml)), forge.anchors)


@_CASES
@given(raw=st.binary(max_size=400))
def test_random_bytes_never_raise(forge: Any, raw: bytes) -> None:
    """Random bytes as document or as answer are findings."""
    assert codes(forge.evidence(raw), forge.anchors)
    assert codes(forge.evidence(ocsp=raw), forge.anchors)


def alter_text(root: Any, element: Any) -> bool:
    if not element.text:
        return False
    first = "B" if element.text[0] == "A" else "A"
    element.text = first + element.text[1:]
    return True


def remove(root: Any, element: Any) -> bool:
    if element is root:
        return False
    element.getparent().remove(element)
    return True


def double(root: Any, element: Any) -> bool:
    if element is root:
        return False
    import copy

    element.addnext(copy.deepcopy(element))
    return True


def rename(root: Any, element: Any) -> bool:
    element.tag = element.tag + "x"
    return True


def add_attribute(root: Any, element: Any) -> bool:
    element.set("Id", "bidSignedDataX")
    return True


def wrap(root: Any, element: Any) -> bool:
    if element is root:
        return False
    box = etree.Element(element.tag)
    element.getparent().replace(element, box)
    box.append(element)
    return True
