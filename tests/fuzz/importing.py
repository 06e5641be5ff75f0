"""What people import: bills, business tables, files of events, logs, and what waits in the collector's journal."""

import atexit
import gzip
import json
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache

from outlay.bills import take_in as bill
from outlay.bills.importers import importers as formats
from outlay.bills.reading.files import unpack
from outlay.bills.reading.lines import copy_good_lines
from outlay.capture import files, logs, table
from outlay.capture.intake.journal import Journal
from outlay.capture.mapping import ColumnMapping, Skip, mapping_of
from outlay.capture.row import Rows
from outlay.explain.localize import localize, read_table
from outlay.prices.review.litellm_map import read_map
from outlay.prices.snapshot import Snapshot, write
from outlay.revenue import take_in as business
from outlay.revenue.importer import importers as tables
from outlay.store import Store, open_store
from outlay.terms.take_in import TakeIn
from outlay.watch.anomalies import anomalies
from outlay.watch.forecast.answer import forecast
from outlay.watch.series import read_table as read_series
from outlay.wire.event import Flaw
from tests.fuzz.collecting import EVENT
from tests.fuzz.parser import CASES, Parser, among, answered, placed

_NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
_MAPPING = mapping_of(
    {
        "constants": {"provider": "openai"},
        "columns": {"time": "ts", "model": "request.model"},
        "usage": {"input": "in", "output": "out"},
        "time": {"format": "unix_s"},
    }
)
_ADDITIVE = b'feature,model,actual,expected\nchat,m-1,5,5.5\ntags,m-1,9,5\n"a, b",m-2,-3,1e-3\n,m-2,,0\n'
#: Tables of series that span more are read, and not forecast.
_FEW_CELLS = 20_000
#: Tables of more days are not looked through for anomalies: each day takes a millisecond.
_FEW_DAYS = 150
_TABLE = ColumnMapping(columns={"time": "ts", "model": "m"}, usage={"input": "in"}, tags={"plan": "plan"})


@cache
def _store() -> Store:
    """Return a store of this process; an import that was looked at is deleted from it."""
    store = open_store("duckdb:///:memory:")
    atexit.register(_store.cache_clear)
    atexit.register(store.close)
    return store


def _met(found: TakeIn) -> None:
    """Laws 1 and 2: every line is something, and the money adds up."""
    assert found.lines == found.landed + sum(found.skipped.values()) + found.problem_lines
    assert all(problem.fix for problem in found.problems)


def check_bill(body: bytes) -> None:
    """Every line of a bill is a charge, a named skip or a problem, whatever the file holds."""
    with placed(body, "bill.csv") as path:
        request = bill.Request([path])
        found = answered(bill.take_in, _store(), formats()["focus"], request, now=_NOW)
    if found is not None:
        _met(found)
        for table_name in ("charge", "problem", "partition", "source_file", "take_in"):
            _store().delete(table_name, take_in=found.take_in)


def check_bill_lines(body: bytes) -> None:
    """The careful reader copies good lines and sets broken ones aside, each with a fix and exact money."""
    with placed(body, "bill.csv") as path:
        file = answered(unpack, path, path.parent)
        if file is None or not file.delimiter:
            return
        careful = copy_good_lines(file, path.parent, "BilledCost", "BillingCurrency")
        problems = list(careful.problems())
        assert len(problems) == careful.broken_lines
        assert all(problem.fix and problem.line and problem.line > file.header_lines for problem in problems)
        assert all(amount.is_finite() for amount in careful.at_stake.values())
        careful.path.read_text(encoding="utf-8")


def check_business(body: bytes) -> None:
    """Every line of a business table is a row, a named skip or a problem."""
    name, text = among(body, tuple(sorted(tables())))
    importer = tables()[name]
    with placed(text, f"{name}.csv") as path:
        found = answered(business.take_in, _store(), importer, [path], now=_NOW)
    if found is not None:
        _met(found)
        for table_name in (importer.table, "problem", "source_file", "take_in"):
            _store().delete(table_name, take_in=found.take_in)


def _read_all(records: Iterable[tuple[int, object]]) -> None:
    rows = Rows("t-1", 1)
    lines = []
    for line, record in records:
        lines.append(line)
        if isinstance(record, (bytes, dict, Flaw)):
            rows.make(record, line)
        else:
            assert isinstance(record, Skip)
    assert lines == sorted(lines)


def check_event_file(body: bytes) -> None:
    """A file of events is read to its end, packed or not: rows, skips and flaws in the order of lines."""
    with placed(body, "events.ndjson") as path:
        digest = answered(files.fingerprint, path)
        if digest:
            answered(lambda: _read_all(files.records(path, None, digest)))


def check_log(body: bytes) -> None:
    """A log is read to its end."""
    with placed(body, "app.log") as path:
        digest = answered(files.fingerprint, path)
        if digest:
            answered(lambda: _read_all(logs.records(path, _MAPPING, digest)))


