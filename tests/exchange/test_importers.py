"""Files of exchange rates, as the bank and as people write them."""

import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path

import pytest

from outlay.errors import BadInput, Unreadable
from outlay.exchange.importer import importers
from outlay.exchange.take_in import take_in
from outlay.store import Row, Store
from outlay.terms.take_in import TakeIn
from tests.conftest import NOW

HISTORY = """Date,USD,JPY,CYP,EEK,
2026-10-02,1.0842,163.51,N/A,N/A,
2026-10-01,1.0801,162.4,0.5853,15.6466,
"""
ONE_DAY = "Date, USD, JPY, \n02 October 2026, 1.0842, 163.51, \n"
XML = """<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
  <gesmes:subject>Reference rates</gesmes:subject>
  <Cube>
    <Cube time='2026-10-02'>
      <Cube currency='USD' rate='1.0842'/>
      <Cube currency='JPY' rate='163.51'/>
    </Cube>
  </Cube>
</gesmes:Envelope>
"""
Import = Callable[..., TakeIn]


@pytest.fixture
def imported(duck: Store, tmp_path: Path) -> Import:
    """Return what imports texts as files of one format into an empty store."""
    for table in ("exchange_rate", "take_in", "source_file", "problem"):
        duck.delete(table)

    minutes = count()

    def import_(source: str, *texts: str) -> TakeIn:
        paths = []
        for place, text in enumerate(texts):
            paths.append(tmp_path / f"rates-{len(list(tmp_path.iterdir()))}-{place}.csv")
            paths[-1].write_text(text, encoding="utf-8")
        return take_in(duck, importers()[source], paths, now=NOW + timedelta(minutes=next(minutes)))

    return import_


def held(store: Store) -> list[Row]:
    """Return the rates in force."""
    return store.rows("exchange/held", {"first": date(1970, 1, 1), "end": date(2149, 1, 1)})


def told(store: Store) -> dict[tuple[str, str], Decimal]:
    """Return the euro's rates in force by day and currency."""
    return {(str(row["day"]), str(row["to_currency"])): Decimal(str(row["rate"])) for row in held(store)}


def test_the_banks_history_lands_cell_by_cell(imported: Import, duck: Store) -> None:
    """Every cell is a rate or a named skip: what says N/A, and currencies that are no longer in use."""
    result = imported("ecb", HISTORY)
    assert (result.lines, result.landed, result.problem_lines) == (8, 4, 0)
    assert result.skipped == {"no-rate-stated": 2, "currency-no-longer-in-use": 2}
    assert told(duck) == {
        ("2026-10-01", "USD"): Decimal("1.0801"),
        ("2026-10-02", "USD"): Decimal("1.0842"),
        ("2026-10-01", "JPY"): Decimal("162.4"),
        ("2026-10-02", "JPY"): Decimal("163.51"),
    }
    assert {row["source"] for row in held(duck)} == {"European Central Bank"}


@pytest.mark.parametrize("text", [ONE_DAY, XML])
def test_the_banks_files_of_one_day_say_the_same(imported: Import, duck: Store, text: str) -> None:
    """The CSV of one day, whose day is written out, and the XML hold the same rates."""
    assert imported("ecb", text).landed == 2
    assert told(duck) == {("2026-10-02", "JPY"): Decimal("163.51"), ("2026-10-02", "USD"): Decimal("1.0842")}


def test_an_archive_is_opened(duck: Store, tmp_path: Path) -> None:
    """The bank's ZIP holds one CSV file."""
    for table in ("exchange_rate", "take_in", "source_file"):
        duck.delete(table)
    with zipfile.ZipFile(tmp_path / "eurofxref-hist.zip", "w") as archive:
        archive.writestr("eurofxref-hist.csv", HISTORY)
    assert take_in(duck, importers()["ecb"], [tmp_path / "eurofxref-hist.zip"], now=NOW).landed == 4


