"""How the rules of this room speak: one function per verdict; checks ``2``, ``3`` and ``6`` of proof.md section 8."""

from __future__ import annotations

from signkit.model.report import Finding, Verdict

__all__ = ["failed", "undecided"]


def failed(code: str, *, subject: str | None = None, check: str = "3", **params: str | int) -> Finding:
    """Return a finding that fails the file; ``code`` is written without its prefix ``changes.``."""
    return Finding(
        check=check,
        verdict=Verdict.FAILED,
        code=f"changes.{code}",
        params=params,
        sub_indication="FORMAT_FAILURE" if check == "2" else None,
        subject=subject,
    )


def undecided(code: str, *, subject: str | None = None, check: str = "3", **params: str | int) -> Finding:
    """Return a finding that leaves the matter open."""
    return Finding(check=check, verdict=Verdict.INDETERMINATE, code=f"changes.{code}", params=params, subject=subject)
