"""Anthropic's three reports of costs and usage: where each is, how it is asked, and how its rows are laid out.

Comes in: days and groups. Goes out: entries, which look the same whatever the report. Source: the `anthropic` library
(2.12) and the API reference, as read on 2026-11-21.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from outlay.fetching.listing import Listing
from outlay.fetching.reading import Part
from outlay.terms.period import Period


@dataclass(frozen=True, slots=True)
class Entry:
    """One bucket of time and group.

    Args:
        starts_at: Of the bucket.
        ends_at: Of the bucket, not included.
        group: The values of the groups.
        figures: The amounts or counts.
    """

    starts_at: datetime
    ends_at: datetime
    group: Part
    figures: Part


@dataclass(frozen=True, slots=True)
class Report:
    """One kind of report.

    Args:
        name: What `--option report=` calls it.
        cost: Path of the costs.
        usage: Path of the usage.
        width: Name of the parameter for the width of a bucket.
        limit: Rows or buckets on a page.
        groups: What costs are broken out by unless asked otherwise.
        known: What they can be broken out by.
        usage_groups: What usage is broken out by; None for the groups of the costs that are not about cost.
        most: How many groups there may be beside `cost_type` and `token_type`.
        in_buckets: Whether rows stand in buckets; else each row says its own time.
        since: The first instant it knows.
        headers: It asks for.
        order: Parameters that keep rows in their place from page to page.
    """

    name: str
    cost: str
    usage: str
    width: str
    limit: int
    groups: tuple[str, ...]
    known: tuple[str, ...]
    most: int
    in_buckets: bool
    usage_groups: tuple[str, ...] | None = None
    since: datetime = datetime(2000, 1, 1, tzinfo=UTC)
    headers: dict[str, str] = field(default_factory=dict)
    order: tuple[tuple[str, str], ...] = ()

    def read(self, listing: Listing, path: str, days: Period, groups: Sequence[str], settled_on: date) -> "Told":
        """Return what a report tells.

        Args:
            listing: Whom to ask.
            path: `cost` or `usage`.
            days: Of one month.
            groups: What to break it out by; none for the whole.
            settled_on: The day from which on nothing changes any more.

        Raises:
            SourceFailed: As `Listing.pages`.
        """
        params = [
            ("starting_at", f"{days.starts_at:%Y-%m-%dT%H:%M:%SZ}"),
            ("ending_at", f"{days.ends_at:%Y-%m-%dT%H:%M:%SZ}"),
            (self.width, "1d"),
            ("limit", str(self.limit)),
            *self.order,
            *(("group_by[]", name) for name in groups),
        ]
        entries: list[Entry] = []
        said: set[datetime] = set()
        for page in listing.pages(path, params, settled_on=settled_on, headers=self.headers):
            for item in page.parts("data"):
                times = item.instant("starting_at"), item.instant("ending_at")
                said.add(times[0])
                if self.in_buckets:
                    entries += [Entry(*times, result, result) for result in item.parts("results")]
                else:
                    entries.append(
                        Entry(*times, item.part("group"), item.part("cost" if path == self.cost else "usage"))
                    )
        return Told(entries, said if self.in_buckets else None)


@dataclass(frozen=True, slots=True)
class Told:
    """What a report tells.

    Args:
        entries: One per bucket and group.
        said: The buckets it has, those without an entry too; None where it only has those with one.
    """

    entries: Sequence[Entry]
    said: set[datetime] | None


_COST_ONLY = ("cost_type", "token_type")
_SHARED = ("context_window", "inference_geo", "model", "product", "slack_channel_id", "speed")
ANALYTICS = Report(
    name="analytics",
    cost="/v1/organizations/analytics/cost",
    usage="/v1/organizations/analytics/usage",
    width="time_bucket_width",
    limit=1000,
    groups=("workspace_id", "model", "service_tier", "context_window", "speed", *_COST_ONLY),
    # Not by group of people: someone in two groups is in both rows, and the rows add up to more than the bill.
    known=(*_SHARED, *_COST_ONLY, "actor", "actor_type", "agent_id", "api_key_id", "deployment_id", "environment_id",
           "organization_id", "service_tier", "session_id", "user_profile_id", "workspace_id"),
    most=5,
    in_buckets=False,
    since=datetime(2026, 1, 1, tzinfo=UTC),
    headers={"anthropic-beta": "analytics-usage-cost-2026-08-24"},
    order=(("order_by", "time"), ("order", "asc")),  # the usual order is by amount, which moves while one reads
)  # fmt: skip
ENTERPRISE = Report(
    name="enterprise",
    cost="/v1/organizations/analytics/cost_report",
    usage="/v1/organizations/analytics/usage_report",
    width="bucket_width",
    limit=31,
    groups=("product", "model", "context_window", "speed", *_COST_ONLY),
    known=(*_SHARED, *_COST_ONLY),
    most=5,
    in_buckets=True,
    since=datetime(2026, 1, 1, tzinfo=UTC),
)
LEGACY = Report(
    name="legacy",
    cost="/v1/organizations/cost_report",
    usage="/v1/organizations/usage_report/messages",
    width="bucket_width",
    limit=31,
    groups=("workspace_id", "description"),
    known=("workspace_id", "description", "inference_geo"),
    most=3,
    in_buckets=True,
    usage_groups=("workspace_id", "model", "service_tier", "context_window"),
)
REPORTS = {report.name: report for report in (ANALYTICS, ENTERPRISE, LEGACY)}
