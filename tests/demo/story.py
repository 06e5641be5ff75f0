"""Reads the company's files back as anybody would: sums of their lines, and nothing of how they were made."""

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import msgspec

from outlay.demo.cast import TAGGING, TOKEN_PRICES
from outlay.demo.truth import Truth

#: The columns of bill lines that the tests look at.
COLUMNS = (
    "BilledCost", "ChargeCategory", "ChargePeriodStart", "ConsumedQuantity", "ProviderName", "ResourceName",
    "ResourceType", "ServiceCategory", "ServiceName", "ServiceSubcategory", "SkuId", "SkuMeter", "SubAccountName",
    "Tags",
)  # fmt: skip
PICO = Decimal(10) ** 12


class Seen(msgspec.Struct, gc=False):
    """What the tests look at in a usage event."""

    id: str
    time: str
    provider: str
    model: str
    service: str
    release: str
    environment: str
    sensor: str
    state: str
    usage: dict[str, Decimal] = {}
    feature: str | None = None
    customer: str | None = None
    user: str | None = None
    call: str | None = None
    attempt: int | None = None
    response_id: str | None = None


@dataclass(slots=True)
class Story:
    """A company that was built, and the sums of its events (each response counted once).

    Args:
        folder: Where its files are.
        truth: What `build` returned.
        counts: Events by what they are.
        ids: Every event id.
        cost: Pico-dollars of tokens at list price, by (month, provider).
        tagging: Pico-dollars of the tagging feature, by month.
        units: Other quantities, by (month, unit).
        customers: Customers that occur, by month.
        users: Calls by user.
        attempts: States of a call's attempts, in order, for calls with more than one.
        models: Models that answered the tagging feature, by release.
        rows: Bill lines that were read before, by file.
        sums: Sums of bill lines that were asked for before.
    """

    folder: Path
    truth: Truth
    counts: Counter[str] = field(default_factory=Counter)
    ids: set[str] = field(default_factory=set)
    cost: Counter[tuple[str, str]] = field(default_factory=Counter)
    tagging: Counter[str] = field(default_factory=Counter)
    units: Counter[tuple[str, str]] = field(default_factory=Counter)
    customers: dict[str, set[str]] = field(default_factory=dict)
    users: Counter[str] = field(default_factory=Counter)
    attempts: dict[str, list[str]] = field(default_factory=dict)
    models: dict[str, set[str]] = field(default_factory=dict)
    rows: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    sums: dict[tuple[str, str], Decimal] = field(default_factory=dict)

    def bill(self, name: str) -> Iterator[dict[str, str]]:
        """Return the lines of the bills whose file names match `name` and anything after it, with `COLUMNS`."""
        for path in sorted((self.folder / "bills").glob(f"{name}*.csv")):
            if path.name not in self.rows:
                with path.open(encoding="utf-8", newline="") as file:
                    lines = csv.reader(file)
                    header = next(lines)
                    places = [header.index(column) for column in COLUMNS]
                    self.rows[path.name] = [
                        dict(zip(COLUMNS, (line[place] for place in places), strict=True)) for line in lines
                    ]
            yield from self.rows[path.name]

    def billed(self, name: str, category: str = "") -> Decimal:
        """Return the sum of those lines, of one charge category when given."""
        if (name, category) not in self.sums:
            rows = (row for row in self.bill(name) if category in row["ChargeCategory"])
            self.sums[name, category] = sum((Decimal(row["BilledCost"]) for row in rows), Decimal(0))
        return self.sums[name, category]

    def read_events(self) -> None:
        """Read all events, in order, and keep their sums."""
        decoder = msgspec.json.Decoder(Seen)
        calls: dict[str, list[str]] = {}
        for path in sorted((self.folder / "events").glob("*.ndjson")):
            answered: set[str] = set()
            self.customers[path.stem] = set()
            with path.open("rb") as file:
                for line in file:
                    event = decoder.decode(line)
                    self._count(event, path.stem)
                    if event.response_id in answered:
                        self.counts["seen twice"] += 1
                    elif event.usage:
                        self._add_up(event, path.stem)
                    if event.response_id:
                        answered.add(event.response_id)
                    if event.call and event.attempt:
                        calls.setdefault(event.call, []).append(event.state)
        self.attempts = {call: states for call, states in calls.items() if len(states) > 1}

    def _count(self, event: Seen, month: str) -> None:
        for what in ("events", month, event.state, event.sensor, event.environment):
            self.counts[what] += 1
        self.counts["no feature"] += event.feature is None
        self.counts["no customer"] += event.customer is None
        self.counts["elsewhere"] += not event.time.startswith(month)
        self.ids.add(event.id)
        if event.customer:
            self.customers[month].add(event.customer)
        if event.user:
            self.users[event.user] += 1
        if event.feature == TAGGING:
            self.models.setdefault(event.release, set()).add(event.model)

    def _add_up(self, event: Seen, month: str) -> None:
        prices = TOKEN_PRICES.get(event.model, {})
        cost = sum(prices[unit] * int(quantity) for unit, quantity in event.usage.items()) if prices else 0
        self.cost[month, event.provider] += cost
        if event.feature == TAGGING:
            self.tagging[month] += cost
        for unit in ("page", "read_unit", "gpu_second"):
            if unit in event.usage:
                self.units[month, unit] += event.usage[unit]  # type: ignore[assignment]
