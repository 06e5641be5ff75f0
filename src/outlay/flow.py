"""The day on one page: the stages of a run, in order. Each is a function of (store, run) that fills its own tables.

    price -> roll up -> reconcile -> allocate -> sum -> check -> publish

A run makes the ledger of one month from everything taken in so far. It writes rows under its own name, so nothing
it does is seen before `publish` says so; a run that breaks a law publishes nothing. Running twice changes nothing.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from time import perf_counter
from typing import cast

from outlay.allocate import stage as allocation
from outlay.allocate.rules import Rules
from outlay.allocate.versions import rules_of
from outlay.capture.retention import refuse_removed, removals
from outlay.closing import Closing, came_since, closing_of, closings, move
from outlay.closing import Moved as Movement
from outlay.cost import stage as cost
from outlay.cost.rerating import Moved, compare
from outlay.errors import BadInput, EngineFailed, Refused
from outlay.prices import learn
from outlay.prices.book import Book
from outlay.store import Row, Store
from outlay.store.tables import RUN_TABLES
from outlay.terms.period import Period


@dataclass(frozen=True, slots=True)
class Run:
    """One run: the month it is for and what it is made from.

    Args:
        name: Its id; every row it writes carries it.
        month: The month.
        rules: The allocation rules.
        known_at: It uses the prices known then.
        corrected_at: Corrections of past prices learnt later are not used: instants by provider of the price book,
            the empty name for all others.
    """

    name: str
    month: Period
    rules: Rules
    known_at: datetime
    corrected_at: Mapping[str, datetime]

    @property
    def values(self) -> dict[str, object]:
        """Return the parameters that the stages' queries share."""
        return {
            "run": self.name,
            "month": self.month.first,
            "starts_at": self.month.starts_at,
            "ends_at": self.month.ends_at,
        }


@dataclass(frozen=True, slots=True)
class StageTime:
    """What one stage took: seconds, and the rows it left."""

    name: str
    seconds: float
    rows: int


@dataclass(frozen=True, slots=True)
class Published:
    """A run that kept every law and is now the ledger of its month.

    Args:
        run: The run.
        conserved: One row per provider and currency: billed, allocated, idle, unallocated.
        unpriced_quantity: Tokens and units without a price.
        unpriced_bound: The most that those may cost, by currency.
        stages: What each stage took.
        waiting: Corrections of past prices that this month waits for, until it is re-rated.
        moved: What it moved, where it replaced another run to re-rate it.
        movement: What it moved in a month that was over. Of a closed month these are adjustments: the run was let go
            again, and `run` and `conserved` are what the month was closed with.
    """

    run: Run
    conserved: Sequence[Row]
    unpriced_quantity: Decimal
    unpriced_bound: Decimal
    stages: Sequence[StageTime]
    waiting: int = 0
    moved: Moved | None = None
    movement: Movement | None = None


def price(store: Store, run: Run) -> None:
    """Find prices in force, and calls seen twice."""
    cost.price(store, run.known_at, run.corrected_at, run.values)


def roll_up(store: Store, run: Run) -> None:
    """Sum priced usage by day and hour."""
    cost.roll_up(store, run.values)


def reconcile(store: Store, run: Run) -> None:
    """Hold estimates against the bill."""
    cost.reconcile(store, run.known_at, run.corrected_at, run.values)


def allocate(store: Store, run: Run) -> None:
    """Turn charges into shares."""
    allocation.allocate(store, run.rules, run.values)


def sum_ledger(store: Store, run: Run) -> None:
    """Sum the shares for the pages that ask about features, teams and customers."""
    store.fill("rollup_ledger", "allocate/rollup_ledger", run.values)
    store.fill("rollup_ledger_month", "allocate/rollup_ledger_month", run.values)
    store.fill("rollup_coverage", "allocate/rollup_coverage", run.values)


#: The day. Each stage with the tables it fills.
STAGES: tuple[tuple[Callable[[Store, Run], None], tuple[str, ...]], ...] = (
    (price, ("correction_cutoff", "price_vector", "observation")),
    (roll_up, ("rollup_day", "rollup_hour", "rollup_user_month", "rollup_usage_month")),
    (reconcile, ("reconciliation", "gap_evidence", "calibrated_cost")),
    (allocate, ("assignment", "pool", "pot", "driver", "share")),
    (sum_ledger, ("rollup_ledger", "rollup_ledger_month", "rollup_coverage")),
)


