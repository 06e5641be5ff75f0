"""Anthropic's costs of an organization, with usage beside them.

Source: the admin API as the `anthropic` library (2.12) and its reference describe it, as read on 2026-11-21. There are
three reports: `/v1/organizations/analytics/cost` and `usage` (a beta, from 2026 on), the same for Claude Enterprise
(`analytics/cost_report`, which gives a hundred groups a day and no row for the rest), and the older `cost_report` and
`usage_report/messages`, which leave out what the priority tier costs. Days are UTC, in RFC 3339; amounts are decimal
text in cents, after discounts and before credits. Figures are minutes old and may still change. A workspace that is
null is the organization's default one, an API key that is null is the Workbench. The key is an admin key
(`sk-ant-admin...`) and comes from the environment.
"""

import os
from collections.abc import Mapping
from datetime import timedelta

from outlay.bills.importer import Asked, Fetched, Importer
from outlay.bills.monthly import Month, fetch_months, is_yes, no_place, with_notes
from outlay.bills.providers.anthropic_costs import Costs, groups_of
from outlay.bills.providers.anthropic_reports import ANALYTICS, LEGACY, REPORTS, Report
from outlay.bills.providers.charge import Bill
from outlay.bills.written import COLUMNS, MANDATORY
from outlay.errors import BadInput, SourceFailed
from outlay.fetching.clock import Clock
from outlay.fetching.kept import Kept
from outlay.fetching.listing import Listing, named
from outlay.fetching.months import months_asked, settles_on, up_to_today
from outlay.fetching.patience import PATIENCE, Patience, whole
from outlay.fetching.reading import document
from outlay.fetching.web import Api, endpoint, key
from outlay.terms.period import Period

_NAME = "anthropic"
_BASE = "https://api.anthropic.com"
_SETTLE_DAYS = 3
_RESUMED = timedelta(hours=1)
_NO_ACCOUNT = "organization"
_NO_SUCH_REPORT = ("not-found", "vendor-refused", "not-allowed")
_YEAR = timedelta(days=365)


def _fetch(asked: Asked) -> Fetched:
    no_place(asked, _NAME)
    options = asked.options
    report, months = _report(options), months_asked(asked.period, asked.now)
    groups = groups_of(report or ANALYTICS, options)
    settle_days = whole(options, "settle_days", _SETTLE_DAYS)
    secret, variable = key(os.environ, ("ANTHROPIC_ADMIN_KEY", "ANTHROPIC_ADMIN_API_KEY"), "Anthropic")
    kept = Kept(asked.cache, f"{_NAME} {secret}", asked.now, _RESUMED, anew=is_yes(options))
    base = endpoint(options.get("endpoint-url"), _BASE).removesuffix("/v1")
    headers = {"x-api-key": secret, "anthropic-version": "2023-06-01"}
    with Api("Anthropic", base, headers, secret, variable, Clock(asked.now), Patience.asked(options)) as api:
        account = options.get("account") or _organization(api) or _NO_ACCOUNT
        workspaces = named(api, "/v1/organizations/workspaces", "after_id")
        notes: list[str] = []

        def one(month: Period, of: Report) -> Month:
            days = up_to_today(month, asked.now)
            settled_until = api.clock.settled_by - timedelta(days=settle_days)
            costs = Costs(Listing(api, kept), of, groups if of is (report or ANALYTICS) else of.groups, workspaces)
            return costs.month(
                Bill("Anthropic", account, month, settled_until), days, settles_on(month.end, settle_days)
            )

        def fetch(month: Period) -> Month:
            if report:
                return one(month, report)
            since = max(ANALYTICS.since, asked.now - _YEAR)
            try:
                if not notes and month.starts_at >= since:
                    return one(month, ANALYTICS)
            except SourceFailed as error:
                if error.code not in _NO_SUCH_REPORT:
                    raise
                notes.append("there is no analytics report for this organization; the older reports were read")
            return one(month, LEGACY)

        fetched = fetch_months(asked, _NAME, months, fetch)
    kept.forget_unsettled()
    unsure = "Anthropic does not say which organization this is; of a second one, give --option account= each time"
    said = [f"{api.requests} requests", *notes, *([unsure] if account == _NO_ACCOUNT else [])]
    return with_notes(fetched, said, api.clock.problem(_NAME))


def _report(options: Mapping[str, str]) -> Report | None:
    """Return the report asked for; None lets the organization decide: analytics, or the older one without it."""
    name = options.get("report", "auto")
    if name != "auto" and name not in REPORTS:
        raise BadInput(
            f"--option report={name} is none of Anthropic's reports",
            fix=f"write auto or one of {', '.join(REPORTS)}",
            code="bad-option",
        )
    return REPORTS.get(name)


def _organization(api: Api) -> str | None:
    """Return the id of the organization that the key is of; None when the API does not say."""
    try:
        return document(api.get("/v1/organizations/me"), "Anthropic organization").text("id")
    except SourceFailed as error:
        if error.code in (*_NO_SUCH_REPORT, "not-json"):
            return None
        raise


IMPORTER = Importer(
    name=_NAME,
    title="Anthropic costs",
    columns=COLUMNS,
    mandatory=MANDATORY,
    options=("group_by", "report", "account", "settle_days", "refresh", *PATIENCE),
    fetch=_fetch,
)
