"""Decomposition: an exact change between two periods, cut into effects that sum to it.

A segment's cost is calls x mix x quantity per call x price per quantity, where calls is the total over all segments
and mix the segment's share of them. The change is attributed with the logarithmic mean Divisia index (LMDI-I):
L(a1, a0) * ln(x1 / x0) for each factor x, L being the logarithmic mean of the two costs. The effects of a segment sum
to its change exactly, and effects may be summed over segments (docs/decisions/0006-lmdi.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal

from outlay.terms.money import EXACT, rounded

#: Effects in the order in which they are shown.
EFFECTS = ("days", "calls", "mix", "quantity", "price", "new", "retired", "other")
_ZERO = Decimal(0)
#: Logarithms are rounded to money at once; twice its digits are plenty.
_LOG = Context(prec=50)


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment in two periods.

    Args:
        key: What names it.
        cost: Money before and after.
        calls: Calls before and after.
        quantity: Tokens and other units before and after.
    """

    key: tuple[object, ...]
    cost: tuple[Decimal, Decimal]
    calls: tuple[int, int]
    quantity: tuple[Decimal, Decimal]


def decompose(segments: Sequence[Segment], days: tuple[int, int]) -> list[dict[str, Decimal]]:
    """Cut the change of every segment into effects.

    Args:
        segments: The segments, each once.
        days: Lengths of the two periods. With unequal lengths, `days` is what the longer one would cost more at
            an unchanged daily rate; the other effects compare daily rates.

    Returns:
        The effects of each segment, money in the segments' currency, in the order given. They sum to the segment's
        change to the last digit.

    >>> one = Segment(("a",), (Decimal(10), Decimal(40)), (5, 10), (Decimal(50), Decimal(100)))
    >>> effects = decompose([one], (30, 30))[0]
    >>> sum(effects.values()) == 30, effects["price"] > 0, effects["mix"]
    (True, True, Decimal('0'))
    """
    totals = (
        _scaled(Decimal(sum(s.calls[0] for s in segments)), days),
        Decimal(sum(s.calls[1] for s in segments)),
    )
    all_calls = _log(totals[1], totals[0]) if min(totals) > 0 else _ZERO
    return [_effects(segment, all_calls, days) for segment in segments]


def _effects(segment: Segment, all_calls: Decimal, days: tuple[int, int]) -> dict[str, Decimal]:
    before, after = segment.cost
    effects = dict.fromkeys(EFFECTS, _ZERO)
    level = rounded(_scaled(before, days))
    effects["days"] = level - before
    change = after - level
    calls = (_scaled(Decimal(segment.calls[0]), days), Decimal(segment.calls[1]))
    quantity = (_scaled(segment.quantity[0], days), segment.quantity[1])
    if before == 0 and segment.calls[0] == 0:
        effects["new" if segment.calls[1] else "other"] += change
    elif after == 0 and segment.calls[1] == 0:
        effects["retired" if segment.calls[0] else "other"] += change
    elif min(level, after, *calls, *quantity) > 0:
        _lmdi(effects, (level, after), calls, quantity, all_calls)
    else:
        effects["other"] += change
    return effects


def _lmdi(
    effects: dict[str, Decimal],
    cost: tuple[Decimal, Decimal],
    calls: tuple[Decimal, Decimal],
    quantity: tuple[Decimal, Decimal],
    all_calls: Decimal,
) -> None:
    change = cost[1] - cost[0]
    logs = {
        "calls": all_calls,
        "mix": _log(calls[1], calls[0]) - all_calls,
        "quantity": _log(quantity[1], quantity[0]) - _log(calls[1], calls[0]),
        "price": _log(cost[1], cost[0]) - _log(quantity[1], quantity[0]),
    }
    whole = _log(cost[1], cost[0])
    mean = EXACT.divide(change, whole) if whole else cost[0]
    parts = {name: rounded(EXACT.multiply(mean, log)) for name, log in logs.items()}
    # What the roundings leave (at most a few 1e-12) goes to the largest effect, so the sum is exact.
    largest = max(parts, key=lambda name: (abs(parts[name]), name))
    parts[largest] += change - sum(parts.values())
    for name, part in parts.items():
        effects[name] += part or _ZERO


def _log(after: Decimal, before: Decimal) -> Decimal:
    return _LOG.ln(_LOG.divide(after, before)) if after != before else _ZERO


def _scaled(value: Decimal, days: tuple[int, int]) -> Decimal:
    return value if days[0] == days[1] else EXACT.divide(EXACT.multiply(value, Decimal(days[1])), Decimal(days[0]))
