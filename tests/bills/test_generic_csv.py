import json
from collections.abc import Mapping
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest
from click.testing import CliRunner

from outlay.bills.formats.mapping import read_bill_mapping
from outlay.bills.importers import importers
from outlay.bills.take_in import Request, take_in
from outlay.cli import main
from outlay.errors import BadConfig, BadInput, Unreadable
from outlay.store import Store, open_store
from outlay.terms.take_in import TakeIn
from tests.bills.other_clouds import NOW, all_accounted_for, brought, day, landed, money, table
from tests.docs.examples import files
from tests.docs.pages import read

GERMAN = """
[constants]
provider = "Beispiel Hosting"
billing_account_id = "4711"
billing_currency = "EUR"

[columns]
charge_period_start = "Von"
charge_period_end = "Bis"
billed_cost = "Betrag"
service_name = "Leistung"
charge_category = "Art"

[tags]
team = "Kostenstelle"
"*" = ["tag_*", "Umgebung"]

[categories]
Gutschrift = "Credit"
Steuer = "Tax"
"*" = "Usage"

[numbers]
decimal = ","
thousands = "."
negative = ["trailing", "parentheses"]
symbols = ["€"]

[time]
format = ["%d.%m.%Y", "%d.%m.%y"]
end = "included"

[where]
Status = "gebucht"

[skip.total]
Leistung = ["Summe*", "Zwischensumme"]
"""
LINE = {
    "Leistung": "Server",
    "Von": "01.10.2026",
    "Bis": "31.10.2026",
    "Betrag": "1.234,50 €",
    "Art": "Miete",
    "Kostenstelle": "search",
    "tag_env": "prod",
    "Umgebung": "live",
    "Status": "gebucht",
    "Vertrag": "V-9",
}
PLAIN = """
[columns]
provider = "vendor"
billing_account_id = "account"
billing_currency = "currency"
charge_period_start = "from"
billed_cost = "cost"
"""
PLAIN_LINE = {"vendor": "Acme", "account": "1", "currency": "usd", "from": "2026-10-05", "cost": "1.5"}


def mapped(store: Store, folder: Path, mapping: str, *lines: Mapping[str, str], delimiter: str = ";") -> TakeIn:
    """Import lines by a mapping."""
    (folder / "m.toml").write_text(mapping, encoding="utf-8")
    (folder / "f.csv").write_text(table(lines, delimiter=delimiter), encoding="utf-8")
    return brought(store, "generic_csv", folder / "f.csv", {"mapping": str(folder / "m.toml")})


def peeked(store: Store, folder: Path, mapping: str, *lines: Mapping[str, str]) -> TakeIn:
    """Look at what lines would become; the store keeps nothing and may be shared."""
    (folder / "m.toml").write_text(mapping, encoding="utf-8")
    (folder / "f.csv").write_text(table(lines), encoding="utf-8")
    request = Request([folder / "f.csv"], options={"mapping": str(folder / "m.toml")}, dry_run=True)
    return take_in(store, importers()["generic_csv"], request, now=NOW)


def first_of(result: TakeIn) -> Mapping[str, object]:
    """Return the first row that would land."""
    assert result.preview
    return result.preview[0]


