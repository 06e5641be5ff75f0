"""Versions of the rules: which one a month uses, who put it into force, why, and from which month on.

Comes in: rules. Goes out: rows of `rule`; the rules of a month; the history.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import cast

from outlay.allocate.rules import DEFAULT, Rules, from_definitions, read
from outlay.errors import BadInput
from outlay.store import Row, Store
from outlay.terms.period import Period


@dataclass(frozen=True, slots=True)
class Applied:
    """One time that rules were put into force.

    Args:
        rule_version: Fingerprint of the rules.
        applied_at: When.
        effective_from: First day of the first month they are for; None for all months.
        author: Who did it, where that was told.
        reason: Why, where that was told.
        rules: How many rules they are.
    """

    rule_version: str
    applied_at: datetime
    effective_from: date | None
    author: str | None
    reason: str | None
    rules: int


def rules_in_force(store: Store, month: date | None = None) -> Rules:
    """Return the rules of a month: of those meant for it, the ones applied last; the default ones when there are none.

    Args:
        store: Holds the rules.
        month: First day of the month; None means whichever were applied last.
    """
    found = store.rows("allocate/rules_in_force", {"month": month or date(2299, 1, 1)})
    return _read(found) if found else read(DEFAULT)


def made_with(store: Store, month: Period) -> tuple[str, Rules]:
    """Return the run that is the ledger of a month, and the rules it was made with.

    Raises:
        BadInput: The month has no ledger yet.
    """
    found = store.rows("allocate/run_in_force", {"month": month.first})
    if not found:
        raise BadInput(
            f"there is no ledger of {month.name}",
            fix=f"make it first: outlay run --period {month.name}",
            code="no-ledger",
        )
    return cast(str, found[0]["run"]), rules_of(store, cast(str, found[0]["rule_version"]))


def rules_of(store: Store, version: str) -> Rules:
    """Return the rules in a version.

    Raises:
        BadInput: The store holds no such version.
    """
    default = read(DEFAULT)
    if version == default.version:
        return default
    found = store.rows("allocate/rules_of", {"version": version})
    if not found:
        raise BadInput(
            f"there is no version {version!r} of the rules",
            fix="take one that `outlay rules history` shows",
            code="unknown-version",
        )
    return _read(found)


def apply_rules(
    store: Store,
    rules: Rules,
    *,
    now: datetime,
    author: str | None = None,
    reason: str | None = None,
    effective_from: date | None = None,
) -> None:
    """Put a version of the rules into force; runs from now on use it.

    Args:
        store: Keeps it.
        rules: The rules.
        now: The instant of it.
        author: Who does it.
        reason: Why.
        effective_from: First day of the first month they are for; months before keep theirs. None means all months.
    """
    told = {
        "rule_version": rules.version,
        "applied_at": now,
        "author": author,
        "reason": reason,
        "effective_from": effective_from,
    }
    written = [
        *rules.named,
        *(("", rule.name, text) for rule, text in zip(rules.rules, rules.definitions, strict=True)),
    ]
    places = {"": 0, "mapping": 0, "dimension": 0}
    rows: list[Row] = []
    for kind, name, text in written:
        places[kind] += 1
        rows.append({**told, "kind": kind, "place": places[kind], "rule": name, "definition": text})
    store.insert("rule", rows)


def history(store: Store) -> list[Applied]:
    """Return every time that rules were put into force, the last first."""
    return [
        Applied(
            cast(str, row["rule_version"]),
            cast(datetime, row["applied_at"]),
            cast("date | None", row["effective_from"]),
            cast("str | None", row["author"]),
            cast("str | None", row["reason"]),
            cast(int, row["rules"]),
        )
        for row in store.rows("allocate/rule_history")
    ]


def _read(found: list[Row]) -> Rules:
    texts = [(cast(str, row["kind"]), cast(str, row["rule"]), cast(str, row["definition"])) for row in found]
    return from_definitions(
        [text for kind, _, text in texts if not kind],
        [one for wanted in ("mapping", "dimension") for one in texts if one[0] == wanted],
    )
