"""A strict Cost Explorer: refuses what AWS refuses, and answers from lines it really groups, filters and pages.

Requests are judged by botocore's own description of the API (types, lengths, patterns, enumerations) and by the rules
that are in words only. It also tells who asks (STS), and keeps cost allocation tags.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.bills.servers.ce_rules import Refusal, judge_call, judge_days, judge_question, judge_shape
from tests.bills.servers.loopback import TODAY, Reply, Request

ACCOUNT = "111122223333"
_STS = (
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
    "<Arn>arn:aws:iam::{0}:user/someone</Arn><UserId>AIDAEXAMPLE</UserId><Account>{0}</Account>"
    "</GetCallerIdentityResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
)


@dataclass(frozen=True)
class Line:
    """One line of the account's bill, as only AWS sees it.

    Args:
        at: When it was used: an hour, or the first of a day.
        cost: Unblended.
        dimensions: By name; RECORD_TYPE is Usage unless it says otherwise.
        tags: By key.
        quantity: Of `unit`.
        amortized: Where it differs.
        net: Unblended after discounts, where it differs.
        attributes: Of the product.
    """

    at: datetime
    cost: Decimal
    dimensions: Mapping[str, str]
    tags: Mapping[str, str] = field(default_factory=dict)
    quantity: Decimal = Decimal(1)
    unit: str = "Hrs"
    amortized: Decimal | None = None
    net: Decimal | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)

    def value(self, kind: str, key: str) -> str | None:
        """Return what the line has of a dimension, a tag, a cost category or an attribute of the product."""
        if kind == "DIMENSION":
            return {"RECORD_TYPE": "Usage", **self.dimensions}.get(key)
        return {"TAG": self.tags, "PRODUCT_ATTRIBUTE": self.attributes}.get(kind, {}).get(key)

    def metric(self, name: str) -> Decimal:
        """Return one of the line's amounts."""
        amortized = self.cost if self.amortized is None else self.amortized
        net = self.cost if self.net is None else self.net
        off = net - self.cost
        return {"UnblendedCost": self.cost, "AmortizedCost": amortized, "NetUnblendedCost": net,
                "NetAmortizedCost": amortized + off, "UsageQuantity": self.quantity}.get(name, self.cost)  # fmt: skip


