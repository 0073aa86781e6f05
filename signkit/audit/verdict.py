"""Step 11: from findings to claims, and from claims to one verdict (proof.md section 1).

Verdict = the worst of the signatures, C1, C2, C3a, C4, and every claim for which material was there. NOT_DECIDED in C1,
C2, C3a or C4 counts as INDETERMINATE; C3b, C5 and C6 undecided for lack of material leave PASSED, unless required.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from signkit.audit.case import Case
from signkit.model.report import CLAIMS, Claim, Verdict, Voucher, worst
from signkit.pades.validate_facts import SignatureFacts

__all__ = ["decide_claims", "decide_verdict", "independent_time", "is_test"]

_STEPS: Final[Mapping[str, tuple[str, ...]]] = {
    "C1": ("1", "6"),
    "C2": ("1", "2", "3"),
    "C3a": ("7",),
    "C3b": ("8",),
    "C4": ("9",),
    "C5": ("10",),
    "C6": (),
}
_VOUCHERS: Final[Mapping[str, tuple[Voucher, ...]]] = {
    "C1": (Voucher.HASH, Voucher.OWN_ORGANISATION),
    "C2": (Voucher.OWN_ORGANISATION, Voucher.TSA),
    "C3a": (Voucher.OWN_ORGANISATION, Voucher.TSA),
    "C3b": (Voucher.EID,),
    "C4": (Voucher.OWN_ORGANISATION, Voucher.TSA),
    "C5": (Voucher.OWN_ORGANISATION, Voucher.TSA),
    "C6": (Voucher.TSA,),
}
_NO_EVIDENCE: Final = frozenset({"evidence.no_anchor", "evidence.erased"})
_ALWAYS: Final = ("C1", "C2", "C3a", "C4")
_HINTED: Final = frozenset({Verdict.FAILED, Verdict.INDETERMINATE, Verdict.NOT_DECIDED})


def decide_claims(case: Case) -> dict[str, Claim]:
    """Return the seven claims, decided."""
    verdicts = {name: _verdict(case, name) for name in CLAIMS}
    return {name: _claim(case, name, verdicts) for name in CLAIMS}


def decide_verdict(case: Case, claims: Mapping[str, Claim]) -> Verdict:
    """Return the one verdict; never PASSED without a signature, and never while anything is wrong or open."""
    found = [fact.verdict for fact in case.facts] or [Verdict.INDETERMINATE]
    found += [item.verdict for item in case.findings]
    wanted = set(case.given.require)
    wanted |= set(_ALWAYS) if case.manifest else {"C2"}
    for name, claim in claims.items():
        if claim.verdict is not Verdict.NOT_DECIDED:
            found.append(claim.verdict)
        elif name in wanted:
            found.append(Verdict.INDETERMINATE)
    return worst(found)


def is_test(case: Case) -> bool:
    """Tell whether anything in the file is of a test environment."""
    if case.manifest is not None:
        return case.manifest.environment == "test"
    return any(fact.certificate is not None and fact.certificate.is_test for fact in case.facts)


def _verdict(case: Case, name: str) -> Verdict:
    own = [item.verdict for item in case.findings if name in (item.claims or _claims_of(item.check))]
    if case.manifest is None:
        return _of_others(case, name, own)
    if Verdict.FAILED in own:
        return Verdict.FAILED
    if name == "C6":
        return Verdict.PASSED if _long_term(case.ours()) else Verdict.NOT_DECIDED
    if _no_material(case, name):
        return Verdict.INDETERMINATE if Verdict.INDETERMINATE in own else Verdict.NOT_DECIDED
    return worst([*own, *_resting_on(case, name)])


def _of_others(case: Case, name: str, own: list[Verdict]) -> Verdict:
    if name == "C2":
        return worst([*own, *(fact.verdict for fact in case.facts)])
    if name == "C6":
        return Verdict.PASSED if _long_term(case.facts) else Verdict.NOT_DECIDED
    bad = [verdict for verdict in own if verdict is not Verdict.PASSED]
    return worst(bad) if bad and name != "C1" else Verdict.NOT_DECIDED


def _claims_of(check: str) -> tuple[str, ...]:
    return tuple(name for name, steps in _STEPS.items() if check in steps)


def _no_material(case: Case, name: str) -> bool:
    skipped = {item.reason for item in case.not_checked}
    if name == "C3a":
        return not case.persons
    if name == "C3b":
        return case.given.evidence is None or bool(skipped & _NO_EVIDENCE) or not case.persons
    if name == "C4":
        return case.completion is None
    if name == "C5":
        return case.completion is None or "journal.no_log_anchor" in skipped
    return False


def _resting_on(case: Case, name: str) -> Iterable[Verdict]:
    """A claim is never better than the signatures that carry it."""
    manifest = case.manifest
    if manifest is None:
        return
    seals = {manifest.fields.certify, manifest.fields.complete}
    people = set(manifest.fields.signatories.values())
    carriers = {
        "C1": {manifest.fields.certify},
        "C2": {fact.field for fact in case.facts},
        "C3a": seals | people,
        "C3b": people,
        "C4": seals | people,
        "C5": {manifest.fields.complete},
    }
    yield from (fact.verdict for fact in case.ours() if fact.field in carriers.get(name, set()))


def _long_term(facts: Iterable[SignatureFacts]) -> bool:
    levels = [fact.level for fact in facts if not fact.timestamp]
    return bool(levels) and all(level == "B-LTA" for level in levels)


def _claim(case: Case, name: str, verdicts: Mapping[str, Verdict]) -> Claim:
    verdict = verdicts[name]
    code = f"claim.{name.lower()}.{verdict.value.lower()}"
    if name == "C4" and case.completion is not None and case.completion.outcome != "completed":
        code = f"claim.c4.{case.completion.outcome}"
    if name == "C3a" and verdict is Verdict.PASSED and verdicts["C3b"] is not Verdict.PASSED:
        code = "claim.c3a.attested"
    if name == "C3b" and verdict is Verdict.NOT_DECIDED and _erased(case):
        return Claim(verdict, (), "claim.c3b.erased", {**_params(case), **_erased(case)})
    if case.manifest is None and verdict is Verdict.NOT_DECIDED and name != "C6":
        code = "claim.not_a_signkit_file"
    hint = f"claim.{name.lower()}.hint" if verdict in _HINTED and case.manifest is not None else None
    return Claim(verdict, _vouchers(case, name, verdict), code, _params(case), hint)


def _erased(case: Case) -> Mapping[str, str | int]:
    """Return when and by which rule the evidence was erased, as the evidence file says; nothing if it was not."""
    return next((item.params for item in case.not_checked if item.reason == "evidence.erased"), {})


def _vouchers(case: Case, name: str, verdict: Verdict) -> tuple[Voucher, ...]:
    """Return who vouches; a timestamping authority under the organisation's own root is the organisation itself."""
    if verdict is Verdict.NOT_DECIDED:
        return ()
    found = _VOUCHERS[name]
    if Voucher.TSA in found and not independent_time(case):
        found = tuple(dict.fromkeys(Voucher.OWN_ORGANISATION if item is Voucher.TSA else item for item in found))
    if name == "C5" and any(item.code == "journal.witnessed_by" for item in case.findings):
        found = (*found, Voucher.WITNESS)
    return found


def independent_time(case: Case) -> bool:
    """Tell whether every trusted token leads to another anchor than the signatures do."""
    own = {fact.path[-1] for fact in case.facts if fact.path and not fact.timestamp}
    tokens = {fact.token.path[-1] for fact in case.facts if fact.token is not None and fact.token.path}
    return bool(tokens) and not own & tokens


def _params(case: Case) -> dict[str, str | int]:
    certified = case.fact(case.certify or "")
    people = [case.fact(name) for name in case.persons]
    issuers = [fact.path[1].common_name for fact in people if fact is not None and len(fact.path) > 1]
    params: dict[str, str | int] = {
        "people": len(case.persons),
        "organisation": (certified.certificate.organisation if certified and certified.certificate else None) or "?",
        "authority": next((name for name in issuers if name), "?"),
        "test": " (TEST)" if is_test(case) else "",
    }
    whole = next((item for item in case.findings if item.code == "journal.whole"), None)
    params |= dict(whole.params) if whole else {"entries": 0, "time": "?"}
    if case.manifest is not None:
        params |= {"size": case.manifest.own.r0.size, "places": len(case.manifest.signatories)}
    return params
