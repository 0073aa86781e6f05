"""The simulator's certificates: three levels for people, one authority for the server, one for relying parties.

Shapes, order of extensions and policies are those measured on a genuine test signature (providers.md 2.4, 2.6); the
names are ours and say Test. Keys of people are made when somebody first signs.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from signkit.files import write_atomic
from signkit_providers.simulator.persons import Person

__all__ = ["PASSWORD", "POLICIES", "Issued", "SimulatorPki", "SimulatorRoot", "make_certificate", "usage"]

POLICIES: Final = {"mobile": "1.2.3.4.25", "file": "1.2.3.4.5", "card": "1.2.3.4.10"}
KIND_WORDS: Final = {"mobile": "Mobilt BankID", "file": "BankID på fil", "card": "BankID på kort"}
PASSWORD: Final = b"qwerty123"
"""Of client.p12: public, as the real test environment's."""
LEAF_BITS: Final = 2048
NAME: Final = x509.ObjectIdentifier("2.5.4.41")
_ORGANISATION: Final = "Signkit Test"
_BANK: Final = "Signkit Testbank"
_BANK_NUMBER: Final = "111111111111"
_OCSP_URL: Final = "http://ocsp.simulator.invalid"


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey = field(repr=False)

    @property
    def der(self) -> bytes:
        """The certificate's DER bytes."""
        return self.certificate.public_bytes(serialization.Encoding.DER)


class SimulatorRoot:
    """The root of people's certificates, made or found in a folder: all that a home needs to trust them later.

    Args:
        now: the instant from which validity is counted.
        folder: where keys and certificates are kept between runs; None: only in memory.
        ca_bits: size of the authorities' keys; BankID's are 4096.
    """

    def __init__(self, now: datetime, *, folder: Path | None = None, ca_bits: int = 2048) -> None:
        self._folder = folder
        self._bits = ca_bits
        self._now = now
        root_name = _name(("O", _ORGANISATION), ("OU", "TEST"), ("CN", "Signkit Simulator Root CA v1 Test"))
        self.root = self._authority("root", root_name, None, pathlen=2)

    def _authority(
        self,
        label: str,
        subject: x509.Name,
        issuer: Issued | None,
        *,
        pathlen: int = 0,
        policies: tuple[str, ...] = (),
    ) -> Issued:
        def make() -> Issued:
            key = rsa.generate_private_key(65537, self._bits)
            own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
            aki = _aki(issuer) if issuer else x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())
            extensions: list[tuple[x509.ExtensionType, bool]] = [
                (own, False),
                (x509.BasicConstraints(ca=True, path_length=pathlen), True),
                (aki, False),
                *([(_policies(*policies), False)] if policies else []),
                (usage("key_cert_sign", "crl_sign"), True),
            ]
            return Issued(make_certificate(subject, key, issuer, extensions=extensions, **self._years(20)), key)

        return self._kept(label, make)

    def _years(self, count: int) -> dict[str, datetime]:
        begin = (self._now - timedelta(days=366)).replace(microsecond=0)
        return {"begin": begin, "end": begin + timedelta(days=365 * (count + 1))}

    def _kept(self, label: str, make: Callable[[], Issued]) -> Issued:
        """Return what the folder holds under ``label``, else make it and keep it."""
        if self._folder is None:
            return make()
        cert_path, key_path = self._folder / f"{label}.pem", self._folder / f"{label}.key"
        if cert_path.exists() and key_path.exists():
            key = serialization.load_pem_private_key(key_path.read_bytes(), None)
            assert isinstance(key, rsa.RSAPrivateKey)
            return Issued(x509.load_pem_x509_certificate(cert_path.read_bytes()), key)
        issued = make()
        write_atomic(key_path, _key_pem(issued.key), mode=0o600)
        write_atomic(cert_path, issued.certificate.public_bytes(serialization.Encoding.PEM))
        return issued


