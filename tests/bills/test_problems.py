from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from outlay.bills.take_in import Request, take_in
from outlay.store import Store
from outlay.terms.period import Period
from tests.bills.making import LINE, ask, charges, focus, text_of, written

BROKEN = [
    ({"BilledCost": "1.2.3"}, "bad-amount", "billed_cost", "1.2.3", None, "USD", "plain decimal number"),
    ({"BilledCost": "NULL"}, "missing-value", "billed_cost", None, None, "USD", "fills this column"),
    ({"EffectiveCost": "cheap"}, "bad-amount", "effective_cost", "cheap", "1.5", "USD", "plain decimal number"),
    ({"ConsumedQuantity": "9,5"}, "bad-quantity", "consumed_quantity", "9,5", "1.5", "USD", "plain decimal number"),
    ({"ChargePeriodStart": "05.10.2026"}, "bad-date", "charge_period_start", "05.10.2026", "1.5", "USD", "ISO 8601"),
    ({"ChargePeriodStart": "infinity"}, "bad-date", "charge_period_start", "infinity", "1.5", "USD", "ISO 8601"),
    ({"ChargePeriodStart": "0026-10-05"}, "bad-date", "charge_period_start", "0026-10-05", "1.5", "USD", "ISO 8601"),
    ({"ChargePeriodEnd": "2026-10-01"}, "bad-date", "charge_period_end", "2026-10-01", "1.5", "USD", "not before"),
    ({"BillingPeriodEnd": ""}, "missing-value", "billing_period_end", None, "1.5", "USD", "fills this column"),
    ({"BillingCurrency": "US$"}, "wrong-currency", "billing_currency", "US$", "1.5", None, "ISO 4217"),
    ({"ChargeCategory": "Fee"}, "bad-category", "charge_category", "Fee", "1.5", "USD", "Usage, Purchase, Tax"),
    ({"ProviderName": ""}, "missing-value", "provider", None, "1.5", "USD", "fills this column"),
]


@pytest.mark.parametrize(("line", "code", "column", "value", "amount", "currency", "fix"), BROKEN)
def test_a_broken_line_is_a_problem_that_says_where_what_and_how_much(  # noqa: PLR0913, PLR0917 - what is asserted
    own: Store,
    tmp_path: Path,
    now: datetime,
    line: Mapping[str, str],
    code: str,
    column: str,
    value: str | None,
    amount: str | None,
    currency: str | None,
    fix: str,
) -> None:
    """A broken line names file, line, column, value, money at stake and the fix; the lines around it land."""
    path = written(tmp_path / "bill.csv", {}, line, {})
    result = take_in(own, focus(), Request([path]), now=now)
    (problem,) = result.problems
    assert (result.lines, result.landed, result.problem_lines) == (3, 2, 1)
    assert (problem.code, problem.file, problem.line) == (code, "bill.csv", 3)
    assert (problem.column, problem.value) == (column, value)
    assert (problem.amount, problem.currency) == (amount and Decimal(amount), currency)
    assert fix in problem.fix
    assert [row["line"] for row in charges(own)] == [2, 4]


def test_broken_lines_are_the_same_problems_in_both_engines(
    both: tuple[Store, Store], tmp_path: Path, now: datetime
) -> None:
    """A file with a line of every fault leaves the same problems and charges, whichever engine holds them."""
    path = written(tmp_path / "bill.csv", {}, *(case[0] for case in BROKEN), {})
    results = [take_in(store, focus(), Request([path]), now=now) for store in both]
    assert results[0] == results[1]
    assert [problem.code for problem in results[0].problems] == [case[1] for case in BROKEN]
    assert charges(both[0]) == charges(both[1])
    kept = [ask(store, "SELECT * FROM problem ORDER BY line") for store in both]
    assert kept[0] == kept[1]
    assert len(kept[0]) == len(BROKEN)


RAW = [
    (b'AWS,111,USD,2026-10-01,2026-11-01,2026-10-05,2026-10-06,Usage,2.25,"S3', "unbalanced-quote", None, "2.25"),
    (b"AWS,111,USD,2026-10-01", "wrong-column-count", None, None),
    (b"AWS,111,USD,2026-10-01,2026-11-01,2026-10-05,2026-10-06,Usage,2.25,S3,x,y", "wrong-column-count", None, "2.25"),
    (
        b"AWS,111,USD,2026-10-01,2026-11-01,2026-10-05,2026-10-06,Usage,2.25,S\xe9,",
        "bad-encoding",
        "ServiceName",
        "2.25",
    ),
    (
        b"AWS,111,USD,2026-10-01,2026-11-01,2026-10-05,2026-10-06,Usage,2.25," + b"x" * 5_000_000 + b",",
        "field-too-long",
        "ServiceName",
        "2.25",
    ),
]