def test_a_table_lands_as_its_mapping_says(store: Store, tmp_path: Path) -> None:
    """Commas, dots, signs behind and around, days that are included, categories, tags and totals: all as described."""
    result = mapped(
        store,
        tmp_path,
        GERMAN,
        LINE,
        {**LINE, "Art": "Gutschrift", "Betrag": "34,50-"},
        {**LINE, "Art": "Steuer", "Betrag": "(0,25)"},
        {**LINE, "Betrag": "1.000.000,00", "Von": "1.9.26", "Bis": "30.9.26"},
        {**LINE, "Leistung": "Summe Oktober", "Betrag": "1.199,75", "Art": "", "Von": "", "Bis": ""},
        {**LINE, "Status": "storniert", "Betrag": "7"},
    )
    assert all_accounted_for(result)
    assert (result.landed, dict(result.skipped)) == (4, {"total": 1, "not-where": 1})
    assert result.totals == {"EUR": money("1234.5", "-34.5", "-0.25", "1000000")}
    assert result.skipped_totals == {"not-where": {"EUR": Decimal(7)}, "total": {"EUR": Decimal("1199.75")}}
    rows = landed(store)
    assert [r["charge_category"] for r in rows] == ["Usage", "Credit", "Tax", "Usage"]
    first, *_, last = rows
    assert (first["charge_period_start"], first["charge_period_end"]) == (day(1), day(1, 11))
    assert (first["billing_period_start"], first["billing_period_end"]) == (day(1), day(1, 11))
    assert (last["charge_period_start"], last["billing_period_start"]) == (day(1, 9), day(1, 9))
    assert first["tags"] == {"team": "search", "env": "prod", "Umgebung": "live"}
    assert (first["extra"]["Vertrag"], first["extra"]["Status"]) == ("V-9", "gebucht")


def test_little_needs_to_be_said(own: Store, tmp_path: Path) -> None:
    """Five columns make a bill: a day long, in the month of its day, usage, in ISO and with a point."""
    result = mapped(own, tmp_path, PLAIN, PLAIN_LINE, {**PLAIN_LINE, "cost": "-2E-3"}, delimiter=",")
    assert (result.landed, result.totals) == (2, {"USD": Decimal("1.498")})
    row = landed(own)[0]
    assert (row["charge_period_start"], row["charge_period_end"]) == (day(5), day(6))
    assert (row["billing_period_start"], row["billing_period_end"]) == (day(1), day(1, 11))
    assert row["charge_category"] == "Usage"


@pytest.mark.parametrize(
    ("numbers", "cells"),
    [
        (
            "",
            {"1234.5": "1234.5", ".5": "0.5", "\u221212.5": "-12.5", "+12.5": "12.5", "-1E-3": "-0.001"}
            | dict.fromkeys(("1,234", "(12)", "12-", "-", "0x10", "12 CR", "1 2", "--1", "nan")),
        ),
        (
            'thousands = ","\nsymbols = ["USD", "$"]',
            {"1,234.50": "1234.5", "12,34,567.5": "1234567.5", "1234": "1234", "$ -12.5 USD": "-12.5"}
            | dict.fromkeys(("1,5", ",123", "1,2345", "1.5,000")),
        ),
        (
            'thousands = " "\ndecimal = ","',
            {"1 234\u00a0567,5": "1234567.5", "1\u202f000": "1000"} | dict.fromkeys(("12.5", "1 2")),
        ),
        ('thousands = "\'"', {"1'234.50": "1234.5"}),
        (
            'negative = ["credit", "trailing", "parentheses"]',
            {"12.5 CR": "-12.5", "12.5cr.": "-12.5", "12.5-": "-12.5", "( 12.5 )": "-12.5", "-12.5": "-12.5"}
            | dict.fromkeys(("(-12.5)", "-12.5-")),
        ),
    ],
)
def test_a_number_is_read_as_the_mapping_says_or_not_at_all(
    duck: Store, tmp_path: Path, numbers: str, cells: Mapping[str, str | None]
) -> None:
    """Separators, signs and symbols are never guessed: what is not written as described is a problem."""
    lines = [{**PLAIN_LINE, "cost": text} for text in cells]
    result = peeked(duck, tmp_path, f"{PLAIN}\n[numbers]\n{numbers}\n", *lines)
    texts = list(cells)
    assert result.preview
    read = {texts[cast(int, row["line"]) - 2]: row["billed_cost"] for row in result.preview}
    assert read == {text: Decimal(amount) for text, amount in cells.items() if amount is not None}
    wrong = [(p.code, p.value) for p in result.problems]
    assert wrong == [("bad-number", text) for text, amount in cells.items() if amount is None]
    assert all("[numbers]" in p.fix for p in result.problems)


