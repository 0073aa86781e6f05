"""Between ``signkit journal`` and the house: which key, which checkpoint, and what is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from signkit import canonical, plugins
from signkit.errors import ConfigError, JournalCorruptError, JournalError, StoreError, UsageError
from signkit.journal.checkpoint import Checkpoint, log_vkey, parse_checkpoint
from signkit.journal.note import MAX_NOTE_BYTES
from signkit.journal.proof import TlogProof
from signkit.model.entry import format_time
from signkit.model.report import Finding, Verdict, worst
from signkit.ports.keys import KeyName
from signkit.texts import text
from signkit.x509.anchors import LOG
from signkit_cli.exit_codes import ExitCode
from signkit_cli.watching import reason

if TYPE_CHECKING:
    from signkit.journal.publish import Published, Sink
    from signkit.workflows.erase import Erasure
    from signkit_cli.composition import Home
    from signkit_cli.session import Session

__all__ = [
    "OUTBOX",
    "checkpoint_json",
    "due",
    "due_by_retention",
    "erase_all",
    "erasure_json",
    "judge_folder",
    "judge_home",
    "proof_of",
    "publish_to",
    "read_kept",
    "read_note",
    "sink_for",
    "tell",
    "vkey_of",
    "witnessed",
]

OUTBOX = "outbox"
_PROVED = frozenset({"completing", "completed", "archived", "exported"})
_STYLES = {Verdict.PASSED: "green", Verdict.FAILED: "red", Verdict.INDETERMINATE: "yellow"}


def vkey_of(home: Home) -> str:
    """Return the verifier key of a home's log: as the home's anchors name it, else from the key itself."""
    for anchor in home.anchors:
        if LOG in anchor.purposes and anchor.key is not None and anchor.label == home.config.origin:
            return anchor.key
    return log_vkey(home.config.origin, home.keys.key(KeyName.JOURNAL).spki)


def read_note(path: Path) -> bytes:
    """Return a checkpoint that somebody kept.

    Raises:
        UsageError: the file cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return stream.read(MAX_NOTE_BYTES + 1)
    except OSError as exc:
        raise UsageError(f"{path} cannot be read: {exc.strerror}", code="usage.file") from exc


def read_kept(path: Path) -> bytes:
    """Return the checkpoint in what somebody kept: the note itself, a finished file, or a bundle.

    Raises:
        UsageError: the file cannot be read.
        DocumentError: a PDF or a bundle without one.
    """
    from signkit.audit.carried import carried_checkpoint

    note = read_note(path)
    return carried_checkpoint(path) if b"%PDF-" in note[:1024] or note.startswith(b"PK") else note


def judge_home(session: Session, older: Sequence[bytes], key: str | None) -> tuple[list[Finding], int]:
    """Return what is wrong with the home, and how many entries it has."""
    from signkit.audit.home import check_home

    home = session.open(write=False)
    report = check_home(home.store, vkey=key or vkey_of(home), checkpoints=older)
    return list(report.findings), report.entries


def judge_folder(
    session: Session, folder: Path, older: Sequence[bytes], key: str | None, *, witnesses: Sequence[str], needed: int
) -> tuple[list[Finding], int]:
    """Return what is wrong with a published log, and how many entries it has.

    Without a key the home's own is meant; the ``log.vkey`` that lies in the folder proves nothing.
    """
    from signkit.audit.published import check_published

    vkey = key or vkey_of(session.open(write=False))
    findings = check_published(folder, vkey=vkey, checkpoints=older, witnesses=witnesses, needed=needed)
    try:
        entries = parse_checkpoint(read_note(folder / "checkpoint")).size
    except (JournalError, UsageError):
        entries = -1
    return findings, entries


