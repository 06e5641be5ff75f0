"""AWS Cost Explorer: costs by two dimensions, for when there is no cost export yet (see `aws_cur`).

Source: the API reference of Cost Explorer (GetCostAndUsage, GetCostAndUsageWithResources, version 2017-10-25), as read
on 2026-11-21. Days are UTC. Each request and each further page costs 0.01 USD; AWS computes new figures up to three
times a day, so pages younger than four hours are not asked for again. Amounts are text. AWS keeps 13 months and the
current one; hours and resources for 14 days, when they are switched on. Credits, refunds and tax are record types of
their own, and each record type is asked for by itself, so that none is netted away.
"""

from dataclasses import replace
from datetime import timedelta

from outlay.bills.cost_explorer.asking import PRICE, Explorer
from outlay.bills.cost_explorer.cuts import OPTIONS, Detail
from outlay.bills.cost_explorer.month import COSTS, Account
from outlay.bills.importer import Asked, Fetched, Importer
from outlay.bills.monthly import fetch_months, is_yes, no_place, with_notes
from outlay.bills.written import COLUMNS, MANDATORY
from outlay.errors import BadInput, SourceFailed
from outlay.fetching.aws import asked as answered
from outlay.fetching.aws import client
from outlay.fetching.clock import Clock
from outlay.fetching.kept import Kept
from outlay.fetching.months import months_asked, months_before
from outlay.fetching.patience import PATIENCE, Patience, whole

_NAME = "aws_cost_explorer"
_FRESH = timedelta(hours=4)
_SETTLE_DAYS = 14
_MOST = 500
_MONTHS_KEPT = 13
_OF_CREDENTIALS = ("denied", "expired-token", "clock-skew")


def _fetch(asked: Asked) -> Fetched:
    no_place(asked, _NAME)
    options = asked.options
    detail, patience = Detail.asked(options), Patience.asked(options)
    months, oldest = months_asked(asked.period, asked.now), months_before(asked.now, _MONTHS_KEPT)
    if months[0].first < oldest.first:
        raise BadInput(
            f"Cost Explorer keeps 13 months and the current one, not {months[0].name}",
            fix=f"ask from --period {oldest.name} on; older bills are in a cost export",
            code="too-old",
        )
    clock = Clock(asked.now)
    account, unsure = _account(asked, clock, patience)
    kept = Kept(
        asked.cache, f"{_NAME} {account} {options.get('endpoint-url', '')}", asked.now, _FRESH, anew=is_yes(options)
    )
    explorer = Explorer(client("ce", options), kept, clock, patience, whole(options, "max_requests", _MOST))
    source = Account(explorer, account, detail, whole(options, "settle_days", _SETTLE_DAYS))
    fetched = fetch_months(asked, _NAME, months, source.month)
    kept.forget_aged()
    paid = f"{explorer.paid} requests, {explorer.paid * PRICE} USD; {kept.found} further pages were kept from before"
    return with_notes(fetched, [paid, *unsure], clock.problem(_NAME))


def _account(asked: Asked, clock: Clock, patience: Patience) -> tuple[str, list[str]]:
    """Return the number of the account whose credentials these are (it is free to ask), and what is unsure of it."""
    if given := asked.options.get("account"):
        return given, []
    caller = client("sts", asked.options)
    try:
        answer = answered(caller.get_caller_identity, "sts:GetCallerIdentity", replace(patience, tries=2))
    except SourceFailed as error:
        if "endpoint-url" not in asked.options or error.code in _OF_CREDENTIALS:
            raise
        note = "this endpoint does not say whose costs these are; they stand under the account 'aws': --option account="
        return "aws", [note]
    clock.hear(answer["ResponseMetadata"].get("HTTPHeaders", {}).get("date"))
    return str(answer["Account"]), []


IMPORTER = Importer(
    name=_NAME,
    title="AWS Cost Explorer",
    columns=COLUMNS,
    mandatory=MANDATORY,
    options=(*OPTIONS, "account", "settle_days", "max_requests", "refresh", "profile", "region", *PATIENCE),
    same_bill=("aws_cur", "focus"),
    fetch=_fetch,
    costs=tuple(column for column in COSTS.values() if column != "billed_cost"),
)
