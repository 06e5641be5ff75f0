"""Evidence: a slice of the ledger expanded to what it was made of, so that anybody can add it up again.

Shares lead to their pool and rule, pools to the lines of the bill, weights to rolled-up usage and its events, and
events to the prices that were used. Everything is read from the store; nothing is computed from floats or estimates.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import cast

from outlay.allocate.grammar.rule import METRIC, Rule
from outlay.allocate.grammar.words import BETWEEN, WITHIN
from outlay.allocate.rules import Rules
from outlay.allocate.splitting import driver_flags
from outlay.allocate.versions import rules_of
from outlay.capture.retention import Removal, removals
from outlay.errors import BadInput, Broken
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
#: Windows that rolled-up usage shows: the day, and the month.
_MEASURED = (0, 1)
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
        - `shares`, dearest first: the columns of `share`, `rule_version`, `pool_amount`, and how it was split. Pools
          that split alike are one `pot`; what it gives is `pot_share`: in units of 1e-12, without sign, `pot_amount *
          weight` divided by `total_weight` (of all shares of the pot), rounded down, plus one when `place <=
          left_over`. The pool's part of that is F(b, d) - F(a, d) - F(b, c) + F(a, c), where F(x, y) is x * y divided
          by the whole pot, rounded down, from a = `pool_before` to b = a plus the pool, and from c = `share_before` to
          d = c plus `pot_share`; a pool alone in its pot gives all. `driver_day` and `whole_month` say which driver.
          `measured` holds the rows of rolled-up usage whose `weight` sums to the share's; `events` the dearest events
          behind them, each with `usage` by unit, `amount`, `prices` (an `amount` per so many), `source` and
          `valid_from` (within the month); an event's amount is quantity times price, halves rounded up at 1e-12;
          `other_events` counts and sums the rest. Both are empty for shares that no usage drives; where the month's
          events were removed, there are none and `other_events` is None. `follows` names the slice that a
          proportional share followed, as `where` for another call, else None.
        - `pools`: `amount`, `passing` (`out` or `in` where shares of others are passed on; these have no charges of
          their own, `outlay trace-back` leads on), `charges` (take-in, file name, line, billed cost, and `part`: what
          of it falls on the pool's day), `other_charges` (count and sum of the rest), and `off_by`: pool minus the sum
          of all parts, zero unless a later import changed the bill and the month was not run again.
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
        asked = asked_of(run, cast(date, own[0]["month"]), most, own)
        sealed = [one for one in removals(store) if one.month.first == own[0]["month"]]
        removed += sealed
        pools += pools_of(store, own, asked, rules)
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


def asked_of(run: str, month: date, most: int, shares: Sequence[Row]) -> dict[str, object]:
    """Return the parameters that the queries about shares of one run have in common."""
    whole = Period.month(f"{month:%Y-%m}")
    return {
        "run": run,
        "month": month,
        "starts_at": whole.starts_at,
        "ends_at": whole.ends_at,
        "most": most,
        "pools": listed_numbers(shares, "pool"),
    }


def listed_numbers(shares: Sequence[Row], name: str) -> str:
    """Return the numbers of pools or pots as one text, each between commas."""
    return "".join(f",{number}" for number in sorted({cast(int, share[name]) for share in shares})) + ","


def _rules_of(store: Store, version: str) -> Rules:
    """Return the rules in the version a run used."""
    try:
        return rules_of(store, version)
    except BadInput as error:
        raise Broken(
            f"the ledger was made with version {version} of the rules, which the store does not hold"
        ) from error


def _shown_rule(rules: Rules, name: str) -> dict[str, object]:
    written = [json.loads(text) for rule, text in zip(rules.rules, rules.definitions, strict=True) if rule.name == name]
    return {"rule_version": rules.version, "rule": name, "definition": written[0] if written else None}


def pools_of(
    store: Store, shares: Sequence[Row], asked: Mapping[str, object], rules: Rules
) -> Iterator[dict[str, object]]:
    """Yield the pools of shares of one run, each with its charges (see `evidence`)."""
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
            "passing": share["passing"],
            "off_by": _ZERO if share["passing"] else cast(Decimal, share["pool_amount"]) - whole,
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
    # What a metric measured, or the larger of two, is told by the rows of `driver`; this is for what usage measured.
    by_usage = rule.split == "driver" and not any(one.startswith(METRIC) for one in rule.measures)
    left = [s for s in shares if by_usage and s["method"] == "driver" and s["driver"] and s["state"] == "allocated"]
    left = [s for s in left if len(rule.measures) == 1 and s["whole_month"] in _MEASURED]
    for whole_month in _MEASURED:  # a pool of an old ledger does not say which, so both are tried
        if left:
            flags = {**driver_flags(rule, asked, whole_month), "pools": listed_numbers(left, "pot")}
            flags["shown"] = _listed_shares(left)
            events = [] if sealed else store.rows("explain/evidence_event", flags)
            _fill(left, store.rows("explain/evidence_measured", flags), events)
            left = [share for share in left if not share["measured"]]
    for share in shares if sealed else ():
        if share["measured"]:
            share["other_events"] = None


def _listed_shares(shares: Sequence[Row]) -> str:
    """Return shares of pots as one text, each between separators that no name has."""
    named = (WITHIN.join([str(s["pot"]), *(str(s[name] or "") for name in _DIMENSIONS)]) for s in shares)
    return "".join(f"{BETWEEN}{text}{BETWEEN}" for text in named)


def _fill(shares: Sequence[Row], measured: Sequence[Row], events: Sequence[Row]) -> None:
    by_key: dict[_Key, list[Row]] = {}
    for share in shares:
        by_key.setdefault(_key({**share, "pool": share["pot"]}, ""), []).append(share)
    for row in measured:
        for share in by_key.get(_key(row, "to_"), []) if row["weight"] else ():
            cast(list[object], share["measured"]).append(_without_key(row))
    for row in events:
        for share in (share for share in by_key.get(_key(row, "to_"), []) if share["measured"]):
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
