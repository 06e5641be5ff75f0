from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest

from outlay.errors import BadInput, Unreadable
from outlay.revenue.contract import Importer
from outlay.revenue.importer import importers
from outlay.revenue.take_in import take_in
from outlay.store import Row, Store
from outlay.store.clickhouse import ClickHouse
from outlay.store.duckdb import DuckDB
from outlay.terms.take_in import TakeIn


def importer(name: str) -> Importer:
    """Return an importer by its name on the command line."""
    return importers()[name]


def brought(store: Store, path: Path, name: str, text: str | bytes, now: datetime) -> TakeIn:
    """Write a file and import it."""
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return take_in(store, importer(name), [path], now=now)


def ask(store: Store, question: str) -> list[Row]:
    """Run a question of a test's own."""
    if isinstance(store, DuckDB):
        cursor = store.cursor().execute(question)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    found = cast(ClickHouse, store)._client().query(question)  # noqa: SLF001 - a test's own question
    return [dict(zip(found.column_names, row, strict=True)) for row in found.result_rows]


REVENUE = "customer,month,kind,amount,currency\n"


def test_revenue_lands_by_customer_and_month(store: Store, tmp_path: Path, now: datetime) -> None:
    """Amounts land to the last digit, refunds too, and are totalled by currency."""
    text = (
        REVENUE + "acme,2026-10,subscription,2400.00,USD\nacme,2026-10,refund,-0.000000000001,USD\nb,2026-10,,5,EUR\n"
    )
    result = brought(store, tmp_path / "r.csv", "revenue_csv", text, now)
    assert (result.lines, result.landed, result.problem_lines) == (3, 3, 0)
    assert result.totals == {"USD": Decimal("2399.999999999999"), "EUR": Decimal(5)}
    rows = ask(store, "SELECT customer, month, kind, amount, currency FROM current_revenue ORDER BY customer, kind")
    assert [tuple(row.values()) for row in rows] == [
        ("acme", date(2026, 10, 1), "refund", Decimal("-0.000000000001"), "USD"),
        ("acme", date(2026, 10, 1), "subscription", Decimal(2400), "USD"),
        ("b", date(2026, 10, 1), "subscription", Decimal(5), "EUR"),
    ]


@pytest.mark.parametrize(
    ("line", "code", "column"),
    [
        ("acme,2026-13,subscription,1,USD", "bad-value", "month"),
        ("acme,October,subscription,1,USD", "bad-value", "month"),
        ("acme,2026-10,subscription,1.2.3,USD", "bad-value", "amount"),
        ("acme,2026-10,subscription,NaN,USD", "bad-value", "amount"),
        ("acme,2026-10,subscription,1e40,USD", "bad-value", "amount"),
        ("acme,2026-10,subscription,0.0000000000001,USD", "bad-value", "amount"),
        ("acme,2026-10,subscription,1,usd", "bad-value", "currency"),
        (",2026-10,subscription,1,USD", "missing-value", "customer"),
        ("acme,2026-10,subscription,,USD", "missing-value", "amount"),
        ("acme,2026-10", "wrong-column-count", None),
        ("acme,2026-10,subscription,1,USD,more", "wrong-column-count", None),
    ],
)
def test_a_bad_line_is_a_problem_and_spoils_nothing_else(
    store: Store, tmp_path: Path, now: datetime, line: str, code: str, column: str | None
) -> None:
    """A bad line names file, line, column and fix; the lines around it land."""
    good = "acme,2026-10,subscription,1,USD\n"
    result = brought(store, tmp_path / "r.csv", "revenue_csv", f"{REVENUE}{good}{line}\n{good}", now)
    (problem,) = result.problems
    assert (result.lines, result.landed, result.problem_lines) == (3, 2, 1)
    assert (problem.code, problem.file, problem.line, problem.column) == (code, "r.csv", 3, column)
    assert problem.fix
    assert store.count("problem", take_in=result.take_in) == 1


def test_money_on_a_bad_line_is_at_stake_and_missing_from_the_control_total(
    store: Store, tmp_path: Path, now: datetime
) -> None:
    """A line without its customer still says how much it is; the totals differ by exactly that."""
    text = f"{REVENUE}acme,2026-10,subscription,10,USD\n,2026-10,subscription,2.5,USD\nb,2026-10,subscription,x,USD\n"
    result = brought(store, tmp_path / "r.csv", "revenue_csv", text, now)
    assert [(p.amount, p.currency) for p in result.problems] == [(Decimal("2.5"), "USD"), (None, None)]
    assert (result.matches, result.differences) == (False, {"USD": Decimal("2.5")})


