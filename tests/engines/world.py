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
    {"name": "on", "from": {"service": "a"}, "split": "driver", "driver": "calls", "to": ["feature"]},
)
#: What a euro was worth, on days with gaps between them.
RATES: tuple[Row, ...] = tuple(
    {"take_in": "rates", "file": 1, "line": line, "day": date(2026, 10, day), "from_currency": "EUR"}
    | {"to_currency": "USD", "rate": Decimal(rate), "source": "bank"}
    for line, (day, rate) in enumerate([(1, "1.0842"), (2, "1.1"), (20, "1.07"), (21, "0.999999999999999")], start=2)
)
#: A run whose pools have no shares yet, for the statements that give them.
OPEN = "open"
#: A run whose pools are in no pot yet.
OPEN2 = "open, nothing gathered"


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
    store.insert("exchange_rate", RATES)
    committed(store, "rates", source="ecb")
    store.insert("take_in", [{"take_in": "moved", "source": "events", "taken_at": TAKEN, "lines": 7, "landed": 7}])
    store.insert("planned_cost", _plans())
    store.insert("api_key", _keys())
    _removed(store)
    store.insert("usage", _for_the_gap())
    _closed(store)
    _watched(store)
    apply_rules(store, ruled(RULES), now=TAKEN)
    run = published(store).run.name
    (first,) = read(store, "SELECT MIN(time) AS seen FROM estimate WHERE provider = 'acme-ai' AND attempt = 1")
    minute = cast(datetime, first["seen"]).replace(second=0, microsecond=0)
    Live(store).refresh([minute], now=minute, book=Book.load(store, known_at=TAKEN))
    given = {"share": ("tags", "models"), "pot": ("tags", "models", "gpus", "support")}
    for table in ("assignment", "pool", "rollup_day", "share", "pot"):
        rows = [{**row, "run": OPEN} for row in read(store, f"SELECT * FROM {table} WHERE run = '{run}'")]
        store.insert(table, [row for row in rows if table not in given or row["rule"] in given[table]])
        if table == "pool":
            store.insert(table, [{**row, "run": OPEN2} for row in rows])
    for rule in ruled(RULES).rules:
        if measured := {"gpus": "driver_usage", "support": "driver_cost"}.get(rule.name):
            for month in (0, 1):
                for name in (OPEN, OPEN2):
                    flags = driver_flags(rule, {"run": name, "month": MONTH.first}, month)
                    store.fill("driver", f"allocate/{measured}", flags | {"run": name})
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


def _closed(store: Store) -> None:
    """Close July and August, open August again, and let something come late for both."""
    decided = {"actor": "local", "reason": "", "run": "old", "rule_version": "r", "fingerprint": "f"}
    july, august = date(2026, 7, 1), date(2026, 8, 1)
    decisions = [(july, 5, True), (august, 5, True), (august, 7, False)]
    store.insert(
        "closing",
        [{**decided, "month": month, "decided_at": at(day), "closed": shut} for month, day, shut in decisions],
    )
    late = {"made_by": "shadow", "closed": True, "booked_in": MONTH.first, "take_ins": "bill-2", "currency": "USD"}
    who = [{"feature": "a", "customer": None, "team": "a"}, {"feature": None, "customer": "b", "team": None}]
    store.insert(
        "movement",
        [
            {**late, **one, "month": month, "moved_at": at(6), "before": Decimal(place), "after": Decimal("7.5")}
            for month in (july, august)
            for place, one in enumerate(who)
        ],
    )


def _for_the_gap() -> list[Row]:
    """Return a call that timed out and was tried again, and one that its sensor reported twice."""
    lost: dict[str, Any] = {"state": "unknown", "error": "timeout", "input": 0, "output": 0, "call": "lost"}
    twin: dict[str, Any] = {"trace": "twin", "service": "chat", "input": 777, "day": 9}
    return [
        event(301, day=7, **lost),
        event(302, day=7, minute=2, call="lost", attempt=2),
        event(303, day=8, **{**lost, "call": None}),
        event(304, response_id="rt", **twin),
        event(305, **twin),
    ]


def _removed(store: Store) -> None:
    """Remove the events of September, after which one more comes."""
    sums = {"month": date(2026, 9, 1), "events": 7}
    store.insert("removal", [{**sums, "removed_at": at(n), "done": done} for n, done in ((1, False), (2, True))])
    store.insert("usage", [event(200, day=0)])


def _watched(store: Store) -> None:
    """Lay metrics, of which one import restates a day, and what watches the sources."""
    day = {"file": 1, "line": 2, "metric": "requests", "customer": "a", "unit": "request", "adds_up": True}
    store.insert(
        "metric",
        [
            {**day, "take_in": name, "starts_at": at(n), "ends_at": at(n + 1), "quantity": Decimal("7.5") * n}
            for name, n in (("bill", 1), ("bill", 2), ("bill-2", 2), ("never-committed", 1))
        ],
    )
    ran = {"ended_at": at(2), "next_at": at(3), "landed": 3, "newest_day": date(2026, 10, 1)}
    failed = {"error_code": "source-failed", "error": "no answer"}
    store.insert(
        "source_run",
        [
            {**ran, "source": "bills", "began_at": at(1), "outcome": "imported", "take_in": "bill"},
            {**ran, **failed, "source": "bills", "began_at": at(2), "outcome": "failed", "newest_day": None},
            {**ran, "source": "usage", "began_at": at(2), "outcome": "unchanged", "take_in": "events"},
        ],
    )
    held = {"task": "sources", "since": at(1)}
    store.insert(
        "lease", [{**held, "holder": who, "said_at": at(n), "until": at(n + 1)} for who, n in (("x", 1), ("y", 2))]
    )
    found = {"rule": "source-silent", "subject": "bills", "opened_at": at(2), "severity": "warning", "fix": "look"}
    store.insert(
        "finding",
        [
            {**found, "finding": f"silent {n}", "recorded_at": at(n + again), "closed_at": at(4) if again else None}
            for n in (2, 3)
            for again in (0, 1)
            if n + again < 4
        ],
    )


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
            {**taken, **revenue, "line": 4, "customer": "a", "kind": "recurring", "amount": Decimal(80)},
            {**taken, **revenue, "line": 5, "customer": "b", "kind": "recurring", "amount": Decimal(7)},
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
    changed = {**account, "provider": "acme-ai", "take_in": "bill", "replaced_by": "bill-2"}
    store.insert("supersession", [changed])
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
