"""OpenAI's admin API: costs and usage by the day, grouped and paged as documented, from lines it holds.

Amounts are binary numbers, as the real one's are, so that sums of them have the noise that real ones have.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.bills.servers.loopback import TODAY, Reply, Request

KEY = "sk-admin-example-0123456789abcdef"
_COST_GROUPS = {"project_id", "user_id", "line_item", "api_key_id", "api_source"}
_USAGE_GROUPS = {"project_id", "user_id", "api_key_id", "model", "batch", "service_tier", "api_source"}
_ORGANIZATION = {"openai-organization": "org-example"}
_MOST_COSTS, _MOST_USAGE = 180, 31


@dataclass(frozen=True)
class Spent:
    """What one line item cost on one day.

    Args:
        day: Of October 2026, unless `month` says another.
        value: In dollars.
        line_item: As OpenAI writes it.
        quantity: Of `unit`; None when the report does not say.
    """

    day: int
    value: float | str | None
    line_item: str
    project_id: str = "proj_app"
    quantity: float | None = None
    unit: str | None = "tokens"
    api_key_id: str = "key_1"
    user_id: str = "user_1"
    month: int = 10
    currency: str = "usd"

    @property
    def at(self) -> datetime:
        """Return the start of its day."""
        return datetime(2026, self.month, self.day, tzinfo=UTC)


@dataclass
class OpenAI:
    """One organization.

    Args:
        spent: What it cost.
        used: Fields of the usage report, by day of October and by project and model.
        searched: Searches of the web, by day of October and by project.
        silent: Days that the report leaves out.
        projects: Names by id.
        drifts: What the total without groups has and no line item has.
        repeats: Whether every page names the same next page.
        now: Its clock.
    """

    spent: Sequence[Spent] = ()
    used: Mapping[tuple[int, str, str], Mapping[str, int]] = field(default_factory=dict)
    searched: Mapping[tuple[int, str], int] = field(default_factory=dict)
    silent: frozenset[int] = frozenset()
    projects: Mapping[str, str] = field(default_factory=lambda: {"proj_app": "App"})
    drifts: float = 0
    repeats: bool = False
    says_organization: bool = True
    now: datetime = TODAY

    def answer(self, request: Request) -> Reply:
        """Answer as the admin API does."""
        headers = _ORGANIZATION if self.says_organization else {}
        if request.headers.get("authorization") != f"Bearer {KEY}":
            error = {"message": f"Incorrect API key provided: {KEY}.", "code": "invalid_api_key", "type": "auth"}
            return Reply({"error": error}, 401)
        if request.path == "/v1/organization/projects":
            found = [{"object": "organization.project", "id": key, "name": name, "created_at": 1}
                     for key, name in self.projects.items()]  # fmt: skip
            return Reply({"object": "list", "data": found, "has_more": False, "last_id": None}, headers=headers)
        kinds = {"/v1/organization/costs": self._costs, "/v1/organization/usage/completions": self._completions,
                 "/v1/organization/usage/embeddings": lambda *_: [],
                 "/v1/organization/usage/web_search_calls": self._searches}  # fmt: skip
        if request.path not in kinds:
            return Reply({"error": {"message": "Unknown request URL", "type": "invalid_request_error"}}, 404)
        costs = request.path.endswith("costs")
        groups, limit = request.all("group_by"), int(request.one("limit") or 7)
        allowed, most = (_COST_GROUPS, _MOST_COSTS) if costs else (_USAGE_GROUPS, _MOST_USAGE)
        if set(groups) - allowed or not 1 <= limit <= most or request.one("bucket_width") not in (None, "1d"):
            return Reply({"error": {"message": "invalid parameter", "type": "invalid_request_error"}}, 400)
        first = _instant(request.one("start_time") or "")
        end = min(_instant(request.one("end_time") or str(int(self.now.timestamp()))), self.now)
        buckets = []
        while first < end:
            if not (first.month == 10 and first.day in self.silent):
                results = kinds[request.path](first, groups)
                ends = first + timedelta(days=1)
                times = {"start_time": int(first.timestamp()), "end_time": int(ends.timestamp())}
                buckets.append({"object": "bucket", **times, "results": results})
            first += timedelta(days=1)
        return Reply(self._page(buckets, limit, request.one("page")), headers=headers)

    def _page(self, buckets: list[dict[str, Any]], limit: int, page: str | None) -> dict[str, Any]:
        first = int((page or "page_0").removeprefix("page_"))
        following = first if self.repeats else first + limit
        more = self.repeats or following < len(buckets)
        return {"object": "page", "data": buckets[first : first + limit], "has_more": more,
                "next_page": f"page_{following}" if more else None}  # fmt: skip

    def _costs(self, day: datetime, groups: Sequence[str]) -> list[dict[str, Any]]:
        by_group: dict[tuple[Any, ...], list[Spent]] = defaultdict(list)
        for one in self.spent:
            if one.at == day:
                by_group[tuple(getattr(one, name, None) for name in groups), one.currency].append(one)
        found = []
        for (values, currency), held in by_group.items():
            value = held[0].value if len(held) == 1 else sum(float(one.value or 0) for one in held)
            counted = "line_item" in groups and held[0].quantity is not None
            found.append({
                "object": "organization.costs.result",
                "amount": {"value": value, "currency": currency},
                **dict.fromkeys(sorted(_COST_GROUPS)),
                **dict(zip(groups, values, strict=True)),
                "quantity": sum(one.quantity or 0 for one in held) if counted else None,
                "quantity_unit": held[0].unit if counted else None,
            })  # fmt: skip
        if not groups and found and self.drifts and day.day == 1:
            found[0]["amount"]["value"] += self.drifts
        return found

    def _searches(self, day: datetime, groups: Sequence[str]) -> list[dict[str, Any]]:
        told = {"object": "organization.usage.web_searches.result", "num_model_requests": 1}
        return [
            {**told, "num_requests": count, "project_id": project if "project_id" in groups else None}
            for (of, project), count in self.searched.items()
            if day == datetime(2026, 10, of, tzinfo=UTC)
        ]

    def _completions(self, day: datetime, groups: Sequence[str]) -> list[dict[str, Any]]:
        return [
            {
                "object": "organization.usage.completions.result",
                **dict.fromkeys(sorted(_USAGE_GROUPS)),
                **{name: value for name, value in (("project_id", project), ("model", model)) if name in groups},
                "input_tokens": 0,
                "output_tokens": 0,
                "num_model_requests": 1,
                **fields,
            }
            for (of, project, model), fields in self.used.items()
            if day == datetime(2026, 10, of, tzinfo=UTC)
        ]


def _instant(text: str) -> datetime:
    return datetime.fromtimestamp(int(text), UTC)
