"""A source that is fetched month by month: one file a month, and a month that fails leaves the others alone.

Comes in: months, and how one is fetched. Goes out: what `take_in` reads. A month is either whole or not there: half of
it would replace what an earlier import knew.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from outlay.bills.importer import Asked, Fetched
from outlay.bills.written import Value, write
from outlay.errors import BadInput, SourceFailed
from outlay.terms.money import EXACT
from outlay.terms.period import Period
from outlay.terms.problem import Problem

#: What concerns one month only. All else (a key, the network, a clock) concerns the source.
_OF_A_MONTH = frozenset({"repeated-page", "endless-pages", "page-expired", "bill-expired", "data-unavailable", "gone"})


@dataclass(frozen=True, slots=True)
class Month:
    """One month as a vendor tells it.

    Args:
        rows: Value by column of a charge, in any order.
        controls: The vendor's own total by currency, asked for apart from the rows; None where it says none.
        notes: What people should know and need not mend.
    """

    rows: Sequence[Mapping[str, Value]]
    controls: Mapping[str, Decimal] | None = None
    notes: Sequence[str] = field(default_factory=tuple)


def fetch_months(asked: Asked, source: str, months: Sequence[Period], fetch: Callable[[Period], Month]) -> Fetched:
    """Fetch months, and write each as a file.

    Args:
        asked: Where files may be put.
        source: The importer's name, the beginning of the files' names.
        months: Whole months, oldest first.
        fetch: Returns one month; raises `SourceFailed` when it cannot be had whole.

    Returns:
        One file a month. A month of which the vendor has no more, or whose pages have no end, is a problem of the
        whole and has no file. The control total is there when the vendor states one for each month that is.

    Raises:
        SourceFailed: What failed concerns more than one month, or no month could be fetched.
    """
    found: dict[Period, Month] = {}
    left: list[tuple[Period, SourceFailed]] = []
    for month in months:
        try:
            found[month] = fetch(month)
        except SourceFailed as error:
            if error.code not in _OF_A_MONTH:
                raise
            left.append((month, error))
    if left and not found:
        raise left[-1][1]
    notes = [f"{month.name}: {note}" for month, made in found.items() for note in made.notes]
    return Fetched(
        files=[
            write(_in_order(made.rows), asked.folder / f"{source}-{month.name}.csv") for month, made in found.items()
        ],
        controls=_sum([made.controls for made in found.values()]),
        problems=[
            Problem(error.code, f"{source} {month.name}", None, None, error.message, None, None, error.fix)
            for month, error in left
        ],
        notes=notes,
    )


def with_notes(fetched: Fetched, notes: Sequence[str], skew: Problem | None) -> Fetched:
    """Return what was fetched with notes of the whole before those of its months, and with what the clocks say."""
    problems = [*fetched.problems, *([skew] if skew else [])]
    return Fetched(fetched.files, fetched.controls, problems, [*notes, *fetched.notes])


def no_place(asked: Asked, source: str) -> None:
    """Refuse a path after the name of a source that is asked over the network."""
    if asked.place:
        raise BadInput(
            f"{source} is fetched and takes no path, but {asked.place} was given",
            fix="leave it out; another address is given with --endpoint-url",
            code="no-place",
        )


def is_yes(options: Mapping[str, str], name: str = "refresh") -> bool:
    """Say whether an option is switched on.

    Raises:
        BadInput: It is neither on nor off.

    >>> is_yes({"refresh": "yes"}), is_yes({})
    (True, False)
    """
    found = options.get(name, "no")
    if found not in ("yes", "no"):
        raise BadInput(f"--option {name}={found} is neither yes nor no", fix="write yes or no", code="bad-option")
    return found == "yes"


def add_up(rows: Sequence[Mapping[str, Value]]) -> dict[str, Decimal]:
    """Add up what rows bill, by currency, exactly."""
    total: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        currency, amount = row["billing_currency"], row["billed_cost"]
        if isinstance(amount, Decimal):
            total[str(currency)] = EXACT.add(total[str(currency)], amount)
    return dict(total)


def _sum(controls: Sequence[Mapping[str, Decimal] | None]) -> dict[str, Decimal]:
    total: dict[str, Decimal] = defaultdict(Decimal)
    for control in controls:
        if control is None:
            return {}
        for currency, amount in control.items():
            total[currency] = EXACT.add(total[currency], amount)
    return dict(total)


def _in_order(rows: Sequence[Mapping[str, Value]]) -> list[Mapping[str, Value]]:
    """Return rows in an order of their own: the same month fetched twice is the same file, byte by byte."""
    return sorted(
        rows, key=lambda row: (str(row["charge_period_start"]), str(sorted((k, str(v)) for k, v in row.items())))
    )
