"""What must have come of each envelope: a small second mind beside signkit, which shares no code with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

__all__ = ["ENDED", "RULES", "Case", "Place"]

ENDED = frozenset({"completed", "declined", "voided", "expired"})
RULES: dict[str, tuple[str, ...]] = {
    "all": (),
    "any": ("any-of=s2,s3",),
    "goes-on": ("any-of=s2,s3", "decline=continues", "comment=required"),
    "by-deadline": ("deadline=completes",),
}


@dataclass
class Place:
    """One place to sign."""

    name: str
    email: str
    order: int = 1
    state: str = "open"
    """``open``, ``signed`` or ``declined``."""
    delegate: str | None = None
    reach: str = ""
    """Address of whoever fills it now."""
    asked: bool = False
    """Whether its turn has ever come while the envelope was sent."""


@dataclass
class Case:
    """One envelope, as it must be."""

    id: str
    rule: str
    places: dict[str, Place]
    documents: int
    deadline: datetime | None = None
    viewer: str | None = None
    state: str = "draft"
    sending: bool = False
    """Whether a *send* was cut off: time may finish it."""
    corrected: bool = False
    seen: set[str] = field(default_factory=set)
    """Everything that is known to have happened, for the accounts of the letters."""

    @property
    def met(self) -> bool:
        """Tell whether enough have signed."""
        signed = {key for key, place in self.places.items() if place.state == "signed"}
        if self.rule in {"any", "goes-on"}:
            return "s1" in signed and bool(signed & {"s2", "s3"})
        return len(signed) == len(self.places)

    @property
    def refused(self) -> bool:
        """Tell whether a refusal has ended it."""
        declined = {key for key, place in self.places.items() if place.state == "declined"}
        if self.rule == "goes-on":
            return "s1" in declined or declined >= {"s2", "s3"}
        return bool(declined)

    def overdue(self, now: datetime) -> bool:
        """Tell whether the deadline has passed while people were still asked."""
        return self.state == "sent" and not self.met and self.deadline is not None and self.deadline <= now

    @property
    def by_deadline(self) -> str:
        """How the deadline ends it."""
        some = any(place.state == "signed" for place in self.places.values())
        return "completed" if self.rule == "by-deadline" and some else "expired"

    def turn(self, key: str) -> bool:
        """Tell whether a place may be filled now."""
        place = self.places[key]
        if self.state != "sent" or self.met or place.state != "open":
            return False
        return all(other.state != "open" or other.order >= place.order for other in self.places.values())

    def settle(self) -> None:
        """Let follow what follows by itself."""
        if self.state == "sent":
            if self.refused:
                self.state = "declined"
            elif self.met:
                self.state = "completed"
        for key, place in self.places.items():
            place.asked = place.asked or self.turn(key)

    def allowed(self, now: datetime) -> set[str]:
        """Return the states in which the home may show it."""
        if self.overdue(now):
            return {"sent", self.by_deadline}
        if self.state == "completed":
            return {"sent", "completed"}  # sealed later where timestamp or witness failed
        return {"draft", "sent"} if self.sending and self.state == "draft" else {self.state}
