import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from outlay.bills.importers.focus import IMPORTER
from outlay.bills.take_in import Request, take_in
from outlay.store import Store
from outlay.store.tables import BY_NAME
from tests.bills.making import LINE, charges, focus, text_of, written
from tools.golden import CASES, settle


def test_amounts_are_read_exactly(store: Store, tmp_path: Path, now: datetime) -> None:
    """Exponents, signs, credits and spaces around a number change nothing about its digits."""
    amounts = {"1e-7": "0.0000001", "2.5E+3": "2500", "-12.34": "-12.34", " 7 ": "7", "+.5": "0.5", "0": "0"}
    path = written(tmp_path / "b.csv", *({"BilledCost": text, "ChargeCategory": "Credit"} for text in amounts))
    result = take_in(store, focus(), Request([path]), now=now)
    assert [row["billed_cost"] for row in charges(store)] == [Decimal(exact) for exact in amounts.values()]
    assert result.matches
    assert result.totals == {"USD": sum(map(Decimal, amounts.values()))}


def test_what_rounding_moves_is_told(own: Store, tmp_path: Path, now: datetime) -> None:
    """Amounts of more than 12 places land rounded, and the control total tells the difference."""
    path = written(tmp_path / "b.csv", {"BilledCost": "0.0000000000004"}, {"BilledCost": "1.0000000000016"})
    result = take_in(own, focus(), Request([path]), now=now)
    assert [row["billed_cost"] for row in charges(own)] == [Decimal(0), Decimal("1.000000000002")]
    assert result.control_totals == {"USD": Decimal("1.000000000002")}
    assert result.matches
    other = written(tmp_path / "c.csv", {"BilledCost": "0.0000000000004"})
    result = take_in(own, focus(), Request([other]), now=now)
    assert (result.matches, result.differences) == (False, {"USD": Decimal("4E-13")})


TAGS = {
    '{"team": "search", "n": 1}': {"team": "search", "n": "1"},
    '{" team ": "search"}': {"team": "search"},
    '{"a":"b"," team":"search"}': {"a": "b", "team": "search"},
    '{"team": null}': {"team": ""},
    "{}": {},
    "": {},
    "NULL": {},
}


def test_tags_arrive_as_a_map_with_trimmed_keys(store: Store, tmp_path: Path, now: datetime) -> None:
    """Padded keys are trimmed, numbers are text, a null value is empty, no tags are no tags."""
    take_in(store, focus(), Request([written(tmp_path / "b.csv", *({"Tags": t} for t in TAGS))]), now=now)
    assert [row["tags"] for row in charges(store)] == list(TAGS.values())
    assert [row["extra"] for row in charges(store)] == [{}] * len(TAGS)


@pytest.mark.parametrize("tags", ["{team: search", '["team"]', '{"a": 1, "a": 2}', "team=search"])
def test_money_is_never_lost_for_the_sake_of_tags(own: Store, tmp_path: Path, now: datetime, tags: str) -> None:
    """Tags that are no map leave the charge as it is, and stay as text in `extra`."""
    path = written(tmp_path / "b.csv", {"Tags": tags, "x_Note": "n"})
    result = take_in(own, focus(), Request([path]), now=now)
    (row,) = charges(own)
    assert (result.landed, row["billed_cost"]) == (1, Decimal("1.5"))
    assert (row["tags"], row["extra"]) == ({}, {"x_Note": "n", "tags": tags})


def test_the_text_null_is_nothing(own: Store, tmp_path: Path, now: datetime) -> None:
    """Vendors write NULL for nothing, in quotes or without; an empty field is nothing, too."""
    content = text_of([{"RegionId": "NULL", "SkuId": "", "x_Note": "NULL", "ResourceName": "null"}])
    path = tmp_path / "b.csv"
    path.write_text(content.replace("NULL", '"NULL"', 1), encoding="utf-8")
    take_in(own, focus(), Request([path]), now=now)
    (row,) = charges(own)
    assert (row["region_id"], row["sku_id"], row["extra"], row["resource_name"]) == (None, None, {}, "null")


VERSIONS = {
    "1.0": {"ProviderName": "AWS", "InvoiceIssuerName": "Amazon"},
    "1.2": {"ProviderName": "AWS", "InvoiceIssuerName": "Amazon", "InvoiceId": "7", "ServiceSubcategory": "Object"},
    "1.3": {"ServiceProviderName": "AWS", "InvoiceIssuer": "Amazon", "InvoiceId": "7"},
}


@pytest.mark.parametrize("version", VERSIONS)
def test_each_version_of_the_specification_is_read(own: Store, tmp_path: Path, now: datetime, version: str) -> None:
    """FOCUS 1.0, 1.2 and 1.3 name the provider differently; the charge has one name for it."""
    line = VERSIONS[version]
    header = [*(column for column in LINE if column != "ProviderName"), *line]
    path = tmp_path / "b.csv"
    path.write_text(text_of([line], header=header), encoding="utf-8")
    result = take_in(own, focus(), Request([path]), now=now)
    (row,) = charges(own)
    assert result.matches
    assert (row["provider"], row["invoice_issuer_name"]) == ("AWS", "Amazon")
    assert (row["invoice_id"], row["service_subcategory"]) == (line.get("InvoiceId"), line.get("ServiceSubcategory"))


def test_every_column_of_a_charge_is_filled_from_its_own(store: Store, tmp_path: Path, now: datetime) -> None:
    """A file that fills every column fills every column of the charge, each with its own value."""
    line = {names[0]: f"<{column}>" for column, names in IMPORTER.columns.items()}
    numbers = [c for c in line if c.endswith(("Cost", "Price", "Quantity"))]
    line |= {column: f"{place}.5" for place, column in enumerate(numbers, start=1)}
    line |= {column: LINE[column] for column in LINE if column in line and column != "BilledCost"}
    header = list(line)
    path = tmp_path / "b.csv"
    path.write_text(text_of([line], header=header), encoding="utf-8")
    assert take_in(store, focus(), Request([path]), now=now).problems == ()
    (row,) = charges(store)
    for column, names in IMPORTER.columns.items():
        own = line[names[0]]
        value = row[column]
        if names[0] in numbers:
            assert value == Decimal(own), column
        elif isinstance(value, datetime):
            assert value == datetime.fromisoformat(own).astimezone(UTC), column
        else:
            assert value == (json.loads(own) if column == "tags" else own), column


def test_golden_cases_give_what_is_written_beside_them(store: Store, now: datetime) -> None:
    """Every case of `tests/cases/bills/focus` gives its expected charges and problems, on both engines."""
    cases = sorted(folder for folder in (CASES / "bills" / "focus").iterdir() if folder.is_dir())
    columns = sorted(column.name for column in BY_NAME["charge"].columns)
    assert cases
    for case in cases:
        result = take_in(store, focus(), Request(sorted(case.glob("input*"))), now=now)
        found = {
            "lines": result.lines,
            "totals": {k: str(v.normalize()) for k, v in result.totals.items()},
            "differences": {k: str(v.normalize()) for k, v in result.differences.items()},
            "problems": [
                [p.code, p.line, p.column, p.value, p.amount and str(p.amount.normalize()), p.currency]
                for p in result.problems
            ],
            "charges": [
                {k: _plain(row[k]) for k in columns if row[k] not in (None, {}) and k != "take_in"}
                for row in charges(store)
                if row["take_in"] == result.take_in
            ],
        }
        settle(case / "expected.json", json.dumps(found, indent=1, ensure_ascii=False))


def _plain(value: object) -> object:
    match value:
        case Decimal():
            return format(value.normalize(), "f")
        case date():
            return value.isoformat()
    return value