@pytest.mark.parametrize(("raw", "code", "column", "amount"), RAW)
def test_a_line_that_is_no_record_is_a_problem_of_its_own_line(
    own: Store, tmp_path: Path, now: datetime, raw: bytes, code: str, column: str | None, amount: str | None
) -> None:
    """An open quote, a wrong number of fields, bytes that are no text and an endless field spoil only their line."""
    head, first, *rest = text_of([{}, {"ServiceName": 'a "quoted", name'}, {}]).encode().splitlines(keepends=True)
    path = tmp_path / "bill.csv"
    path.write_bytes(b"".join([head, first, raw + b"\n", *rest]))
    result = take_in(own, focus(), Request([path]), now=now)
    (problem,) = result.problems
    assert (result.lines, result.landed, result.problem_lines) == (4, 3, 1)
    assert (problem.code, problem.file, problem.line, problem.column) == (code, "bill.csv", 3, column)
    assert problem.value
    assert len(problem.value) <= 80
    assert (problem.amount, problem.currency) == (Decimal(amount), "USD") if amount else (None, None)
    assert result.differences == ({"USD": Decimal(amount)} if amount else {})
    assert problem.fix
    assert [row["line"] for row in charges(own)] == [2, 4, 5]


def test_an_open_quote_does_not_swallow_the_quotes_after_it(own: Store, tmp_path: Path, now: datetime) -> None:
    """Two open quotes, far apart, are two problems; every line between and after them lands."""
    head, *lines = text_of([{"ServiceName": f"no {n}"} for n in range(600)]).splitlines(keepends=True)
    for place in (10, 450):
        lines[place] = lines[place].replace(f"no {place}", f'"no {place}')
    path = tmp_path / "bill.csv"
    path.write_text("".join([head, *lines]), encoding="utf-8")
    result = take_in(own, focus(), Request([path]), now=now)
    assert [(p.code, p.line) for p in result.problems] == [("unbalanced-quote", 12), ("unbalanced-quote", 452)]
    assert (result.lines, result.landed) == (600, 598)


@pytest.mark.parametrize("column", ["BilledCost", "ProviderName", "ChargePeriodStart", "BillingCurrency"])
def test_without_a_mandatory_column_every_line_is_a_problem(
    own: Store, tmp_path: Path, now: datetime, column: str
) -> None:
    """A missing mandatory column is named on every line, with the money at stake where that can be read."""
    path = tmp_path / "bill.csv"
    path.write_text(text_of([{}, {}], header=[c for c in LINE if c != column]), encoding="utf-8")
    result = take_in(own, focus(), Request([path]), now=now)
    named = {"BilledCost": "billed_cost", "ProviderName": "provider"}.get(
        column, "charge_period_start" if column == "ChargePeriodStart" else "billing_currency"
    )
    assert [(p.code, p.column, p.line, p.value) for p in result.problems] == [
        ("missing-column", named, 2, None),
        ("missing-column", named, 3, None),
    ]
    assert {p.amount for p in result.problems} == {None if column == "BilledCost" else Decimal("1.5")}
    assert all("no such column" in p.fix for p in result.problems)
    assert (result.lines, result.landed) == (2, 0)


def test_a_file_with_nothing_but_broken_lines_lands_nothing_and_is_known_the_next_time(
    own: Store, tmp_path: Path, now: datetime
) -> None:
    """All lines broken: all are problems, none is lost, and the same file again is recognised."""
    path = written(tmp_path / "bill.csv", {"BilledCost": "x"}, {"BilledCost": "y"})
    result = take_in(own, focus(), Request([path]), now=now)
    assert (result.lines, result.landed, [p.value for p in result.problems]) == (2, 0, ["x", "y"])
    assert take_in(own, focus(), Request([path]), now=now).repeated == result.take_in


def test_a_currency_other_than_the_one_asked_for_is_a_problem_in_its_own_currency(
    store: Store, tmp_path: Path, now: datetime
) -> None:
    """With --currency USD a line in EUR is refused, with its euros at stake; without it the line lands."""
    path = written(tmp_path / "bill.csv", {}, {"BillingCurrency": "EUR", "BilledCost": "7"})
    result = take_in(store, focus(), Request([path], currency="USD"), now=now)
    (problem,) = result.problems
    assert (problem.code, problem.value, problem.amount, problem.currency) == (
        "wrong-currency",
        "EUR",
        Decimal(7),
        "EUR",
    )
    assert result.differences == {"EUR": Decimal(7)}
    assert take_in(store, focus(), Request([path], currency="USD"), now=now).repeated == result.take_in
    again = take_in(store, focus(), Request([path]), now=now)
    assert (again.landed, again.differences) == (2, {})


def test_a_file_of_another_month_is_refused_line_by_line(own: Store, tmp_path: Path, now: datetime) -> None:
    """With --period, lines of another month are problems; asking for that month later takes them in."""
    path = written(tmp_path / "bill.csv", {}, {"ChargePeriodStart": "2026-09-30T23:59:59Z", "BilledCost": "3"})
    october = Request([path], period=Period.month("2026-10"))
    result = take_in(own, focus(), october, now=now)
    (problem,) = result.problems
    assert (problem.code, problem.line, problem.column) == ("other-period", 3, "charge_period_start")
    assert (problem.value, problem.amount, problem.currency) == ("2026-09-30T23:59:59Z", Decimal(3), "USD")
    assert "--period" in problem.fix
    assert take_in(own, focus(), october, now=now).repeated == result.take_in
    later = take_in(own, focus(), Request([path], period=Period.month("2026-09")), now=now)
    assert (later.landed, later.repeated, len(charges(own))) == (1, None, 2)


def test_values_shown_are_cut(own: Store, tmp_path: Path, now: datetime) -> None:
    """A long value is shown by its first 80 characters."""
    result = take_in(own, focus(), Request([written(tmp_path / "b.csv", {"BilledCost": "9" * 500})]), now=now)
    assert [p.value for p in result.problems] == ["9" * 80]