def test_a_later_import_restates_the_months_it_names(store: Store, tmp_path: Path, now: datetime) -> None:
    """The newest import that speaks of a customer and month holds; the others stay; the same file changes nothing."""
    first = f"{REVENUE}a,2026-09,subscription,1,USD\na,2026-10,subscription,2,USD\nb,2026-10,subscription,3,USD\n"
    brought(store, tmp_path / "1.csv", "revenue_csv", first, now)
    second = f"{REVENUE}a,2026-10,subscription,20,USD\n"
    made = brought(store, tmp_path / "2.csv", "revenue_csv", second, now + timedelta(hours=1))
    again = brought(store, tmp_path / "2b.csv", "revenue_csv", second, now + timedelta(hours=2))
    assert (again.repeated, again.lines, again.landed) == (made.take_in, 1, 0)
    question = "SELECT customer, month, amount FROM current_revenue ORDER BY customer, month"
    amounts = [(row["customer"], row["amount"]) for row in ask(store, question)]
    assert amounts == [("a", 1), ("a", 20), ("b", 3)]
    brought(store, tmp_path / "1b.csv", "revenue_csv", first, now + timedelta(hours=3))
    assert [row["amount"] for row in ask(store, question)] == [1, 2, 3]


def test_the_newest_description_of_a_customer_holds(store: Store, tmp_path: Path, now: datetime) -> None:
    """Customers land with what is said of them; columns we do not keep are no problem."""
    text = "customer,name,segment,plan,status,started_on\nacme,Zoë,enterprise,pro,active,2024-01-01\nb,,,,,\n"
    assert brought(store, tmp_path / "1.csv", "customers_csv", text, now).landed == 2
    later = "customer,plan\nacme,free\n"
    assert brought(store, tmp_path / "2.csv", "customers_csv", later, now + timedelta(hours=1)).landed == 1
    rows = ask(store, "SELECT customer, name, plan FROM current_customer ORDER BY customer")
    assert [tuple(row.values()) for row in rows] == [("acme", None, "free"), ("b", None, None)]


def test_releases_land_at_their_instant(store: Store, tmp_path: Path, now: datetime) -> None:
    """An offset is brought to UTC, no zone means UTC; a time that is none is a problem."""
    text = "release,service,released_at\n2,api,2026-10-08T14:00:00+02:00\n3,,2026-10-09 10:00:00\n4,api,soon\n"
    result = brought(store, tmp_path / "r.csv", "releases_csv", text, now)
    assert (result.lines, result.landed, [p.column for p in result.problems]) == (3, 2, ["released_at"])
    rows = ask(store, 'SELECT "release" AS name, service, released_at FROM "release" ORDER BY name')
    assert [(r["name"], r["service"], str(r["released_at"])[:19]) for r in rows] == [
        ("2", "api", "2026-10-08 12:00:00"),
        ("3", None, "2026-10-09 10:00:00"),
    ]


def test_a_list_of_releases_that_grows_may_be_imported_again(store: Store, tmp_path: Path, now: datetime) -> None:
    """A release that is there already, or twice in the file, is skipped by name; every line is accounted for."""
    head = "release,service,released_at\n"
    one, two = "1,api,2026-10-08T14:00:00Z\n", "2,,2026-10-09T14:00:00Z\n"
    brought(store, tmp_path / "1.csv", "releases_csv", head + one, now)
    result = brought(store, tmp_path / "2.csv", "releases_csv", head + one + two + two, now + timedelta(hours=1))
    assert (result.lines, result.landed, result.skipped) == (3, 1, {"duplicate": 2})
    assert store.count("release") == 2


def test_two_imports_at_one_instant_are_two(store: Store, tmp_path: Path) -> None:
    """Imports of one file into two tables at the same instant do not share an id."""
    at_once = datetime(2026, 11, 2, tzinfo=UTC)
    text = "customer,month,amount\na,2026-10,1\n"
    first = brought(store, tmp_path / "x.csv", "revenue_csv", text, at_once)
    second = brought(store, tmp_path / "x.csv", "customers_csv", text, at_once)
    assert first.take_in != second.take_in


def test_files_that_cannot_be_read_are_refused(store: Store, tmp_path: Path, now: datetime) -> None:
    """No file, a missing one, bytes that are no UTF-8 and a header without its columns are refused; nothing lands."""
    with pytest.raises(BadInput):
        take_in(store, importer("revenue_csv"), [], now=now)
    with pytest.raises(BadInput, match="does not exist"):
        take_in(store, importer("revenue_csv"), [tmp_path / "none"], now=now)
    with pytest.raises(Unreadable, match="no column 'month'"):
        brought(store, tmp_path / "x.csv", "revenue_csv", "customer,amount\na,1\n", now)
    with pytest.raises(Unreadable, match="UTF-8"):
        brought(store, tmp_path / "y.csv", "revenue_csv", REVENUE.encode() + b"\xff,2026-10,s,1,USD\n", now)
    assert store.count("take_in") == store.count("revenue") == 0
