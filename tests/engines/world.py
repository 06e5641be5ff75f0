"""One world for both engines: everything an import or a run can leave, drawn once from a fixed seed."""

from datetime import date, datetime
from decimal import Decimal
from random import Random
from typing import Any, cast

from outlay.allocate.stage import apply_rules, driver_flags
from outlay.cost.live import Live
from outlay.prices.book import Book
from outlay.store import Row, Store
from outlay.terms.attribution import ATTRIBUTION
from tests.laws.world import (
    MONTH,
    PRICES,
    TAKEN,
    at,
    charge,
    committed,
    event,
    model_charge,
    price,
    published,
    read,
    ruled,
)

RULES: tuple[dict[str, Any], ...] = (
    {
        "name": "models",
        "match": {"service_category": "AI and Machine Learning", "charge_category": "Usage"},
        "set": {"provider": "provider", "model": "resource_id"},
        "split": "driver",
        "driver": "estimated_cost",
        "within": ["provider", "model"],
        "to": list(ATTRIBUTION),
        "fallback": "month",
    },
    {
        "name": "gpus",
        "match": {"service_name": "GPU"},
        "split": "driver",
        "driver": "unit:page",
        "to": ["feature", "team"],
        "capacity": {"unit": "page", "per_consumed": 10},
    },
    {"name": "support", "match": {"service_name": "Support"}, "split": "proportional", "to": ["team", "customer"]},
    {
        "name": "shared",
        "match": {"service_name": "Shared"},
        "split": "fixed",
        "among": [{"team": "a", "weight": 2}, {"team": "b", "weight": 1}],
    },
    {"name": "tags", "set": {"team": "tag:team", "service": "tag:service"}},
)
#: A run whose pools have no shares yet, for the statements that give them.
OPEN = "open"


def lay(store: Store) -> str:
    """Fill a store with the world and return the name of the run in force."""
    store.insert("charge", _charges(Random(1)))
    store.insert("usage", _usage(Random(2)))
    store.insert("arrival", _arriving())
    learnt_late = {"recorded_at": TAKEN.replace(year=2028), "correction": True}
    store.insert("price", [*PRICES, price("m-small", "input", "0.2") | learnt_late])
    _business(store)
    committed(store, "bill")
    committed(store, "bill-2", taken_at=at(33))
    committed(store, "events", source="events")
    committed(store, "customers", source="customers_csv")
    store.insert("take_in", [{"take_in": "moved", "source": "events", "taken_at": TAKEN, "lines": 7, "landed": 7}])
    store.insert("planned_cost", _plans())
    store.insert("api_key", _keys())
    _removed(store)
    apply_rules(store, ruled(RULES), now=TAKEN)
    run = published(store).run.name
    (first,) = read(store, "SELECT MIN(time) AS seen FROM estimate WHERE provider = 'acme-ai' AND attempt = 1")
    minute = cast(datetime, first["seen"]).replace(second=0, microsecond=0)
    Live(store).refresh([minute], now=minute, book=Book.load(store, known_at=TAKEN))
    for table in ("assignment", "pool", "rollup_day", "share"):
        rows = [{**row, "run": OPEN} for row in read(store, f"SELECT * FROM {table} WHERE run = '{run}'")]
        store.insert(table, [row for row in rows if table != "share" or row["rule"] in ("tags", "models")])
    for rule in ruled(RULES).rules:
        if measured := {"gpus": "driver_usage", "support": "driver_cost"}.get(rule.name):
            for month in (0, 1):
                flags = driver_flags(rule, {"run": OPEN, "month": MONTH.first}, month)
                store.fill("driver", f"allocate/{measured}", flags)
    return run


def _charges(chance: Random) -> list[Row]:
    lines = []
    for number in range(1, 61):
        own: dict[str, Any] = {
            "day": chance.randint(1, 31),
            "days": chance.choice([1, 1, 1, 3, 31]),
            "billing_currency": chance.choice(["USD", "USD", "EUR"]),
            "sub_account_name": chance.choice([None, "prod", "dev"]),
            "charge_category": chance.choice(["Usage", "Usage", "Credit"]),
            "consumed_quantity": chance.choice([None, Decimal("1.25"), Decimal(700)]),
            "take_in": chance.choice(["bill", "bill", "bill-2", "never-committed"]),
            "billing_account_id": chance.choice(["111", "222"]),
        }
        cost = Decimal(chance.randint(-(10**9), 10**13)).scaleb(-chance.choice([6, 10, 12]))
        if number % 3:
            tags = {key: chance.choice("abc") for key in ("team", "service") if chance.random() < 0.6}
            kind = chance.choice(["Compute", "GPU", "Support", "Shared"])
            lines.append(charge(number, cost, service_name=kind, tags=tags, **own))
        else:
            model = chance.choice(["m-large", "M-Large", "m-small"])
            lines.append(model_charge(number, cost, model=model, **own))
    return lines


