"""What sources of metrics have in common: which periods are over, which label is which dimension, what they write."""

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from outlay.errors import BadInput
from outlay.fetching.patience import whole
from outlay.revenue.contract import Asked
from outlay.revenue.metrics.spans import Untaken, quantity
from outlay.terms.attribution import ATTRIBUTION

#: How long after its end a period may still get samples.
_SETTLE = timedelta(minutes=5)
#: Days fetched when nobody says which: a day that one run missed is brought by the next.
_DAYS = 3
STEPS = {"hour": timedelta(hours=1), "day": timedelta(days=1)}
_TIME = "%Y-%m-%dT%H:%M:%SZ"
_HEADER = ("metric", "starts_at", "ends_at", "quantity", "unit", "adds_up", *ATTRIBUTION)


def step(options: Mapping[str, str]) -> timedelta:
    """Return the length of one period: `--option step=hour`, or a day.

    Raises:
        BadInput: It is neither hour nor day.
    """
    name = options.get("step", "day")
    if name not in STEPS:
        raise BadInput(f"--option step={name} is no step", fix=f"write one of {', '.join(STEPS)}", code="bad-option")
    return STEPS[name]


def reach(asked: Asked, length: timedelta) -> tuple[datetime, datetime]:
    """Return the first and the end of the periods to fetch, all of them over.

    Without a period, those of the last days (`--option days=`), and of today as far as it is over.

    Raises:
        BadInput: None of them is over yet.
    """
    over = asked.now - _SETTLE
    midnight = over.replace(hour=0, minute=0, second=0, microsecond=0)
    last = midnight + (over - midnight) // length * length
    if asked.period:
        first, end = asked.period.starts_at, min(asked.period.ends_at, last)
    else:
        first, end = midnight - timedelta(days=whole(asked.options, "days", _DAYS, least=1)), last
    if end <= first:
        raise BadInput(f"no period from {first:%Y-%m-%d %H:%M} UTC on is over", fix="ask for an earlier period")
    return first, end


def named(options: Mapping[str, str]) -> str:
    """Return what the metric is called here: `--option metric=`.

    Raises:
        BadInput: It is not said.
    """
    name = options.get("metric", "").strip()
    if not name:
        raise BadInput(
            "nobody says what the metric is called", fix="for example --option metric=requests", code="bad-option"
        )
    return name


def dimensions(options: Mapping[str, str], name: str) -> dict[str, str]:
    """Return the source's own name of each attribution dimension: `--option labels=customer:tenant,service:job`.

    Args:
        options: As given.
        name: The option that says it.

    Raises:
        BadInput: It is not written so, or names no attribution dimension.
    """
    found = {}
    for pair in filter(None, (part.strip() for part in options.get(name, "").split(","))):
        dimension, colon, own = pair.partition(":")
        if dimension not in ATTRIBUTION or not colon or not own:
            raise BadInput(
                f"--option {name}={pair} does not say which {name[:-1]} is which dimension",
                fix=f"write DIMENSION:NAME, with one of {', '.join(ATTRIBUTION)}",
                code="bad-option",
            )
        found[dimension] = own
    return found


def measured(text: str) -> str:
    """Return a number as the file holds it: rounded to 15 places; what is no number as it stands."""
    try:
        return format(quantity(text, rounded=True), "f")
    except Untaken:
        return text


@dataclass(frozen=True, slots=True)
class Measured:
    """What a source measured over one period for one combination of dimension values.

    Args:
        starts_at: Start of the period, UTC.
        ends_at: Its end, not included.
        quantity: The number, as `measured` writes it.
        who: Value by dimension; empty for none.
    """

    starts_at: datetime
    ends_at: datetime
    quantity: str
    who: Mapping[str, str]


def write(found: Iterable[Measured], metric: str, asked: Asked, *, adds_up: bool) -> Path:
    """Write what was measured as a long table, ordered so that the same is the same file, and return its path."""
    path = asked.folder / f"{re.sub(r'[^A-Za-z0-9_.-]', '_', metric)}.csv"
    shared = {"metric": metric, "unit": asked.options.get("unit", ""), "adds_up": "yes" if adds_up else "no"}
    if said := asked.options.get("adds_up"):
        shared["adds_up"] = said
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, _HEADER, restval="")
        writer.writeheader()
        for one in sorted(found, key=lambda m: (m.starts_at, *(m.who.get(name, "") for name in ATTRIBUTION))):
            times = {"starts_at": f"{one.starts_at:{_TIME}}", "ends_at": f"{one.ends_at:{_TIME}}"}
            writer.writerow({**shared, **one.who, **times, "quantity": one.quantity})
    return path