def run_month(
    store: Store, month: Period, *, now: datetime, known_at: datetime | None = None, rerated: str | None = None
) -> Published:
    """Make and publish the ledger of one month.

    A month that was made after its end keeps its prices: new prices are used where there were none, but corrections
    of past prices wait until the month is re-rated. A closed month keeps its ledger too: what a run moves in it becomes
    adjustments, shown in the month in which they are found.

    Args:
        store: Holds what was taken in.
        month: A whole month.
        now: The instant of the run.
        known_at: Use the prices known at this instant, corrections too; None means `now`.
        rerated: Use all corrections known now: those of this provider, or of all when it is empty; and say what moved.

    Raises:
        Refused: The month's usage events were removed, or it was closed or opened again in the meantime.
        Broken: A law does not hold; nothing was published.
    """
    _refuse_sealed(store, [month])
    closed = closing_of(store, month)
    name = _new_name(store, month, now)
    corrected_at = {"": known_at} if known_at else cost.corrected_at(store, month, now=now, rerated=rerated)
    rules = rules_of(store, closed.rule_version) if closed else allocation.rules_in_force(store, month.first)
    run = Run(name, month, rules, known_at or now, corrected_at)
    times: list[StageTime] = []
    try:
        for stage, tables in STAGES:
            began = perf_counter()
            stage(store, run)
            seconds = perf_counter() - began
            times.append(StageTime(stage.__name__, seconds, sum(store.count(table, run=name) for table in tables)))
        began = perf_counter()
        conserved = allocation.check(store, run.values)
        times.append(StageTime("check", perf_counter() - began, len(conserved)))
        unpriced = store.rows("cost/unpriced", run.values)[0]
        moved = _moved(store, run) if rerated is not None else None
        with store.transaction():
            _refuse_sealed(store, [month])  # its events may have been removed since the run began
            _refuse_decided(store, month, closed)
            movement = _movement(store, run, closed, now)
            if not closed:
                _publish(store, run, now)
    except BaseException:
        _forget(store, name)
        raise
    if closed:
        _forget(store, name)
        run, conserved = replace(run, name=closed.run), store.rows("allocate/conserved", {"run": closed.run})
    else:
        _let_go_of_earlier(store, run)
    return Published(
        run,
        conserved,
        cast(Decimal, unpriced["unpriced_quantity"]),
        cast(Decimal, unpriced["unpriced_bound"]),
        times,
        cost.waiting(store, run.corrected_at, run.values),
        moved,
        movement,
    )


def run(store: Store, period: Period | None, *, now: datetime, known_at: datetime | None = None) -> list[Published]:
    """Make and publish the ledger of every month a period touches.

    Args:
        store: Holds what was taken in.
        period: None means every month that has a charge or a usage event, without those whose events were removed, and
            without closed ones for which nothing came since.
        now: The instant of the run.
        known_at: Use the prices known at this instant; None means `now`.

    Raises:
        BadInput: Nothing has been taken in yet.
        Refused: The usage events of a month were removed (`events-removed`).
        Broken: A law does not hold; months before it are published, it and those after it are not.
    """
    months = period.months() if period else months_with_data(store)
    if not months:
        raise BadInput(
            "there is nothing to run on: the store holds no charges and no usage events",
            fix="import some first, for example: outlay import focus PATH (or try `outlay demo`)",
            code="empty-store",
        )
    if not period:
        sealed = {one.month for one in removals(store)}
        months = [month for month in months if month not in sealed] or months
        settled = _settled(store)
        months = [month for month in months if month not in settled] or months[-1:]
    _refuse_sealed(store, months)
    learn.seed(store, now=now)
    return [run_month(store, month, now=now, known_at=known_at) for month in months]


