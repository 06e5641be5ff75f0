"""Eight days of the company's model calls with faults, taken in and reconciled; and what each fault truly came to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from outlay import flow
from outlay.allocate.rules import read
from outlay.bills import take_in as bill
from outlay.bills.importers import importers
from outlay.capture import take_in as events
from outlay.demo import focus, invoices
from outlay.demo.ai_usage import Telemetry
from outlay.demo.losses import Losses, truth
from outlay.demo.meter import Meter
from outlay.demo.revenue import Crowd, roster
from outlay.demo.season import MONTHS
from outlay.prices import learn
from outlay.store import Store, open_store
from outlay.store.tables import TABLES

OCTOBER = MONTHS[1]
DAYS = [date(2026, 10, 5) + timedelta(days=place) for place in range(8)]
_PROVIDERS = (b'"provider":"openai"', b'"provider":"anthropic"')
_BILLED, _CHANGED = datetime(2026, 11, 2, tzinfo=UTC), datetime(2026, 11, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Faulty:
    """What was written: files, and the true amount of every fault by the name of its cause."""

    events: Path
    bills: list[Path]
    changed: list[Path]
    truth: Mapping[str, Decimal]


def write(folder: Path, losses: Losses, *, seed: int = 7) -> Faulty:
    """Write the days' events and the month's invoices of both model providers."""
    folder.mkdir(parents=True, exist_ok=True)
    meter, customers = Meter(), roster(seed, 1)
    telemetry = Telemetry(seed, 1, (Crowd(customers, 0), Crowd(customers, 1)), meter, losses)
    seen = folder / "events.ndjson"
    with seen.open("wb") as file:
        for day in DAYS:
            file.writelines(line + b"\n" for line in telemetry.day(day) if any(one in line for one in _PROVIDERS))
    bills, changed = [], []
    for issuer in (invoices.OPENAI, invoices.ANTHROPIC):
        path = folder / f"{issuer.name.lower()}.csv"
        focus.write(path, invoices.bill(issuer, OCTOBER, 1, meter, losses).lines)
        bills.append(path)
        if losses.restated:
            path = folder / f"{issuer.name.lower()}-changed.csv"
            focus.write(path, invoices.bill(issuer, OCTOBER, 1, meter, losses, restated=True).lines)
            changed.append(path)
    return Faulty(seen, bills, changed, truth(meter))


def priced() -> Store:
    """Return an empty store that knows list prices."""
    store = open_store("duckdb:///:memory:")
    learn.seed(store, now=_BILLED)
    return store


def cleared(store: Store) -> None:
    """Let go of everything but prices."""
    for table in TABLES:
        if table.name != "price" and store.count(table.name):
            store.delete(table.name)


def reconciled(store: Store, faulty: Faulty) -> None:
    """Take everything in, and run the stages of October up to the reconciliation."""
    take = importers()["focus"]
    for paths, when in ((faulty.bills, _BILLED), (faulty.changed, _CHANGED)):
        for path in paths:
            bill.take_in(store, take, bill.Request(paths=[path]), now=when)
    events.take_in(store, [faulty.events], mapping=None, now=_BILLED)
    run = flow.Run("october", OCTOBER, read(), _CHANGED, {"": _CHANGED})
    for stage in (flow.price, flow.roll_up, flow.reconcile):
        stage(store, run)
