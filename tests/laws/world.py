"""Small worlds for the laws: what a row says unless a test says otherwise, and the day run over it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

from outlay import flow
from outlay.allocate.rules import Rules, from_toml
from outlay.allocate.stage import apply_rules
from outlay.flow import Published, Run, run_month
from outlay.store import Row, Store, open_store
from outlay.store.clickhouse import ClickHouse
from outlay.store.duckdb import DuckDB
from outlay.store.tables import TABLES
from outlay.terms.attribution import ATTRIBUTION
from outlay.terms.period import Period
from outlay.terms.unit import TOKEN_UNITS

MONTH = Period.month("2026-10")
NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
TAKEN = datetime(2026, 11, 1, tzinfo=UTC)
ZERO = Decimal(0)

_CHARGE_TEXTS = (
    "sub_account_name",
    "service_category",
    "service_name",
    "resource_id",
    "sku_id",
    "consumed_unit",
)
_USAGE_TEXTS = ("model", "operation", *ATTRIBUTION, "session", "trace", "span", "call", "response_id", "error", "unit")


def at(day: int, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    """Return an instant of October 2026; days past the 31st run on into November."""
    return datetime(2026, 10, 1, hour, minute, second, tzinfo=UTC) + timedelta(days=day - 1)


def charge(line: int, cost: str | Decimal, *, day: int = 5, days: int = 1, **own: object) -> Row:
    """Return a charge of an AWS machine for some whole days."""
    return {
        "take_in": "bill",
        "file": 1,
        "line": line,
        "provider": "AWS",
        "billing_account_id": "111",
        "billing_currency": "USD",
        "billing_period_start": at(1),
        "billing_period_end": at(32),
        "charge_period_start": at(day),
        "charge_period_end": at(day + days),
        "charge_category": "Usage",
        "billed_cost": Decimal(cost),
        "consumed_quantity": Decimal(1),
        "tags": {},
        "extra": {},
        **dict.fromkeys(_CHARGE_TEXTS),
        **own,
    }


def model_charge(line: int, cost: str | Decimal, *, model: str = "m-large", day: int = 5, **own: object) -> Row:
    """Return a charge for a model of the provider `acme-ai`."""
    said: dict[str, Any] = {
        "provider": "acme-ai",
        "service_category": "AI and Machine Learning",
        "service_name": "Model API",
        "resource_id": model,
        **own,
    }
    return charge(line, cost, day=day, **said)


def event(line: int, *, day: int = 5, hour: int = 12, minute: int = 0, second: int = 0, **own: object) -> Row:
    """Return one complete attempt of a call to `m-large`: 100 tokens in, 10 out."""
    return {
        "take_in": "events",
        "file": 1,
        "line": line,
        "id": f"e{line}",
        "time": at(day, hour, minute, second),
        "provider": "acme-ai",
        **dict.fromkeys(_USAGE_TEXTS),
        "model": "m-large",
        "attempt": 1,
        "state": "complete",
        "context": "",
        "sensor": "sdk",
        **dict.fromkeys(TOKEN_UNITS, 0),
        "input": 100,
        "output": 10,
        "quantity": ZERO,
        "duration_ms": 500,
        "reported_cost": None,
        "currency": "USD",
        "tags": {},
        **own,
    }


def price(model: str, unit: str, amount: str, *, per: int = 1_000_000, **own: object) -> Row:
    """Return a list price of the provider `acme-ai` that always held."""
    return {
        "provider": "acme-ai",
        "model": model,
        "pattern": model,
        "unit": unit,
        "context": "",
        "size_from": 0,
        "amount": Decimal(amount),
        "per": per,
        "currency": "USD",
        "valid_from": datetime(2020, 1, 1, tzinfo=UTC),
        "valid_to": datetime(9999, 12, 31, tzinfo=UTC),
        "source": "acme-ai list",
        "recorded_at": datetime(2026, 1, 1, tzinfo=UTC),
        "correction": False,
        **own,
    }


#: What the two models of `acme-ai` cost: large 2 and 8, small 0.1 and 0.4 dollars a million; a page is one cent.
PRICES = (
    price("m-large", "input", "2"),
    price("m-large", "output", "8"),
    price("m-small", "input", "0.1"),
    price("m-small", "output", "0.4"),
    price("m-page", "page", "0.01", per=1),
)


def committed(store: Store, *names: str, source: str = "focus", taken_at: datetime = TAKEN) -> None:
    """Make imports count."""
    store.insert(
        "take_in",
        [
            {
                "take_in": name,
                "source": source,
                "taken_at": taken_at,
                "lines": 1,
                "landed": 1,
                "skipped": 0,
                "problem_lines": 0,
            }
            for name in names
        ],
    )
    store.insert(
        "source_file",
        [
            {"take_in": name, "file": 1, "name": f"{name}.csv", "fingerprint": name, "bytes": 1, "lines": 1}
            for name in names
        ],
    )


def laid(
    store: Store,
    *,
    charges: Iterable[Row] = (),
    usage: Iterable[Row] = (),
    prices: Iterable[Row] = PRICES,
    rules: Sequence[Mapping[str, Any]] | Rules = (),
) -> None:
    """Put a world into an empty store: everything taken in, priced and ruled."""
    store.insert("charge", charges)
    store.insert("usage", usage)
    store.insert("price", prices)
    committed(store, "bill", "events")
    if rules:
        apply_rules(store, rules if isinstance(rules, Rules) else ruled(rules), now=TAKEN)


def ruled(rules: Sequence[Mapping[str, Any]]) -> Rules:
    """Read rules as `outlay rules apply` would."""
    return from_toml({"rule": [dict(rule) for rule in rules]})


def published(store: Store, *, month: Period = MONTH, now: datetime = NOW) -> Published:
    """Run a month over the real stages."""
    return run_month(store, month, now=now)


def priced(store: Store, *, roll_up: bool = False) -> Run:
    """Run only the first stages of a month, which is enough to know what usage costs."""
    run = Run("2026-10-priced", MONTH, ruled([]), NOW, {"": NOW})
    flow.price(store, run)
    if roll_up:
        flow.roll_up(store, run)
    return run


def read(store: Store, question: str) -> list[Row]:
    """Ask a question of a test's own, in text that both engines read the same way."""
    if isinstance(store, DuckDB):
        cursor = store.cursor().execute(question)
        return [
            dict(zip([c[0] for c in cursor.description or ()], map(_aware, row), strict=True))
            for row in cursor.fetchall()
        ]
    assert isinstance(store, ClickHouse)
    found = store._client().query(question)  # noqa: SLF001 - the store offers no free text, and should not
    return [dict(zip(found.column_names, map(_aware, row), strict=True)) for row in found.result_rows]


