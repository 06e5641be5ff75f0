"""Cost allocation tags: which tag keys AWS puts on the bill, from when on, and for which earlier months.

Comes in: tag keys. Goes out: what is active, what would change, and what AWS refused. A key that is not active is on no
bill, however many resources carry it; activating one holds from then on, and a backfill reaches twelve months back.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from outlay.errors import BadInput, UnknownName
from outlay.fetching.aws import asked
from outlay.fetching.months import months_before
from outlay.fetching.pages import each_page
from outlay.fetching.patience import Patience
from outlay.terms.period import Period

#: AWS takes so many changes in one request.
_AT_ONCE = 20
_MONTHS_BACK = 12


@dataclass(frozen=True, slots=True)
class CostTag:
    """One tag key as AWS knows it.

    Args:
        key: As it is spelled on resources.
        kind: UserDefined or AWSGenerated.
        active: Whether it is on the bill.
        last_updated: When that was last changed; None when AWS does not say.
        last_used: The last month in which a resource with it cost something; None when AWS does not say.
        also: Keys that differ from it only by case, `-`, `_`, `:` or spaces: money is split between them.
    """

    key: str
    kind: str
    active: bool
    last_updated: str | None
    last_used: str | None
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Backfill:
    """One request to put tags on the bills of earlier months.

    Args:
        since: The first month.
        requested_at: When it was asked for.
        status: PROCESSING, SUCCEEDED or FAILED.
        completed_at: When it ended; None while it runs.
    """

    since: str
    requested_at: str
    status: str
    completed_at: str | None


@dataclass(frozen=True, slots=True)
class CostTags:
    """The cost allocation tags of an organization.

    Args:
        client: boto3's client `ce`, of the management account.
        patience: How often and how long one waits.
    """

    client: Any
    patience: Patience

    def tags(self) -> list[CostTag]:
        """Return every tag key that AWS has seen, by name.

        Raises:
            SourceFailed: AWS refuses, or the account is not the management account.
        """
        found = [item for page in self._pages("list_cost_allocation_tags", "ce:ListCostAllocationTags", "NextToken")
                 for item in page["CostAllocationTags"]]  # fmt: skip
        alike: dict[str, list[str]] = defaultdict(list)
        for item in found:
            alike[_folded(item["TagKey"])].append(item["TagKey"])
        return sorted(
            (
                CostTag(
                    item["TagKey"],
                    item["Type"],
                    item["Status"] == "Active",
                    item.get("LastUpdatedDate"),
                    item.get("LastUsedDate"),
                    tuple(sorted(key for key in alike[_folded(item["TagKey"])] if key != item["TagKey"])),
                )
                for item in found
            ),
            key=lambda tag: tag.key,
        )

    def changes(self, keys: Sequence[str], *, active: bool) -> tuple[list[CostTag], list[CostTag]]:
        """Return which of these tags would change, and which are so already.

        Raises:
            UnknownName: AWS has seen no such key on a resource that costs something; the nearest are named.
        """
        known = {tag.key: tag for tag in self.tags()}
        for key in keys:
            if key not in known:
                raise UnknownName("tag key on the bill", key, known)
        wanted = [known[key] for key in dict.fromkeys(keys)]
        return [tag for tag in wanted if tag.active != active], [tag for tag in wanted if tag.active == active]

    def switch(self, tags: Sequence[CostTag], *, active: bool) -> dict[str, str]:
        """Activate or deactivate tags; return what AWS refused, code by key."""
        refused: dict[str, str] = {}
        for place in range(0, len(tags), _AT_ONCE):
            status = "Active" if active else "Inactive"
            change = [{"TagKey": tag.key, "Status": status} for tag in tags[place : place + _AT_ONCE]]
            answer = asked(
                lambda change=change: self.client.update_cost_allocation_tags_status(CostAllocationTagsStatus=change),  # type: ignore[misc]
                "ce:UpdateCostAllocationTagsStatus",
                self.patience,
            )
            refused |= {error["TagKey"]: error.get("Code", "refused") for error in answer.get("Errors", ())}
        return refused

    def backfills(self) -> list[Backfill]:
        """Return the backfills asked for so far, newest first."""
        pages = self._pages("list_cost_allocation_tag_backfill_history", "ce:ListCostAllocationTagBackfillHistory",
                            "NextToken")  # fmt: skip
        return [_backfill(item) for page in pages for item in page["BackfillRequests"]]

    def backfill(self, since: Period) -> Backfill:
        """Ask AWS to put today's active tags on the bills from a month on; one runs at a time.

        Raises:
            SourceFailed: AWS refuses, as while another one runs.
        """
        answer = asked(
            lambda: self.client.start_cost_allocation_tag_backfill(BackfillFrom=f"{since.first}T00:00:00Z"),
            "ce:StartCostAllocationTagBackfill",
            self.patience,
        )
        return _backfill(answer["BackfillRequest"])

    def _pages(self, method: str, what: str, name: str) -> Iterator[Mapping[str, Any]]:
        def page(token: str | None) -> tuple[Mapping[str, Any], str | None]:
            more = {name: token} if token else {}
            found: Mapping[str, Any] = asked(lambda: getattr(self.client, method)(**more), what, self.patience)
            return found, found.get(name)

        return each_page(page, what)


def backfill_month(month: Period, now: datetime) -> Period:
    """Return a month that AWS still backfills.

    Raises:
        BadInput: It is in the future, or more than twelve months ago.
    """
    oldest = months_before(now, _MONTHS_BACK)
    if not oldest.first <= month.first <= now.date():
        raise BadInput(
            f"AWS puts tags on the bills of the last {_MONTHS_BACK} months, not on {month.name}",
            fix=f"give a month from {oldest.name} on",
            code="too-old" if month.first < oldest.first else "future-period",
        )
    return month


def _backfill(item: Mapping[str, Any]) -> Backfill:
    return Backfill(item["BackfillFrom"], item["RequestedAt"], item["BackfillStatus"], item.get("CompletedAt"))


def _folded(key: str) -> str:
    """Return what spellings of a key have in common.

    >>> _folded("Cost-Center") == _folded("cost_center") == _folded("CostCenter")
    True
    """
    return "".join(letter for letter in key.casefold() if letter not in "-_: .")
