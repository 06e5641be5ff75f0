"""Who uses `claude_code`, and for how much: Anthropic's analytics by the day and person, as metrics.

Source of the shapes: `/v1/organizations/usage_report/claude_code` in Anthropic's reference, as read on 2026-11-21: one
day a request, costs estimated in cents. They are part of the organization's bill (`outlay import anthropic`), or of
seats that are not billed by use; so they are no charges, but keys by which a rule splits the bill.
"""

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from outlay.errors import Unreadable
from outlay.fetching.clock import Clock
from outlay.fetching.listing import following
from outlay.fetching.pages import each_page
from outlay.fetching.patience import PATIENCE, Patience
from outlay.fetching.reading import Part, document
from outlay.fetching.web import Api, endpoint, key
from outlay.revenue.contract import Asked, Fetched
from outlay.revenue.metrics import fetched
from outlay.terms.money import plain

OPTIONS = ("metric", "days", "endpoint-url", *PATIENCE)
_BASE = "https://api.anthropic.com"
_PATH = "/v1/organizations/usage_report/claude_code"
_DAY = timedelta(days=1)
_CURRENCY = "USD"
#: Endings of the metrics by what is counted: for customers of the API, and for those with a seat.
_COST = {"api": "cost", "subscription": "subscription_cost"}
_TOKENS = ("input", "output", "cache_read", "cache_creation")


def fetch(asked: Asked) -> Fetched:
    """Ask for each day that is over, and write what was used as a table of metrics.

    Args:
        asked: `--option metric=` is the beginning of the metrics' names (`claude_code`).

    Raises:
        BadInput: There is no key, or nothing that was asked for is over yet.
        SourceFailed: Anthropic cannot be reached, or refuses.
        Unreadable: Its answer is not as documented.
    """
    first, end = fetched.reach(asked, _DAY)
    secret, variable = key(os.environ, ("ANTHROPIC_ADMIN_KEY", "ANTHROPIC_ADMIN_API_KEY"), "Anthropic")
    base = endpoint(asked.options.get("endpoint-url"), _BASE).removesuffix("/v1")
    headers = {"x-api-key": secret, "anthropic-version": "2023-06-01"}
    clock = Clock(asked.now)
    counted: dict[str, dict[tuple[datetime, str], Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    with Api("Anthropic", base, headers, secret, variable, clock, Patience.asked(asked.options)) as api:
        day = first
        while day < min(end, clock.settled_by):
            for record in _records(api, day):
                for ending, who, amount in _measured(record):
                    counted[ending][day, who] += amount
            day += _DAY
    notes = [f"{api.requests} requests; {len({who for one in counted.values() for _, who in one})} people and keys"]
    problem = clock.problem("Anthropic")
    return Fetched(list(_files(counted, asked)), [problem] if problem else [], notes)


def _records(api: Api, day: datetime) -> Iterator[Part]:
    def page(token: str | None) -> tuple[Part, str | None]:
        params = [("starting_at", f"{day:%Y-%m-%d}"), ("limit", "1000"), *([("page", token)] if token else [])]
        found = document(api.get(_PATH, params), f"Anthropic {_PATH} of {day:%Y-%m-%d}")
        return found, following(found)

    for found in each_page(page, _PATH):
        yield from found.parts("data")


def _measured(record: Part) -> Iterator[tuple[str, str, Decimal]]:
    """Yield the ending of a metric, whose it is, and how much: cents and tokens."""
    actor = record.part("actor")
    who = actor.text("email_address") or actor.text("api_key_name") or ""
    kind = record.text("customer_type") or "api"
    for model in record.parts("model_breakdown"):
        cost, tokens = model.part("estimated_cost"), model.part("tokens")
        if cost.fields and cost.text("currency") != _CURRENCY:
            raise Unreadable(
                f"{cost.where} is in {cost.text('currency')}, not in {_CURRENCY}: amounts cannot be added up",
                fix="the vendor's answer is not as documented; please report it with this message",
                code="not-as-documented",
            )
        yield _COST.get(kind, f"{kind}_cost"), who, cost.amount("amount") or Decimal(0)
        yield "tokens", who, Decimal(sum(tokens.count(name) for name in _TOKENS))


def _files(counted: Mapping[str, Mapping[tuple[datetime, str], Decimal]], asked: Asked) -> Iterator[Path]:
    """Write a file for each metric; one of headers only where nothing was used."""
    name = asked.options.get("metric", "").strip() or "claude_code"
    for ending, amounts in sorted((counted or {"cost": {}}).items()):
        found = [
            fetched.Measured(day, day + _DAY, plain(amount), {"user": who} if who else {})
            for (day, who), amount in amounts.items()
        ]
        yield fetched.write(found, f"{name}_{ending}", asked, adds_up=True)