@dataclass
class CostExplorer:
    """The account's bill and its moods.

    Args:
        lines: The bill.
        now: AWS's own clock.
        page: Groups on one page.
        closed: Months whose bill is final; all others are estimated.
        hours_kept: Whether hours and resources are switched on.
        repeats: Whether every page names the same next page.
        adrift: What the total without groups differs by from the sum of the groups.
        names: Of accounts.
        tags: Cost allocation tags: key, and the fields of ListCostAllocationTags.
        backfills: Requests for one, newest first.
    """

    lines: Sequence[Line] = ()
    now: datetime = TODAY
    page: int = 1000
    closed: frozenset[str] = frozenset()
    hours_kept: bool = True
    repeats: bool = False
    adrift: Decimal = Decimal(0)
    currency: str = "USD"
    names: Mapping[str, str] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    backfills: list[dict[str, str]] = field(default_factory=list)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def answer(self, request: Request) -> Reply:
        """Answer a request of boto3."""
        if b"Action=GetCallerIdentity" in request.body:
            return Reply(text=_STS.format(ACCOUNT), kind="text/xml")
        prefix, _, operation = request.headers["x-amz-target"].partition(".")
        body = json.loads(request.body)
        self.asked.append((operation, body))
        try:
            judge_call(prefix, request.headers.get("authorization", ""))
            judge_shape(operation, body)
            found = getattr(self, f"_{operation}")(body)
        except Refusal as error:
            reply = {"__type": error.code, "message": str(error)}
            return Reply(reply, 400, kind="application/x-amz-json-1.1", headers={"x-amzn-ErrorType": error.code})
        return Reply(found, kind="application/x-amz-json-1.1")

    def _GetCostAndUsage(self, body: dict[str, Any]) -> object:  # noqa: N802 - AWS's name
        if any(group.get("Key") == "RESOURCE_ID" for group in body.get("GroupBy", ())):
            raise Refusal("ValidationException", "RESOURCE_ID is for GetCostAndUsageWithResources")
        return self._costs(body)

    def _GetCostAndUsageWithResources(self, body: dict[str, Any]) -> object:  # noqa: N802 - AWS's name
        named = json.dumps([body.get("Filter"), body.get("GroupBy")])
        if "RESOURCE_ID" not in named:
            raise Refusal("ValidationException", "group by or filter by RESOURCE_ID")
        if '"SERVICE"' not in json.dumps(body["Filter"]):
            raise Refusal("ValidationException", "filter by SERVICE")
        self._judge_fine(_instant(body["TimePeriod"]["Start"]))
        return self._costs(body)

    def _costs(self, body: dict[str, Any]) -> object:
        start, end = (_instant(body["TimePeriod"][name]) for name in ("Start", "End"))
        self._judge(body, start, end)
        groups = [(group["Type"], group["Key"]) for group in body.get("GroupBy", ())]
        kept = [line for line in self.lines if start <= line.at < end and _passes(body.get("Filter"), line)]
        results: list[dict[str, Any]] = []
        for first, last in _buckets(start, end, body["Granularity"]):
            held = [line for line in kept if first <= line.at < last]
            results.append(self._bucket(body, (first, last), groups, held))
        found = _page(results, body, self.page, repeats=self.repeats)
        accounts = {key for line in kept if (key := line.value("DIMENSION", "LINKED_ACCOUNT"))}
        known = [{"Value": key, "Attributes": {"description": self.names[key]}} for key in accounts & set(self.names)]
        return {**found, "GroupDefinitions": body.get("GroupBy", []), "DimensionValueAttributes": known}

    def _bucket(self, body: Mapping[str, Any], period: tuple[datetime, datetime], groups: Sequence[tuple[str, str]],
                held: Sequence[Line]) -> dict[str, Any]:  # fmt: skip
        form = "%Y-%m-%dT%H:%M:%SZ" if body["Granularity"] == "HOURLY" else "%Y-%m-%d"
        found: dict[str, Any] = {
            "TimePeriod": {"Start": period[0].strftime(form), "End": period[1].strftime(form)},
            "Estimated": f"{period[0]:%Y-%m}" not in self.closed,
            "Total": {},
            "Groups": [],
        }
        if not groups:
            found["Total"] = self._metrics(body["Metrics"], held, self.adrift if period[0].day == 1 else Decimal(0))
            return found
        by_keys: dict[tuple[str, ...], list[Line]] = defaultdict(list)
        for line in held:
            by_keys[tuple(_key(kind, key, line.value(kind, key)) for kind, key in groups)].append(line)
        found["Groups"] = [
            {"Keys": list(keys), "Metrics": self._metrics(body["Metrics"], lines)}
            for keys, lines in sorted(by_keys.items())
        ]
        return found

    def _metrics(self, names: Sequence[str], held: Sequence[Line], more: Decimal = Decimal(0)) -> dict[str, Any]:
        units = {line.unit for line in held}
        return {
            name: {
                "Amount": str(
                    sum((line.metric(name) for line in held), more if name == "UnblendedCost" else Decimal(0))
                ),
                "Unit": (next(iter(units)) if len(units) == 1 else "N/A") if name == "UsageQuantity" else self.currency,
            }
            for name in names
        }

    def _judge(self, body: Mapping[str, Any], start: datetime, end: datetime) -> None:
        """Refuse what AWS refuses in words only."""
        judge_days(body, start, end, self.now)
        if body["Granularity"] == "HOURLY":
            self._judge_fine(start)
        judge_question(body, start)

    def _judge_fine(self, start: datetime) -> None:
        if not self.hours_kept:
            raise Refusal("DataUnavailableException", "hourly and resource data are not enabled")
        if start < self.now - timedelta(days=14):
            raise Refusal("ValidationException", "hourly and resource data is kept for 14 days")

    def _ListCostAllocationTags(self, body: dict[str, Any]) -> object:  # noqa: N802 - AWS's name
        found = [
            {"TagKey": key, **fields}
            for key, fields in sorted(self.tags.items())
            if body.get("Status") in (None, fields["Status"])
            and body.get("Type") in (None, fields["Type"])
            and key in body.get("TagKeys", [key])
        ]
        first = int(body.get("NextToken", "0"))
        most = min(body.get("MaxResults", 100), 100)
        more = {"NextToken": str(first + most)} if first + most < len(found) else {}
        return {"CostAllocationTags": found[first : first + most], **more}

    def _UpdateCostAllocationTagsStatus(self, body: dict[str, Any]) -> object:  # noqa: N802 - AWS's name
        errors = []
        for change in body["CostAllocationTagsStatus"]:
            if change["TagKey"] in self.tags:
                self.tags[change["TagKey"]]["Status"] = change["Status"]
            else:
                errors.append({"TagKey": change["TagKey"], "Code": "TagKeysNotFound", "Message": "no such key"})
        return {"Errors": errors}

    def _StartCostAllocationTagBackfill(self, body: dict[str, Any]) -> object:  # noqa: N802 - AWS's name
        since = _instant(body["BackfillFrom"])
        if since.day != 1 or since < self.now - timedelta(days=366):
            raise Refusal("ValidationException", "BackfillFrom must be the first of a month, at most 12 months ago")
        if any(request["BackfillStatus"] == "PROCESSING" for request in self.backfills):
            raise Refusal("BackfillLimitExceededException", "one backfill at a time")
        made = {"BackfillFrom": body["BackfillFrom"], "RequestedAt": f"{self.now:%Y-%m-%dT%H:%M:%SZ}",
                "BackfillStatus": "PROCESSING", "LastUpdatedAt": f"{self.now:%Y-%m-%dT%H:%M:%SZ}"}  # fmt: skip
        self.backfills.insert(0, made)
        return {"BackfillRequest": made}

    def _ListCostAllocationTagBackfillHistory(self, _: dict[str, Any]) -> object:  # noqa: N802 - AWS's name
        return {"BackfillRequests": self.backfills}


