"""Anthropic's admin API: its three reports, grouped and paged as documented, from lines it holds."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.bills.servers.loopback import TODAY, Reply, Request

KEY = "sk-ant-admin01-example-0123456789"
BETA = "analytics-usage-cost-2026-08-24"
_ROOT = "/v1/organizations"
_TOKENS = {
    "input": "uncached_input_tokens",
    "cache_read": "cache_read_input_tokens",
    "cache_write_5m": "cache_creation.ephemeral_5m_input_tokens",
    "cache_write_1h": "cache_creation.ephemeral_1h_input_tokens",
    "output": "output_tokens",
}
_ANALYTICS_GROUPS = {
    *("actor", "actor_type", "agent_id", "api_key_id", "context_window", "cost_type", "deployment_id"),
    *("environment_id", "inference_geo", "model", "organization_id", "product", "rbac_group_id", "service_tier"),
    *("session_id", "speed", "token_type", "user_profile_id", "workspace_id", "slack_channel_id"),
}
_ENTERPRISE_GROUPS = {"context_window", "cost_type", "inference_geo", "model", "product", "speed", "token_type"}
_FREE = {"cost_type", "token_type"}
_MOST_GROUPS, _MOST_DAYS = 5, 31
#: What curl is told to send, and what the library sends.
_VERSIONS = ("2023-06-01", "2026-10-21")


@dataclass(frozen=True)
class Spent:
    """What one class of tokens of one model cost on one day.

    Args:
        day: Of October 2026, unless `month` says another.
        cents: As Anthropic writes them; fractions of a cent are usual.
        unit: Our unit; another word is a kind of cost that is not tokens.
        count: How many.
        fields: Further values of groups.
    """

    day: int
    cents: str
    unit: str = "input"
    count: int = 0
    model: str | None = "claude-opus-5-5"
    workspace_id: str | None = "wrkspc_app"
    month: int = 10
    currency: str = "USD"
    fields: Mapping[str, object] = field(default_factory=dict)

    @property
    def at(self) -> datetime:
        """Return the start of its day."""
        return datetime(2026, self.month, self.day, tzinfo=UTC)

    def value(self, name: str) -> object:
        """Return what it has of a group."""
        token = _TOKENS.get(self.unit)
        own = {
            "model": self.model,
            "workspace_id": self.workspace_id,
            "cost_type": "tokens" if token else self.unit,
            "token_type": token,
            "service_tier": "standard",
            "context_window": "0-200k",
            "description": f"{self.model} Usage - {self.unit}",
            **self.fields,
        }
        return own.get(name)


@dataclass
class Anthropic:
    """One organization.

    Args:
        spent: What it cost.
        has_analytics: Whether it is enrolled in the beta.
        most_groups: Of the Enterprise report, on one day.
        silent: Days of October that no report has.
        drifts: Cents that the total without groups has and no group has.
        repeats: Whether every page names the same next page.
        coded: Records of `claude_code` by day, as the reference shows them.
    """

    spent: Sequence[Spent] = ()
    coded: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)
    has_analytics: bool = True
    most_groups: int = 100
    silent: frozenset[int] = frozenset()
    drifts: Decimal = Decimal(0)
    repeats: bool = False
    names_itself: bool = True
    now: datetime = TODAY

    def answer(self, request: Request) -> Reply:
        """Answer as the admin API does."""
        key = request.headers.get("x-api-key") or request.headers.get("authorization", "").removeprefix("Bearer ")
        if key != KEY or request.headers.get("anthropic-version") not in _VERSIONS:
            return _error(401, "authentication_error", f"invalid x-api-key {KEY}")
        kinds: dict[str, Callable[[Request], Reply]] = {
            "/me": self._me,
            "/workspaces": self._workspaces,
            "/analytics/cost": self._rows,
            "/analytics/usage": self._rows,
            "/analytics/cost_report": self._buckets,
            "/analytics/usage_report": self._buckets,
            "/cost_report": self._buckets,
            "/usage_report/messages": self._buckets,
            "/usage_report/claude_code": self._claude_code,
        }
        path = request.path.removeprefix(_ROOT)
        return kinds[path](request) if path in kinds else _error(404, "not_found_error", "no such report")

    def _me(self, _: Request) -> Reply:
        if not self.names_itself:
            return _error(404, "not_found_error", "not here")
        return Reply({"id": "org-1", "type": "organization", "name": "Example"})

    def _workspaces(self, _: Request) -> Reply:
        found = {"id": "wrkspc_app", "name": "App", "tags": {"team": "growth"}, "type": "workspace"}
        return Reply({"data": [found], "has_more": False, "first_id": "wrkspc_app", "last_id": "wrkspc_app"})

    def _claude_code(self, request: Request) -> Reply:
        return self._page(self.coded.get(request.one("starting_at") or "", []), request)

    def _rows(self, request: Request) -> Reply:
        if not self.has_analytics or request.headers.get("anthropic-beta") != BETA:
            return _error(404, "not_found_error", "not enrolled in this beta")
        groups, starts, ends = request.all("group_by"), *_times(request)
        known = _ANALYTICS_GROUPS - (_FREE if request.path.endswith("usage") else set())
        if set(groups) - known or len(set(groups) - _FREE) > _MOST_GROUPS or ends - starts > timedelta(_MOST_DAYS):
            return _error(400, "invalid_request_error", "these groups or days are not allowed")
        if starts < datetime(2026, 1, 1, tzinfo=UTC) or request.one("time_bucket_width") != "1d":
            return _error(400, "invalid_request_error", "this time is not allowed")
        found = []
        for at, values, held in self._grouped(starts, ends, groups):
            row = {"starting_at": _text(at), "ending_at": _text(at + timedelta(days=1)),
                   "group": {**dict.fromkeys(sorted(known)), **values}}  # fmt: skip
            figures = _usage(held) if request.path.endswith("usage") else self._cost(held, groups, at)
            found.append({**row, "usage" if request.path.endswith("usage") else "cost": figures})
        return self._page(found, request)

    def _buckets(self, request: Request) -> Reply:
        enterprise, usage = "/analytics/" in request.path, "usage" in request.path
        groups, starts, ends = request.all("group_by"), *_times(request)
        known = _ENTERPRISE_GROUPS if enterprise else {"workspace_id", "description", "inference_geo"}
        if usage and not enterprise:
            known = {"api_key_id", "workspace_id", "model", "service_tier", "context_window", "inference_geo"}
        if set(groups) - known or request.one("bucket_width") != "1d" or int(request.one("limit") or 7) > _MOST_DAYS:
            return _error(400, "invalid_request_error", "these groups are not allowed")
        shown = groups
        if "description" in groups:
            shown = [*groups, "cost_type", "token_type", "model", "service_tier", "context_window"]
        by_day: dict[datetime, list[dict[str, Any]]] = {}
        at = starts
        while at < min(ends, self.now):
            if not (at.month == 10 and at.day in self.silent):
                by_day[at] = []
            at += timedelta(days=1)
        for at, values, held in self._grouped(starts, ends, shown):
            figures = _usage(held) if usage else self._cost(held, groups, at)
            if not enterprise:
                figures = {name: value for name, value in figures.items() if name != "list_amount"}
            if not enterprise or len(by_day[at]) < self.most_groups:
                by_day[at].append({**values, **figures})
        found = [{"starting_at": _text(at), "ending_at": _text(at + timedelta(days=1)), "results": results}
                 for at, results in by_day.items()]  # fmt: skip
        return self._page(found, request)

    def _grouped(self, starts: datetime, ends: datetime, groups: Sequence[str]
                 ) -> list[tuple[datetime, dict[str, Any], list[Spent]]]:  # fmt: skip
        found: dict[tuple[Any, ...], list[Spent]] = defaultdict(list)
        for one in self.spent:
            if starts <= one.at < ends and not (one.month == 10 and one.day in self.silent):
                found[(one.at, *(str(one.value(name)) for name in groups))].append(one)
        return [
            (held[0].at, {name: held[0].value(name) for name in groups}, held)
            for _, held in sorted(found.items(), key=lambda pair: (-pair[0][0].timestamp(), pair[0][1:]))
        ]

    def _cost(self, held: Sequence[Spent], groups: Sequence[str], at: datetime) -> dict[str, Any]:
        cents = sum((Decimal(one.cents) for one in held), self.drifts if not groups and at.day == 1 else Decimal(0))
        return {"amount": str(cents), "list_amount": str(cents * 2), "currency": held[0].currency, "requests": None}

    def _page(self, found: list[dict[str, Any]], request: Request) -> Reply:
        limit, first = int(request.one("limit") or 20), int((request.one("page") or "page_0").removeprefix("page_"))
        following = first if self.repeats else first + limit
        more = self.repeats or following < len(found)
        token = f"page_{following}" if more else None
        return Reply({"data": found[first : first + limit], "has_more": more, "next_page": token})


def _usage(held: Sequence[Spent]) -> dict[str, Any]:
    counts: dict[str, int] = defaultdict(int)
    for one in held:
        counts[one.unit] += one.count
    return {
        "uncached_input_tokens": counts["input"],
        "cache_read_input_tokens": counts["cache_read"],
        "cache_creation": {
            "ephemeral_5m_input_tokens": counts["cache_write_5m"],
            "ephemeral_1h_input_tokens": counts["cache_write_1h"],
        },
        "output_tokens": counts["output"],
        "server_tool_use": {"web_search_requests": counts["web_search"]},
        "requests": len(held),
        "total_tokens": sum(count for unit, count in counts.items() if unit in _TOKENS),
    }


def _times(request: Request) -> tuple[datetime, datetime]:
    return tuple(datetime.fromisoformat(request.one(name) or "") for name in ("starting_at", "ending_at"))  # type: ignore[return-value]


def _text(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _error(status: int, kind: str, message: str) -> Reply:
    return Reply({"type": "error", "error": {"type": kind, "message": message}}, status)
