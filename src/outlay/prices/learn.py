"""Learning prices: what a source or an overlay states becomes records, and nothing known is ever written over.

Comes in: price sources, overlay files. Goes out: new rows of `price`, each only where it says something new. What a
source no longer states stays as it was last known.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from math import gcd
from pathlib import Path
from typing import NamedTuple

from outlay.catalog import Catalog
from outlay.errors import Refused
from outlay.prices import sources as folder
from outlay.prices.book import Book
from outlay.prices.contexts import wanted
from outlay.prices.credit import is_credit
from outlay.prices.names import provider_of
from outlay.prices.overlay.file import read_overlay
from outlay.prices.pattern import compiled, equals
from outlay.prices.percent import is_percentage
from outlay.prices.policy import REPORTED
from outlay.prices.rates import Rates
from outlay.prices.source import DEPLOYMENT, LIST, Source, Stated, is_list
from outlay.store import Store
from outlay.terms.price import PROJECT, TIMED, Price, Unpriced, context_of, context_text
from outlay.terms.problem import Problem

_GROUP = "outlay.prices.sources"


class _Key(NamedTuple):
    """What one price is the price of."""

    provider: str
    model: str
    unit: str
    context: str
    size_from: int


def sources() -> Catalog[Source]:
    """Return every price source by name."""
    return Catalog(folder, kind="price source", offers="SOURCE", group=_GROUP)


def seed(store: Store, *, now: datetime, correction: bool = False) -> int:
    """Learn the list prices of every source, where the store does not hold those of this version or a newer one.

    Where no ledger was published yet there is no past to keep: a seed that was interrupted is finished.

    Args:
        store: Where table `price` is.
        now: When we learn them.
        correction: Whether they may replace what was said about the time before `now`.

    Returns:
        How many records were new; 0 when nothing changed.

    Raises:
        Refused: They would change the price of something that happened already, and `correction` is not set.
    """
    catalog = sources()
    correction = correction or not store.count("publication")
    with store.transaction():
        return sum(_seed_from(store, catalog[name], now=now, correction=correction) for name in catalog)


def overlay(
    store: Store, path: Path, *, now: datetime, correction: bool = False, problems: list[Problem] | None = None
) -> int:
    """Learn the prices of an overlay file (see `docs/add-a-price-source.md`). They go before list prices.

    Args:
        store: Where table `price` is.
        path: The file, TOML.
        now: When we learn them.
        correction: Whether they may replace what was said about the time before `now`; an entry can also say so.
        problems: Gets the entries that cannot be used, and the others are learnt. Without it one such entry keeps
            the whole file from being learnt.

    Returns:
        How many records were new; 0 when nothing changed.

    Raises:
        BadConfig: The file does not say something usable; the message has file, line and entry of all that is wrong.
        Refused: An entry would change the price of something that happened already, and is not a correction.
    """
    found = read_overlay(path)
    if problems is None:
        found.refuse_faults()
    else:
        problems.extend(fault.problem for fault in found.faults)
    book = Book.load(store, known_at=now)
    stated = [_as_the_book_calls_it(book, entry) for entry in found.stated]
    return learn(store, stated, now=now, correction=correction, whole=False)


def learn(store: Store, stated: Iterable[Stated], *, now: datetime, correction: bool, whole: bool) -> int:
    """Record what is stated, where it differs from what its kind of source said last.

    Args:
        store: Where table `price` is.
        stated: Prices; of one key they must not overlap in time.
        now: When we learn them.
        correction: Whether they may replace what was said about the time before `now`.
        whole: Whether a prompt size that is no longer stated for a unit has lost its own price.

    Returns:
        How many records were new.
    """
    wished: dict[_Key, list[Stated]] = defaultdict(list)
    for entry in stated:
        wished[_key(entry)].append(entry)
    labels = {_label(entry["source"]) for entries in wished.values() for entry in entries}
    known: dict[_Key, list[Stated]] = defaultdict(list)
    newest = None
    for row in store.rows("prices/recorded"):
        if _label(str(row["source"])) in labels:
            entry = Stated(**{name: row[name] for name in Stated.__annotations__})  # type: ignore[typeddict-item]
            known[_key(entry)].append(entry)
            recorded_at = row["recorded_at"]
            assert isinstance(recorded_at, datetime)  # noqa: S101 - the column's type
            newest = max(newest or recorded_at, recorded_at)
    if whole:
        _without_lost_sizes(wished, known)
    news = [
        piece
        for key, entries in wished.items()
        for piece in (_new_credits if is_credit(key.unit) else _news)(entries, known.get(key, []))
    ]
    if news and newest is not None and now <= newest:
        raise Refused(
            f"prices cannot be learnt at {now:%Y-%m-%d %H:%M:%S}: others were learnt at or after that instant",
            fix="check the clock of this machine, or wait a moment",
            code="learnt-in-the-past",
        )
    changed = _marked(store, news, now=now, correction=correction)
    return store.insert("price", [{**entry, "recorded_at": now} for entry in changed]) if changed else 0


def _seed_from(store: Store, source: Source, *, now: datetime, correction: bool) -> int:
    held = [str(row["source"]) for row in store.rows("prices/held")]
    versions = [_version(text.removeprefix(f"{source.label} ")) for text in held if _label(text) == source.label]
    if versions and max(versions) >= _version(source.version):
        return 0
    book = Book.load(store, known_at=now)
    stated = [entry if entry["pattern"] else _as_the_book_calls_it(book, entry) for entry in source.read()]
    return learn(store, stated, now=now, correction=correction, whole=True)


def _key(entry: Stated) -> _Key:
    if is_credit(entry["unit"]):  # known by its name alone: what is said of it later replaces all that was
        return _Key(entry["provider"], "", entry["unit"], "", 0)
    return _Key(entry["provider"], entry["model"], entry["unit"], entry["context"], entry["size_from"])


def _label(source: str) -> str:
    """Return which source a text is of; agreements are one, whatever they are called."""
    return source.partition(" ")[0] if is_list(source) else ""


def _version(text: str) -> tuple[int, ...]:
    digits = text.removesuffix(LIST).partition(" ")[0].replace("-", ".").split(".")
    return tuple(int(part) for part in digits if part.isdigit())


def _news(wished: list[Stated], known: list[Stated]) -> list[Stated]:
    """Return the parts of what is wished that differ from what was recorded last about the same time."""
    found: list[Stated] = []
    for entry in wished:
        inside = {e for k in known for e in (k["valid_from"], k["valid_to"])}
        edges = [entry["valid_from"], *sorted(e for e in inside if entry["valid_from"] < e < entry["valid_to"])]
        for first, end in zip(edges, [*edges[1:], entry["valid_to"]], strict=True):
            said = [k for k in known if k["valid_from"] <= first < k["valid_to"]]
            if said and _same(said[-1], entry):
                continue
            if found and found[-1]["valid_to"] == first and _same(found[-1], entry):
                found[-1]["valid_to"] = end
            else:
                found.append(entry | {"valid_from": first, "valid_to": end})
    return found


def _new_credits(wished: list[Stated], known: list[Stated]) -> list[Stated]:
    """Return the credits that are not as they were recorded last."""
    return [entry for entry in wished if not known or {**known[-1], "correction": False} != entry]


def _same(one: Stated, other: Stated) -> bool:
    same = _worth(one) == _worth(other) and one["pattern"] == other["pattern"]
    return same and one["marginal"] == other["marginal"]


def _worth(price: Stated) -> tuple[int, int, str]:
    """Return an amount for one unit so that equal ones are equal, whatever they are stated per."""
    pico = int(price["amount"].scaleb(12))
    return (*_reduced(pico, price["per"]), price["currency"])


def _reduced(above: int, below: int) -> tuple[int, int]:
    divisor = gcd(above, below)
    return above // divisor, below // divisor


def _without_lost_sizes(wished: dict[_Key, list[Stated]], known: dict[_Key, list[Stated]]) -> None:
    """Let a prompt size that lost its own price cost what the next smaller size does."""
    by_unit: dict[_Key, list[int]] = defaultdict(list)
    for key in wished:
        by_unit[key._replace(size_from=0)].append(key.size_from)
    for key in [key for key in known if key not in wished and key._replace(size_from=0) in by_unit]:
        smaller = [size for size in by_unit[key._replace(size_from=0)] if size < key.size_from]
        if smaller:
            below = wished[key._replace(size_from=max(smaller))]
            wished[key] = [entry | {"size_from": key.size_from} for entry in below]


def _marked(store: Store, news: list[Stated], *, now: datetime, correction: bool) -> list[Stated]:
    """Mark what changes the past as a correction, and refuse it where nobody called it one."""
    # A list is held against the list, whatever discount is given on it; an agreement against what is paid. What was
    # learnt at this very instant is no past: lists that are learnt together may complete one another.
    before = now - timedelta(microseconds=1)
    books = {
        by_list: Book.load(store, known_at=before, adjust=not by_list)
        for by_list in {is_list(entry["source"]) for entry in news}
    }
    marked, refused = [], []
    for entry in news:
        past = _changes_the_past(books[is_list(entry["source"])], entry, now)
        if past and not (correction or entry["correction"]):
            refused.append(entry)
        marked.append(entry | {"correction": past})
    if refused:
        first = refused[0]
        raise Refused(
            f"{len(refused)} prices would change what happened before {now:%Y-%m-%d}, for example {first['provider']} "
            f"{first['model']} {first['unit']} from {first['valid_from']:%Y-%m-%d} ({first['source']})",
            fix="look at them, then learn them as a correction; or let them hold from today on",
            code="past-price",
        )
    return marked


def _changes_the_past(book: Book, entry: Stated, now: datetime) -> bool:
    """Say whether a record would change a price that held before `now`; one where there was none does not."""
    end = min(entry["valid_to"], now)
    if entry["valid_from"] >= end or is_credit(entry["unit"]):
        return False
    if entry["unit"] == DEPLOYMENT:
        return _points_elsewhere(book, entry)
    if entry["unit"] == REPORTED:
        return book.reported_counts(entry["provider"], entry["model"], entry["valid_from"]) != bool(entry["amount"])
    if is_percentage(entry["unit"]):
        return _takes_or_adds(book, entry, end)
    rates = book.models.get(entry["provider"], {}).get(entry["model"])
    if rates is None:
        return False
    edges = {e for p in rates.records() for e in (p.valid_from, p.valid_to) if entry["valid_from"] < e < end}
    return any(_replaces(rates, entry, used_at) for used_at in (entry["valid_from"], *edges))


def _points_elsewhere(book: Book, entry: Stated) -> bool:
    """Say whether a deployed name meant a model with prices already, and another one."""
    before = book.rates(entry["provider"], entry["model"], entry["valid_from"])
    after = book.rates(entry["provider"], entry["pattern"], entry["valid_from"])
    return isinstance(before, Rates) and before is not after


def _takes_or_adds(book: Book, entry: Stated, end: datetime) -> bool:
    """Say whether a percentage is on something that had a price: in an uplift's case, a price in its own context."""
    held = [rates for rates in book.sold_by(entry["provider"]) if compiled(entry["pattern"]).fullmatch(rates.name)]
    asked = {key: value for key, value in context_of(entry["context"]).items() if key != PROJECT}
    return any(
        price.valid_from < end
        and price.valid_to > entry["valid_from"]
        and asked.items() <= context_of(price.context).items()
        for rates in held
        for price in rates.records()
    )


