from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from outlay.errors import BadInput, UnknownName, Unreadable
from outlay.store import Store
from tests.revenue.asking import ask, balanced, brought

LONG = "metric,starts_at,quantity,customer,service\n"
IN_FORCE = (
    "SELECT metric, starts_at, ends_at, customer, service, quantity, unit, adds_up FROM current_metric"
    " ORDER BY metric, starts_at, customer, service"
)


def test_a_long_file_lands_by_metric_period_and_customer(store: Store, tmp_path: Path, now: datetime) -> None:
    """A month, a day and an hour are read from their form; what a line does not say is absent."""
    text = LONG + "active_users,2026-09,12.5,acme,\nrequests,2026-10-01,7,acme,api\nrequests,2026-10-02,1e3,,\n"
    result = brought(store, tmp_path / "m.csv", "metrics_csv", text, now)
    assert (result.lines, result.landed, balanced(result)) == (3, 3, True)
    rows = [tuple(row.values()) for row in ask(store, IN_FORCE)]
    assert [(row[0], str(row[1])[:10], str(row[2])[:10]) for row in rows] == [
        ("active_users", "2026-09-01", "2026-10-01"),
        ("requests", "2026-10-01", "2026-10-02"),
        ("requests", "2026-10-02", "2026-10-03"),
    ]
    assert [row[3:] for row in rows] == [
        ("acme", None, Decimal("12.5"), "", True),
        ("acme", "api", Decimal(7), "", True),
        (None, None, Decimal(1000), "", True),
    ]


def test_a_wide_file_lands_under_the_names_that_options_give(duck: Store, tmp_path: Path, now: datetime) -> None:
    """Columns are named by options, constants begin with =, an empty cell measures nothing."""
    text = "Tenant,When,docs,users\nacme,2026-08-01T00:00Z,3,4\nb,2026-08-01T00:00Z,,5\n"
    options = {
        "metrics": "docs,users",
        "customer": "Tenant",
        "starts_at": "When",
        "every": "hour",
        "unit": "=piece",
        "adds_up": "=no",
    }
    result = brought(duck, tmp_path / "w.csv", "metrics_csv", text, now, options)
    assert (result.landed, result.problem_lines) == (2, 0)
    rows = ask(duck, f"SELECT * FROM ({IN_FORCE}) WHERE unit = 'piece'")
    assert [(row["metric"], row["customer"], row["quantity"]) for row in rows] == [
        ("docs", "acme", 3),
        ("users", "acme", 4),
        ("users", "b", 5),
    ]
    assert {row["adds_up"] for row in rows} == {False}


@pytest.mark.parametrize(
    ("line", "code", "column"),
    [
        ("requests,2026-10-01,NaN,,", "not-a-number", "quantity"),
        ("requests,2026-10-01,-Inf,,", "not-a-number", "quantity"),
        ("requests,2026-10-01,-1,,", "negative-quantity", "quantity"),
        ("requests,2026-10-01,1.0000000000000001,,", "bad-value", "quantity"),
        ("requests,2026-10-01,1e22,,", "bad-value", "quantity"),
        ("requests,2026-10-01,12 000,,", "bad-value", "quantity"),
        ("requests,2026-13-01,1,,", "bad-value", "starts_at"),
        ("requests,2026-10-01T10:00,1,,", "bad-period", "starts_at"),
        ("requests,2026-11-03,1,,", "in-the-future", "starts_at"),
        ("requests,,1,,", "bad-value", "starts_at"),
        (",2026-10-01,1,,", "missing-value", "metric"),
        ("requests,2026-10-01,,,", "missing-value", "quantity"),
        ("requests,2026-10-01,1", "wrong-column-count", None),
    ],
)
def test_a_bad_line_is_a_problem_and_spoils_nothing_else(
    duck: Store, tmp_path: Path, now: datetime, line: str, code: str, column: str | None
) -> None:
    """A number that is none, negative or too long, and a period that is none or to come: named, with the fix."""
    text = f"{LONG}other,2026-01-01,1,,\n{line}\n"
    result = brought(duck, tmp_path / f"{abs(hash(line))}.csv", "metrics_csv", text, now)
    (problem,) = result.problems
    assert (result.landed, problem.line, problem.code, problem.column) == (1, 3, code, column)
    assert problem.fix