def check_event_table(body: bytes) -> None:
    """A CSV file of events is read to its end, or lacks a column."""
    with placed(body, "events.csv") as path:
        if answered(files.fingerprint, path):
            answered(lambda: _read_all(table.records(files.opened(path), _TABLE, path.name, "d" * 64)))


def check_journal(body: bytes) -> None:
    """A segment that a crash cut off anywhere opens, with all its whole lines and no other."""
    cut, line = int.from_bytes(body[:2], "big"), body[2:].replace(b"\n", b" ") + b"\n"
    written = (line * 3)[: cut % (3 * len(line) + 1)]
    with placed(written, "000000000007.ndjson") as path:
        journal = Journal(path.parent)
        whole = written[: written.rfind(b"\n") + 1]
        assert journal.size == len(whole)
        assert [segment.read_bytes() for segment in journal.waiting] == ([whole] if whole else [])
        journal.close()


def check_price_map(body: bytes) -> None:
    """LiteLLM's map is read, or refused; a price is finite and not below 0."""
    with placed(body, "map.json") as path:
        found = answered(read_map, path)
    assert found is None or all(price.amount.is_finite() and price.amount >= 0 for price in found.prices)


def check_snapshot(body: bytes) -> None:
    """A snapshot of prices is a book, or refused."""
    with placed(body, "prices") as path:
        found = answered(Snapshot.read, path)
        if found is not None:
            answered(found.book)


def check_additive_table(body: bytes) -> None:
    """An additive table has an answer in finite amounts, or is refused; bad lines are named and mended."""
    with placed(body, "table.csv") as path:
        found = answered(read_table, path, "actual", "expected")
    if found is not None:
        table, problems = found
        assert all(problem.fix and problem.line for problem in problems)
        answer = answered(localize, table)
        assert answer is not None
        assert (answer.explained + answer.unexplained).is_finite()
        assert all(set(cause.element) <= set(table.dimensions) for cause in answer.causes)


def check_series(body: bytes) -> None:
    """A table of series has a forecast within its band and anomalies, or is refused; bad lines are named and mended."""
    with placed(body, "series.csv") as path:
        found = answered(read_series, path)
    if found is not None:
        assert all(problem.fix and problem.line for problem in found.problems)
        if found.amounts.size < _FEW_CELLS:
            for one in forecast(found, found.last + timedelta(days=9)).forecasts:
                assert one.low80 <= one.total <= one.high80
        if found.amounts.shape[1] < _FEW_DAYS:
            for anomaly in anomalies(found):
                assert anomaly.low <= anomaly.expected <= anomaly.high


def _bills() -> Iterable[bytes]:
    for path in sorted(CASES.glob("bills/focus/*/*.csv")):
        yield path.read_bytes()
    yield gzip.compress(min(CASES.glob("bills/focus/parts/*.csv")).read_bytes())


def _series() -> Iterable[bytes]:
    days = "".join(f"a,2026-03-{day:02},{day}.5,{day % 7 // 6},,USD\n" for day in range(1, 20))
    yield f"series,day,amount,holiday,release,currency\n{days}b,2026-03-05T23:00:00-04:00,-1e3,,v2,EUR\n".encode()
    dear = "".join(f"a,{date(2026, 1, 1) + timedelta(days=at)},{90 if at == 40 else 7 + at % 3}\n" for at in range(60))
    yield f"series,day,amount\n{dear}".encode()
    yield b"series,day,amount\nb,2026-03-01,1\nb,2026-03-02,0\na,2026-03-02,7\n"


def _businesses() -> Iterable[bytes]:
    seeds = {
        "customers_csv": b"customer,name,segment,plan,status\nacme,Acme,smb,pro,active\nbirch,,,,\n",
        "releases_csv": b'release,service,released_at\n1.0,ai,2026-10-08T14:00:00+02:00\n1.1,"a\nb",2026-10-09\n',
        "revenue_csv": b"customer,month,kind,amount,currency\nacme,2026-10,usage,99.90,EUR\nacme,2026-10-05,,-5,\n",
        "metrics_csv": b"metric,starts_at,ends_at,quantity,customer\nr,2026-10,,1e3,a\nu,2026-10-01,2026-10-03,0.5,\n",
        "prometheus": b"metric,starts_at,ends_at,quantity,adds_up\nr,2026-10-01T00:00Z,2026-10-02T00:00Z,NaN,no\n",
        "stripe_invoices": json.dumps(_invoices()).encode(),
        "stripe_recurring": json.dumps(_subscriptions()).encode(),
        "stripe_subscriptions": json.dumps(
            {"id": "sub_1", "object": "subscription", "status": "active", "created": 1, "customer": "cus_1"}
        ).encode(),
    }
    for place, name in enumerate(sorted(tables())):
        if name in seeds:
            yield bytes([place]) + seeds[name]


