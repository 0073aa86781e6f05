"""Step 4, trust and time: EN 319 102-1 clauses 5.4 to 5.6 for the signatures of one file.

Document timestamps are judged from the newest to the oldest: the newest at the moment of verification, each older one
at the time that a newer trusted one proves for it. What a trusted document timestamp covers existed before it (clause
5.6.2.3): so each signature, token and piece of material has a *proved time*, and is judged at that. The rules:

1. a token holds if a ``tsa`` anchor vouches for its signer at its own time, with revocation data, and no certificate of
   that path below the anchor had expired at its proved time;
2. a signature's best time is its trusted token's, else its proved time; its certificate's path holds at that time, with
   revocation data, and no issuer below the anchor had expired at the proved time;
3. revocation data of an issuer that has expired since counts only if its proved time is before that;
4. expired, revoked and not yet valid are failures where the time is proved, else undecided;
5. where keys are named for a signature's token, an anchor counts for it only if one of them stands in the path.

Trust is by purpose; nothing is fetched.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from signkit.canonical import digest_text
from signkit.model.report import Finding, Verdict
from signkit.pades.validate_facts import TimestampFacts
from signkit.pades.validate_lists import Lists
from signkit.pades.validate_material import Material
from signkit.x509.certificates import Certificate
from signkit.x509.crls import Crl
from signkit.x509.errors import X509Error
from signkit.x509.paths import validate_path
from signkit.x509.tokens import TimestampToken, verify_token

__all__ = ["Imprint", "Judge", "Judged", "imprint_of"]

Imprint = Callable[[str], bytes]
"""Digest algorithm to digest; empty for an algorithm that nobody knows."""

_SKEW: Final = timedelta(seconds=60)
"""How far a token's time may lie after the moment of verification: two clocks of 30 s each (proof.md section 4)."""
_TOKEN_SUBS: Final = {
    "token.imprint": ("imprint", Verdict.FAILED, "HASH_FAILURE"),
    "token.digest": ("digest", Verdict.FAILED, "HASH_FAILURE"),
    "token.signature": ("value", Verdict.FAILED, "SIG_CRYPTO_FAILURE"),
    "token.ess": ("ess", Verdict.FAILED, "SIG_CONSTRAINTS_FAILURE"),
    "token.signer": ("no_certificate", Verdict.INDETERMINATE, "NO_SIGNING_CERTIFICATE_FOUND"),
    "token.usage": ("usage", Verdict.FAILED, "CHAIN_CONSTRAINTS_FAILURE"),
    "token.validity": ("validity", Verdict.FAILED, "SIG_CONSTRAINTS_FAILURE"),
    "token.algorithm": ("algorithm", Verdict.INDETERMINATE, "CRYPTO_CONSTRAINTS_FAILURE"),
    "token.unreadable": ("unreadable", Verdict.FAILED, "FORMAT_FAILURE"),
}
_CHAIN_SUBS: Final = {
    "chain.untrusted": ("untrusted", "NO_CERTIFICATE_CHAIN_FOUND"),
    "chain.expired": ("expired", "OUT_OF_BOUNDS_NO_POE"),
    "chain.not_yet_valid": ("not_yet_valid", "OUT_OF_BOUNDS_NO_POE"),
    "chain.revoked": ("revoked", "REVOKED_NO_POE"),
    "chain.revocation_missing": ("revocation_missing", "TRY_LATER"),
    "chain.algorithm": ("algorithm", "CRYPTO_CONSTRAINTS_FAILURE"),
    "chain.usage": ("usage", "CHAIN_CONSTRAINTS_FAILURE"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A signature's trust and time."""

    path: tuple[Certificate, ...] = ()
    token: TimestampFacts | None = None
    best_time: datetime | None = None
    findings: tuple[Finding, ...] = ()


@dataclass(slots=True)
class Judge:
    """Judges the signatures of one file; document timestamps first, newest first."""

    material: Material
    tsa: Sequence[Certificate]
    trusted: Sequence[Certificate]
    """Every anchor there is, for whatever purpose: only to find who signed a revocation list."""
    at: datetime
    named: Callable[[str], frozenset[str]] = lambda _: frozenset()
    """Field to the keys (SHA-256 of SPKI) of which one must stand in the path of its tokens; none: not narrowed."""
    _covering: list[tuple[int, datetime]] = field(default_factory=list)
    """Ends and times of trusted document timestamps, oldest first."""
    _tokens: list[tuple[int, datetime]] = field(default_factory=list)
    """Ends and times of every trusted token met so far, for lower bounds."""
    _usable: tuple[int, tuple[Crl, ...]] | None = None
    _made: tuple[int, Lists] | None = None

    def proved_time(self, end: int, *, own: bool = False) -> datetime:
        """Return when what ends at ``end`` is proved to have existed; ``own``: a timestamp ending there covers it."""
        later = (time for place, time in self._covering if place > end or (own and place == end))
        return min(later, default=self.at)

    def covered(self, end: int) -> bool:
        """Tell whether a trusted document timestamp covers what ends at ``end``."""
        return any(place > end for place, _ in self._covering)

    def covered_from(self, end: int) -> bool:
        """Tell whether a trusted document timestamp covers the whole revision that ends at ``end``."""
        return any(place >= end for place, _ in self._covering)

    def lower_bound(self, gap_start: int) -> datetime | None:
        """Return the latest trusted time inside the bytes before ``gap_start``: the signature was made after it."""
        return max((time for end, time in self._tokens if end <= gap_start), default=None)

    def document_timestamp(self, data: bytes, imprint: Imprint, *, end: int, field_name: str) -> Judged:
        """Judge a document timestamp over the bytes up to ``end``. ``imprint`` gives their digest."""
        token, findings = self._token(data, imprint, proved=self.proved_time(end), subject=field_name)
        if token is not None and token.verdict is Verdict.PASSED:
            self._covering.insert(0, (end, token.gen_time))
            self._tokens.append((end, token.gen_time))
        path = token.path if token else ()
        return Judged(path=path, token=token, best_time=token.gen_time if token else None, findings=findings)

    def signature(
        self,
        certificate: Certificate,
        value: bytes,
        tokens: Sequence[bytes],
        *,
        end: int,
        anchors: Sequence[Certificate],
        field_name: str,
    ) -> Judged:
        """Judge a signature whose revision ends at ``end``, under ``anchors``."""
        proved = self.proved_time(end)
        token, findings = self._best_token(tokens, value, proved=proved, subject=field_name)
        trusted = token is not None and token.verdict is Verdict.PASSED
        best = min(token.gen_time, proved) if token is not None and trusted else proved
        if token is not None and trusted:
            self._tokens.append((end, token.gen_time))
        known = trusted or self.covered(end)
        path, chain = self._path(certificate, anchors, best, proved=proved, known=known, end=end, subject=field_name)
        return Judged(path=path, token=token, best_time=best, findings=(*findings, *chain))

    def token(
        self, data: bytes, imprint: Imprint, *, end: int, subject: str
    ) -> tuple[TimestampFacts | None, tuple[Finding, ...]]:
        """Judge a token that stands elsewhere in the bytes up to ``end``."""
        return self._token(data, imprint, proved=self.proved_time(end), subject=subject)

    def _best_token(
        self, tokens: Sequence[bytes], value: bytes, *, proved: datetime, subject: str
    ) -> tuple[TimestampFacts | None, tuple[Finding, ...]]:
        """Return the first trusted token, else the last with its findings."""
        result: tuple[TimestampFacts | None, tuple[Finding, ...]] = (None, ())
        for data in tokens:
            result = self._token(data, imprint_of(value), proved=proved, subject=subject)
            if result[0] is not None and result[0].verdict is Verdict.PASSED:
                return result
        return result

    def _token(
        self, data: bytes, imprint: Imprint, *, proved: datetime, subject: str
    ) -> tuple[TimestampFacts | None, tuple[Finding, ...]]:
        token: TimestampToken | None = None
        try:
            token = TimestampToken(data)
            signer = token.find_signer(self.material.certificates)
            verified = verify_token(
                token,
                anchors=self.tsa,
                imprint=imprint(token.facts.digest),
                certificates=(signer, *self._lists().issuers(signer)),
                crls=self._lists().useful(signer, self._crls(), token.gen_time),
                ocsps=self.material.ocsps,
            )
        except X509Error as exc:
            name, verdict, sub = _TOKEN_SUBS.get(exc.code) or _chain_sub(exc.code)
            finding = Finding("4", verdict, f"timestamp.{name}", sub_indication=sub, subject=subject)
            if token is None:
                return None, (finding,)
            return TimestampFacts(gen_time=token.gen_time, signer=None, verdict=verdict), (finding,)
        return self._timed(token, verified.signer, verified.path, proved=proved, subject=subject)

    def _timed(
        self,
        token: TimestampToken,
        signer: Certificate,
        path: tuple[Certificate, ...],
        *,
        proved: datetime,
        subject: str,
    ) -> tuple[TimestampFacts, tuple[Finding, ...]]:
        time = token.gen_time
        named = self.named(subject)
        if named and not named & {digest_text(item.spki_digest) for item in path}:
            unnamed = Finding(
                "4",
                Verdict.INDETERMINATE,
                "timestamp.not_named",
                sub_indication="NO_CERTIFICATE_CHAIN_FOUND",
                subject=subject,
            )
            return TimestampFacts(gen_time=time, signer=signer), (unnamed,)
        problem: tuple[str, str] | None = None
        if time > self.at + _SKEW:
            problem = ("future", "NOT_YET_VALID")
        elif time > proved + _SKEW:
            problem = ("order", "TIMESTAMP_ORDER_FAILURE")
        elif any(item.not_after < proved for item in path[:-1]):
            problem = ("expired", "OUT_OF_BOUNDS_NO_POE")
        if problem is None:
            return TimestampFacts(gen_time=time, signer=signer, path=path, verdict=Verdict.PASSED), ()
        finding = Finding(
            "4", Verdict.INDETERMINATE, f"timestamp.{problem[0]}", sub_indication=problem[1], subject=subject
        )
        return TimestampFacts(gen_time=time, signer=signer, path=path), (finding,)

    def _path(
        self,
        certificate: Certificate,
        anchors: Sequence[Certificate],
        best: datetime,
        *,
        proved: datetime,
        known: bool,
        end: int,
        subject: str,
    ) -> tuple[tuple[Certificate, ...], tuple[Finding, ...]]:
        try:
            path = validate_path(
                certificate,
                anchors=anchors,
                at=best,
                intermediates=self._lists().issuers(certificate),
                crls=self._lists().useful(certificate, self._crls(), best),
                ocsps=self.material.ocsps,
            )
        except X509Error as exc:
            return (), (self._chain_finding(exc.code, certificate, best, known=known, end=end, subject=subject),)
        if any(self._revoked_before(item, best) for item in path[:-1]):
            finding = self._chain_finding("chain.revoked", certificate, best, known=known, end=end, subject=subject)
            return (), (finding,)
        if any(item.not_after < proved for item in path[1:-1]):
            finding = Finding(
                "4",
                Verdict.INDETERMINATE,
                "chain.issuer_expired",
                sub_indication="OUT_OF_BOUNDS_NO_POE",
                subject=subject,
            )
            return path, (finding,)
        return path, ()

    def _chain_finding(
        self, code: str, certificate: Certificate, best: datetime, *, known: bool, end: int, subject: str
    ) -> Finding:
        name, verdict, sub = _chain_sub(code)
        lower = self.lower_bound(end - 1)
        if known and name == "not_yet_valid" and best < certificate.not_before:
            verdict, sub = Verdict.FAILED, "NOT_YET_VALID"
        elif name == "expired" and lower is not None and lower > certificate.not_after:
            verdict, sub = Verdict.FAILED, "EXPIRED"
        elif name == "revoked" and self._revoked_before(certificate, lower):
            verdict, sub = Verdict.FAILED, "REVOKED"
        return Finding("4", verdict, f"chain.{name}", sub_indication=sub, subject=subject)

    def _revoked_before(self, certificate: Certificate, moment: datetime | None) -> bool:
        revoked = self._lists().revoked_at(certificate, self._crls()) if moment is not None else None
        return revoked is not None and moment is not None and revoked <= moment

    def _lists(self) -> Lists:
        known = (*self.material.certificates, *self.tsa, *self.trusted)
        if self._made is None or self._made[0] != len(known):
            self._made = (len(known), Lists(known))
        return self._made[1]

    def _crls(self) -> tuple[Crl, ...]:
        """Return the lists whose issuer had not expired when they are proved to have existed (rule 3)."""
        if self._usable is None or self._usable[0] != len(self._covering):
            ends: dict[bytes, datetime] = {}
            for other in (*self.material.certificates, *self.tsa):
                name = other.asn1.subject.dump()
                ends[name] = max(ends.get(name, other.not_after), other.not_after)
            kept = tuple(item for item, end in self.material.crls.items() if self._in_time(item, end, ends))
            self._usable = (len(self._covering), kept)
        return self._usable[1]

    def _in_time(self, item: Crl, end: int, ends: dict[bytes, datetime]) -> bool:
        try:
            last = ends.get(item.asn1.issuer.dump())
        except (X509Error, ValueError, TypeError):
            return False
        return last is None or last >= self.proved_time(end, own=True)


def imprint_of(value: bytes) -> Imprint:
    """Return the function that gives the digest of ``value`` by an algorithm's name, nothing for unknown ones."""

    def digest(algorithm: str) -> bytes:
        try:
            return hashlib.new(algorithm, value).digest()
        except (ValueError, TypeError):
            return b""

    return digest


def _chain_sub(code: str) -> tuple[str, Verdict, str]:
    name, sub = _CHAIN_SUBS.get(code, ("invalid", "CERTIFICATE_CHAIN_GENERAL_FAILURE"))
    return name, Verdict.INDETERMINATE, sub
