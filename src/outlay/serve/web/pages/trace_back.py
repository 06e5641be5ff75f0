"""Trace back: where an amount comes from: which bills, which rules, and share by share down to lines of the bill."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast

from outlay.exchange.conversion import Conversion
from outlay.explain.converted import ledger_worth
from outlay.explain.rows import ledger
from outlay.explain.trace_back import trace_back as lead_back
from outlay.serve.encode import to_jsonable
from outlay.serve.web.conversion import told
from outlay.serve.web.figures import permille, ratio_of
from outlay.serve.web.pages.asked import Asked
from outlay.serve.web.words import METHODS, driver_of, heading, value_of
from outlay.store import Row, Store
from outlay.terms.attribution import ATTRIBUTION

_ZERO = Decimal(0)
#: How many shares are shown where the address does not say, and how many rows of each part of one.
USUAL = 5
_SHOWN = 6
#: What a share names, in the order in which it is said.
_NAMES = (*ATTRIBUTION, "model")


@dataclass(frozen=True, slots=True)
class Part:
    """One row of what an amount is made of.

    Args:
        name: As shown.
        further: What else is to be said of it.
        amount: Money.
        currency: Of it.
        part: Of the whole slice in that currency, 0 to 1; None of nothing.
        length: Of its bar, 0 to 1000.
        url: The page of it alone.
    """

    name: str
    further: str
    amount: Decimal
    currency: str
    part: Decimal | None
    length: int
    url: str


def trace_back(store: Store, asked: Asked) -> dict[str, Any]:
    """Return what the page shows.

    Args:
        store: Holds the published ledger.
        asked: The slice.
    """
    found = lead_back(store, asked.period, where=asked.where, most=asked.most)
    totals = cast("dict[str, Decimal]", found["totals"])
    pools = {(pool["run"], pool["pool"]): _pool(pool) for pool in cast("list[Row]", found["pools"])}
    rules = {(rule["rule_version"], rule["rule"]): _rule(rule) for rule in cast("list[Row]", found["rules"])}
    return {
        "asked": asked,
        "period": asked.period,
        "totals": totals,
        **_worth(store, asked, totals),
        "bills": _parts(store, asked, ("provider", "service_name"), totals),
        "through": _parts(store, asked, ("rule", "method", "driver"), totals),
        "shares": [_share(share, asked, pools, rules) for share in cast("list[Row]", found["shares"])],
        "pools": pools,
        "removed": found["events_removed"],
        "shown": _SHOWN,
    }


def _worth(store: Store, asked: Asked, totals: Mapping[str, Decimal]) -> dict[str, Any]:
    """Return what the slice is worth in the page's currency, where it is in another, and by which rates."""
    if asked.currency is None or set(totals) <= {asked.currency.currency}:
        return {"worth": None, "converted": None}
    conversion = Conversion(store, asked.period, asked.currency)
    made = ledger_worth(store, conversion, asked.period, (), asked.where)
    return {
        "worth": made.totals.get(asked.currency.currency) if made.used else None,
        "converted": told(conversion.stated(asked.period, made.unrated, made.used)),
    }


def _parts(store: Store, asked: Asked, by: Sequence[str], totals: Mapping[str, Decimal]) -> list[Part]:
    """Return what the slice is made of, by some dimensions, dearest first."""
    rows = ledger(store, asked.period, by, asked.where)
    largest = max((abs(cast(Decimal, row["amount"])) for row in rows), default=_ZERO)
    return [
        Part(
            value_of(by[0], row[by[0]]) if row[by[0]] or by[0] != "rule" else "No rule",
            how_of(row) if by[0] == "rule" else str(row[by[1]] or ""),
            amount := cast(Decimal, row["amount"]),
            currency := cast(str, row["currency"]),
            ratio_of(amount, totals[currency]),
            permille(amount, largest),
            asked.narrowed(**{name: row[name] for name in by[:2]}),
        )
        for row in rows
    ]


def how_of(share: Mapping[str, object]) -> str:
    """Return how a rule split, in words.

    >>> how_of({"method": "driver", "driver": "unit:gpu_second"}), how_of({"method": "even", "driver": ""})
    ('split by gpu second', 'in equal parts')
    """
    said = METHODS.get(str(share["method"]), str(share["method"]))
    return said.format(driver=driver_of(str(share["driver"] or "")))


def _share(
    share: Row, asked: Asked, pools: Mapping[Any, dict[str, Any]], rules: Mapping[Any, dict[str, Any]]
) -> dict[str, Any]:
    """Return a share with what the page says of it."""
    drivers = cast("list[Row]", share["driver_rows"])
    whole = Decimal(cast(int, share["total_weight"]))
    follows = cast("dict[str, str] | None", share["follows"])
    return {
        **share,
        "named": [(heading(name), str(share[name])) for name in _NAMES if share[name]],
        "how": how_of(share),
        "ratio": ratio_of(Decimal(cast(int, share["weight"])), whole),
        "pool": pools[share["run"], share["pool"]],
        "made_by": rules[share["rule_version"], share["rule"]],
        "driver_name": driver_of(cast(str, share["driver"])),
        "drivers": [_driver(row, whole) for row in drivers[:_SHOWN]],
        "more_drivers": max(0, len(drivers) - _SHOWN),
        "follows_url": asked.url(where=follows) if follows else None,
        "url": asked.narrowed(**{name: share[name] for name in ("day", "rule", "provider", "service_name", *_NAMES)}),
    }


def _driver(row: Row, whole: Decimal) -> dict[str, Any]:
    named = [f"{heading(name)} {row[name]}" for name in _NAMES if row[name]]
    return {
        "who": ", ".join(named) or ("stands idle" if row["state"] == "idle" else "everybody alike"),
        "day": row["driver_day"],
        "whole_month": row["whole_month"],
        "part": ratio_of(Decimal(cast(int, row["weight"])), whole),
    }


def _pool(pool: Row) -> dict[str, Any]:
    charges, taken = cast("list[Row]", pool["charges"]), cast("list[Row]", pool.get("taken", []))
    rest = cast("dict[str, Any]", pool["other_charges"])
    hidden = charges[_SHOWN:]
    return {
        **pool,
        "charges": charges[:_SHOWN],
        "more": rest["charges"] + len(hidden),
        "more_amount": rest["part"] + sum((cast(Decimal, line["part"]) for line in hidden), _ZERO),
        "taken": taken[:_SHOWN],
        "more_taken": max(0, len(taken) - _SHOWN),
    }


def _rule(rule: Row) -> dict[str, Any]:
    text = json.dumps(to_jsonable(rule["definition"]), ensure_ascii=False, indent=2) if rule["definition"] else ""
    return {**rule, "text": text}
