"""Testing: see what a program records, and assert that it says who caused it. No network, no thread, no file.

    from outlay.testing import recorded

    with recorded() as events:
        answer(question, customer="acme")
    events.assert_attributed(feature="search.answer", customer="acme")

With pytest, `pytest_plugins = ["outlay.testing"]` in the topmost conftest.py offers the fixture `outlay_events`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from threading import RLock
from time import time_ns
from typing import overload

from outlay.sdk import recording
from outlay.sdk.output.event import Dropped, finished
from outlay.sdk.output.hashing import Hashing
from outlay.terms.usage_event import UsageEvent

__all__ = ["Recorded", "recorded"]

_SHOWN = 10
_ATTRIBUTION = ("feature", "customer", "team", "user", "session", "environment", "service", "release")


class Recorded(Sequence[UsageEvent]):
    """The events recorded since it began, in order; those that no import would take are in `rejected`.

    Attributes:
        rejected: Why an event was not taken, and the names of its fields.
    """

    def __init__(self) -> None:
        self.rejected: list[str] = []
        self._events: list[UsageEvent] = []
        self._lock = RLock()

    def __len__(self) -> int:
        """Return how many events were recorded."""
        return len(self._events)

    @overload
    def __getitem__(self, at: int) -> UsageEvent: ...
    @overload
    def __getitem__(self, at: slice) -> list[UsageEvent]: ...
    def __getitem__(self, at: int | slice) -> UsageEvent | list[UsageEvent]:
        """Return an event, or several."""
        return self._events[at]

    def matching(self, **said: object) -> list[UsageEvent]:
        """Return the events that say all of this: fields of an event, or tags.

        Args:
            said: Values by name; None means that nothing is said.
        """
        return [event for event in self._events if all(_said(event, name) == value for name, value in said.items())]

    def total(self, unit: str, **said: object) -> int | Decimal:
        """Return how much of a unit was used, by the events that say this."""
        return sum((event.usage.get(unit, 0) for event in self.matching(**said)), start=0)

    def assert_attributed(self, **said: object) -> None:
        """Assert that something was recorded, and that every event says all of this.

        Args:
            said: Values by name of a field or tag; `...` means any value, as long as there is one.
        """
        __tracebackhide__ = True
        self.assert_nothing_rejected()
        if not self._events:
            raise AssertionError("nothing was recorded. Fix: track the client, or call outlay.record(...)")
        wrong = [
            (at, name, expected, _said(event, name))
            for at, event in enumerate(self._events)
            for name, expected in said.items()
            if not _is_met(expected, _said(event, name))
        ]
        if wrong:
            lines = [_complaint(*each) for each in wrong[:_SHOWN]]
            lines += [f"... and {len(wrong) - _SHOWN} more"] * (len(wrong) > _SHOWN)
            raise AssertionError("\n".join([f"{len(self._events)} events were recorded:", *lines, str(self)]))

    def assert_recorded(self, times: int | None = None, **said: object) -> None:
        """Assert that events that say all of this were recorded: so many of them, or at least one.

        Args:
            times: How many; None is any number but none.
            said: Values by name of a field or tag.
        """
        __tracebackhide__ = True
        found = len(self.matching(**said))
        if found != times if times is not None else not found:
            wanted = "at least one event" if times is None else f"{times} events"
            told = ", ".join(f"{name}={value!r}" for name, value in said.items()) or "anything"
            raise AssertionError(f"expected {wanted} with {told}, found {found}\n{self}")

    def assert_nothing_rejected(self) -> None:
        """Assert that every event is one that an import would take."""
        __tracebackhide__ = True
        if self.rejected:
            raise AssertionError("\n".join(["events would be dropped:", *self.rejected[:_SHOWN]]))

    def clear(self) -> None:
        """Forget what was recorded so far."""
        with self._lock:
            self._events, self.rejected = [], []

    def __str__(self) -> str:
        """List the events, one a line."""
        lines = [f"  {at}: {_shown(event)}" for at, event in enumerate(self._events[:_SHOWN])]
        return "\n".join([*lines, *[f"  ... {len(self._events) - _SHOWN} more"] * (len(self._events) > _SHOWN)])

    # --- what `recording` asks of whoever takes events ---

    def take(
        self,
        scope: Mapping[str, object],
        given: Mapping[str, object],
        later: Callable[[], dict[str, object]] | None,
        _size: int = 0,
    ) -> None:
        """Take an event, at once and in the thread that recorded it."""
        try:
            event = finished(time_ns(), scope, given, later, Hashing(None))
        except Dropped as dropped:
            self.rejected.append(f"  {dropped.reason}: an event with {', '.join(given)}")
        except Exception as error:  # noqa: BLE001 - as in the background: it is told, not raised into the host
            self.rejected.append(f"  {type(error).__name__}: {error}: an event with {', '.join(given)}")
        else:
            with self._lock:
                self._events.append(event)

    def flush(self, _timeout_s: float = 0) -> bool:
        """Say that everything arrived."""
        return True

    def retire(self, _within_s: float = 0) -> None:
        """Do nothing: nothing is under way."""

    def close(self, _within_s: float = 0) -> None:
        """Do nothing: nothing is under way."""

    def has_ended(self) -> bool:
        """Say yes: nothing is under way."""
        return True

    def before_fork(self) -> bool:
        """Say that nothing has to be held."""
        return False

    def after_fork_in_parent(self) -> None:
        """Do nothing."""

    def after_fork_in_child(self) -> None:
        """Do nothing: what a child records, its own memory holds."""


@contextmanager
def recorded() -> Iterator[Recorded]:
    """Yield the events that are recorded inside, in all threads; nothing goes to any output meanwhile.

    >>> import outlay
    >>> with recorded() as events, outlay.context(feature="search"):
    ...     outlay.record(provider="openai", model="gpt-4o-mini", usage={"input": 3})
    >>> events.assert_attributed(feature="search")
    >>> events.total("input")
    3
    """
    found = Recorded()
    before = recording.replace(found)
    try:
        yield found
    finally:
        recording.replace(before)


def _said(event: UsageEvent, name: str) -> object:
    return getattr(event, name) if name in UsageEvent.__dataclass_fields__ else event.tags.get(name)


def _is_met(expected: object, found: object) -> bool:
    return found not in (None, "") if expected is ... else found == expected


def _complaint(at: int, name: str, expected: object, found: object) -> str:
    wanted = "any value" if expected is ... else repr(expected)
    if found is None:
        fix = f"open outlay.context({name}=...) around the call, or carry the context into its thread"
        return f"  {at}: {name} is not said, expected {wanted}. Fix: {fix}"
    return f"  {at}: {name} is {found!r}, expected {wanted}"


def _shown(event: UsageEvent) -> str:
    said = {name: value for name in _ATTRIBUTION if (value := getattr(event, name)) is not None}
    used = " ".join(f"{unit}={quantity}" for unit, quantity in event.usage.items())
    told = " ".join(f"{name}={value}" for name, value in {**said, **event.tags}.items())
    return f"{event.provider} {event.model} {event.state} [{used}] {told or 'attributed to nobody'}"


try:
    import pytest
except ImportError:  # unittest does without
    pass
else:

    @pytest.fixture
    def outlay_events() -> Iterator[Recorded]:
        """Yield what the test records; see `recorded`."""
        with recorded() as events:
            yield events
