"""Evidence: a slice of the ledger expanded to what it was made of, so that anybody can add it up again.

Shares lead to their pool and rule, pools to the lines of the bill, weights to rolled-up usage and its events, and
events to the prices that were used. Everything is read from the store; nothing is computed from floats or estimates.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import cast

from outlay.allocate.rules import DEFAULT, Rule, Rules, from_definitions, read
from outlay.allocate.stage import driver_flags
from outlay.capture.retention import Removal, removals
from outlay.errors import Broken
from outlay.explain.rows import ledger
from outlay.prices.steps import from_json
from outlay.store import Row, Store
from outlay.store.statement import text_of
from outlay.terms.attribution import ATTRIBUTION
from outlay.terms.period import Period
from outlay.terms.unit import TOKEN_UNITS

_QUERY = "explain/evidence_share"
_ATTO = -18
_ZERO = Decimal(0)
_DIMENSIONS = (*ATTRIBUTION, "model")
#: What names one share within its run.
_Key = tuple[object, ...]


def evidence(
    store: Store, period: Period, *, where: Mapping[str, str] | None = None, most: int = 20
) -> dict[str, object]:
    """Expand a slice of the ledger to its inputs.

    Args:
        store: Holds the published ledger.
        period: Whole days.
        where: Value by dimension of a share; the empty text asks for what names none.
        most: How many shares, and for each how many charges and events; the rest is counted and summed.

    Returns:
        - `period`, `where`, and `query`: name, text and parameters of the query that found the shares.
        - `totals`: amount of the whole slice by currency.
        - `shares`, dearest first: the columns of `share`, `rule_version`, `pool_amount`, `total_weight` (of all
          shares of the pool), `left_over` and `place`. The amount in units of 1e-12, without sign, is `pool_amount *
          weight` divided by `total_weight`, rounded down, plus one when `place <= left_over`. `measured` holds the
          rows of rolled-up usage whose `weight` sums to the share's; `events` the dearest events behind them, each
          with `usage` by unit, `amount`, `prices` (an `amount` per so many), `source` and `valid_from` (within the
          month); an event's amount is quantity times price, halves rounded up at 1e-12; `other_events` counts and
          sums the rest. Both are empty for shares that no usage drives; where the month's events were removed, there
          are none and `other_events` is None. `follows` names the slice that a
          proportional share followed, as `where` for another call, else None.
        - `pools`: `amount`, `charges` (take-in, file name, line, billed cost, and `part`: what of it falls on the
          pool's day), `other_charges` (count and sum of the rest), and `off_by`: pool minus the sum of all parts,
          zero unless a later import changed the bill and the month was not run again.
        - `rules`: version, name and definition of every rule named by a share.
        - `events_removed`: `month` and `removed_at` of the months of shares whose usage events were removed.

    Raises:
        UnknownName: `where` names no dimension of a share.
    """
    where = where or {}
    values: dict[str, object] = {"first": period.first, "end": period.end, "most": most}
    shares = store.rows(_QUERY, values, table="share", where=where)
    totals = ledger(store, period, (), where)
    pools: list[dict[str, object]] = []
    used: dict[tuple[str, str], dict[str, object]] = {}
    removed: list[Removal] = []
    for run in sorted({cast(str, share["run"]) for share in shares}):
        own = [share for share in shares if share["run"] == run]
        rules = _rules_of(store, cast(str, own[0]["rule_version"]))
        asked = _asked(run, cast(date, own[0]["month"]), most, own)
        sealed = [one for one in removals(store) if one.month.first == own[0]["month"]]
        removed += sealed
        pools += _pools(store, own, asked, rules)
        for name in sorted({cast(str, share["rule"]) for share in own}):
            rule = next((rule for rule in rules.rules if rule.name == name), None)
            of_rule = [share for share in own if share["rule"] == name]
            _add_usage(store, of_rule, rule, asked, sealed=bool(sealed))
            used[rules.version, name] = _shown_rule(rules, name)
    return {
        "period": str(period),
        "where": dict(where),
        "totals": {cast(str, row["currency"]): row["amount"] for row in totals},
        "shares": shares,
        "pools": pools,
        "rules": list(used.values()),
        "events_removed": [{"month": one.month.name, "removed_at": one.removed_at} for one in removed],
        "query": {"name": _QUERY, "text": text_of(_QUERY, store.engine), "parameters": values},
    }


def _asked(run: str, month: date, most: int, shares: Sequence[Row]) -> dict[str, object]:
    whole = Period.month(f"{month:%Y-%m}")
    return {
        "run": run,
        "month": month,
        "starts_at": whole.starts_at,
        "ends_at": whole.ends_at,
        "most": most,
        "pools": _listed(shares),
    }


def _listed(shares: Sequence[Row]) -> str:
    """Return the numbers of pools as one text, each between commas."""
    return "".join(f",{pool}" for pool in sorted({cast(int, share["pool"]) for share in shares})) + ","


def _rules_of(store: Store, version: str) -> Rules:
    """Return the rules in the version a run used."""
    default = read(DEFAULT)
    if default.version == version:
        return default
    by_place = {
        row["place"]: cast(str, row["definition"]) for row in store.rows("explain/evidence_rule", {"version": version})
    }
    if not by_place:
        raise Broken(f"the ledger was made with version {version} of the rules, which the store does not hold")
    return from_definitions(list(by_place.values()))


def _shown_rule(rules: Rules, name: str) -> dict[str, object]:
    written = [json.loads(text) for rule, text in zip(rules.rules, rules.definitions, strict=True) if rule.name == name]
    return {"rule_version": rules.version, "rule": name, "definition": written[0] if written else None}


def _pools(
    store: Store, shares: Sequence[Row], asked: Mapping[str, object], rules: Rules
) -> Iterator[dict[str, object]]:
    found = store.rows("explain/evidence_charge", asked, table="charge", by=rules.columns)
    by_pool: dict[object, list[Row]] = {}
    for row in found:
        by_pool.setdefault(row["pool"], []).append(row)
    one_each = {share["pool"]: share for share in reversed(shares)}
    for number in sorted(one_each, key=lambda pool: cast(int, pool)):
        share, lines = one_each[number], by_pool.get(number, [])
        whole = cast(Decimal, lines[0]["whole"]) if lines else _ZERO
        shown = sum((cast(Decimal, line["part"]) for line in lines), _ZERO)
        count = cast(int, lines[0]["charges"]) if lines else 0
        yield {
            **{name: share[name] for name in ("run", "pool", "day", "rule", "currency", "provider")},
            "amount": share["pool_amount"],
            "consumed_quantity": share["consumed_quantity"],
            "charges": [{k: v for k, v in line.items() if k not in ("pool", "charges", "whole")} for line in lines],
            "other_charges": {"charges": count - len(lines), "part": whole - shown},
            "off_by": cast(Decimal, share["pool_amount"]) - whole,
        }


def _add_usage(
    store: Store, shares: Sequence[Row], rule: Rule | None, asked: Mapping[str, object], *, sealed: bool
) -> None:
    """Give the shares of one rule the usage that drove them; of a sealed month, its roll-ups are all there is."""
    for share in shares:
        share.update(measured=[], events=[], other_events={"events": 0, "amount": _ZERO}, follows=None)
    if rule is None:
        return
    for share in shares:
        if share["method"] == "proportional" and share["driver"]:
            share["follows"] = {name: share[name] or "" for name in _DIMENSIONS if name in rule.to}
    # As the stage did: the day's usage first, then the month's for pools whose day had none.
    left = [
        share for share in shares if share["method"] == "driver" and share["driver"] and share["state"] == "allocated"
    ]
    for whole_month in (0, 1):
        if left:
            flags = {**driver_flags(rule, asked, whole_month), "pools": _listed(left)}
            events = [] if sealed else store.rows("explain/evidence_event", flags)
            _fill(left, store.rows("explain/evidence_measured", flags), events)
            left = [share for share in left if not share["measured"]]
    for share in shares if sealed else ():
        if share["measured"]:
            share["other_events"] = None


def _fill(shares: Sequence[Row], measured: Sequence[Row], events: Sequence[Row]) -> None:
    by_key = {_key(share, ""): share for share in shares}
    for row in measured:
        if row["weight"] and (share := by_key.get(_key(row, "to_"))):
            cast(list[object], share["measured"]).append(_without_key(row))
    for row in events:
        share = by_key.get(_key(row, "to_"))
        if share and share["measured"]:
            shown = cast(list[object], share["events"])
            shown.append(_event(row))
            rest = cast(dict[str, object], share["other_events"])
            before = cast(Decimal, row["events_amount"]) if len(shown) == 1 else cast(Decimal, rest["amount"])
            rest["events"] = cast(int, row["events"]) - len(shown)
            rest["amount"] = before - cast(Decimal, row["amount"])


def _key(row: Row, prefix: str) -> _Key:
    return (row["pool"], *(row[f"{prefix}{name}"] for name in _DIMENSIONS))


def _without_key(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "pool" and not name.startswith("to_")}


def _event(row: Row) -> Row:
    """Return an event with its usage and prices by unit."""
    usage: dict[str, object] = {unit: row[unit] for unit in TOKEN_UNITS if row[unit]}
    prices: dict[str, object] = {}
    steps = from_json(cast(str, row["steps"]))
    for unit in usage:
        atto = cast("int | None", row[f"{unit}_atto"])
        prices[unit] = None if atto is None else {"amount": Decimal(atto).scaleb(_ATTO), "per": 1}
        if atto is not None and (later := _later(atto, steps.get(unit, ()))):
            cast(dict[str, object], prices[unit])["then"] = later
    if row["unit"] is not None:
        unit = cast(str, row["unit"])
        usage[unit] = row["quantity"]
        amount = row["unit_amount"]
        prices[unit] = None if amount is None else {"amount": amount, "per": row["unit_per"]}
    left_out = {"unit", "quantity", "steps", "unit_amount", "unit_per", "events", "events_amount"}
    left_out |= {*TOKEN_UNITS, *(f"{unit}_atto" for unit in TOKEN_UNITS)}
    kept = {name: value for name, value in _without_key(row).items() if name not in left_out}
    return {**kept, "usage": usage, "prices": prices}


def _later(atto: int, steps: Sequence[tuple[int, int]]) -> list[dict[str, object]]:
    """Return the marginal prices of tokens that come after so many."""
    found: list[dict[str, object]] = []
    for before, more in steps:
        atto += more
        found.append({"after": before, "amount": Decimal(atto).scaleb(_ATTO), "per": 1})
    return found