def rerate(store: Store, period: Period, *, now: datetime, provider: str = "") -> list[Published]:
    """Make and publish every month of a period anew, with all corrections of past prices that are known by now.

    Args:
        store: Holds what was taken in.
        period: The months.
        now: The instant of the run.
        provider: Only the corrections of this provider, as usage names it; all when it is empty.

    Returns:
        The runs; `moved` of each says what changed, for whom and by which price.

    Raises:
        BadInput: A month of the period has no ledger yet.
        Refused: The usage events of a month were removed (`events-removed`), or it is closed (`closed`).
        UnknownName: The price book knows no such provider.
        Broken: A law does not hold; months before it are published, it and those after it are not.
    """
    made = {cast(date, row["month"]) for row in store.rows("explain/published")}
    if missing := [month.name for month in period.months() if month.first not in made]:
        raise BadInput(
            f"there is no ledger of {', '.join(missing)} to re-rate",
            fix=f"make it first: outlay run --period {missing[0]}",
            code="no-ledger",
        )
    _refuse_sealed(store, period.months())
    if shut := [month.name for month in period.months() if closing_of(store, month)]:
        raise Refused(
            f"{shut[0]} is closed, so its prices stay as they are",
            fix=f"open it again first: outlay reopen {shut[0]} --reason TEXT",
            code="closed",
        )
    learn.seed(store, now=now)
    if provider:
        provider = Book.load(store, known_at=now, adjust=False).provider(provider)
    return [run_month(store, month, now=now, rerated=provider) for month in period.months()]


def months_with_data(store: Store) -> list[Period]:
    """Return every month that has a charge or a usage event, or had some, in order."""
    return [Period.month(f"{row['month']:%Y-%m}") for row in store.rows("cost/months")]


def _refuse_sealed(store: Store, months: Collection[Period]) -> None:
    """Refuse to make a ledger of months whose usage events were removed: it would be one without usage."""
    so = "so its ledger stays as it is"
    fix = "leave that month out; `outlay run` without a period makes all months that can be made"
    refuse_removed(store, months, so=so, fix=fix)


def _refuse_decided(store: Store, month: Period, closed: Closing | None) -> None:
    """Refuse to go on with a month that was closed, or opened again, since the run began."""
    if closing_of(store, month) != closed:
        raise Refused(f"{month.name} was closed or opened while it was run", fix="run it again", code="closed")


def _settled(store: Store) -> set[Period]:
    """Return the closed months for which nothing came since they were closed."""
    newest = {one.month: one for one in closings(store)}
    return {m for m, one in newest.items() if one.closed and not came_since(store, m, one.decided_at)}


def _movement(store: Store, run: Run, closed: Closing | None, now: datetime) -> Movement | None:
    """Write down what a run moves in a month that was over when it was made before; None when it was not."""
    if closed:
        return move(store, run.month, closed.run, run.name, since=closed.decided_at, closing=closed, now=now)
    held = [row for row in store.rows("explain/published") if row["month"] == run.month.first]
    made_at = cast("datetime | None", held[0]["published_at"] if held else None)
    if made_at is None or made_at < run.month.ends_at:
        return None
    return move(store, run.month, cast(str, held[0]["run"]), run.name, since=made_at, closing=None, now=now)


def _new_name(store: Store, month: Period, now: datetime) -> str:
    """Return a name that no run has, also when the clock stood still since the last one."""
    first = name = f"{month.name}-{now.astimezone(UTC):%Y%m%dT%H%M%S%f}"
    again = 1
    while store.count("publication", run=name):
        again += 1
        name = f"{first}-{again:03}"
    return name


def _moved(store: Store, run: Run) -> Moved:
    (replaced,) = [row for row in store.rows("explain/published") if row["month"] == run.month.first]
    return compare(store, cast(str, replaced["run"]), run.name)


def _publish(store: Store, run: Run, now: datetime) -> None:
    """Make the run the ledger of its month."""
    store.insert(
        "publication",
        [
            {
                "month": run.month.first,
                "run": run.name,
                "published_at": now,
                "rule_version": run.rules.version,
                "prices_known_at": run.known_at,
            }
        ],
    )


def _let_go_of_earlier(store: Store, run: Run) -> None:
    """Let go of the rows of earlier runs of the month."""
    for row in store.rows("cost/earlier_runs", run.values):
        with suppress(EngineFailed):
            _forget(store, cast(str, row["run"]))


def _forget(store: Store, name: str) -> None:
    for table in RUN_TABLES:
        with suppress(EngineFailed):
            store.delete(table, run=name)
