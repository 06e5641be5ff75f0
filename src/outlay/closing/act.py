"""The acts: a month is closed once everything about it is settled, and opened again with a reason."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import cast

from outlay.closing.decisions import Closing, closing_of, fingerprint, unchanged
from outlay.closing.movements import came_since
from outlay.errors import BadInput, Broken, Refused
from outlay.store import Row, Store
from outlay.terms.money import EXACT, plain
from outlay.terms.period import Period

#: How much of what was billed may be without an explanation, unless somebody accepts more, in percent.
DEFAULT_OPEN = Decimal(5)
_PERCENT = Decimal(100)


def close(
    store: Store,
    month: Period,
    *,
    now: datetime,
    reason: str = "",
    accept_gap: str = "",
    most_open: Decimal = DEFAULT_OPEN,
    actor: str = "local",
) -> Closing:
    """Make a month's figures final.

    Args:
        store: Holds the published month.
        month: A whole month.
        now: The instant.
        reason: Why, for the record.
        accept_gap: Why a gap above the limit is accepted.
        most_open: Percent of what was billed that may be without an explanation.
        actor: Who decides.

    Returns:
        The decision.

    Raises:
        Refused: It is closed (`closed`), not over (`month-not-over`), not up to date (`not-up-to-date`), or too much of
            its gap is without an explanation (`gap-open`).
        BadInput: It has no published ledger (`no-ledger`).
        Broken: Its ledger does not add up (`law-3`).
    """
    if closing_of(store, month):
        raise Refused(
            f"{month.name} is closed already", fix="see `outlay restatements` for what moved since", code="closed"
        )
    if month.ends_at > now:
        raise Refused(f"{month.name} is not over", fix=f"close it on {month.end} or later", code="month-not-over")
    ledger = _ledger(store, month)
    run = cast(str, ledger["run"])
    _up_to_date(store, month, cast(datetime, ledger["published_at"]))
    _adds_up(store, run)
    _explained(store, month, run, most_open, accept_gap)
    why = "; ".join(text for text in (reason.strip(), accept_gap.strip()) if text)
    version = cast(str, ledger["rule_version"])
    made = Closing(
        month=month,
        decided_at=now,
        closed=True,
        actor=actor,
        reason=why,
        run=run,
        rule_version=version,
        fingerprint=fingerprint(store, run),
    )
    _record(store, made, f"figures {made.fingerprint[:16]}")
    return made


def reopen(store: Store, month: Period, *, now: datetime, reason: str, actor: str = "local") -> Closing:
    """Let a closed month be made anew; its next run takes in itself what was shown as adjustments.

    Args:
        store: Holds the closed month.
        month: A whole month.
        now: The instant.
        reason: Why.
        actor: Who decides.

    Raises:
        BadInput: No reason was given (`no-reason`).
        Refused: The month is not closed (`not-closed`).
    """
    if not reason.strip():
        raise BadInput("no reason is given", fix="say why the month is opened again: --reason TEXT", code="no-reason")
    held = closing_of(store, month)
    if held is None:
        raise Refused(f"{month.name} is not closed", fix="it can be run as it is", code="not-closed")
    made = replace(held, decided_at=now, closed=False, actor=actor, reason=reason.strip())
    kept = "unchanged since it was closed" if unchanged(store, held) else "no longer what it was closed with"
    _record(store, made, f"its ledger was {kept}")
    return made


def _ledger(store: Store, month: Period) -> Row:
    found = [row for row in store.rows("explain/published") if cast(date, row["month"]) == month.first]
    if not found:
        raise BadInput(
            f"there is no ledger of {month.name} to close",
            fix=f"make it first: outlay run --period {month.name}",
            code="no-ledger",
        )
    return found[0]


def _up_to_date(store: Store, month: Period, published_at: datetime) -> None:
    newer = came_since(store, month, published_at)
    if newer:
        named = ", ".join(str(row["take_in"]) for row in newer[:3]) + (", ..." if len(newer) > 3 else "")  # noqa: PLR2004
        raise Refused(
            f"{len(newer)} imports came after the ledger of {month.name} was made ({named})",
            fix=f"make it anew: outlay run --period {month.name}",
            code="not-up-to-date",
        )


def _adds_up(store: Store, run: str) -> None:
    off = [row for row in store.rows("allocate/conserved", {"run": run}) if row["off_by"]]
    if off:
        raise Broken(
            f"the ledger of run {run} does not add up for {off[0]['provider']}",
            fix="keep the store and report this; nothing was closed",
            code="law-3",
        )


def _explained(store: Store, month: Period, run: str, most_open: Decimal, accepted: str) -> None:
    """Refuse a month of which too much is without an explanation, unless that is accepted with a reason."""
    too_much = [row for row in store.rows("closing/gap", {"run": run}) if _open(row) > most_open]
    if too_much and not accepted.strip():
        raise Refused(
            f"of what was billed for {month.name}, {_listed(too_much)} is without an explanation",
            fix=f"see `outlay reconcile --period {month.name}`, then close with --accept-gap REASON",
            code="gap-open",
        )


def _open(row: Row) -> Decimal:
    """Return how much of what was billed is open, in percent."""
    billed = abs(cast(Decimal, row["billed"]))
    return EXACT.divide(cast(Decimal, row["open"]) * _PERCENT, billed) if billed else Decimal(0)


def _listed(rows: Sequence[Row]) -> str:
    return ", ".join(f"{plain(_open(row).quantize(Decimal('0.1')))} % of {row['provider']}" for row in rows)


def _record(store: Store, made: Closing, detail: str) -> None:
    said = f"{detail}; {made.reason}" if made.reason else detail
    action = "month-closed" if made.closed else "month-reopened"
    with store.transaction():
        store.insert(
            "audit",
            [
                {
                    "done_at": made.decided_at,
                    "actor": made.actor,
                    "action": action,
                    "subject": made.month.name,
                    "detail": said,
                }
            ],
        )
        store.insert(
            "closing",
            [
                {
                    "month": made.month.first,
                    "decided_at": made.decided_at,
                    "closed": made.closed,
                    "actor": made.actor,
                    "reason": made.reason,
                    "run": made.run,
                    "rule_version": made.rule_version,
                    "fingerprint": made.fingerprint,
                }
            ],
        )
