from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from outlay.bills.importer import Asked, Fetched, Importer
from outlay.bills.take_in import Request, take_in
from outlay.bills.written import COLUMNS, MANDATORY, Value, write
from outlay.errors import Broken, SourceFailed, UnknownName
from outlay.store import Store
from outlay.terms.problem import Problem
from tests.bills.making import billed, charges, left_behind

SHAPE = """
SELECT
  line, account AS billing_account_id, setting('currency') AS billing_currency,
  '2026-10-01' AS billing_period_start, '2026-11-01' AS billing_period_end,
  day AS charge_period_start, day AS charge_period_end,
  CASE WHEN kind = 'use' THEN 'Usage' WHEN kind = 'tax' THEN 'Tax' ELSE 'Adjustment' END AS charge_category,
  net AS billed_cost, labels AS tags, map_concat(extra, MAP {'net words': "Net words"}) AS extra,
  CASE WHEN kind = 'memo' THEN 'memo' END AS skip,
  CASE WHEN unread IS NOT NULL THEN 'bad-amount'
    WHEN kind NOT IN ('use', 'tax', 'memo') THEN 'unknown-kind' END AS refuse,
  COALESCE(unread, kind) AS refused
FROM written
"""
SHAPED = Importer(
    name="shaped",
    title="a shaped format",
    columns={"account": ("Account",), "day": ("Day",), "kind": ("Kind",), "net": ("Net", "Amount")},
    mandatory=("account", "net"),
    stake=("net", "account"),
    constants={"provider": "Example Cloud"},
    shape=SHAPE,
    maps={"labels": ("label/",)},
    exact=("net",),
    refusals={"unknown-kind": "say what it is", "bad-amount": "write a number"},
    settings={"currency": "EUR"},
)
BILL = """Account,Day,Kind,Net,Net words,label/team,Cluster
a-1,2026-10-05,use,10.25,ten,search,c1
a-1,2026-10-05,memo,7.5,seven,,
a-1,2026-10-06,tax,2.05,two,,
a-1,2026-10-06,gift,100,hundred,,
a-1,2026-10-07,use,"1,5",one,,
a-1,2026-10-07,memo,x,none,,
"""


def test_a_shape_turns_lines_into_charges_skips_and_problems(store: Store, tmp_path: Path, now: datetime) -> None:
    """Every line is a charge, a named skip with its money, or a problem with its name; the totals meet."""
    path = tmp_path / "bill.csv"
    path.write_text(BILL, encoding="utf-8")
    result = take_in(store, SHAPED, Request([path]), now=now)
    assert (result.lines, result.landed, result.problem_lines) == (6, 2, 2)
    assert result.skipped == {"memo": 2}
    assert result.skipped_totals == {"memo": {"EUR": Decimal("7.5")}}
    assert [(p.code, p.line, p.value, p.amount, p.fix) for p in result.problems] == [
        ("unknown-kind", 5, "gift", Decimal(100), "say what it is"),
        ("bad-amount", 6, "net: 1,5", None, "write a number"),
    ]
    assert result.totals == {"EUR": Decimal("12.3")}
    assert result.control_totals == {"EUR": Decimal("119.8")}
    assert result.differences == {"EUR": Decimal(100)}
    first = charges(store)[0]
    assert (first["provider"], first["tags"]) == ("Example Cloud", {"team": "search"})
    assert first["extra"] == {"Net words": "ten", "net words": "ten", "Cluster": "c1"}


def test_what_is_left_out_by_name_counts_as_met(store: Store, tmp_path: Path, now: datetime) -> None:
    """A file of charges and skips meets its control total, and its partition says what it has without the skips."""
    path = tmp_path / "bill.csv"
    path.write_text("\n".join(BILL.splitlines()[:4]) + "\n", encoding="utf-8")
    result = take_in(store, SHAPED, Request([path]), now=now)
    assert (result.landed, result.skipped, result.matches) == (2, {"memo": 1}, True)
    assert result.control_totals == {"EUR": Decimal("19.8")}