def tell(session: Session, findings: Sequence[Finding], entries: int) -> ExitCode:
    """Print findings and return the exit code of the worst; an empty log never passes."""
    verdict = worst(finding.verdict for finding in findings)
    lang = session.terminal.lang
    if session.terminal.as_json:
        items = [
            {
                "check": item.check,
                "verdict": item.verdict.value,
                "code": item.code,
                "message": text(item.code, lang, **item.params),
                "subject": item.subject,
            }
            for item in findings
        ]
        session.terminal.json(
            {"schema": "signkit.journal-report/1", "verdict": verdict.value, "entries": entries, "findings": items}
        )
    for item in findings:
        where = f" ({item.subject})" if item.subject else ""
        session.terminal.line(text(item.code, lang, **item.params) + where, style=_STYLES.get(item.verdict))
    if verdict is Verdict.FAILED:
        return ExitCode.VERDICT_FAILED
    if entries == 0:
        return ExitCode.NOTHING_TO_VERIFY
    return ExitCode.OK if verdict is Verdict.PASSED else ExitCode.VERDICT_INDETERMINATE


def witnessed(session: Session, home: Home, note: bytes) -> tuple[bytes, tuple[str, ...]]:
    """Ask the configured witnesses; tell of those that did not vouch."""
    from signkit.journal.cosigning import ask_witnesses

    if not home.witnesses:
        return note, ()
    asked = ask_witnesses(home.store, note, witnesses=home.witnesses)
    for vkey, code in asked.problems:
        why = reason(code, session.terminal.lang)
        session.terminal.note("journal_cli.no_witness", witness=vkey.partition("+")[0], reason=why)
    return asked.note, asked.vouched


def checkpoint_json(note: bytes, gen_time: datetime, vouched: Sequence[str]) -> dict[str, Any]:
    """Return a checkpoint as JSON."""
    checkpoint = parse_checkpoint(note)
    return {
        "schema": "signkit.checkpoint/1",
        "origin": checkpoint.origin,
        "size": checkpoint.size,
        "root": canonical.digest_text(checkpoint.root),
        "note": note.decode("utf-8"),
        "gen_time": format_time(gen_time),
        "witnesses": list(vouched),
    }


def proof_of(session: Session, prefix: str) -> tuple[str, str, TlogProof]:
    """Return the envelope, its newest entry that a checkpoint covers, and the proof of it.

    Raises:
        JournalError: no checkpoint covers any entry of it (``journal.not_covered``).
    """
    from signkit.journal.log import prove
    from signkit.workflows.desk import find_envelope

    home = session.open(write=False)
    with home.store.read() as tx:
        found = find_envelope(tx, prefix)
        entries = tx.entries(found)
        notes = tx.checkpoints(limit=1)
    for note, stored in ((notes[0].note, stored) for stored in reversed(entries) if notes):
        try:
            proof = prove(home.store, stored.index, origin=home.config.origin, checkpoint=parse_checkpoint(note))
        except JournalCorruptError:
            raise
        except JournalError:
            continue
        return found, canonical.digest_text(stored.digest), TlogProof(proof.index, proof.path, note)
    raise JournalError(
        "no checkpoint covers that envelope yet", code="journal.not_covered", hint="run: signkit journal checkpoint"
    )


def sink_for(session: Session, target: str) -> Sink:
    """Return where published files go: a folder, or ``s3://bucket/prefix``.

    Raises:
        UsageError: another kind of address.
        ConfigError: no [s3] in the settings.
    """
    from signkit.journal.publish import FolderSink

    scheme, found, rest = target.partition("://")
    if not found:
        return FolderSink(Path(target))
    if scheme != "s3" or not rest.strip("/"):
        raise UsageError(f"cannot publish to {target[:80]}", code="usage.target", hint="name a folder or s3://BUCKET")
    home = session.open(write=False)
    settings = dict(home.config.s3)
    if not settings:
        raise ConfigError(
            "no bucket service is configured", code="config.s3", hint="add [s3] with endpoint, region and keys"
        )
    bucket, _, prefix = rest.strip("/").partition("/")
    secret = home.folder / settings.pop("secret_file")
    made = plugins.load(plugins.find(plugins.SINKS, "s3"))(
        bucket=bucket, prefix=prefix, secret_file=secret, clock=home.clock, **settings
    )
    return cast("Sink", made)