def _usage(chance: Random) -> list[Row]:
    rows = []
    for number in range(1, 91):
        who = {name: chance.choice([None, "a", "b", "Ç"]) for name in ATTRIBUTION}
        own: dict[str, Any] = {
            **who,
            "day": chance.randint(1, 31),
            "hour": chance.randint(0, 23),
            "second": chance.randint(0, 2),
            "model": chance.choice(["m-large", "m-large", "m-small", "m-unheard-of", None]),
            "input": chance.choice([0, 5, 100, 10**7]),
            "output": chance.choice([0, 9]),
            "sensor": chance.choice(["sdk", "sdk", "gateway", "otel"]),
            "response_id": chance.choice([None, f"r{number % 9}"]),
            "trace": chance.choice([None, f"t{number % 5}"]),
            "span": chance.choice([None, f"s{number % 7}"]),
            "session": chance.choice([None, "w"]),
            "call": f"c{number % 40}",
            "attempt": chance.choice([1, 1, 2]),
            "state": chance.choice(["complete", "complete", "partial", "refused", "unknown"]),
            "error": chance.choice([None, "timeout"]),
            "duration_ms": chance.choice([None, 90, 4000]),
            "reported_cost": chance.choice([None, Decimal("0.000123")]),
            "context": chance.choice(["", "", "tier=flex"]),
        }
        if number % 4 == 0:
            own |= {"model": "m-page", "unit": chance.choice(["page", "fax"]), "quantity": Decimal(number) / 4}
        rows.append(event(number, **own))
    return rows


def _arriving() -> list[Row]:
    """Return events on their way in: some new, some held already, some held with another content."""
    rows = [{**row, "take_in": "late", "fingerprint": "f"} for row in _usage(Random(3))[:9]]
    return [{**row, "id": f"new{number % 2}"} if number < 4 else row for number, row in enumerate(rows)]


def _removed(store: Store) -> None:
    """Remove the events of September, after which one more comes."""
    sums = {"month": date(2026, 9, 1), "events": 7}
    store.insert("removal", [{**sums, "removed_at": at(n), "done": done} for n, done in ((1, False), (2, True))])
    store.insert("usage", [event(200, day=0)])


def _keys() -> list[Row]:
    """Return two keys, one of which was revoked at the instant at which it was made."""
    key = {"recorded_at": TAKEN, "digest": "0" * 64, "scopes": "ingest,read", "events_per_second": 10}
    ends = {"expires_at": at(9)}
    return [
        {**key, **ends, "key": "k1", "name": "importer", "bound": {"team": "a"}, "revoked": False},
        {**key, **ends, "key": "k1", "name": "importer", "bound": {"team": "a"}, "revoked": True},
        {**key, **ends, "key": "k2", "name": "gateway", "bound": {}, "revoked": False, "events_per_second": None},
    ]


def _plans() -> list[Row]:
    """Return what two models were expected to cost, one of them without a price."""
    shared = {
        "estimate": "plan",
        "feature": "b",
        "made_at": TAKEN,
        "price_day": date(2026, 11, 1),
        "provider": "acme-ai",
        "context": "",
        "users": 10,
        "days": 30,
        "requests": Decimal("12.5"),
        "currency": "USD",
        "tokens": Decimal(300),
        "definition": "{}",
    }
    names = ("monthly", "low80", "high80", "per_request", "per_user")
    return [
        {**shared, "place": 1, "model": "m-large", **dict.fromkeys(names, Decimal("1.25"))},
        {**shared, "place": 2, "model": "m-unheard-of", **dict.fromkeys(names)},
    ]


def _business(store: Store) -> None:
    taken = {"take_in": "customers", "file": 1}
    store.insert(
        "customer",
        [
            {**taken, "line": 2, "customer": "a", "name": "Alpha", "segment": "mid", "plan": "pro", "status": "active"},
            {**taken, "line": 3, "customer": "b", "name": None, "segment": None, "plan": None, "status": None},
        ],
    )
    revenue = {"month": date(2026, 10, 1), "kind": "subscription", "currency": "USD"}
    store.insert(
        "revenue",
        [
            {**taken, **revenue, "line": 2, "customer": "a", "amount": Decimal("99.5")},
            {**taken, **revenue, "line": 3, "customer": "a", "kind": "usage", "amount": Decimal("0.000000000001")},
        ],
    )
    store.insert(
        "release",
        [
            {**taken, "line": line, "release": f"2026.{line}", "service": service, "released_at": at(line)}
            for line, service in ((2, "a"), (3, None))
        ],
    )
    store.insert(
        "problem",
        [
            {"take_in": "bill", "file": 1, "line": 7, "code": "bad-amount", "value": "x", "fix": "mend it"},
            {"take_in": "bill", "file": 1, "line": 8, "code": "wrong-currency", "value": "EUR", "fix": "leave it"},
        ],
    )
    account = {"provider": "AWS", "billing_account_id": "222", "billing_period_start": at(1)}
    store.insert("supersession", [{**account, "take_in": "bill", "replaced_by": "bill-2"}])
    days = {
        "first_day": date(2026, 10, 1),
        "last_day": date(2026, 10, 31),
        "lines": 3,
        "billed_cost": 1,
        "control_total": 1,
    }
    store.insert(
        "partition",
        [
            {**account, **days, "take_in": name, "source": "focus", "billing_currency": "USD", "billing_account_id": of}
            for name in ("bill", "bill-2")
            for of in ("111", "222")
        ],
    )