def _subscriptions() -> list[object]:
    """Return a subscription with a discount, and the coupon that it names, as Stripe writes them."""
    recurring = {"interval": "month", "interval_count": 1, "usage_type": "licensed"}
    item = {"quantity": 2, "price": {"unit_amount": 1000, "billing_scheme": "per_unit", "recurring": recurring}}
    discount = {"source": {"type": "coupon", "coupon": "spring"}, "start": 1790812800, "end": 1793491200}
    shared = {"currency": "usd", "customer": "cus_1", "created": 1788000000, "trial_end": 1788100000}
    whole = {"id": "sub_1", "object": "subscription", "status": "active", "discounts": [discount]}
    coupon = {"id": "spring", "object": "coupon", "percent_off": 12.5, "amount_off": 5, "duration": "repeating"}
    return [{**shared, **whole, "items": {"data": [item]}}, coupon]


def _invoices() -> list[object]:
    """Return a paid invoice, its credit note and a refund, as Stripe writes them."""
    period = {"start": 1790812800, "end": 1793491200}
    line = {"id": "il_1", "object": "line_item", "amount": 1000, "period": period, "taxes": []}
    shared = {"currency": "usd", "customer": "cus_1", "created": 1790812800, "total_excluding_tax": 1000}
    lines = {"object": "list", "url": "/v1/invoices/in_1/lines", "has_more": False, "data": [line]}
    credited = {"id": "cnli_1", "object": "credit_note_line_item", "amount": 1000, "invoice_line_item": "il_1"}
    return [
        {
            **shared,
            "id": "in_1",
            "object": "invoice",
            "status": "paid",
            "total": 1200,
            "charge": "ch_1",
            "lines": lines,
        },
        {**shared, "id": "cn_1", "object": "credit_note", "lines": {"object": "list", "data": [credited]}},
        {"id": "re_1", "object": "refund", "amount": 5, "currency": "usd", "charge": "ch_1", "created": 1790812900},
    ]


def _event_files() -> Iterable[bytes]:
    lines = b"\n".join(json.dumps({**EVENT, "id": ident}).encode() for ident in ("a", "b"))
    yield lines
    yield gzip.compress(lines)
    yield json.dumps([EVENT, EVENT]).encode()
    yield json.dumps(EVENT, indent=2).encode()


def _logs() -> Iterable[bytes]:
    line = {"ts": 1790000000.5, "request": {"model": "m-1"}, "in": 5, "out": "7"}
    yield json.dumps(line).encode() + b"\n2026-10-03 INFO nothing\n" + b"INFO " + json.dumps(line).encode()
    yield json.dumps({"message": json.dumps(line), "@timestamp": "x"}).encode()
    cells = [{"field": "@ptr", "value": "p-1"}, {"field": "@message", "value": json.dumps(line)}]
    yield json.dumps({"results": [cells, cells], "status": "Complete"}).encode()


def _snapshots() -> Iterable[bytes]:
    row: dict[str, object] = dict.fromkeys(("pattern", "context", "source", "note"), "")
    row |= {"provider": "acme", "model": "m-1", "unit": "input", "size_from": 0, "amount": Decimal("2.5"), "per": 1000}
    row |= {"currency": "USD", "marginal": False, "valid_from": _NOW, "valid_to": _NOW.replace(year=2030)}
    with placed(b"", "prices") as path:
        write(path, [{**row, "recorded_at": _NOW}], _NOW)
        yield path.read_bytes()
        write(path, [], _NOW)
        yield path.read_bytes()


def _maps() -> Iterable[bytes]:
    entry = {
        "litellm_provider": "openai",
        "input_cost_per_token": 1e-06,
        "output_cost_per_token_above_200k_tokens": 2e-6,
    }
    yield json.dumps({"sample_spec": {}, "m-1": entry}, indent=4).encode()


PARSERS = (
    Parser("bill", check_bill, _bills, 8),
    Parser("bill-lines", check_bill_lines, _bills, 100),
    Parser("business", check_business, _businesses, 60),
    Parser("event-file", check_event_file, _event_files),
    Parser("log", check_log, _logs),
    Parser("event-table", check_event_table, lambda: [b"ts,m,in,plan\n2026-10-03,m-1,5,pro\n2026-10-04,m-1,,\n"]),
    Parser("journal", check_journal, lambda: [b"\x00\x50" + json.dumps(EVENT).encode()]),
    Parser("price-map", check_price_map, _maps),
    Parser("series", check_series, _series, examples=60),
    Parser("additive-table", check_additive_table, lambda: [_ADDITIVE, _ADDITIVE.replace(b",", b";")]),
    Parser("snapshot", check_snapshot, _snapshots),
)
