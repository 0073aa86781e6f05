"""The health of a home: everything that ``signkit doctor`` looks at, as data.

A *fault* means that something is wrong and must be put right by a person; a *note* tells what is unfinished, left over
or soon due. Reads only; ``signkit.workflows.doctor.mend`` is what tidies.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

from signkit.audit.home import HomeReport, check_home
from signkit.errors import ConfigError, KeyUnavailableError, PluginError, SealError
from signkit.files import PARTIAL
from signkit.model.report import Verdict
from signkit.ports.keys import KeyName
from signkit.workflows.doctor import unfinished
from signkit.x509.anchors import LOG, SEAL
from signkit.x509.certificates import Certificate
from signkit.x509.errors import X509Error
from signkit_cli.composition import KEYS, Home, home_anchors

__all__ = ["Health", "Symptom", "examine_home", "stray_files"]

SOON: Final = timedelta(days=90)
"""How early an expiring certificate is told."""
_WRITTEN: Final = (KEYS, "outbox", "groups")
"""Folders of the home in which signkit writes files one by one."""
_LOOKS: Final = 2
"""A second look where the first met another command at work: it may have seen a document between two versions."""
_FLEETING: Final = frozenset({"journal.object_missing", "journal.state"})


@dataclass(frozen=True, slots=True)
class Symptom:
    """One thing that was found."""

    severity: str
    """``fault`` or ``note``."""
    code: str
    params: Mapping[str, str | int] = field(default_factory=dict)
    subject: str | None = None
    message: str | None = None
    """In the words of the error that said so; None: the sentence is looked up under ``code``."""
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """What was found in a home."""

    symptoms: tuple[Symptom, ...]
    entries: int
    envelopes: int
    untidy: bool
    """Whether ``--fix`` has something to do."""

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not any(item.severity == "fault" for item in self.symptoms)


def examine_home(home: Home) -> Health:
    """Return what is wrong with a home, and what it has left undone.

    Raises:
        StoreError: the database cannot be read at all.
    """
    home.store.check()
    symptoms = [*_key_files(home.folder / KEYS), *_keys(home), *_trust(home), *_settings(home)]
    report = _journal(home)
    symptoms += [
        Symptom("fault", item.code, item.params, item.subject)
        for item in report.findings
        if item.verdict is not Verdict.PASSED
    ]
    left = stray_files(home.folder)
    untidy = len(report.orphans) + len(report.leftovers) + len(left)
    if untidy:
        symptoms.append(Symptom("note", "doctor.untidy", {"count": untidy}))
    for item in unfinished(home.store, now=home.clock.now()):
        params: dict[str, str | int] = {"envelope": item.envelope, "command": item.command}
        if item.signatory:
            params["signatory"] = item.signatory
        symptoms.append(Symptom("note", f"doctor.{item.code}", params, item.envelope))
    stale = any(item.code == "journal.state" for item in symptoms)
    return Health(tuple(symptoms), report.entries, report.envelopes, bool(untidy) or stale)


def stray_files(folder: Path) -> list[Path]:
    """Return temporary files and folders that a killed command left in the home's own folders."""
    places = [place for place in (folder, *(folder / name for name in _WRITTEN)) if place.is_dir()]
    found = [path for place in places for path in place.glob(f".*{PARTIAL}")]
    return sorted([*found, *folder.glob(f".{KEYS}.incomplete-*")])


def _journal(home: Home) -> HomeReport:
    anchors = home_anchors(home.folder)
    vkey = next((anchor.key for anchor in anchors if LOG in anchor.purposes and anchor.key), None)
    for look in range(_LOOKS):
        report = check_home(home.store, vkey=vkey)
        bad = {item.code for item in report.findings if item.verdict is not Verdict.PASSED}
        if look == _LOOKS - 1 or not bad or not bad <= _FLEETING:
            break
        time.sleep(0.3)
    return report


def _key_files(folder: Path) -> Iterator[Symptom]:
    if os.name != "posix" or not folder.is_dir():
        return
    for path in (folder, *sorted(folder.iterdir())):
        mode = stat.S_IMODE(path.lstat().st_mode)
        if mode & 0o077:
            params = {"file": path.name, "mode": f"{mode:o}"}
            yield Symptom("fault", "doctor.permissions", params, path.name, hint=f"chmod go-rwx {path}")


def _keys(home: Home) -> Iterator[Symptom]:
    wanted = [name for name in KeyName if name is not KeyName.TSA or "embedded" in home.config.timestamps]
    locked: list[Symptom] = []
    for name in wanted:
        try:
            home.keys.key(name)
            yield from _certificate(home, name)
        except KeyUnavailableError as exc:
            if exc.code == "seal.key.passphrase" and home.passphrase is None:
                locked.append(Symptom("fault", exc.code, {}, str(name), exc.message, exc.hint))
            elif exc.code != "seal.key.permissions":  # told file by file
                yield Symptom("fault", exc.code, {}, str(name), exc.message, exc.hint)
        except (SealError, X509Error) as exc:
            yield Symptom("fault", exc.code, {}, str(name), exc.message)
    if len(locked) == len(wanted):
        yield Symptom("note", "doctor.locked")
    else:
        yield from locked  # others opened without a passphrase: these are damaged


def _certificate(home: Home, name: KeyName) -> Iterator[Symptom]:
    chain = home.keys.certificates(name)
    if not chain:
        return
    certificate, now = Certificate(chain[0]), home.clock.now()
    params = {"name": certificate.common_name or str(name), "date": certificate.not_after.date().isoformat()}
    if now < certificate.not_before:
        begins = certificate.not_before.date().isoformat()
        yield Symptom("fault", "doctor.not_yet", {**params, "date": begins}, str(name))
    elif not certificate.valid_at(now):
        yield Symptom("fault", "doctor.expired", params, str(name))
    elif certificate.not_after - now < SOON:
        yield Symptom("note", "doctor.expires_soon", params, str(name))


def _settings(home: Home) -> Iterator[Symptom]:
    """Tell of settings that are only read when they are needed: delivery, templates, groups."""
    from signkit_cli.kinds import unreadable

    try:
        if home.post is not None:
            home.post.open()
    except (ConfigError, PluginError) as exc:
        yield Symptom("fault", exc.code, {}, "delivery", exc.message, exc.hint)
    for name, error in unreadable(home.folder):
        yield Symptom("fault", error.code, {}, name, error.message, error.hint)


def _trust(home: Home) -> Iterator[Symptom]:
    try:
        anchors = home.anchors
        root = home.keys.certificates(KeyName.ROOT)[:1]
    except ConfigError as exc:
        yield Symptom("fault", exc.code, {}, exc.subject.get("file"), exc.message, exc.hint)
        return
    except KeyUnavailableError:
        return  # told with the keys
    if root and root[0] not in {anchor.der for anchor in anchors.for_purpose(SEAL)}:
        yield Symptom("fault", "doctor.own_root", {})
    if not any(LOG in anchor.purposes for anchor in anchors):
        yield Symptom("fault", "doctor.own_log", {})
