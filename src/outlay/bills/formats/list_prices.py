"""Databricks' list prices (`system.billing.list_prices`), read beside its usage.

Comes in: an export of the table as CSV or JSON, possibly gzipped. Goes out: prices by SKU, cloud, unit and period.

Source: Databricks' pricing system table. `pricing` holds the price before promotions (`default`) and the one that holds
(`effective_list.default`); the latter counts where it is there. A price without an end is in force.
"""

import csv
import gzip
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from outlay.errors import BadInput, Unreadable

_PRICE = re.compile(r"\d{1,7}(\.\d*)?", re.ASCII)
_PLACES = 10
_GZIP = b"\x1f\x8b"
_EVER = datetime(9999, 12, 31, tzinfo=UTC)
_FIX = (
    "export system.billing.list_prices with sku_name, cloud, currency_code, usage_unit, price_start_time,"
    " price_end_time and pricing"
)


@dataclass(frozen=True, slots=True)
class ListPrice:
    """What one unit of a SKU costs by the list.

    Args:
        sku: Its name.
        cloud: AWS, AZURE or GCP.
        unit: What is priced: DBU, ...
        starts_at: From this instant.
        ends_at: Up to this one, not included.
        amount: For one unit; at most 10 places.
    """

    sku: str
    cloud: str
    unit: str
    starts_at: datetime
    ends_at: datetime
    amount: Decimal


def read_list_prices(path: Path, currency: str) -> list[ListPrice]:
    """Read the prices in one currency, each period of a SKU once.

    Args:
        path: The file.
        currency: ISO 4217 code; prices in others are passed over.

    Raises:
        BadInput: There is no such file, or it has no price in that currency.
        Unreadable: It is not such a table; the message names the line.
    """
    found: dict[tuple[str, str, str], dict[datetime, ListPrice]] = {}
    for line, record in _records(path):
        if str(record.get("currency_code") or "").upper() != currency:
            continue
        price = _price(record, f"{path.name}:{line}")
        found.setdefault((price.sku, price.cloud, price.unit), {})[price.starts_at] = price
    if not found:
        raise BadInput(f"{path.name} has no price in {currency}", fix="name the right one with --option currency=...")
    return [price for periods in found.values() for price in _one_at_a_time(periods)]


def as_setting(prices: list[ListPrice], discount: Decimal) -> str:
    """Return prices as the shape reads them.

    Args:
        prices: By the list.
        discount: Percent off the list that the contract gives.

    Raises:
        BadInput: The discount leaves a price with more places than can be multiplied exactly.
    """
    return json.dumps(
        [
            {
                "sku": price.sku,
                "cloud": price.cloud,
                "unit": price.unit,
                "starts_at": f"{price.starts_at:%Y-%m-%d %H:%M:%S.%f}",
                "ends_at": f"{price.ends_at:%Y-%m-%d %H:%M:%S.%f}",
                "listed": format(price.amount, "f"),
                "paid": format(_less(price.amount, discount), "f"),
            }
            for price in prices
        ]
    )


def _less(amount: Decimal, discount: Decimal) -> Decimal:
    """Return an amount less so many percent.

    >>> _less(Decimal("0.55"), Decimal("12.5"))
    Decimal('0.48125')
    """
    paid = (amount * (100 - discount) / 100).normalize()
    exponent = paid.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -_PLACES:
        raise BadInput(
            f"{discount} percent off {amount} has more than {_PLACES} places", fix="give the discount with fewer places"
        )
    return paid


def _one_at_a_time(periods: Mapping[datetime, ListPrice]) -> Iterator[ListPrice]:
    """Yield prices in order, each ending where the next begins: a line of usage meets one price."""
    starts = sorted(periods)
    for place, start in enumerate(starts):
        price = periods[start]
        following = starts[place + 1] if place + 1 < len(starts) else _EVER
        ends_at = min(price.ends_at, following)
        if ends_at > start:
            yield ListPrice(price.sku, price.cloud, price.unit, start, ends_at, price.amount)


def _price(record: Mapping[str, Any], where: str) -> ListPrice:
    amount = _amount(record)
    if amount is None or not _PRICE.fullmatch(amount) or _places(amount) > _PLACES:
        raise Unreadable(f"{where}: pricing is {amount!r}, which is no price of at most {_PLACES} places", fix=_FIX)
    sku, unit = record.get("sku_name"), record.get("usage_unit")
    if not sku or not unit:
        raise Unreadable(f"{where} has no sku_name or usage_unit", fix=_FIX)
    return ListPrice(
        sku=str(sku),
        cloud=str(record.get("cloud") or "").upper(),
        unit=str(unit).upper(),
        starts_at=_instant(record.get("price_start_time"), where),
        ends_at=_instant(record["price_end_time"], where) if record.get("price_end_time") else _EVER,
        amount=Decimal(amount),
    )


def _places(amount: str) -> int:
    return len(amount.partition(".")[2].rstrip("0"))


def _amount(record: Mapping[str, Any]) -> str | None:
    """Return the price as it was written: of the structure, of its text, or of flat columns."""
    pricing = record.get("pricing")
    if isinstance(pricing, str) and pricing.lstrip().startswith("{"):
        pricing = _parsed(pricing)
    if isinstance(pricing, Mapping):
        effective = pricing.get("effective_list")
        held = effective.get("default") if isinstance(effective, Mapping) else effective
        return _text(held if held is not None else pricing.get("default"))
    for name in ("pricing.effective_list.default", "effective_list", "pricing.default", "list_price", "pricing"):
        if record.get(name):
            return _text(record[name])
    return None


def _text(value: object) -> str | None:
    return None if value is None else str(value).strip()


def _instant(value: object, where: str) -> datetime:
    try:
        found = datetime.fromisoformat(str(value).replace(" UTC", "+00:00"))
    except ValueError as error:
        raise Unreadable(f"{where}: {value!r} is no time", fix="write ISO 8601 times") from error
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _records(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield records with their line: of CSV, of one JSON array, or of one JSON object a line."""
    text = _content(path)
    if text.lstrip()[:1] == "[":
        found = _parsed(text)
        if not isinstance(found, list):
            raise Unreadable(f"{path.name} begins like a JSON array but is none", fix=_FIX, code="bad-json")
        lines: Iterator[tuple[int, object]] = iter(list(enumerate(found, start=1)))
    elif text.lstrip()[:1] == "{":
        lines = ((n, _parsed(line)) for n, line in enumerate(text.splitlines(), start=1) if line.strip())
    else:
        reader = csv.DictReader(io.StringIO(text, newline=""))
        lines = ((reader.line_num, row) for row in reader)
    try:
        for line, record in lines:
            if not isinstance(record, Mapping):
                raise Unreadable(f"{path.name}:{line} is no JSON object", fix=_FIX, code="bad-json")
            yield line, record
    except csv.Error as error:
        raise Unreadable(f"{path.name} cannot be read as CSV: {error}", fix=_FIX, code="bad-csv") from error


def _content(path: Path) -> str:
    try:
        held = path.read_bytes()
        return (gzip.decompress(held) if held[:2] == _GZIP else held).decode("utf-8-sig")
    except OSError as error:
        raise BadInput(
            f"{path} cannot be read: {error.strerror or error}", fix="give the path of the prices"
        ) from error
    except (UnicodeDecodeError, EOFError) as error:
        raise Unreadable(f"{path.name} is no text: {error}", fix=_FIX, code="not-text") from error


def _parsed(text: str) -> object:
    try:
        return json.loads(text, parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        return None
