"""Page: everything the page shows for one state, gathered from the rooms that answer."""

import shlex
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, cast

from outlay.exchange.conversion import InCurrency
from outlay.explain.rows import ledger
from outlay.serve.encode import to_json
from outlay.serve.ledger import months
from outlay.serve.web.changes import Changes, changes
from outlay.serve.web.conversion import told
from outlay.serve.web.daily import daily
from outlay.serve.web.figures import Figures, ratio_of
from outlay.serve.web.spending import spending
from outlay.serve.web.state import State
from outlay.serve.web.trust import coverage, proofs, reconciliation
from outlay.store import Row, Store
from outlay.terms.period import Period

_ZERO = Decimal(0)


def months_of(store: Store) -> tuple[list[Row], list[Period]]:
    """Return every month with data or a ledger, and those that have a ledger."""
    known = months(store)
    published = [Period.month(cast(str, row["period"])) for row in known if row["published"] is not None]
    return known, published


def page(
    store: Store,
    state: State,
    known: Sequence[Row],
    published: Sequence[Period],
    usual: InCurrency | None = None,
) -> dict[str, Any]:
    """Return what the template shows.

    Args:
        store: Holds the ledger.
        state: What is asked; without a currency, the usual one, else the one that most is billed in is taken.
        known: Every month with data.
        published: Those with a ledger, in order.
        usual: The reporting currency, where there is one.
    """
    currencies = _currencies(store, state)
    state = state.priced_in(currencies, usual)
    spent = spending(store, state)
    explained = changes(store, state)
    before = explained.answer["before"]["amount"] if explained else _ZERO
    culprit = explained.culprit if explained and state.by == "feature" else None
    days = daily(store, state, culprit)
    return {
        "state": state,
        "figures": Figures(state.currency, max(spent.total, before)),
        "currencies": _to_pick(currencies, state, usual),
        "offered": _offered(published, state),
        "has_ledger": any(one.first < state.period.end and state.period.first < one.end for one in published),
        "waiting": [row["period"] for row in known if row["published"] is None],
        "spending": spent,
        "changes": explained,
        "growth": ratio_of(explained.answer["change"], before) if explained and before else None,
        "daily": days,
        "daily_json": to_json(days.to_json()).replace("<", "\\u003c"),
        "coverage": coverage(store, state),
        "gap": reconciliation(store, state),
        "proofs": proofs(known, state),
        "release": _release(explained),
        "converted": told(spent.conversion),
        "same_in_terminal": _command(state),
    }


def _currencies(store: Store, state: State) -> list[str]:
    """Return the currencies of the periods, the one with the largest total first."""
    periods = [state.period, *([state.before] if state.before else [])]
    rows = [row for period in periods for row in ledger(store, period, [], {})]
    return list(dict.fromkeys(cast(str, row["currency"]) for row in rows))


def _to_pick(currencies: Sequence[str], state: State, usual: InCurrency | None) -> list[str]:
    """Return the currencies that the page can be shown in: the reporting one, and those of bills."""
    named = [*([usual.currency] if usual else []), *currencies, *([state.currency] if state.currency else [])]
    return list(dict.fromkeys(named))


def _offered(published: Sequence[Period], state: State) -> list[Period]:
    """Return the periods to pick from: the published months, newest first, and those shown now."""
    own = [one for one in (state.period, state.before) if one is not None and one not in published]
    return [*sorted(own, reverse=True), *sorted(published, reverse=True)]


def _release(explained: Changes | None) -> str | None:
    return cast("str | None", explained.answer["verdict"].get("release")) if explained else None


def _command(state: State) -> str:
    """Return the command that gives the same answer in a terminal."""
    parts = ["outlay", "explain", "--before", state.before.name, "--after", state.period.name] if state.before else []
    parts = parts or ["outlay", "costs", "--period", state.period.name]
    parts += ["--by", state.by]
    for name, value in state.where.items():
        parts += ["--where", f"{name}={value}"]
    if state.wanted:
        parts += ["--currency", str(state.currency)]
    return shlex.join(parts)