def _replaces(rates: Rates, entry: Stated, used_at: datetime) -> bool:
    context = context_of(entry["context"])
    asked = wanted(dict(context))
    rates = rates.for_project(asked.get(PROJECT, ""))
    if not rates.knows({k: v for k, v in asked.items() if k not in TIMED}, used_at):
        return False
    contexts = [entry["context"], *(c for c in rates.contexts() if c != entry["context"] and _covers(c, context))]
    held = rates.priced(entry["unit"], contexts, used_at, entry["size_from"])
    if held is None or (not is_list(held.source) and is_list(entry["source"])):
        return False
    if entry["marginal"]:
        return _worth_of(held.of(entry["size_from"])) != _worth(entry)
    ends_a_step = any(step.size_from == entry["size_from"] for step in held.steps)
    return ends_a_step or _worth_of(held) != _worth(entry)


def _covers(wider: str, context: dict[str, str]) -> bool:
    return context_of(wider).items() <= context.items()


def _worth_of(price: Price) -> tuple[int, int, str]:
    return (*_reduced(int(price.amount.scaleb(12)), price.per), price.currency)


def _as_the_book_calls_it(book: Book, entry: Stated) -> Stated:
    """Let an agreement for a model that a list knows, under whichever of its names, be one for that model.

    What a provider sells for another becomes a model of its own: its agreement is not the other's.
    """
    provider, name = provider_of(entry["provider"], entry["model"], book.models)
    provider = provider or entry["provider"]
    context = context_text(wanted(context_of(entry["context"]), provider))
    named = entry | {"provider": provider, "context": context}
    if entry["unit"] in (DEPLOYMENT, REPORTED) or is_credit(entry["unit"]):
        return named
    found = book.rates(entry["provider"], entry["model"])
    if is_percentage(entry["unit"]):
        if isinstance(found, Unpriced) or entry["pattern"] != equals(entry["model"]):
            return named
        return named | {"model": found.name, "pattern": equals(found.name)}
    if entry["pattern"]:
        return named | {"model": name}
    if isinstance(found, Unpriced):
        return named | {"model": name, "pattern": equals(name)}
    return named | {"model": found.name, "pattern": found.pattern}