def test_options_that_a_source_does_not_know_are_refused(store: Store, tmp_path: Path, now: datetime) -> None:
    """A mistyped option is named with those there are, before anything is read."""
    with pytest.raises(UnknownName, match="option of shaped"):
        take_in(store, replace(SHAPED, options=("zone",)), Request([tmp_path], options={"zon": "x"}), now=now)


def test_a_source_that_fetches_is_asked_and_its_words_are_kept(store: Store, tmp_path: Path, now: datetime) -> None:
    """What an importer brings lands like any file; its total, its problems of the whole and its notes are told."""
    asked: list[Asked] = []

    def fetch(what: Asked) -> Fetched:
        asked.append(what)
        row: dict[str, Value] = {
            "provider": "Example AI",
            "billing_account_id": "org",
            "billing_currency": "USD",
            "billing_period_start": datetime(2026, 10, 1, tzinfo=UTC),
            "billing_period_end": datetime(2026, 11, 1, tzinfo=UTC),
            "charge_period_start": datetime(2026, 10, 5, tzinfo=UTC),
            "charge_period_end": datetime(2026, 10, 6, tzinfo=UTC),
            "charge_category": "Usage",
            "billed_cost": Decimal("0.0000012"),
            "tags": {"team": "search"},
            "workspace": "w1",
        }
        late = Problem("late", "api", None, None, "2026-10-31", None, None, "ask again tomorrow")
        return Fetched([write([row], what.folder / "x.csv")], {"USD": Decimal("0.000002")}, [late], ["1 request"])

    source = Importer("fetched", "a fetched source", COLUMNS, MANDATORY, options=("zone",), fetch=fetch)
    request = Request(options={"zone": "UTC"}, cache=tmp_path / "cache")
    result = take_in(store, source, request, now=now)
    assert [(each.place, dict(each.options), each.now, each.cache) for each in asked] == [
        ("", {"zone": "UTC"}, now, tmp_path / "cache")
    ]
    assert (result.landed, result.problem_lines, result.notes) == (1, 0, ("1 request",))
    assert [problem.code for problem in result.problems] == ["late"]
    assert result.differences == {"USD": Decimal("0.0000008")}
    (row,) = charges(store)
    assert (row["tags"], row["extra"]) == ({"team": "search"}, {"workspace": "w1"})
    assert billed(store) == Decimal("0.0000012")


def test_a_source_that_brings_nothing_says_why(store: Store, now: datetime) -> None:
    """Without a single file the import fails with the first problem's words, and leaves nothing."""
    gone = Problem("gone", "api", None, None, "no such month", None, None, "ask for another month")
    source = Importer("fetched", "a fetched source", COLUMNS, MANDATORY, fetch=lambda _: Fetched([], problems=[gone]))
    with pytest.raises(SourceFailed, match="no such month") as failed:
        take_in(store, source, Request(), now=now)
    assert (failed.value.code, failed.value.fix) == ("gone", "ask for another month")
    assert left_behind(store) == {}


def test_no_rows_make_a_file_that_imports_as_nothing(store: Store, tmp_path: Path, now: datetime) -> None:
    """A month in which nothing was billed is an import of no lines, not a failure."""
    source = Importer("written", "a written file", COLUMNS, MANDATORY)
    result = take_in(store, source, Request([write([], tmp_path / "x.csv")]), now=now)
    assert (result.lines, result.landed, result.problems) == (0, 0, ())


@pytest.mark.parametrize("value", [1.5, True, datetime.fromisoformat("2026-11-02"), [1]])
def test_what_no_field_may_be_is_refused(tmp_path: Path, value: object) -> None:
    """Binary floating point, truth values, instants without a zone and lists never become text of a bill."""
    with pytest.raises(Broken):
        write([{"billed_cost": value}], tmp_path / "x.csv")  # type: ignore[dict-item] # what is refused
