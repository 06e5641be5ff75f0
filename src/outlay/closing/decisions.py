"""Decisions: which months are closed, by whom and why, and whether their figures are still what was decided on."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast

from outlay.store import Row, Store
from outlay.terms.money import plain
from outlay.terms.period import Period


@dataclass(frozen=True, slots=True)
class Closing:
    """One decision about a month.

    Args:
        month: The month.
        decided_at: When.
        closed: Whether it is closed from then on.
        actor: Who decided.
        reason: Why.
        run: The run whose figures are final.
        rule_version: The rules that it used.
        fingerprint: Of its figures.
    """

    month: Period
    decided_at: datetime
    closed: bool
    actor: str
    reason: str
    run: str
    rule_version: str
    fingerprint: str


def closings(store: Store) -> list[Closing]:
    """Return every decision about every month, oldest first within a month."""
    return [_read(row) for row in store.rows("closing/decisions")]


def closing_of(store: Store, month: Period) -> Closing | None:
    """Return the closing of a month that is in force, if it is closed."""
    newest = [one for one in closings(store) if one.month == month][-1:]
    return newest[0] if newest and newest[0].closed else None


def fingerprint(store: Store, run: str) -> str:
    """Return the SHA-256 of a run's figures, in hex: of what was billed and of every part of its ledger."""
    digest = hashlib.sha256()
    for query in ("closing/figures", "closing/figures_by"):
        for row in store.rows(query, {"run": run}):
            digest.update("␟".join(_text(value) for value in row.values()).encode() + b"\n")
    return digest.hexdigest()


def unchanged(store: Store, closing: Closing) -> bool:
    """Say whether a closed month's figures are those that were decided on."""
    return fingerprint(store, closing.run) == closing.fingerprint


def _text(value: object) -> str:
    return "" if value is None else str(value) if isinstance(value, str) else plain(value)  # type: ignore[arg-type]


def _read(row: Row) -> Closing:
    fields = {name: row[name] for name in ("actor", "reason", "run", "rule_version", "fingerprint")}
    return Closing(
        month=Period.month(f"{cast(date, row['month']):%Y-%m}"),
        decided_at=cast(datetime, row["decided_at"]),
        closed=bool(row["closed"]),
        **fields,  # type: ignore[arg-type]  # the columns of text
    )
