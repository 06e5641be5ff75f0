"""Metrics: what inference costs and takes, counted in the process that does it, for Prometheus to scrape.

Comes in: every event, in the background. Goes out: families of samples, which `metrics_text` writes as text and
`register_metrics` hands to `prometheus_client`. Counted in whole numbers: 1e-12 USD, tokens, milliseconds.
"""

from _thread import RLock
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from time import monotonic

from outlay.terms.money import pico
from outlay.terms.unit import TOKEN_UNITS
from outlay.terms.usage_event import UsageEvent

#: Upper ends of the buckets of durations, in milliseconds.
BUCKETS_MS = (50, 100, 250, 500, 1000, 2500, 5000, 10_000, 20_000, 40_000, 80_000, 160_000)
#: Models, features and teams of one family, in combination; the rest of the world is `other`.
MOST_SETS = 1000
OTHER = "other"
_LONGEST_LABEL = 200
_PICO, _MILLI = 10**12, 1000
_HOUR_S, _MINUTE_S = 3600, 60
_TOKENS = frozenset(TOKEN_UNITS)

Labels = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Family:
    """One metric: samples are (suffix of the name, labels, value as text).

    Args:
        name: As Prometheus knows it.
        kind: `counter`, `gauge` or `histogram`.
        help: What it counts.
        samples: In the order of their labels.
    """

    name: str
    kind: str
    help: str
    samples: list[tuple[str, dict[str, str], str]] = field(default_factory=list)


