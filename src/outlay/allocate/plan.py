"""Plans: what other rules would move, for whom, before they are put into force.

Comes in: rules, and a month whose ledger is published. Goes out: dollars by feature, customer, team and rule, before
and after. Nothing is published: what is split anew is split under a name of its own and removed again.

Only rules that differ are split anew, and those that follow others. What stays as it is, is read from the ledger.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import cast

from outlay.allocate.grammar.words import listed
from outlay.allocate.rules import Rules
from outlay.allocate.stage import gather, split_all
from outlay.allocate.versions import made_with
from outlay.errors import EngineFailed
from outlay.store import Row, Store
from outlay.terms.period import Period

#: By what a plan is shown.
SHOWN = ("feature", "customer", "team", "rule", "state")
_TABLES = ("assignment", "pool", "pot", "driver", "share")


@dataclass(frozen=True, slots=True)
class Plan:
    """What rules would move in one month.

    Args:
        month: The month.
        before: Version of the rules that its ledger was made with.
        after: Version of the rules that are planned.
        changed: Names of the rules that were split anew, or are gone.
        moved: Rows by `feature`, `customer`, `team`, `rule` and `state`: the value, `currency`, `before`, `after` and
            `change`, those that change only, the largest change first; the changes of each sum to zero by currency.
    """

    month: Period
    before: str
    after: str
    changed: Sequence[str]
    moved: Mapping[str, Sequence[Row]]


def plan(store: Store, rules: Rules, month: Period, *, now: datetime) -> Plan:
    """Say what rules would move in a month, without publishing anything.

    Args:
        store: Holds the month's ledger.
        rules: The rules that are planned.
        month: The month.
        now: The instant of the plan.

    Returns:
        The same amounts that a run with these rules would give, to the last digit.

    Raises:
        BadInput: The month has no ledger yet.
    """
    base, before = made_with(store, month)
    values: dict[str, object] = {
        "run": f"{base}-plan-{now:%Y%m%dT%H%M%S%f}",
        "month": month.first,
        "starts_at": month.starts_at,
        "ends_at": month.ends_at,
        "base": base,
        "rolled_run": base,
    }
    with _forgotten(store, cast(str, values["run"])):
        changed = _gathered(store, before, rules, values)
        only = frozenset(changed)
        kept = [rule.name for rule in rules.rules if rule.name not in only]
        split_all(store, rules, values | {"kept": listed([*kept, *([] if "" in only else [""])])}, only)
        wanted = values | {"changed": listed(sorted(changed))}
        moved = {name: _moved(store, name, wanted) for name in SHOWN}
    return Plan(month, before.version, rules.version, sorted(changed), moved)


def _gathered(store: Store, before: Rules, after: Rules, values: Mapping[str, object]) -> set[str]:
    """Gather charges by the rules planned, and return the names of the rules that must be split anew."""
    if _gathers(before) == _gathers(after):
        store.fill("pool", "allocate/pools_again", values)
        changed = set[str]()
    else:
        gather(store, after, values)
        changed = {cast(str, row["rule"]) for row in store.rows("allocate/pools_moved", values)}
    was = dict(zip((rule.name for rule in before.rules), before.definitions, strict=True))
    is_now = dict(zip((rule.name for rule in after.rules), after.definitions, strict=True))
    changed |= {name for name in {*was, *is_now} if was.get(name) != is_now.get(name)}
    if changed:
        follows = (rule for rule in (*before.rules, *after.rules) if rule.passes_on or rule.split == "proportional")
        changed |= {rule.name for rule in follows}
    return changed


def _gathers(rules: Rules) -> object:
    """Return all that decides which charges fall to which rule, and what they say about who caused them."""
    by_charge = [(one.name, one.match, one.sets) for one in rules.rules if not one.passes_on]
    return by_charge, rules.named, rules.keys


def _moved(store: Store, name: str, values: Mapping[str, object]) -> list[Row]:
    found = store.rows("allocate/plan_moved", values, table="share", by=(name,))
    rows = [{**row, "change": cast(Decimal, row["after"]) - cast(Decimal, row["before"])} for row in found]
    changing = [row for row in rows if row["change"]]
    return sorted(
        changing, key=lambda row: (-abs(cast(Decimal, row["change"])), str(row[name] or ""), str(row["currency"]))
    )


@contextmanager
def _forgotten(store: Store, run: str) -> Iterator[None]:
    """Leave nothing of a run behind."""
    try:
        yield
    finally:
        for table in _TABLES:
            with suppress(EngineFailed):
                store.delete(table, run=run)