def emptied(store: Store) -> None:
    """Empty every table that holds something, which is quicker than another store."""
    if isinstance(store, ClickHouse):
        client = store._client()  # noqa: SLF001 - truncating is quicker than deleting rows
        held = "SELECT name FROM system.tables WHERE database = currentDatabase() AND total_rows > 0"
        for (name,) in client.query(held).result_rows:
            if name != "migration":
                client.command(f'TRUNCATE TABLE "{name}"')
        return
    for table in TABLES:
        if store.count(table.name):
            store.delete(table.name)


def ledger_of(store: Store, table: str = "ledger") -> list[tuple[object, ...]]:
    """Return the ledger in force as sorted rows, without what names the run."""
    left_out = {"run", "month", "pool", "vector"}
    rows = read(store, f'SELECT * FROM "{table}"')
    return sorted((tuple(v for k, v in sorted(row.items()) if k not in left_out) for row in rows), key=repr)


def total(rows: Iterable[Mapping[str, object]], name: str = "amount") -> Decimal:
    """Add up one column of money."""
    return sum((Decimal(str(row[name])) for row in rows), ZERO)


def _aware(value: object) -> object:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value


def opened(engine: str, folder: Path) -> Store:
    """Open an empty store; its name is its own, so that modules and processes never share one."""
    url = f"chdb://{folder}?database=w{uuid4().hex}"
    return open_store("duckdb:///:memory:" if engine == "duckdb" else url)
