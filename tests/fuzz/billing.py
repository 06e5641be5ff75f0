"""What people import of other clouds: exports, tables with a mapping, and what is read beside them."""

import atexit
import csv
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path

from outlay.bills.formats.list_prices import as_setting, read_list_prices
from outlay.bills.formats.mapping import read_bill_mapping
from outlay.bills.importers import importers
from outlay.bills.importers.generic_csv import described
from outlay.bills.reading.files import unpack
from outlay.bills.reading.json_lines import copy_json_records
from outlay.bills.take_in import Request, take_in
from outlay.revenue.contract import Asked
from outlay.revenue.metrics import kubernetes
from outlay.store import Store, open_store
from tests.bills import test_azure_cost_details as azure
from tests.bills import test_databricks_usage as databricks
from tests.bills import test_gcp as gcp
from tests.bills import test_generic_csv as generic
from tests.bills import test_oracle_cost as oracle
from tests.bills import test_pinecone_csv as pinecone
from tests.bills.other_clouds import as_json_lines, table
from tests.fuzz.parser import Parser, among, answered, placed

_NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
_SOURCES = (
    "azure_amortized",
    "azure_cost_details",
    "databricks_usage",
    "gcp_billing",
    "gcp_focus",
    "oracle_cost",
    "pinecone_csv",
)


@cache
def _store() -> Store:
    """Return a store of this process; nothing is kept in it."""
    store = open_store("duckdb:///:memory:")
    atexit.register(_store.cache_clear)
    atexit.register(store.close)
    return store


def _looked_at(path: Path, source: str, options: dict[str, str]) -> None:
    """Laws 1 and 2: every line of a bill is something, and the money adds up."""
    request = Request([path], options=options, dry_run=True)
    found = answered(take_in, _store(), importers()[source], request, now=_NOW)
    if found is not None:
        assert found.lines == found.landed + sum(found.skipped.values()) + found.problem_lines
        assert all(problem.fix for problem in found.problems)
        assert _store().count("charge") == 0


def check_other_bill(body: bytes) -> None:
    """Every line of another vendor's bill is a charge, a named skip or a problem, whatever the file holds."""
    source, text = among(body, _SOURCES)
    with placed(text, "bill") as path:
        _looked_at(path, source, {})


def check_generic_bill(body: bytes) -> None:
    """Every line of a table with a mapping is a charge, a named skip or a problem."""
    with placed(body, "bill.csv") as path:
        mapping = path.with_name("mapping.toml")
        mapping.write_text(generic.GERMAN, encoding="utf-8")
        _looked_at(path, "generic_csv", {"mapping": str(mapping)})


def check_bill_mapping(body: bytes) -> None:
    """A mapping is an importer, or refused in words that name it."""
    with placed(body, "mapping.toml") as path:
        found = answered(read_bill_mapping, path)
    if found is not None:
        importer = described(found)
        assert importer.columns
        assert all(isinstance(text, str) for text in importer.settings.values())


def check_described_bill(body: bytes) -> None:
    """Whatever mapping is none refused, the engine reads the table by it."""
    with placed(body, "mapping.toml") as mapping:
        path = mapping.with_name("bill.csv")
        path.write_text(table([generic.LINE, generic.LINE], delimiter=";"), encoding="utf-8")
        _looked_at(path, "generic_csv", {"mapping": str(mapping)})


def check_json_lines(body: bytes) -> None:
    """Each line of JSON is a record of as many cells as the header has, or set aside with a fix."""
    with placed(b"{" + body, "bill.json") as path:
        file = answered(unpack, path, path.parent)
        copied = answered(copy_json_records, file, path.parent) if file else None
        if not copied:
            return
        found, careful = copied
        with careful.path.open(encoding="utf-8", newline="") as rows:
            assert {len(row) for row in csv.reader(rows)} == {1 + len(found.header)}
        problems = list(careful.problems())
        assert len(problems) == careful.broken_lines
        assert all(problem.fix and problem.line for problem in problems)