def publish_to(session: Session, sink: Sink) -> Published:
    """Publish the newest checkpoint and all it covers, with the proofs of envelopes that have ended."""
    from signkit.journal.publish import publish

    home = session.open(write=False)
    with home.store.read() as tx:
        newest = tx.checkpoints(limit=1)
        if not newest:
            raise JournalError(
                "there is no checkpoint to publish", code="journal.not_covered", hint="run: signkit journal checkpoint"
            )
        checkpoint: Checkpoint = parse_checkpoint(newest[0].note)
        page = "\n".join(_how_to_check(checkpoint.origin, lang) for lang in ("sv", "en"))
        files = {"HOW-TO-CHECK.txt": page.lstrip("\n").encode()}
        if newest[0].token is not None:
            files["checkpoint.tsr"] = newest[0].token
        proofs = [
            stored.index for name in tx.envelopes() for stored in tx.entries(name) if stored.entry.type in _PROVED
        ]
        return publish(
            tx,
            sink,
            note=newest[0].note,
            vkey=vkey_of(home),
            proofs=proofs,
            files=files,
        )


def _how_to_check(origin: str, lang: str) -> str:
    loop = text("journal_check.loop", lang, entry="entry.json", proof="proof", key="log.pem")
    return text("journal_check.page", lang, origin=origin, loop=loop.lstrip("\n"))


def due(session: Session, *, days: int, kind: str | None) -> list[str]:
    """Return the envelopes that ended at least so many days ago and still have something to erase."""
    from signkit.workflows.erase import due_for_erasure

    home = session.open()
    with home.store.read() as tx:
        return list(due_for_erasure(tx, before=home.clock.now() - timedelta(days=days), kind=kind))


def due_by_retention(session: Session) -> dict[str, str]:
    """Return the envelopes that retention makes due, each with its rule; the configuration goes over the templates."""
    from signkit_cli.kinds import usual_retention

    found: dict[str, str] = {}
    for kind, days in (usual_retention(session) | dict(session.open().config.retention_days)).items():
        found |= dict.fromkeys(due(session, days=days, kind=kind), f"retention-{kind}-{days}-days")
    return found


def erase_all(session: Session, envelopes: Mapping[str, str]) -> Iterator[tuple[Erasure, int]]:
    """Erase one envelope after the other by its rule, then overwrite what the database still holds of them.

    Letters that lie in the home's outbox name the same people: they go too. Each comes with their number.
    """
    from signkit.workflows.erase import erase

    home = session.open()
    own = home.config.delivery.settings.get(OUTBOX, {}).get("folder", OUTBOX)
    for envelope, rule in envelopes.items():
        done = erase(home.store, envelope, rule=rule, at=home.clock.now())
        yield done, _remove_letters(home.folder / str(own), envelope)
    home.store.close()


def _remove_letters(outbox: Path, envelope: str) -> int:
    """Delete the letters about an envelope and return how many there were.

    Raises:
        StoreError: one cannot be deleted; the command may be run again.
    """
    letters = sorted(outbox.glob(f"{envelope}.*.eml"))
    try:
        for letter in letters:
            letter.unlink(missing_ok=True)
    except OSError as exc:
        raise StoreError(
            f"a letter in the outbox cannot be deleted: {exc.strerror}",
            code="store.io",
            hint=f"delete by hand what begins with {envelope} in {outbox}",
        ) from exc
    return len(letters)


def erasure_json(done: Erasure, letters: int) -> dict[str, Any]:
    """Return an erasure as JSON."""
    return {
        "schema": "signkit.erasure/1",
        "envelope": done.envelope,
        "at": format_time(done.at),
        "openings": done.openings,
        "evidence": done.evidence,
        "letters": letters,
        "rule": done.rule,
    }
