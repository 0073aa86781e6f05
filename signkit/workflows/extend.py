"""Give people more time."""

from __future__ import annotations

from datetime import datetime

from signkit.errors import UsageError
from signkit.journal.writer import append
from signkit.model.entry import format_time
from signkit.model.envelope import EnvelopeState
from signkit.workflows.desk import Desk, expect_state, load, overdue

__all__ = ["extend"]


def extend(desk: Desk, envelope_id: str, deadline: datetime) -> None:
    """Write a later deadline; saying the same again changes nothing.

    The manifest keeps the first deadline: the verifier reads the later one from the entries, which must have been
    written before the earlier one passed.

    Raises:
        TransitionError: the envelope is not sent, or signing has ended.
        UsageError: the envelope has no deadline, or the new one is not later.
        CeremonyExpiredError: the deadline has passed.
    """
    now, wanted = desk.clock.now(), format_time(deadline)
    with desk.store.write() as tx:
        envelope = load(tx, envelope_id)
        if envelope.state is EnvelopeState.SENT and envelope.deadline == wanted:
            return
        expect_state(envelope, EnvelopeState.SENT, step="extending")
        who = {"envelope": envelope_id}
        if envelope.deadline is None:
            raise UsageError(
                f"envelope {envelope_id} has no deadline",
                code="usage.no_deadline",
                hint="people have all the time there is; to end it: signkit envelope void",
                subject=who,
            )
        if envelope.overdue(now):
            raise overdue(envelope_id)
        if wanted <= envelope.deadline:
            raise UsageError(
                "the new deadline is not later than the old one",
                code="usage.deadline_earlier",
                hint=f"the deadline is {envelope.deadline}",
                subject=who,
            )
        append(
            tx, envelope_id, "extended", actor="clerk", data={"deadline": wanted, "before": envelope.deadline}, at=now
        )
        load(tx, envelope_id)