def check_list_prices(body: bytes) -> None:
    """A list of prices is one price at a time for each SKU, or refused with the line."""
    with placed(body, "prices") as path:
        prices = answered(read_list_prices, path, "USD")
    if prices:
        assert all(price.amount >= 0 and price.starts_at < price.ends_at for price in prices)
        json.loads(as_setting(prices, Decimal(0)))


def check_allocations(body: bytes) -> None:
    """Each allocation of a cluster is metrics, a named skip or a problem with its place."""
    asked = Asked("", None, _NOW, {}, Path())
    with placed(body, "allocation.json") as path:
        lines = answered(lambda: list(kubernetes.read([path], asked)))
    for number, line in enumerate(lines or (), start=1):
        assert line.line == number
        assert bool(line.rows) + bool(line.problem) + bool(line.skipped) == 1


def _other_bills() -> Iterable[bytes]:
    yield b"\x00" + table({**azure.EA, **line} for line in azure.AMORTIZED).encode()
    yield b"\x01" + table({**azure.EA, **line} for line in azure.ACTUAL).encode()
    yield b"\x02" + as_json_lines([databricks.RECORD, databricks.RECORD]).encode()
    yield b"\x03" + as_json_lines({**gcp.RECORD, **record} for record in gcp.KINDS).encode()
    yield b"\x04" + as_json_lines([{**generic.PLAIN_LINE, "Tags": [{"key": "a", "value": "b"}]}]).encode()
    yield b"\x05" + table({**oracle.LINE, **line} for line in oracle.KINDS).encode()
    yield b"\x06" + table({**pinecone.LINE, **line} for line in pinecone.KINDS).encode()


def _mappings() -> Iterable[bytes]:
    yield generic.GERMAN.encode()
    yield generic.PLAIN.encode() + b'[time]\nformat = ["%d %b %Y", "%Y"]\nzone = "Asia/Tokyo"\nlength = "month"\n'


def _price_lists() -> Iterable[bytes]:
    with placed(b"", "prices.csv") as path:
        yield databricks.price_list(path).read_bytes()
    record: dict[str, object] = {"sku_name": "A", "cloud": "AWS", "currency_code": "USD", "usage_unit": "DBU"}
    record |= {"price_start_time": "2026-01-01T00:00:00Z", "price_end_time": None, "pricing": {"default": "0.55"}}
    yield as_json_lines([record, {**record, "pricing": {"default": 1, "effective_list": {"default": 0.5}}}]).encode()
    yield json.dumps([record]).encode()


def _allocations() -> Iterable[bytes]:
    window = {"start": "2026-10-05T00:00:00Z", "end": "2026-10-06T00:00:00Z"}
    one = {"properties": {"namespace": "n", "labels": {"team": "a"}}, "window": window, "cpuCost": 0.5, "ramCost": -0.1}
    yield json.dumps({"code": 200, "data": [{"a": one, "__idle__": one}, None]}).encode()
    yield json.dumps({"data": {"sets": [{"allocations": {"a": one}, "window": window}]}}).encode()
    yield b'Date,Namespace,Pod,CPUCost,Labels,Label_team\n2026-10-05,n,p,0.5,"{""app"": ""x""}",a\n'


PARSERS = (
    Parser("other-bill", check_other_bill, _other_bills, 16),
    Parser("generic-bill", check_generic_bill, lambda: [table([generic.LINE] * 2, delimiter=";").encode()], 8),
    Parser("bill-mapping", check_bill_mapping, _mappings),
    Parser("described-bill", check_described_bill, _mappings, 16),
    Parser("json-lines", check_json_lines, lambda: [as_json_lines([gcp.RECORD, databricks.RECORD])[1:].encode()]),
    Parser("list-prices", check_list_prices, _price_lists),
    Parser("allocations", check_allocations, _allocations),
)