@pytest.mark.parametrize(
    ("time", "cells"),
    [
        (
            'format = "iso"',
            {"2026-10-05": 0, "2026-10-05T02:00:00+02:00": 0, "2026-10-05 07:00": 7, "5.10.2026": None, "2026": None},
        ),
        ('format = "iso"\nzone = "Europe/Berlin"', {"2026-10-05": -2, "2026-10-05T00:00:00Z": 0}),
        ('format = "unix_s"', {"1791158400": 0, "2026-10-05": None, "9" * 30: None}),
        ('format = "unix_ms"\nzone = "Asia/Tokyo"', {"1791158400000": 0, "soon": None}),
        ('format = "%m/%d/%Y %I:%M %p"', {"10/5/2026 3:00 AM": 3, "31/10/2026 3:00 AM": None}),
        ('format = ["%Y%m%d", "%d.%m.%Y", "%d.%m.%y"]', {"20261005": 0, "5.10.26": 0, "05.10.2026": 0, "10/05": None}),
    ],
)
def test_a_time_is_read_as_the_mapping_says_or_not_at_all(
    duck: Store, tmp_path: Path, time: str, cells: Mapping[str, int | None]
) -> None:
    """Forms, zones and seconds since 1970 are what the mapping says; another is a problem with its value."""
    lines = [{**PLAIN_LINE, "from": text} for text in cells]
    result = peeked(duck, tmp_path, f"{PLAIN}\n[time]\n{time}\n", *lines)
    texts = list(cells)
    assert result.preview
    read = {texts[cast(int, row["line"]) - 2]: row["charge_period_start"] for row in result.preview}
    assert read == {text: day(5) + timedelta(hours=hours) for text, hours in cells.items() if hours is not None}
    assert {row["billing_period_start"] for row in result.preview} == {day(1)}
    assert [(p.code, p.value) for p in result.problems] == [
        ("bad-time", text) for text, hours in cells.items() if hours is None
    ]
    assert all("[time]" in p.fix for p in result.problems)


@pytest.mark.parametrize(
    ("time", "end", "until"),
    [
        ('end = "included"', "2026-10-31", day(1, 11)),
        ('end = "included"', "2026-10-31T23:59:59", day(1, 11)),
        ('end = "included"\nzone = "Europe/Berlin"', "2026-10-25", day(25) + timedelta(hours=23)),
        ("", "2026-11-01", day(1, 11)),
        ('length = "month"', "", day(5, 11)),
        ('length = "hour"', "", day(5) + timedelta(hours=1)),
    ],
)
def test_a_period_ends_where_the_mapping_says(duck: Store, tmp_path: Path, time: str, end: str, until: object) -> None:
    """An end may be the last day or second, the first instant after, or not written at all; zones change in autumn."""
    mapping = f'{PLAIN}charge_period_end = "to"\n[time]\n{time}\n'
    result = peeked(duck, tmp_path, mapping, {**PLAIN_LINE, "to": end})
    assert first_of(result)["charge_period_end"] == until


def test_lines_that_cannot_be_read_are_problems(own: Store, tmp_path: Path) -> None:
    """An unknown category, a broken record, a missing value: named with the line; the rest lands."""
    mapping = GERMAN.replace('"*" = "Usage"', 'Miete = "Usage"')
    (tmp_path / "m.toml").write_text(mapping, encoding="utf-8")
    text = table([LINE, {**LINE, "Art": "Wette"}, {**LINE, "Betrag": ""}], delimiter=";") + "Summe;1\n;;;;;;;;;\n"
    (tmp_path / "f.csv").write_text(text, encoding="utf-8")
    result = brought(own, "generic_csv", tmp_path / "f.csv", {"mapping": str(tmp_path / "m.toml")})
    assert sorted((p.code, p.line) for p in result.problems) == [
        ("missing-value", 4),
        ("unknown-category", 3),
        ("wrong-column-count", 5),
    ]
    assert (result.landed, dict(result.skipped)) == (1, {"empty-line": 1})