class _Guard:
    """Admits the first label sets and calls all others `other`: a label nobody thought of must not fill a server."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: set[Labels] = set()
        self.folded = 0

    def admit(self, *labels: str | None) -> Labels:
        found = tuple((label or "")[:_LONGEST_LABEL] for label in labels)
        if found in self._known:
            return found
        if len(self._known) < self._most:
            self._known.add(found)
            return found
        self.folded += 1
        return (OTHER,) * len(found)


class Meters:
    """Counters of everything observed in this process.

    Args:
        price: Prices a call as `outlay.price` does.
        most_sets: Label sets that each metric may have.
        now_s: A clock that never goes back, in seconds.
    """

    def __init__(
        self,
        price: Callable[[UsageEvent], tuple[int, bool]] | None = None,
        most_sets: int = MOST_SETS,
        now_s: Callable[[], float] = monotonic,
    ) -> None:
        self._price = price or _cost
        self._now_s = now_s
        self._lock = RLock()
        self._guards = {name: _Guard(most_sets) for name in ("cost", "tokens", "duration", "hour")}
        self._cost: dict[Labels, int] = {}
        self._unpriced: dict[Labels, int] = {}
        self._tokens: dict[Labels, int] = {}
        self._durations: dict[Labels, list[int]] = {}
        self._minutes: deque[tuple[int, dict[str, int]]] = deque()

    def observe(self, event: UsageEvent) -> None:
        """Count an event."""
        amount, whole = self._price(event)
        with self._lock:
            if event.usage or amount:
                labels = self._guards["cost"].admit(event.model, event.feature, event.team)
                self._cost[labels] = self._cost.get(labels, 0) + amount
                if not whole:
                    self._unpriced[labels] = self._unpriced.get(labels, 0) + 1
                self._spent(self._guards["hour"].admit(event.feature)[0], amount)
            for unit, quantity in event.usage.items():
                if unit in _TOKENS and quantity:
                    labels = (*self._guards["tokens"].admit(event.model, event.feature), unit)
                    self._tokens[labels] = self._tokens.get(labels, 0) + int(quantity)
            if event.duration_ms is not None:
                self._lasted(self._guards["duration"].admit(event.model, event.feature), event.duration_ms)

    def families(self) -> list[Family]:
        """Return everything counted so far."""
        with self._lock:
            cost = Family(
                "ai_inference_estimated_cost_usd", "counter", "What calls cost, estimated from the price snapshot."
            )
            cost.samples.extend(_samples(self._cost, ("model", "feature", "team"), _PICO))
            unpriced = Family(
                "ai_inference_unpriced_calls", "counter", "Calls that have no price in USD, wholly or in part."
            )
            unpriced.samples.extend(_samples(self._unpriced, ("model", "feature", "team"), 1))
            tokens = Family("ai_inference_tokens", "counter", "Tokens, each counted under one type only.")
            tokens.samples.extend(_samples(self._tokens, ("model", "feature", "token_type"), 1))
            hour = Family("ai_inference_cost_per_hour_usd", "gauge", "What calls cost in the last 60 minutes.")
            hour.samples.extend(
                ("", {"feature": feature}, _decimal(amount, _PICO)) for feature, amount in self._last_hour().items()
            )
            folded = Family("ai_inference_label_sets_folded", "counter", "Times that labels were counted as `other`.")
            folded.samples.extend(
                ("_total", {"metric": name}, str(guard.folded)) for name, guard in self._guards.items()
            )
            return [cost, unpriced, tokens, self._histogram(), hour, folded]

    def _spent(self, feature: str, amount: int) -> None:
        minute = int(self._now_s() // _MINUTE_S)
        if not self._minutes or self._minutes[-1][0] != minute:
            self._minutes.append((minute, {}))
            self._forget()
        spent = self._minutes[-1][1]
        spent[feature] = spent.get(feature, 0) + amount

    def _forget(self) -> None:
        oldest = int(self._now_s() // _MINUTE_S) - _HOUR_S // _MINUTE_S
        while self._minutes and self._minutes[0][0] <= oldest:
            self._minutes.popleft()

    def _last_hour(self) -> dict[str, int]:
        """Return what each feature cost in the last hour; one that rests shows 0, so that its line comes down."""
        self._forget()
        found = dict.fromkeys(sorted({labels[1] for labels in self._cost}), 0)
        for _, spent in self._minutes:
            for feature, amount in spent.items():
                found[feature] = found.get(feature, 0) + amount
        return found

    def _lasted(self, labels: Labels, duration_ms: int) -> None:
        held = self._durations.setdefault(labels, [0] * (len(BUCKETS_MS) + 2))
        held[next((at for at, most in enumerate(BUCKETS_MS) if duration_ms <= most), len(BUCKETS_MS))] += 1
        held[-1] += duration_ms

    def _histogram(self) -> Family:
        family = Family("ai_inference_duration_seconds", "histogram", "How long calls took.")
        ends = [*(_decimal(most, _MILLI) for most in BUCKETS_MS), "+Inf"]
        for (model, feature), (*counts, total_ms) in sorted(self._durations.items()):
            labels, seen = {"model": model, "feature": feature}, 0
            for end, count in zip(ends, counts, strict=True):
                seen += count
                family.samples.append(("_bucket", {**labels, "le": end}, str(seen)))
            family.samples.append(("_count", labels, str(seen)))
            family.samples.append(("_sum", labels, _decimal(total_ms, _MILLI)))
        return family


def _samples(
    counted: dict[Labels, int], names: tuple[str, ...], unit: int
) -> Iterable[tuple[str, dict[str, str], str]]:
    for labels, value in sorted(counted.items()):
        yield "_total", dict(zip(names, labels, strict=True)), _decimal(value, unit)


def _decimal(value: int, unit: int) -> str:
    """Return so many parts of a unit as a decimal, to the last digit.

    >>> _decimal(1_500_000_000_000, 10**12), _decimal(250, 1000), _decimal(7, 1)
    ('1.5', '0.25', '7')
    """
    whole, part = divmod(value, unit)
    digits = str(part).rjust(len(str(unit)) - 1, "0").rstrip("0")
    return f"{whole}.{digits}" if part else str(whole)


def _cost(event: UsageEvent) -> tuple[int, bool]:
    """Return what an event costs in 1e-12 USD, and whether that is all of it: by our prices, else as reported."""
    from outlay.sdk.pricing import price

    if event.state in ("refused", "not_sent"):
        return 0, True
    found = price(event.provider or "", event.model or "", event.usage, used_at=event.time, context=event.context)
    if not found.unpriced and found.currency in ("USD", None):
        return found.pico, True
    if event.reported_cost is not None and event.currency == "USD":
        return pico(event.reported_cost), True
    return (found.pico if found.currency == "USD" else 0), False


#: What this process counts.
METERS = Meters()


def metrics_text() -> str:
    """Return what was counted since `configure(metrics=True)`, in the text format that Prometheus scrapes.

    The events of the last second may still be missing. The media type is `text/plain; version=0.0.4`.
    """
    return written(METERS.families())


def written(families: Iterable[Family]) -> str:
    """Write families in the text format of Prometheus, version 0.0.4."""
    lines = []
    for family in families:
        name = f"{family.name}_total" if family.kind == "counter" else family.name
        lines += [f"# HELP {name} {family.help}", f"# TYPE {name} {family.kind}"]
        for suffix, labels, value in family.samples:
            said = ",".join(f'{key}="{_escaped(label)}"' for key, label in labels.items())
            lines.append(f"{family.name}{suffix}{{{said}}} {value}")
    return "\n".join(lines) + "\n"


def _escaped(label: str) -> str:
    r"""Return a label as it is written between quotes.

    >>> print(_escaped('a"b\\c\nd'))
    a\"b\\c\nd
    """
    return label.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
