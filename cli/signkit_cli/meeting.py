"""Everybody in turn: one person after the other is called up, signs, is asked again or skipped.

At a terminal with several people waiting, whoever leads the meeting has three keys: again, skip, stop. Elsewhere the
first ceremony that fails ends the command with its error, so that a script knows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from signkit.errors import SignkitError, UsageError
from signkit_cli.ceremony import Choice, Interrupted, run_ceremony
from signkit_cli.exit_codes import exit_code_for
from signkit_cli.keyboard import Keyboard
from signkit_cli.queue import PersonToSign, next_person
from signkit_cli.terminal import printable

if TYPE_CHECKING:
    from signkit.workflows.desk import Desk
    from signkit_cli.composition import Home, Providers
    from signkit_cli.session import Session

__all__ = ["Meeting", "Way"]


@dataclass(frozen=True, slots=True)
class Way:
    """How people sign."""

    provider: str | None = None
    """Whatever the invitations say; None: what they say, else what the home says."""
    rehearse: str | None = None
    call: str | None = None
    """``user`` or ``RP``: signing on a call, and who called."""
    qr: bool = True


@dataclass
class Meeting:
    """One run of ``signkit sign``."""

    session: Session
    home: Home
    desk: Desk
    providers: Providers
    way: Way
    wanted: list[tuple[str, list[str]]]
    """Envelope, and the places to fill there."""
    every: bool
    """Whether everybody was asked for, so that places nobody needs are passed over."""
    signed: int = 0
    """Ceremonies that ended well."""
    skipped: list[str] = field(default_factory=list)
    """Names of those who were passed over."""

    def run(self) -> None:
        """Let everybody sign who may.

        Raises:
            SignkitError: a ceremony failed and nobody chose to go on.
        """
        terminal = self.session.terminal
        several = sum(len(places) for _, places in self.wanted) > 1
        led = self.every and several and terminal.interactive and not terminal.assume_yes
        with Keyboard(live=led) as keyboard:
            while (person := next_person(self.home.store, self.wanted, every=self.every)) is not None:
                if self.skipped and not person.ready:
                    terminal.note("cli.sign.blocked", names=", ".join(self.skipped))
                    break
                choice = self._one(person, keyboard)
                if choice is Choice.SKIP:
                    self._skip(person)
                elif choice is Choice.STOP:
                    self.skipped.append(person.name)
                    break

    def _one(self, person: PersonToSign, keyboard: Keyboard) -> Choice | None:
        """Take one person through a ceremony; return what was chosen where it did not end in a signature."""
        while True:
            try:
                self._ceremony(person, keyboard)
            except Interrupted as wish:
                if wish.choice is not Choice.AGAIN:
                    return wish.choice
            except SignkitError as error:
                if not keyboard.live:
                    raise
                self.session.terminal.error(error, exit_code_for(error))
                self.session.terminal.note("cli.sign.choose", name=person.name)
                choice = Choice(keyboard.one_of("".join(Choice)))
                if choice is not Choice.AGAIN:
                    return choice
            else:
                self.signed += 1
                return None

    def _ceremony(self, person: PersonToSign, keyboard: Keyboard) -> None:
        name = self.way.provider or person.provider or self.home.config.provider
        if self.way.rehearse is not None and name != "rehearsal":
            raise UsageError("--rehearse goes with --provider rehearsal", code="usage.rehearse")
        if self.way.call is not None and name == "rehearsal":
            raise UsageError(
                "--call goes with an eID that signs on a call", code="usage.call", hint="--provider bankid"
            )
        options = {"rehearse": self.way.rehearse} if self.way.rehearse else {}
        number = self._number(person, keyboard)
        call = self._call(name, identified=person.identified or number is not None)
        if call is not None:
            options["call_initiator"] = call
        provider, origin = self.providers.get(name)
        run_ceremony(
            self.session,
            self.desk,
            person.slots,
            provider,
            origin=origin,
            options=options,
            qr=self.way.qr,
            number=number,
            keyboard=keyboard,
        )

    def _call(self, provider: str, *, identified: bool) -> str | None:
        """Return who called whom, where it is a call: as told, else as the configuration says."""
        settings = self.home.config.providers.get(provider, {})
        usual = settings.get("call_initiator") if identified else None
        return self.way.call or (usual if isinstance(usual, str) else None)

    def _number(self, person: PersonToSign, keyboard: Keyboard) -> str | None:
        """Return the number that a person on a call tells, where the invitation does not know it."""
        if self.way.call is None or person.identified:
            return None
        terminal = self.session.terminal
        if not terminal.interactive:
            raise UsageError(
                f"signing on a call needs {person.name}'s personal number",
                code="usage.number",
                hint="invite with id=NUMBER, or sign at a terminal, which asks for it",
            )
        from signkit.model.signatory import normal_personal_number
        from signkit.texts import text

        question = text("cli.sign.number", terminal.lang, name=printable(person.name))
        with keyboard.paused():
            told = terminal.secret(question)
        try:
            return normal_personal_number(told)
        except ValueError as exc:
            raise UsageError(str(exc), code="usage.personal_number") from exc

    def _skip(self, person: PersonToSign) -> None:
        self.skipped.append(person.name)
        gone = {(slot.envelope, slot.signatory) for slot in person.slots}
        self.wanted = [
            (envelope, [place for place in places if (envelope, place) not in gone]) for envelope, places in self.wanted
        ]