def test_what_stands_above_the_header_is_no_part_of_the_table(own: Store, tmp_path: Path) -> None:
    """A letterhead is passed over, and lines keep the numbers that an editor shows."""
    (tmp_path / "m.toml").write_text(f"{PLAIN}\n[file]\nheader = 4\n", encoding="utf-8")
    text = 'Acme Ltd\n"Invoice 7\n\n' + table([PLAIN_LINE, {**PLAIN_LINE, "cost": "much"}])
    (tmp_path / "f.csv").write_text(text, encoding="utf-8")
    result = brought(own, "generic_csv", tmp_path / "f.csv", {"mapping": str(tmp_path / "m.toml")})
    assert (result.lines, result.landed) == (2, 1)
    assert [(p.code, p.line) for p in result.problems] == [("bad-number", 6)]
    assert [row["line"] for row in landed(own)] == [5]


@pytest.mark.parametrize(
    ("mapping", "missing"),
    [
        (PLAIN.replace('"cost"', '"amount"'), "amount"),
        (f'{PLAIN}\n[tags]\nteam = "Team"\n', "Team"),
        (f'{PLAIN}\n[where]\nstate = "final"\n', "state"),
        (f'{PLAIN}\n[skip.total]\nkind = "sum"\n', "kind"),
    ],
)
def test_a_column_that_the_file_lacks_is_named(own: Store, tmp_path: Path, mapping: str, missing: str) -> None:
    """A mapping that names a column of another file is refused whole, also where it is only a tag or a rule."""
    with pytest.raises(Unreadable, match=f"f.csv has no column '{missing}'; it has vendor, account"):
        mapped(own, tmp_path, mapping, PLAIN_LINE)
    assert own.count("charge") == 0


def test_the_same_file_with_a_better_mapping_is_another_bill(own: Store, tmp_path: Path) -> None:
    """Importing again changes nothing; importing with another mapping replaces what the first made of it."""
    first = mapped(own, tmp_path, PLAIN, PLAIN_LINE)
    assert mapped(own, tmp_path, PLAIN, PLAIN_LINE).repeated == first.take_in
    better = mapped(own, tmp_path, f'{PLAIN}\n[constants]\nservice_name = "boxes"\n', PLAIN_LINE)
    assert (better.repeated, len(better.restated)) == (None, 1)
    assert [row["service_name"] for row in landed(own)] == ["boxes"]


@pytest.mark.parametrize(
    ("mapping", "says"),
    [
        ("[colums]\n", "m.toml:1: unknown table [colums]"),
        (f'{PLAIN}list_price = "x"\n', "m.toml:8: [columns] has an unknown key 'list_price'"),
        ("[constants]\nbilled_cost = 3\n", "m.toml:2: [constants] has an unknown key 'billed_cost'"),
        (f"{PLAIN}service_name = 5\n", "m.toml:8: columns.service_name is 5"),
        (PLAIN.replace('provider = "vendor"\n', ""), "does not say what provider is"),
        (f'{PLAIN}[numbers]\ndecimal = ";"\n', "m.toml:9: numbers.decimal is ';'"),
        (f'{PLAIN}[numbers]\nthousands = "."\n', "m.toml:9: decimal and thousands are the same"),
        (f'{PLAIN}[numbers]\nnegative = ["red"]\n', "m.toml:9: numbers.negative is 'red'"),
        (f'{PLAIN}[time]\nformat = "dd.mm.yyyy"\n', "m.toml:9: time.format 'dd.mm.yyyy' is no pattern"),
        (f'{PLAIN}[time]\nformat = "%d.%m.%Y %z"\n', "m.toml:9: time.format"),
        (f'{PLAIN}[time]\nzone = "Berlin"\n', "m.toml:9: time.zone is 'Berlin'"),
        (f'{PLAIN}[categories]\nRent = "Rent"\n', "m.toml:9: 'Rent' is 'Rent'"),
        (f'{PLAIN}[tags]\n"*" = ["tag*"]\n', "m.toml:9: 'tag*' does not end in"),
        (f"{PLAIN}[skip]\ntotal = 5\n", "m.toml:9: skip.total is no table"),
        (f"{PLAIN}[skip.total]\nname = []\n", "m.toml:9: skip.total.name is []"),
        (f"{PLAIN}[file]\nheader = 0\n", "m.toml:9: file.header is 0"),
        ("[columns\n", "is not TOML"),
        ("columns = 5\n", "m.toml:1: columns is no table"),
    ],
)
def test_a_wrong_mapping_says_where_and_how_to_mend_it(tmp_path: Path, mapping: str, says: str) -> None:
    """Every mistake names file, line and key, and what to write instead; nothing is read."""
    (tmp_path / "m.toml").write_text(mapping, encoding="utf-8")
    with pytest.raises(BadConfig) as raised:
        read_bill_mapping(tmp_path / "m.toml")
    assert says in raised.value.message
    assert raised.value.fix


