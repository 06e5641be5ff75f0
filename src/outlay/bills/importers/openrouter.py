"""OpenRouter's activity: what each model and endpoint cost by the day.

Source: `GET /api/v1/activity` and `GET /api/v1/credits` in OpenRouter's API reference, as read on 2026-11-21. Days are
UTC and complete: the last 30 of them are given, one at a time (`date=`), and none before. Amounts are credits, which
are US dollars, written as numbers. Tokens are not broken out by what they cost, so one row is all tokens of a model.
What was spent with keys of one's own (`byok_usage_inference`) is on another vendor's bill and stays beside the cost.
The key is a management key and comes from the environment.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from outlay.bills.importer import Asked, Fetched, Importer
from outlay.bills.monthly import Month, fetch_months, is_yes, no_place, with_notes
from outlay.bills.providers.charge import Bill, model_columns
from outlay.bills.written import COLUMNS, MANDATORY, Value
from outlay.errors import SourceFailed
from outlay.fetching.clock import Clock
from outlay.fetching.kept import Kept
from outlay.fetching.months import months_asked, settles_on
from outlay.fetching.patience import PATIENCE, Patience, whole
from outlay.fetching.reading import Part, document
from outlay.fetching.web import Api, endpoint, key
from outlay.terms.money import plain
from outlay.terms.period import Period

_NAME = "openrouter"
_BASE = "https://openrouter.ai"
_ACTIVITY = "/api/v1/activity"
_DAYS_GIVEN = 30
_SETTLE_DAYS = 2
_RESUMED = timedelta(hours=1)
_DAY = timedelta(days=1)
_NO_ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class _Activity:
    """The activity of one account."""

    api: Api
    kept: Kept
    account: str
    settle_days: int
    partial: bool

    def month(self, month: Period) -> Month:
        """Return one month: each day that is complete, from OpenRouter or as kept.

        Raises:
            SourceFailed: Days of it are no longer given, and were not kept: half a month would replace a whole one.
        """
        today = self.api.clock.now.replace(hour=0, minute=0, second=0, microsecond=0)
        rows: list[dict[str, Value]] = []
        gone = []
        at = month.starts_at
        while at < min(month.ends_at, today):
            page = self._day(at, today)
            if page is None:
                gone.append(at)
            else:
                bill = Bill("OpenRouter", self.account, month, today - self.settle_days * _DAY)
                # Each day is asked for by itself; what an answer says of another day stands in that one's answer.
                rows += [_row(bill, at, item) for item in page.parts("data") if _day_of(item, at) == at]
            at += _DAY
        if gone and not self.partial:
            raise SourceFailed(
                f"OpenRouter gives the last {_DAYS_GIVEN} days only; {len(gone)} days of {month.name} are gone,"
                f" {gone[0]:%d} to {gone[-1]:%d}",
                fix="import at least once a month; or take in what is left of this one with --option partial=yes",
                code="gone",
            )
        notes = [f"{len(gone)} days are no longer given and are missing; that is not zero"] if gone else []
        return Month(rows, None, notes)

    def _day(self, at: datetime, today: datetime) -> Part | None:
        """Return one day's activity; None when it is neither kept nor given any more."""
        where, params = f"OpenRouter {_ACTIVITY} of {at:%Y-%m-%d}", [("date", f"{at:%Y-%m-%d}")]
        request: dict[str, object] = {"base": self.api.base, "path": _ACTIVITY, "date": f"{at:%Y-%m-%d}"}
        body = self.kept.find(request)
        if body is None:
            if at < today - _DAYS_GIVEN * _DAY:
                return None
            body = self.api.get(_ACTIVITY, params)
            list(document(body, where).parts("data"))  # only what can be read is worth keeping
            settled = self.api.clock.settled_by.date() >= settles_on((at + _DAY).date(), self.settle_days)
            self.kept.keep(request, body, settled=settled)
        return document(body, where)


def _day_of(item: Part, at: datetime) -> datetime:
    """Return the day that a row is of: as it says, with or without a time behind it."""
    text = (item.text("date") or "")[:10]
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else at
    except ValueError:
        return item.instant("date")  # which says what is wrong, and where


def _row(bill: Bill, at: datetime, item: Part) -> dict[str, Value]:
    prompt, completion = item.count("prompt_tokens"), item.count("completion_tokens")
    counts = {name: item.fields.get(name) for name in ("requests", "reasoning_tokens")}
    own = item.amount("byok_usage_inference")
    return bill.charge(
        at,
        at + _DAY,
        item.amount("usage"),
        "USD",
        charge_description=", ".join(filter(None, (item.text("model"), item.text("provider_name")))),
        publisher_name=item.text("provider_name"),
        consumed_quantity=Decimal(prompt + completion),
        consumed_unit="Tokens",
        **{
            **model_columns(item.text("model"), None),
            "sku_id": item.text("model_permaslug") or item.text("model"),
            "sku_price_id": item.text("endpoint_id"),
        },
        prompt_tokens=str(prompt),
        completion_tokens=str(completion),
        byok_usage_inference=plain(own) if own else None,
        **{name: str(item.count(name)) for name, found in counts.items() if found is not None},
    )


def _fetch(asked: Asked) -> Fetched:
    no_place(asked, _NAME)
    options = asked.options
    months = list(_with_complete_days(months_asked(asked.period, asked.now), asked.now))
    secret, variable = key(os.environ, ("OPENROUTER_API_KEY",), "OpenRouter")
    kept = Kept(asked.cache, f"{_NAME} {secret}", asked.now, _RESUMED, anew=is_yes(options))
    base = endpoint(options.get("endpoint-url"), _BASE).removesuffix("/v1").removesuffix("/api")
    headers = {"Authorization": f"Bearer {secret}"}
    with Api("OpenRouter", base, headers, secret, variable, Clock(asked.now), Patience.asked(options)) as api:
        account = options.get("account") or _NO_ACCOUNT
        settle_days = whole(options, "settle_days", _SETTLE_DAYS)
        activity = _Activity(api, kept, account, settle_days, is_yes(options, "partial"))
        fetched = fetch_months(asked, _NAME, months, activity.month)
        balance = _balance(api)
    kept.forget_unsettled()
    unsure = "OpenRouter does not say which account this is; of a second one, give --option account= with each import"
    notes = [f"{api.requests} requests", *balance, *([unsure] if account == _NO_ACCOUNT else [])]
    return with_notes(fetched, notes, api.clock.problem(_NAME))


def _with_complete_days(months: list[Period], now: datetime) -> Iterator[Period]:
    """Yield the months of which a day is complete: on the first of a month, that month has none."""
    yield from (month for month in months if month.first < now.date() or len(months) == 1)


def _balance(api: Api) -> list[str]:
    """Return what the account says of its credits: all it ever bought and spent, which is no month's total."""
    try:
        found = document(api.get("/api/v1/credits"), "OpenRouter credits").part("data")
    except SourceFailed:
        return []  # a comfort; the activity is there
    bought, spent = found.amount("total_credits"), found.amount("total_usage")
    if bought is None or spent is None:
        return []
    return [f"{plain(spent)} of {plain(bought)} USD of credits are spent, over all time"]


IMPORTER = Importer(
    name=_NAME,
    title="OpenRouter activity",
    columns=COLUMNS,
    mandatory=MANDATORY,
    options=("account", "partial", "settle_days", "refresh", *PATIENCE),
    fetch=_fetch,
)