def test_a_history_that_grew_brings_only_what_is_new(imported: Import, duck: Store) -> None:
    """What is held with the same value is a skip; what the bank corrected replaces."""
    imported("ecb", HISTORY)
    grown = HISTORY.replace("2026-10-02,1.0842", "2026-10-05,1.09,164,N/A,N/A,\n2026-10-02,1.0843")
    result = imported("ecb", grown)
    assert (result.landed, result.skipped["already-known"]) == (3, 3)
    assert told(duck)["2026-10-02", "USD"] == Decimal("1.0843")
    assert imported("ecb", grown).repeated == result.take_in


@pytest.mark.parametrize(
    ("line", "column", "code"),
    [
        ("2026-10-01,USD,EUR,0", "rate", "bad-rate"),
        ("2026-10-01,USD,EUR,-1", "rate", "bad-rate"),
        ("2026-10-01,USD,EUR,1e3", "rate", "bad-rate"),
        ("2026-10-01,USD,EUR,NaN", "rate", "bad-rate"),
        ("2026-10-01,USD,EUR,0.1234567890123456", "rate", "bad-rate"),
        ("2026-10-01,USD,EUR,", "rate", "missing-value"),
        ("01.10.2026,USD,EUR,1", "day", "bad-date"),
        ("1830-10-01,USD,EUR,1", "day", "bad-date"),
        ("2026-10-01,usd,EUR,1", "from", "wrong-currency"),
        ("2026-10-01,USD,DOLLAR,1", "to", "wrong-currency"),
        ("2026-10-01,USD,USD,1", "to", "same-currency"),
        ("2026-10-01,USD,EUR", None, "wrong-column-count"),
    ],
)
def test_a_line_that_states_no_rate_is_a_problem(imported: Import, line: str, column: str | None, code: str) -> None:
    """Each says its line, its column and how to mend it, and the other lines land."""
    result = imported("rates_csv", f"day,from,to,rate\n2026-10-03,USD,EUR,0.92\n{line}\n")
    (problem,) = result.problems
    assert (problem.line, problem.column, problem.code) == (3, column, code)
    assert problem.fix
    assert (result.lines, result.landed) == (2, 1)


def test_two_rates_for_one_day_are_a_problem(imported: Import) -> None:
    """One file cannot say two things about one day; saying the same twice is a skip."""
    lines = "day,from,to,rate\n2026-10-03,USD,EUR,0.92\n2026-10-03,USD,EUR,0.92\n2026-10-03,USD,EUR,0.93\n"
    result = imported("rates_csv", lines)
    assert result.skipped == {"duplicate": 1}
    assert [problem.code for problem in result.problems] == ["two-rates"]


def test_a_rate_names_who_says_so(imported: Import, duck: Store) -> None:
    """The source is the file's own column, or the name of the file."""
    imported("rates_csv", "day,from,to,rate,source\n2026-10-03,USD,EUR,0.92,treasury\n2026-10-04,USD,EUR,0.92,\n")
    sources = [str(row["source"]) for row in held(duck)]
    assert sources[0] == "treasury"
    assert sources[1].startswith("rates-")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "day,from,to,rate\n",
        "<a/>",
        "<a",
        '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        "\N{REPLACEMENT CHARACTER}",
    ],
)
def test_what_is_not_the_banks_is_refused(imported: Import, text: str) -> None:
    """A file of another kind is refused whole, with what to do."""
    with pytest.raises(Unreadable) as error:
        imported("ecb", text)
    assert error.value.fix


def test_broken_cells_of_the_bank_are_problems(imported: Import) -> None:
    """A rate that is none, and a day that is none, are problems of their line; the rest lands."""
    result = imported("ecb", "Date,USD,JPY,\n2026-10-02,1.0842,x,\n2026-13-02,1,2,\n")
    assert (result.lines, result.landed, result.problem_lines) == (4, 1, 3)
    assert [(p.line, p.column, p.code) for p in result.problems] == [
        (2, "JPY", "bad-rate"),
        (3, "USD", "bad-date"),
        (3, "JPY", "bad-date"),
    ]


def test_no_file_is_refused(duck: Store, tmp_path: Path) -> None:
    """A file must be given, and be there."""
    with pytest.raises(BadInput):
        take_in(duck, importers()["ecb"], [], now=NOW)
    with pytest.raises(BadInput):
        take_in(duck, importers()["ecb"], [tmp_path / "none.csv"], now=NOW)
