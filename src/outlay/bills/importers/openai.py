"""OpenAI's organization costs, with usage beside them.

Source: the admin API as the `openai` library (3.54) knows it (`/v1/organization/costs` and
`/v1/organization/usage/...`), as read on 2026-11-21. Days are UTC, written as seconds since 1970; amounts are dollars,
written as numbers, and a day is the finest bucket. Pages end with `has_more` and `next_page`. The line item names the
model and the class of tokens. Recent days are filled in late: within the settle window they are fetched again. The key
is an admin key (`sk-admin-...`) and comes from the environment.
"""

import os
from datetime import timedelta

from outlay.bills.importer import Asked, Fetched, Importer
from outlay.bills.monthly import Month, fetch_months, is_yes, no_place, with_notes
from outlay.bills.providers.charge import Bill, dimensions
from outlay.bills.providers.openai_costs import GROUPS, Costs
from outlay.bills.written import COLUMNS, MANDATORY
from outlay.fetching.clock import Clock
from outlay.fetching.kept import Kept
from outlay.fetching.listing import Listing, named
from outlay.fetching.months import months_asked, settles_on, up_to_today
from outlay.fetching.patience import PATIENCE, Patience, whole
from outlay.fetching.web import Api, endpoint, key
from outlay.terms.period import Period

_NAME = "openai"
_BASE = "https://api.openai.com"
_SETTLE_DAYS = 3
_RESUMED = timedelta(hours=1)
_NO_ACCOUNT = "organization"


def _fetch(asked: Asked) -> Fetched:
    no_place(asked, _NAME)
    options = asked.options
    groups = dimensions(options, "project_id,line_item", GROUPS, _NAME)
    months, settle_days = months_asked(asked.period, asked.now), whole(options, "settle_days", _SETTLE_DAYS)
    secret, variable = key(os.environ, ("OPENAI_ADMIN_KEY",), "OpenAI")
    kept = Kept(asked.cache, f"{_NAME} {secret}", asked.now, _RESUMED, anew=is_yes(options))
    base = endpoint(options.get("endpoint-url"), _BASE).removesuffix("/v1")
    headers = {"Authorization": f"Bearer {secret}"}
    with Api("OpenAI", base, headers, secret, variable, Clock(asked.now), Patience.asked(options)) as api:
        listed = named(api, "/v1/organization/projects", "after") if "project_id" in groups else {}
        projects = {ident: part.text("name") for ident, part in listed.items()}
        account = options.get("account") or api.said.get("openai-organization") or _NO_ACCOUNT
        costs = Costs(Listing(api, kept), groups, projects)

        def fetch(month: Period) -> Month:
            days = up_to_today(month, asked.now)
            settled_until = api.clock.settled_by - timedelta(days=settle_days)
            return costs.month(Bill("OpenAI", account, month, settled_until), days, settles_on(month.end, settle_days))

        fetched = fetch_months(asked, _NAME, months, fetch)
    kept.forget_unsettled()
    unsure = "OpenAI does not say which organization this is; of a second one, give --option account= with each import"
    notes = [f"{api.requests} requests", *([unsure] if account == _NO_ACCOUNT else [])]
    return with_notes(fetched, notes, api.clock.problem(_NAME))


IMPORTER = Importer(
    name=_NAME,
    title="OpenAI costs",
    columns=COLUMNS,
    mandatory=MANDATORY,
    options=("group_by", "account", "settle_days", "refresh", *PATIENCE),
    fetch=_fetch,
)
