"""Asked: what a query string asks for, read once for the API and the page.

Comes in: texts from a URL. Goes out: periods, dimensions and filters, or a refusal that says how to write them.
"""

from collections.abc import Sequence

from outlay import flow
from outlay.errors import BadInput
from outlay.store import Store
from outlay.terms.period import Period, day


def period_of(store: Store, period: str | None, since: str | None, to: str | None) -> Period:
    """Return the period that `period`, or `from` and `to`, name; else all months the store has data for.

    Raises:
        BadInput: Both forms were given, only half of one, or neither and the store is empty.
    """
    if period and (since or to):
        raise BadInput("`period` and `from`/`to` say the same thing twice", fix="use one of them")
    if period:
        return Period.parse(period)
    if since and to:
        return Period(day(since), day(to))
    if since or to:
        raise BadInput("`from` and `to` belong together", fix="give both; `to` is the day after the last")
    months = flow.months_with_data(store)
    if not months:
        raise BadInput(
            "the store holds nothing yet",
            fix="import something first: outlay import focus PATH (or try `outlay demo`)",
            code="empty-store",
        )
    return Period(months[0].first, months[-1].end)


def where_of(pairs: Sequence[str]) -> dict[str, str]:
    """Read `DIM=VALUE` pairs; the empty value asks for what names none.

    Raises:
        BadInput: A pair is not one, or names a dimension a second time with another value.

    >>> where_of(["team=growth", "feature=search.answer", "customer="])
    {'team': 'growth', 'feature': 'search.answer', 'customer': ''}
    """
    found: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise BadInput(f"`where={pair}` is not DIM=VALUE", fix="write for example where=team=growth")
        if found.setdefault(name, value) != value:
            raise BadInput(f"`where` asks for two values of {name}", fix="ask for one of them, or one after the other")
    return found


def names_of(texts: Sequence[str]) -> list[str]:
    """Read names given repeatedly or separated by commas, each once.

    >>> names_of(["feature,model", "team", "model"])
    ['feature', 'model', 'team']
    """
    return list(dict.fromkeys(name for text in texts for name in text.split(",") if name))
