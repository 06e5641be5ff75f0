"""One month of Cost Explorer, whole: every record type, AWS's own total, and which days may still change.

Comes in: a month and how fine it is wanted. Goes out: rows of charges.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from outlay.bills.cost_explorer.asking import Explorer
from outlay.bills.cost_explorer.cuts import Cut, Detail, cuts
from outlay.bills.cost_explorer.groups import Group, columns_of
from outlay.bills.cost_explorer.record_types import kind_of
from outlay.bills.monthly import Month
from outlay.bills.written import Value
from outlay.errors import Unreadable
from outlay.fetching.months import settles_on, up_to_today
from outlay.fetching.reading import Part
from outlay.terms.money import EXACT
from outlay.terms.period import Period

#: Column of a charge by metric.
COSTS = {
    "UnblendedCost": "billed_cost",
    "AmortizedCost": "effective_cost",
    "NetUnblendedCost": "net_cost",
    "NetAmortizedCost": "net_effective_cost",
}
_BY_TYPE = (Group("DIMENSION", "RECORD_TYPE"),)
#: What AWS writes where units differ, so that the sum of the quantities means nothing.
_MIXED = "N/A"


@dataclass(frozen=True, slots=True)
class Account:
    """Whose costs are asked for, and how.

    Args:
        explorer: Whom to ask.
        ident: The account that is billed.
        detail: How fine.
        settle_days: A month may still change for so long after its end.
    """

    explorer: Explorer
    ident: str
    detail: Detail
    settle_days: int

    def month(self, month: Period) -> Month:
        """Return one month.

        Raises:
            SourceFailed: AWS refuses, or a page cannot be had.
            BadInput: It would cost more than was allowed.
        """
        now, settled_on = self.explorer.clock.now, settles_on(month.end, self.settle_days)
        days = up_to_today(month, now)
        rows: list[dict[str, Value]] = []
        for record_type in self._types(days, settled_on):
            for cut in cuts(self.detail, days, record_type, now):
                for bucket in self._buckets(cut, settled_on):
                    line = _Line(self, month, record_type, cut, bucket)
                    rows.extend(line.row(group) for group in bucket.parts("Groups"))
        controls, notes = self._total(days, settled_on)
        return Month(rows, controls, notes)

    def _types(self, days: Period, settled_on: date) -> list[str]:
        """Return the record types that a month has, each once."""
        cut = Cut("GetCostAndUsage", days.first, days.end, "MONTHLY", _BY_TYPE)
        found = (group for bucket in self._buckets(cut, settled_on) for group in bucket.parts("Groups"))
        return list(dict.fromkeys(key for group in found for key in _keys(group, 1)))

    def _buckets(self, cut: Cut, settled_on: date) -> Iterator[Part]:
        for page in self.explorer.pages(cut.operation, cut.request(), settled_on=settled_on):
            yield from page.parts("ResultsByTime")

    def _total(self, days: Period, settled_on: date) -> tuple[dict[str, Decimal], list[str]]:
        """Return AWS's own total by currency, asked for without groups, and what it says of the days."""
        total: dict[str, Decimal] = defaultdict(Decimal)
        estimated, said = 0, set()
        for bucket in self._buckets(Cut("GetCostAndUsage", days.first, days.end, "DAILY", ()), settled_on):
            cost = bucket.part("Total").part("UnblendedCost")
            said.add(bucket.part("TimePeriod").text("Start"))
            estimated += bool(bucket.flag("Estimated"))
            if cost.fields:
                currency = cost.text("Unit") or ""
                total[currency] = EXACT.add(total[currency], cost.amount("Amount") or Decimal(0))
        notes = [f"{estimated} of {days.days} days are estimated by AWS and may change"] if estimated else []
        silent = days.days - len(said)
        return dict(total), notes + ([f"AWS says nothing of {silent} days; that is not zero"] if silent > 0 else [])


@dataclass(frozen=True, slots=True)
class _Line:
    """What all lines of one bucket of one cut share."""

    account: Account
    month: Period
    record_type: str
    cut: Cut
    bucket: Part

    def row(self, group: Part) -> dict[str, Value]:
        kind, metrics, period = kind_of(self.record_type), group.part("Metrics"), self.bucket.part("TimePeriod")
        keys = columns_of(self.cut.groups, _keys(group, len(self.cut.groups)), self.account.explorer.names)
        row: dict[str, Value] = {
            "provider": "AWS",
            "billing_account_id": self.account.ident,
            "billing_currency": metrics.part("UnblendedCost").text("Unit"),
            "billing_period_start": self.month.starts_at,
            "billing_period_end": self.month.ends_at,
            "charge_period_start": _instant(period, "Start"),
            "charge_period_end": _instant(period, "End"),
            "charge_category": kind.category,
            "charge_class": kind.charge_class,
            "charge_frequency": kind.frequency,
            "charge_description": self.record_type,
            **{column: metrics.part(metric).amount("Amount") for metric, column in COSTS.items()},
            **keys,
            "record_type": self.record_type,
        }
        if row["billed_cost"] is None:
            raise Unreadable(
                f"{group.where}: there is no UnblendedCost, which was asked for",
                fix="check --endpoint-url; or please report it",
                code="not-as-documented",
            )
        if self.bucket.flag("Estimated"):
            row["estimated"] = "true"
        unit = metrics.part("UsageQuantity").text("Unit")
        if unit and unit != _MIXED:
            row |= {"consumed_quantity": metrics.part("UsageQuantity").amount("Amount"), "consumed_unit": unit}
        return row


def _keys(group: Part, wanted: int) -> list[str]:
    keys = group.fields.get("Keys")
    if not isinstance(keys, list) or len(keys) != wanted:
        raise Unreadable(
            f"{group.where}.Keys: there are not {wanted} keys, though so many groups were asked for",
            fix="check --endpoint-url; or please report it",
            code="not-as-documented",
        )
    return [str(key) for key in keys]


def _instant(period: Part, name: str) -> datetime:
    """Read a day, or an instant of hourly data."""
    try:
        found = datetime.fromisoformat(period.text(name) or "")
    except ValueError:
        return period.instant(name)  # which says what is wrong, and where
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
