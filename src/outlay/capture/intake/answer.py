"""Answer: what became of the events of one request."""

from dataclasses import dataclass, field

from outlay.wire.flaw import Flaw


@dataclass(frozen=True, slots=True)
class Conflict:
    """An event whose id came before with another content. The first one holds.

    Args:
        index: Place in the request, from 0.
        id: The event's id.
    """

    index: int
    id: str


@dataclass(slots=True)
class Answer:
    """What became of the events of one request: `accepted + duplicates + conflicts + problems` are all of them.

    Args:
        accepted: Events that are new.
        duplicates: Events that came before, unchanged.
        conflicts: Events that came before with another content.
        problems: Place in the request, and what is wrong with the event that stood there.
    """

    accepted: int = 0
    duplicates: int = 0
    conflicts: list[Conflict] = field(default_factory=list)
    problems: list[tuple[int, Flaw]] = field(default_factory=list)

    def add(self, other: "Answer") -> None:
        """Add what became of further events of the same request."""
        self.accepted += other.accepted
        self.duplicates += other.duplicates
        self.conflicts += other.conflicts
        self.problems += other.problems

    @property
    def events(self) -> int:
        """Return how many events the request held."""
        return self.accepted + self.duplicates + len(self.conflicts) + len(self.problems)
