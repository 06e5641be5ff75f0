"""Cuts: the parts a month is asked for in, so that no line is in two of them and none in no part.

Comes in: what a person wants to see finer. Goes out: requests whose answers add up to the month.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from outlay.bills.cost_explorer.groups import Group, read_groups
from outlay.errors import BadInput
from outlay.terms.period import Period

METRICS = ("UnblendedCost", "AmortizedCost", "NetUnblendedCost", "NetAmortizedCost")
#: For so many days AWS keeps hours and resources.
_FINE_DAYS = 14
_GRANULARITIES = ("DAILY", "MONTHLY", "HOURLY")
#: Options that say how fine.
OPTIONS = ("group_by", "granularity", "tagged", "resources")


@dataclass(frozen=True, slots=True)
class Detail:
    """How fine a month is wanted.

    Args:
        groups: One or two dimensions.
        granularity: DAILY, MONTHLY or HOURLY; hours only of the days AWS keeps them for.
        tagged: A tag key: what carries it is broken out by its value, the rest as `groups` say.
        resources: Services of which the last days are wanted by resource.
    """

    groups: tuple[Group, ...]
    granularity: str = "DAILY"
    tagged: str | None = None
    resources: tuple[str, ...] = ()

    @classmethod
    def asked(cls, options: Mapping[str, str]) -> "Detail":
        """Read it from options.

        Raises:
            BadInput: An option says something that Cost Explorer cannot answer.
        """
        granularity = options.get("granularity", "daily").upper()
        if granularity not in _GRANULARITIES:
            raise BadInput(
                f"--option granularity={options['granularity']} is none",
                fix=f"write one of {', '.join(_GRANULARITIES).lower()}",
                code="bad-option",
            )
        resources = tuple(name.strip() for name in options.get("resources", "").split(";") if name.strip())
        if resources and (options.get("tagged") or granularity == "MONTHLY"):
            raise BadInput(
                "resources are kept by the day and broken out by resource; not by month, nor by tag at the same time",
                fix="import without --option tagged, and with granularity=daily or hourly",
                code="bad-option",
            )
        groups = read_groups(options.get("group_by", "linked_account,service"))
        return cls(groups, granularity, options.get("tagged") or None, resources)


@dataclass(frozen=True, slots=True)
class Cut:
    """One part of a month, that one request asks for.

    Args:
        operation: As AWS calls it.
        first: First day.
        end: Day after the last.
        granularity: DAILY, MONTHLY or HOURLY.
        groups: What it is broken out by.
        filters: All of which a line must pass.
    """

    operation: str
    first: date
    end: date
    granularity: str
    groups: tuple[Group, ...]
    filters: tuple[Mapping[str, object], ...] = ()

    def request(self) -> dict[str, object]:
        """Return the request, without a page token."""
        written = "{:%Y-%m-%dT%H:%M:%SZ}" if self.granularity == "HOURLY" else "{:%Y-%m-%d}"
        counted = ("UsageQuantity",) if any(group.key == "USAGE_TYPE" for group in self.groups) else ()
        found: dict[str, object] = {
            "TimePeriod": {"Start": written.format(self.first), "End": written.format(self.end)},
            "Granularity": self.granularity,
            "Metrics": [*METRICS, *counted],
        }
        if self.groups:
            found["GroupBy"] = [group.definition for group in self.groups]
        if self.filters:
            found["Filter"] = self.filters[0] if len(self.filters) == 1 else {"And": list(self.filters)}
        return found


def is_dimension(key: str, *values: str) -> dict[str, object]:
    """Return the filter for lines with one of these values."""
    return {"Dimensions": {"Key": key, "Values": list(values), "MatchOptions": ["EQUALS"]}}


def lacks_tag(key: str) -> dict[str, object]:
    """Return the filter for lines without a tag; there is none for lines with it, but its opposite."""
    return {"Tags": {"Key": key, "MatchOptions": ["ABSENT"]}}


def cuts(detail: Detail, days: Period, record_type: str, now: datetime) -> list[Cut]:
    """Return the cuts of the lines of one record type.

    Args:
        detail: How fine.
        days: Of one month.
        record_type: As AWS calls it.
        now: Decides for which days AWS still keeps hours and resources.
    """
    of_type = is_dimension("RECORD_TYPE", record_type)
    fine_from = min(max(days.first, (now - timedelta(days=_FINE_DAYS)).date() + timedelta(days=1)), days.end)
    if detail.granularity == "HOURLY" or detail.resources:
        found = [_cut(days.first, fine_from, "DAILY", detail.groups, of_type)]
        if detail.resources:
            chosen = is_dimension("SERVICE", *detail.resources)
            by_resource = (Group("DIMENSION", "RESOURCE_ID"), Group("DIMENSION", "SERVICE"))
            found.append(_cut(fine_from, days.end, detail.granularity, by_resource, of_type, chosen, resources=True))
            found.append(_cut(fine_from, days.end, detail.granularity, detail.groups, of_type, {"Not": chosen}))
        else:
            found.append(_cut(fine_from, days.end, detail.granularity, detail.groups, of_type))
    elif detail.tagged:
        by_tag = (Group("TAG", detail.tagged), detail.groups[-1])
        absent = lacks_tag(detail.tagged)
        found = [
            _cut(days.first, days.end, detail.granularity, by_tag, of_type, {"Not": absent}),
            _cut(days.first, days.end, detail.granularity, detail.groups, of_type, absent),
        ]
    else:
        found = [_cut(days.first, days.end, detail.granularity, detail.groups, of_type)]
    return [cut for cut in found if cut.first < cut.end]


def _cut(
    first: date, end: date, granularity: str, groups: tuple[Group, ...], *filters: Mapping[str, object],
    resources: bool = False,
) -> Cut:  # fmt: skip
    operation = "GetCostAndUsageWithResources" if resources else "GetCostAndUsage"
    return Cut(operation, first, end, granularity, groups, filters)