class SimulatorPki(SimulatorRoot):
    """All keys of one simulator."""

    def __init__(self, now: datetime, *, folder: Path | None = None, ca_bits: int = 2048) -> None:
        super().__init__(now, folder=folder, ca_bits=ca_bits)
        self._lock = Lock()
        self._people: dict[tuple[str, str, str], Issued] = {}
        bank, customer = _bank_name(f"{_BANK} CA v1 for Test"), _bank_name(f"{_BANK} Customer CA1 v1 for Test")
        self.bank = self._authority("bank", bank, self.root, pathlen=1, policies=(POLICIES["file"],))
        self.customer = self._authority("customer", customer, self.bank, pathlen=0, policies=(POLICIES["file"],))
        self.tls_root = self._authority(
            "tls-root", _name(("O", _ORGANISATION), ("CN", "Signkit Simulator SSL Root CA")), None
        )
        self.client_root = self._authority(
            "rp-root", _name(("O", _ORGANISATION), ("CN", "Signkit Simulator RP CA")), None
        )
        self.server = self._kept("server", self._make_server)
        self.client = self._kept(
            "client", lambda: self.new_client("Signkit Simulator RP 1", "Test av signkit", "5566304928")
        )
        self.responder = self._kept("responder", self._make_responder)

    def person(self, person: Person, *, function: str, policy: str | None = None) -> Issued:
        """Return the person's certificate and key for ``Signing`` or ``Identification``, made at first use."""
        oid = policy or POLICIES[person.kind]
        with self._lock:
            key = (person.number, function, oid)
            if key not in self._people:
                self._people[key] = self.issue_person(person, function=function, policy=oid)
            return self._people[key]

    def issue_person(
        self,
        person: Person,
        *,
        function: str = "Signing",
        policy: str = POLICIES["mobile"],
        not_before: datetime | None = None,
        days: int = 365,
    ) -> Issued:
        """Return a fresh certificate for ``person``, valid for a year like the real ones."""
        begin = not_before or (self._now - timedelta(days=30)).replace(hour=22, minute=0, second=0, microsecond=0)
        label = f"({begin:%y%m%d} {begin:%H.%M}) {person.name} - {KIND_WORDS.get(person.kind, 'BankID')}"
        subject = _name(
            ("C", "SE"), ("O", _BANK), ("SN", person.surname), ("GN", person.given_name),
            ("serialNumber", person.number), ("name", label), ("CN", person.name),
        )  # fmt: skip
        key = rsa.generate_private_key(65537, LEAF_BITS)
        ocsp = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(_OCSP_URL))
        extensions = [
            (x509.AuthorityInformationAccess([ocsp]), False),
            (_policies(policy), False),
            (usage("content_commitment" if function == "Signing" else "digital_signature"), True),
            (_aki(self.customer), False),
            (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
        ]
        made = make_certificate(
            subject,
            key,
            self.customer,
            extensions=extensions,
            begin=begin,
            end=begin + timedelta(days=days, seconds=-1),
        )
        return Issued(made, key)

    def new_client(self, common_name: str, display_name: str, number: str) -> Issued:
        """Return another relying party's certificate: orders belong to the certificate that made them."""
        subject = _name(
            ("C", "SE"), ("O", _BANK), ("serialNumber", number), ("name", display_name), ("CN", common_name)
        )
        key = rsa.generate_private_key(65537, LEAF_BITS)
        extensions = [
            (_policies("1.2.3.4.5"), False),
            (usage("digital_signature"), True),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False),
            (_aki(self.client_root), False),
            (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
        ]
        return Issued(make_certificate(subject, key, self.client_root, extensions=extensions, **self._years(5)), key)

    def write(self, directory: Path) -> None:
        """Write what relying parties need: client.p12, client.pem, client.key, ca.pem, root.pem."""
        encoding = serialization.Encoding.PEM
        bundle = pkcs12.serialize_key_and_certificates(
            b"signkit simulator", self.client.key, self.client.certificate,
            [self.client_root.certificate], serialization.BestAvailableEncryption(PASSWORD),
        )  # fmt: skip
        write_atomic(directory / "client.p12", bundle, mode=0o600)
        write_atomic(directory / "client.pem", self.client.certificate.public_bytes(encoding))
        write_atomic(directory / "client.key", _key_pem(self.client.key), mode=0o600)
        write_atomic(directory / "ca.pem", self.tls_root.certificate.public_bytes(encoding))
        write_atomic(directory / "root.pem", self.root.certificate.public_bytes(encoding))

    def _make_server(self) -> Issued:
        key = rsa.generate_private_key(65537, LEAF_BITS)
        hosts = [x509.IPAddress(ipaddress.ip_address(text)) for text in ("127.0.0.1", "::1")]
        extensions = [
            (x509.SubjectAlternativeName([x509.DNSName("localhost"), *hosts]), False),
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (usage("digital_signature", "key_encipherment"), True),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
            (_aki(self.tls_root), False),
            (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
        ]
        subject = _name(("O", _ORGANISATION), ("CN", "localhost"))
        return Issued(make_certificate(subject, key, self.tls_root, extensions=extensions, **self._years(2)), key)

    def _make_responder(self) -> Issued:
        key = rsa.generate_private_key(65537, LEAF_BITS)
        extensions = [
            (_policies(POLICIES["file"]), False),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), True),
            (usage("content_commitment"), True),
            (x509.OCSPNoCheck(), False),
            (_aki(self.customer), False),
            (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
        ]
        subject = _bank_name(f"{_BANK} Customer CA1 v1 for Test OCSP Signing")
        return Issued(make_certificate(subject, key, self.customer, extensions=extensions, **self._years(5)), key)


def make_certificate(
    subject: x509.Name,
    key: rsa.RSAPrivateKey,
    issuer: Issued | None,
    *,
    extensions: list[tuple[x509.ExtensionType, bool]],
    begin: datetime,
    end: datetime,
) -> x509.Certificate:
    """Return a certificate with the extensions in the order given; signed by its own key where there is no issuer."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number() >> 96)
        .not_valid_before(begin)
        .not_valid_after(end)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    is_ca = any(isinstance(ext, x509.BasicConstraints) and ext.ca for ext, _ in extensions)
    return builder.sign(issuer.key if issuer else key, hashes.SHA512() if is_ca else hashes.SHA256())


def usage(*names: str) -> x509.KeyUsage:
    """Return the key usage extension that asserts ``names`` and nothing else."""
    every = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
        "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{name: name in names for name in every})


_OIDS: Final = {
    "C": NameOID.COUNTRY_NAME,
    "O": NameOID.ORGANIZATION_NAME,
    "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "CN": NameOID.COMMON_NAME,
    "SN": NameOID.SURNAME,
    "GN": NameOID.GIVEN_NAME,
    "serialNumber": NameOID.SERIAL_NUMBER,
    "name": NAME,
}


def _name(*parts: tuple[str, str]) -> x509.Name:
    return x509.Name([x509.NameAttribute(_OIDS[key], value[:64] if key == "CN" else value) for key, value in parts])


def _bank_name(common_name: str) -> x509.Name:
    return _name(("C", "SE"), ("O", _BANK), ("serialNumber", _BANK_NUMBER), ("CN", common_name))


def _policies(*oids: str) -> x509.CertificatePolicies:
    return x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier(oid), None) for oid in oids])


def _aki(issuer: Issued) -> x509.AuthorityKeyIdentifier:
    ski = issuer.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(ski)


def _key_pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
