"""OpenAI's cost report: by day, project and line item; the quantity of each, from it or from the usage reports.

Comes in: pages of costs. Goes out: one month.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from outlay.bills.monthly import Month, add_up
from outlay.bills.providers.charge import Bill, met, model_columns, silent_days
from outlay.bills.providers.line_items import LineItem, read_line_item
from outlay.bills.providers.openai_usage import Key, usage_of
from outlay.bills.written import Value
from outlay.fetching.listing import Listing
from outlay.fetching.reading import Part
from outlay.terms.money import EXACT
from outlay.terms.period import Period

GROUPS = ("project_id", "line_item", "api_key_id", "user_id", "api_source")
_PATH = "/v1/organization/costs"
_BUCKETS = 180
#: Of the vendor's units: how many of ours, and what we call ours.
_UNITS = {
    "tokens": (1, "Tokens"),
    "1000_tokens": (1000, "Tokens"),
    "duration_seconds": (1, "Seconds"),
    "duration_minutes": (1, "Minutes"),
    "duration_hours": (1, "Hours"),
    "gibibyte_hours": (1, "GiB-Hours"),
    "images": (1, "Images"),
    "characters": (1, "Characters"),
}
#: What is counted of tools, by our unit.
_COUNTED = {"web_search": "Requests", "storage_search": "Requests", "code_execution": "Sessions"}


@dataclass(frozen=True, slots=True)
class Costs:
    """The cost report of one organization.

    Args:
        listing: Whom to ask.
        groups: What it is broken out by.
        projects: Names of projects.
    """

    listing: Listing
    groups: Sequence[str]
    projects: Mapping[str, str | None]

    def month(self, bill: Bill, days: Period, settled_on: date) -> Month:
        """Return one month: its rows, and the total that the report states without groups."""
        rows: list[dict[str, Value]] = []
        lacking: list[tuple[dict[str, Value], Key]] = []
        said = set()
        for bucket in self._buckets(days, self.groups, settled_on):
            said.add(bucket.unix("start_time"))
            for result in bucket.parts("results"):
                item = read_line_item(result.text("line_item"))
                row = self._row(bill, bucket, result, item)
                rows.append(row)
                if row["consumed_quantity"] is None and item.is_unit and item.meter:
                    key = (bucket.unix("start_time"), result.text("project_id"), item.model, item.meter)
                    lacking.append((row, key))
        notes = silent_days(days, said, "OpenAI")
        if lacking and "project_id" in self.groups:
            counted, unread = usage_of(self.listing, days, settled_on, {key[-1] for _, key in lacking})
            notes += _fill(lacking, counted) + unread
        return Month(rows, met(self._total(days, settled_on), add_up(rows)), notes)

    def _buckets(self, days: Period, groups: Sequence[str], settled_on: date) -> list[Part]:
        params = [
            ("start_time", str(int(days.starts_at.timestamp()))),
            ("end_time", str(int(days.ends_at.timestamp()))),
            ("bucket_width", "1d"),
            ("limit", str(_BUCKETS)),
            *(("group_by[]", name) for name in groups),
        ]
        pages = self.listing.pages(_PATH, params, settled_on=settled_on)
        return [bucket for page in pages for bucket in page.parts("data")]

    def _total(self, days: Period, settled_on: date) -> dict[str, Decimal]:
        total: dict[str, Decimal] = defaultdict(Decimal)
        for bucket in self._buckets(days, (), settled_on):
            for result in bucket.parts("results"):
                amount = result.part("amount")
                currency = (amount.text("currency") or "").upper()
                total[currency] = EXACT.add(total[currency], amount.amount("value") or Decimal(0))
        return dict(total)

    def _row(self, bill: Bill, bucket: Part, result: Part, item: LineItem) -> dict[str, Value]:
        amount, project = result.part("amount"), result.text("project_id")
        quantity, unit = _quantity(result)
        who = {name: found for name in ("api_key_id", "user_id") if (found := result.text(name))}
        return bill.charge(
            bucket.unix("start_time"),
            bucket.unix("end_time"),
            amount.amount("value"),
            amount.text("currency"),
            charge_description=result.text("line_item"),
            sub_account_id=project,
            sub_account_name=self.projects.get(project or ""),
            consumed_quantity=quantity,
            consumed_unit=unit,
            tags=who,
            processing=item.processing,
            api_source=result.text("api_source"),
            **model_columns(item.model, item.meter),
        )


def _quantity(result: Part) -> tuple[Decimal | None, str | None]:
    quantity, unit = result.amount("quantity"), result.text("quantity_unit")
    if quantity is None or unit is None:
        return None, None
    factor, name = _UNITS.get(unit, (1, unit))
    return EXACT.multiply(quantity, Decimal(factor)), name


def _fill(lacking: Sequence[tuple[dict[str, Value], Key]], usage: Mapping[Key, int]) -> list[str]:
    """Give rows what the usage reports count for them; where two rows share it, neither gets any."""
    shared = Counter(key for _, key in lacking)
    filled = 0
    for row, key in lacking:
        if shared[key] == 1 and usage.get(key):
            row |= {"consumed_quantity": Decimal(usage[key]), "consumed_unit": _COUNTED.get(key[-1], "Tokens")}
            filled += 1
    return [f"{filled} of {len(lacking)} lines without a quantity have it from the usage report"]