def test_a_later_import_of_a_period_replaces_it(store: Store, tmp_path: Path, now: datetime) -> None:
    """What an earlier import said of the same metric and period no longer counts, whoever it was about."""
    brought(
        store,
        tmp_path / "1.csv",
        "metrics_csv",
        f"{LONG}r,2026-10-01,5,a,\nr,2026-10-01,6,b,\nr,2026-10-02,7,a,\n",
        now,
    )
    brought(store, tmp_path / "2.csv", "metrics_csv", f"{LONG}r,2026-10-01,4,a,\n", now + timedelta(hours=1))
    rows = [(row["starts_at"], row["customer"], row["quantity"]) for row in ask(store, IN_FORCE)]
    assert [(str(at)[:10], who, much) for at, who, much in rows] == [("2026-10-01", "a", 4), ("2026-10-02", "a", 7)]


def test_a_period_that_overlaps_another_is_a_problem(store: Store, tmp_path: Path, now: datetime) -> None:
    """No instant of a metric is counted twice: neither within a file nor against what is in force."""
    first = brought(store, tmp_path / "1.csv", "metrics_csv", f"{LONG}r,2026-10-01,5,a,\nr,2026-10,9,a,\n", now)
    assert [(problem.code, problem.line, problem.file) for problem in first.problems] == [
        ("overlapping-period", 3, "1.csv")
    ]
    later = brought(
        store, tmp_path / "2.csv", "metrics_csv", f"{LONG}r,2026-10,9,a,\nr,2026-09,1,a,\n", now + timedelta(hours=1)
    )
    assert (later.landed, [problem.code for problem in later.problems]) == (1, ["overlapping-period"])
    assert len(ask(store, IN_FORCE)) == 2


def test_the_same_file_again_changes_nothing_but_other_options_do(duck: Store, tmp_path: Path, now: datetime) -> None:
    """A file is known by its content and by how it was read."""
    text = "metric,starts_at,quantity\nagain,2026-07-01,5\n"
    first = brought(duck, tmp_path / "a.csv", "metrics_csv", text, now)
    assert brought(duck, tmp_path / "a.csv", "metrics_csv", text, now).repeated == first.take_in
    later = now + timedelta(hours=1)
    assert brought(duck, tmp_path / "a.csv", "metrics_csv", text, later, {"unit": "=page"}).repeated is None
    (row,) = ask(duck, "SELECT unit FROM current_metric WHERE metric = 'again'")
    assert row == {"unit": "page"}


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"customer": "Tenant"}, Unreadable, "no column 'Tenant'"),
        ({"metrics": "docs"}, Unreadable, "no column 'docs'"),
        ({"every": "week"}, BadInput, "every=week"),
        ({"costumer": "x"}, UnknownName, "costumer"),
    ],
)
def test_an_option_that_cannot_be_followed_is_refused(
    duck: Store, tmp_path: Path, now: datetime, options: dict[str, str], error: type[Exception], match: str
) -> None:
    """Nothing is guessed, and nothing lands."""
    with pytest.raises(error, match=match):
        brought(duck, tmp_path / "m.csv", "metrics_csv", f"{LONG}r,2026-10-01,5,a,\n", now, options)


def test_times_are_utc_whatever_zone_they_are_written_in(duck: Store, tmp_path: Path, now: datetime) -> None:
    """An offset is honoured; a day of another zone is a period of its own."""
    text = "metric,starts_at,ends_at,quantity\nzoned,2026-06-01T00:00+02:00,2026-06-02T00:00+02:00,5\n"
    brought(duck, tmp_path / "z.csv", "metrics_csv", text, now)
    (row,) = duck.rows(
        "revenue/metric_periods", {"first": datetime(2026, 5, 1, tzinfo=UTC), "end": datetime(2026, 6, 2, tzinfo=UTC)}
    )
    assert row["starts_at"] == datetime(2026, 5, 31, 22, tzinfo=UTC)
