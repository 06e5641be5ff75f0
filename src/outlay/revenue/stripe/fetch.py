"""Fetch from Stripe's API: lists page by page, kept as the files that `files` reads.

A restricted key that may read what is listed is enough; it is taken from `STRIPE_API_KEY` and goes nowhere else.
"""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from outlay.errors import SourceFailed
from outlay.fetching.clock import Clock
from outlay.fetching.pages import each_page
from outlay.fetching.patience import Patience, whole
from outlay.fetching.reading import Part, document
from outlay.fetching.web import Api, Params, endpoint, key
from outlay.revenue.contract import Asked, Fetched
from outlay.revenue.stripe.window import stem, window

OPTIONS = ("customer", "account", "lookback_days", "endpoint-url", "tries", "retry_s")
_BASE = "https://api.stripe.com"
#: An invoice of a year ago may still be for this month.
_LOOKBACK_DAYS = 400
_PAGE = ("limit", "100")
_INVOICES: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    ("/v1/invoices", (("expand[]", "data.customer"),)),
    ("/v1/credit_notes", (("expand[]", "data.customer"),)),
    ("/v1/refunds", (("expand[]", "data.charge"),)),
    ("/v1/invoice_payments", ()),
)
_SUBSCRIPTIONS = (("/v1/subscriptions", (("status", "all"), ("expand[]", "data.customer"))),)
_TERMS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "/v1/subscriptions",
        (*_SUBSCRIPTIONS[0][1], ("expand[]", "data.discounts"), ("expand[]", "data.items.data.discounts")),
    ),
    ("/v1/coupons", ()),
)
#: Accounts on an older version of the API do not have it; their charges name their invoice themselves.
_LATER = "/v1/invoice_payments"
_NESTED = ("/v1/invoices", "/v1/credit_notes")


def invoices(asked: Asked) -> Fetched:
    """Fetch the invoices, credit notes and refunds that the months asked for may be about.

    Raises:
        BadInput: There is no key, or an option cannot be used.
        SourceFailed: Stripe cannot be reached, or refuses.
    """
    reach = window(asked)
    back = timedelta(days=whole(asked.options, "lookback_days", _LOOKBACK_DAYS))
    since = (("created[gte]", str(int((reach.starts_at - back).timestamp()))),) if reach else ()
    return _fetched(asked, [(path, (*params, *since)) for path, params in _INVOICES])


def subscriptions(asked: Asked) -> Fetched:
    """Fetch all subscriptions with their customers, ended ones too.

    Raises:
        BadInput: There is no key, or an option cannot be used.
        SourceFailed: Stripe cannot be reached, or refuses.
    """
    return _fetched(asked, list(_SUBSCRIPTIONS))


def terms(asked: Asked) -> Fetched:
    """Fetch all subscriptions with their discounts, and the coupons that those name.

    Raises:
        BadInput: There is no key, or an option cannot be used.
        SourceFailed: Stripe cannot be reached, or refuses.
    """
    return _fetched(asked, list(_TERMS))


def _fetched(asked: Asked, lists: list[tuple[str, Params]]) -> Fetched:
    secret, variable = key(os.environ, ("STRIPE_API_KEY",), "Stripe")
    base = endpoint(asked.place or asked.options.get("endpoint-url"), _BASE)
    clock, patience = Clock(asked.now), Patience.asked(asked.options)
    headers = {"Authorization": f"Bearer {secret}"}
    files: list[Path] = []
    with Api("Stripe", base, headers, secret, variable, clock, patience) as api:
        for path, params in lists:
            try:
                for page in _pages(api, path, params):
                    files += _kept(api, asked, path, page, len(files))
            except SourceFailed as error:
                if path != _LATER or error.code != "not-found":
                    raise
    skewed = clock.problem("Stripe")
    return Fetched(files, [skewed] if skewed else [], [f"{api.requests} requests"])


def _kept(api: Api, asked: Asked, path: str, page: str, count: int) -> Iterator[Path]:
    """Keep a page, and the further lines of what it lists."""
    yield _written(asked, path, page, count)
    if path not in _NESTED:
        return
    for one in document(page, f"Stripe {path}").parts("data"):
        lines = one.part("lines")
        if not lines.flag("has_more"):
            continue
        known = [line.text("id") for line in lines.parts("data")]
        own = f"{path}/{one.text('id')}/lines"
        for number, more in enumerate(_pages(api, own, (), after=known[-1] if known else None)):
            yield _written(asked, own, more, number)


def _pages(api: Api, path: str, params: Params, after: str | None = None) -> Iterator[str]:
    """Yield the pages of a list; each next one begins after the last object of the one before."""

    def page(token: str | None) -> tuple[str, str | None]:
        start = token or after
        text = api.get(path, [*params, _PAGE, *([("starting_after", start)] if start else [])])
        answer = document(text, f"Stripe {path}")
        listed = list(answer.parts("data"))
        return text, _last(listed) if answer.flag("has_more") else None

    yield from each_page(page, f"Stripe {path}")


def _last(listed: list[Part]) -> str | None:
    return listed[-1].text("id") if listed else None


def _written(asked: Asked, path: str, text: str, number: int) -> Path:
    made = asked.folder / f"{stem(asked)}{path.removeprefix('/v1/').replace('/', '-')}-{number + 1}.json"
    made.write_text(text, encoding="utf-8")
    return made