def _passes(expression: Mapping[str, Any] | None, line: Line) -> bool:
    if expression is None:
        return True
    (root, inner), *_ = expression.items()
    if root == "And":
        return all(_passes(item, line) for item in inner)
    if root == "Or":
        return any(_passes(item, line) for item in inner)
    if root == "Not":
        return not _passes(inner, line)
    kind = {"Dimensions": "DIMENSION", "Tags": "TAG", "ProductAttributes": "PRODUCT_ATTRIBUTE"}[root]
    found = line.value(kind, inner["Key"])
    return not found if "ABSENT" in inner.get("MatchOptions", ()) else found in inner["Values"]


def _key(kind: str, key: str, value: str | None) -> str:
    if kind == "DIMENSION":
        return value or f"No{key.title().replace('_', '')}"
    return f"{key}${value or ''}"


def _page(results: list[dict[str, Any]], body: Mapping[str, Any], size: int, *, repeats: bool) -> dict[str, Any]:
    """Return one page: so many groups of all buckets, each bucket that has some of them named again."""
    asked = json.dumps({key: value for key, value in body.items() if key != "NextPageToken"}, sort_keys=True)
    first, token = 0, body.get("NextPageToken")
    if token:
        place, _, of = token.partition("|")
        if not place.isdecimal():
            raise Refusal("InvalidNextTokenException", "no such token")
        if of != str(len(asked)):
            raise Refusal("RequestChangedException", "the request is not that of the page before")
        first = int(place)
    flat = [(nth, group) for nth, bucket in enumerate(results) for group in bucket["Groups"]]
    if len(flat) <= size:
        return {"ResultsByTime": results}
    mine: dict[int, list[object]] = defaultdict(list)
    for nth, group in flat[first : first + size]:
        mine[nth].append(group)
    more = repeats or first + size < len(flat)
    following = {"NextPageToken": f"{size if repeats else first + size}|{len(asked)}"} if more else {}
    return {"ResultsByTime": [{**results[nth], "Groups": groups} for nth, groups in mine.items()], **following}


def _buckets(start: datetime, end: datetime, granularity: str) -> Iterator[tuple[datetime, datetime]]:
    while start < end:
        if granularity == "MONTHLY":
            after = min((start.replace(day=1) + timedelta(days=32)).replace(day=1), end)
        else:
            after = start + timedelta(hours=1 if granularity == "HOURLY" else 24)
        yield start, after
        start = after


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
