"""Changes: an explained change as the page shows it: the waterfall of effects, and the rows it comes from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast

from outlay.explain.change import change
from outlay.explain.decompose import EFFECTS as EFFECT_NAMES
from outlay.serve.web import words
from outlay.serve.web.figures import permille, spoken
from outlay.serve.web.state import State
from outlay.store import Store
from outlay.terms.period import Period

_ROWS = 12
_ZERO = Decimal(0)
_FULL = 1000


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar on a scale from 0 to 1000.

    Args:
        start: Where it begins.
        length: How long it is.
        kind: What it stands for; the style sheet knows it.
    """

    start: int
    length: int
    kind: str


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the waterfall: its label, its amount and its bar; ends are the two totals."""

    label: str
    amount: Decimal
    bar: Bar
    is_end: bool


@dataclass(frozen=True, slots=True)
class Mover:
    """One row of what changed.

    Args:
        name: As shown.
        url: The view of it alone; None when it stands for several.
        before: Money in the earlier period.
        after: Money in the later one.
        change: The difference.
        mainly: What changed it most, in words, with that effect's amount; None when nothing did.
        bars: Its effects as bars from a common zero.
    """

    name: str
    url: str | None
    before: Decimal
    after: Decimal
    change: Decimal
    mainly: tuple[str, Decimal] | None
    bars: Sequence[Bar]


@dataclass(frozen=True, slots=True)
class Changes:
    """An explained change.

    Args:
        answer: As `explain` gives it.
        steps: The waterfall.
        movers: The rows, largest change first.
        more: How many rows the last one stands for.
        zero: Where the bars of the rows begin.
        notes: What one should know to read them.
    """

    answer: Mapping[str, Any]
    steps: Sequence[Step]
    movers: Sequence[Mover]
    more: int
    zero: int
    notes: Sequence[str]

    @property
    def culprit(self) -> object:
        """Return the feature that carries the change; None when none does."""
        verdict = self.answer["verdict"]
        return verdict["feature"] if verdict["verdict"] != "none" else None


def changes(store: Store, state: State) -> Changes | None:
    """Explain the change between the state's periods; None when there is nothing to compare with."""
    if state.before is None:
        return None
    answer = change(store, state.before, state.period, (state.by,), where=state.filters, currency=state.wanted)
    ends = spoken(state.before), spoken(state.period)
    segments = cast("list[dict[str, Any]]", answer["segments"])
    if not segments:
        return None
    shown = segments if state.whole or len(segments) <= _ROWS + 1 else segments[:_ROWS]
    rest = segments[len(shown) :]
    rows: list[tuple[str, str | None, dict[str, Any]]] = [
        (words.value_of(state.by, one[state.by]), state.narrowed(one[state.by]), one) for one in shown
    ]
    if rest:
        rows.append((f"{len(rest)} more {words.DIMENSIONS[state.by].many}", None, _together(rest)))
    own = [_own(one["effects"]) for _, _, one in rows]
    low, high = _reach(own)
    movers = [
        Mover(name, url, one["before"], one["after"], one["change"], _mainly(effects), _bars(effects, low, high))
        for (name, url, one), effects in zip(rows, own, strict=True)
    ]
    return Changes(
        answer,
        _waterfall(answer, ends, words.DIMENSIONS[state.by].many),
        movers,
        len(rest),
        permille(low, high - low),
        _notes(state),
    )


def _notes(state: State) -> list[str]:
    notes, before, after = [], cast(Period, state.before), state.period
    if before.days != after.days:
        notes.append(
            f"{spoken(before)} has {before.days} days, {spoken(after)} {after.days}. The first effect is what that alone makes,"
            " at the same cost a day; the others compare a day with a day."
        )
    if state.by not in words.MEASURED or not set(state.where) <= words.MEASURED:
        notes.append(
            "Usage is not recorded by every dimension chosen here, so this change cannot be cut into calls, size and price."
        )
    return notes


def _together(segments: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    summed: dict[str, Any] = {
        name: sum((one[name] for one in segments), _ZERO) for name in ("before", "after", "change")
    }
    summed["effects"] = {name: sum((one["effects"][name] for one in segments), _ZERO) for name in EFFECT_NAMES}
    return summed


def _waterfall(answer: Mapping[str, Any], ends: tuple[str, str], many: str) -> list[Step]:
    """Walk from the earlier total over every effect to the later one."""
    before, after = answer["before"]["amount"], answer["after"]["amount"]
    effects = [(name, amount) for name, amount in answer["effects"].items() if amount]
    levels = [before]
    for _, amount in effects:
        levels.append(levels[-1] + amount)
    low, high = min(*levels, _ZERO), max(*levels, _ZERO)
    whole = high - low

    def bar(first: Decimal, second: Decimal, kind: str) -> Bar:
        start = permille(min(first, second) - low, whole)
        return Bar(start, max(permille(second - first, whole), 3), kind)

    steps = [Step(ends[0], before, bar(_ZERO, before, "end"), is_end=True)]
    for (name, amount), level in zip(effects, levels, strict=False):
        kind = "up" if amount > 0 else "down"
        label = words.EFFECTS[name][0 if amount > 0 else 1].format(many=many)
        steps.append(Step(label, amount, bar(level, level + amount, kind), is_end=False))
    return [*steps, Step(ends[1], after, bar(_ZERO, after, "end"), is_end=True)]


def _own(effects: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Return a row's effects with those of its own number of calls as one.

    `calls` is what the growth of all calls makes of the row, `mix` what its part of them does; of one row people ask
    what its own calls do, which is both together.
    """
    found = {name: amount for name, amount in effects.items() if name != "mix"}
    found["calls"] += effects["mix"]
    return found


def _mainly(effects: Mapping[str, Decimal]) -> tuple[str, Decimal] | None:
    name = max(effects, key=lambda one: abs(effects[one]))
    amount = effects[name]
    return (words.MAINLY[name][0 if amount > 0 else 1], amount) if amount else None


def _reach(rows: Sequence[Mapping[str, Decimal]]) -> tuple[Decimal, Decimal]:
    """Return how far the bars of any row reach below and above zero; the first is not above zero."""
    low = min((sum((v for v in effects.values() if v < 0), _ZERO) for effects in rows), default=_ZERO)
    high = max((sum((v for v in effects.values() if v > 0), _ZERO) for effects in rows), default=_ZERO)
    return low, high


def _bars(effects: Mapping[str, Decimal], low: Decimal, high: Decimal) -> list[Bar]:
    """Lay what added to the right of zero, what saved to the left, each effect after the other."""
    whole, zero = high - low, permille(low, high - low)
    found, right, left = [], zero, zero
    for name in sorted(effects, key=lambda one: -abs(effects[one])):
        length = min(permille(effects[name], whole), _FULL)
        if not length:
            continue
        if effects[name] > 0:
            found.append(Bar(right, length, name))
            right += length
        else:
            left -= length
            found.append(Bar(left, length, name))
    return found