def test_a_mapping_must_be_given(own: Store, tmp_path: Path) -> None:
    """Without a mapping, or with one that is not there, the import says so."""
    (tmp_path / "f.csv").write_text("a\n1\n", encoding="utf-8")
    with pytest.raises(BadInput, match="--mapping"):
        brought(own, "generic_csv", tmp_path / "f.csv")
    with pytest.raises(BadConfig, match="cannot be read"):
        brought(own, "generic_csv", tmp_path / "f.csv", {"mapping": str(tmp_path / "none.toml")})


PAGE = files(read("docs/generic-csv.md"))


def shown(folder: Path) -> tuple[Path, Path]:
    """Save the example of the page, and return the table and the mapping."""
    for name, text in PAGE.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder / "invoice.csv", folder / "invoice.toml"


def test_the_example_of_the_page_does_what_the_page_says(own: Store, tmp_path: Path) -> None:
    """Two charges with their tag and month, two skips by name, and the column that has no place."""
    table_, mapping = shown(tmp_path)
    result = brought(own, "generic_csv", table_, {"mapping": str(mapping)})
    assert (result.landed, dict(result.skipped), result.problems) == (2, {"not-where": 1, "total": 1}, ())
    rows = landed(own)
    assert [row["billed_cost"] for row in rows] == [Decimal("1234.5"), Decimal("-34.5")]
    assert {row["billing_period_start"] for row in rows} == {day(1)}
    assert {row["tags"]["team"] for row in rows} == {"search"}
    assert rows[0]["extra"]["Vertrag"] == "V-9"


def test_a_dry_run_shows_what_would_land_and_keeps_nothing(tmp_path: Path) -> None:
    """On the command line: the first rows, what has no place, skips with their money, and no trace in the store."""
    table_, mapping = shown(tmp_path)
    store = f"duckdb:///{tmp_path / 'o.duckdb'}"
    typed = ["import", "generic_csv", str(table_), "--mapping", str(mapping), "--dry-run", "--store", store]
    text = CliRunner().invoke(main, typed)
    assert text.exit_code == 0, text.output
    assert "billed_cost = 1234.5" in text.output
    assert "kept in extra, for want of a place of its own: Leistung, Status, Vertrag" in text.output
    assert "Nothing was kept" in text.output
    said = json.loads(CliRunner().invoke(main, [*typed, "--json"]).output)
    assert (said["charges"], said["skipped_by_reason"]) == (2, {"not-where": 1, "total": 1})
    assert [row["billed_cost"] for row in said["preview"]] == ["1234.5", "-34.5"]
    with closing(open_store(store)) as opened:
        assert [opened.count(name) for name in ("charge", "problem", "take_in", "partition", "source_file")] == [0] * 5


def test_a_mapping_is_refused_where_none_belongs(tmp_path: Path) -> None:
    """`--mapping` beside a format of its own says where it belongs."""
    table_, mapping = shown(tmp_path)
    store = f"duckdb:///{tmp_path / 'o.duckdb'}"
    found = CliRunner().invoke(main, ["import", "focus", str(table_), "--mapping", str(mapping), "--store", store])
    assert found.exit_code == 2
    assert "generic_csv" in found.output
