"""Gather: bring what was billed and what was seen to the same places, as finely as both sides can be told apart.

Accounts are told apart where usage names them: by the project in its context, or by an environment of the account's
name. Token classes are told apart where every line of a model says what it counts. Where that is not so, the coarser
place is compared; nothing is left out.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import cast

from outlay.cost.reconciling import billed, seen
from outlay.cost.reconciling.billed import Bill
from outlay.cost.reconciling.cells import Group, Line, Other, Place, add
from outlay.cost.reconciling.meters import class_of
from outlay.cost.reconciling.seen import Seen
from outlay.store import Row
from outlay.terms.unit import TOKEN_UNITS

#: Twins are named where at least this part of what a service reports comes twice, in percent.
_SYSTEMATIC = 20


@dataclass(slots=True)
class Answered:
    """One feature's use at one place over the month.

    Args:
        quantity: In 1e-9 of the unit.
        estimated: In 1e-12 of the currency.
        attempts: Attempts, counted on the first unit of each.
        unheard: What attempts may have used that timed out.
    """

    quantity: int = 0
    estimated: int = 0
    attempts: int = 0
    unheard: int = 0


@dataclass(slots=True)
class World:
    """Everything that a month is reconciled from.

    Args:
        first: First day of the month.
        days: How many it has.
        groups: What is compared, by place.
        others: Lines that pay for no usage.
        features: What each feature used, by place and feature.
        unheard: Attempts that timed out, by provider, account and model.
        twins: Calls reported twice, by provider, account, model, service and sensor.
        contexts: Contexts that events tell of, by provider and model.
    """

    first: date
    days: int
    groups: dict[Place, Group] = field(default_factory=dict)
    others: list[Other] = field(default_factory=list)
    features: dict[Place, dict[str | None, Answered]] = field(default_factory=dict)
    unheard: dict[tuple[str, str, str], int] = field(default_factory=dict)
    twins: dict[tuple[str, str, str, str, str], int] = field(default_factory=dict)
    contexts: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    _accounts: dict[str, dict[str, str]] = field(default_factory=dict)
    _coarse: dict[str, dict[str, str]] = field(default_factory=dict)
    _classes: dict[tuple[str, str], frozenset[str] | None] = field(default_factory=dict)
    _spelled: dict[tuple[str, str], str] = field(default_factory=dict)
    _of_model: dict[tuple[str, str, str, str | None], list[Place]] = field(default_factory=dict)
    _places: dict[tuple[str, str, tuple[str, ...], str, str], Place] = field(default_factory=dict)
    _currency: dict[tuple[str, str, str, str], str] = field(default_factory=dict)

    @property
    def starts_at(self) -> datetime:
        """Return the first instant of the month."""
        return datetime(self.first.year, self.first.month, self.first.day, tzinfo=UTC)

    def group(self, place: Place) -> Group:
        """Return what is known of a place, making it when there is nothing yet."""
        if place not in self.groups:
            self.groups[place] = Group()
        return self.groups[place]

    # -- how both sides are named ---------------------------------------------------------------------------

    def account(self, provider: str, names: Sequence[str]) -> str:
        """Return the account that usage names; empty when it names none that is billed."""
        known = self._accounts.get(provider, {})
        label = next((known[name] for name in names if name in known), "")
        return self._coarse.get(provider, {}).get(label, label)

    def place(self, one: Seen) -> Place:
        """Return where a unit of usage is compared; asked for after both sides are told apart."""
        key = (one.provider, one.model, one.accounts, one.unit, one.currency)
        if key not in self._places:
            self._places[key] = self._place(one)
        return self._places[key]

    def _place(self, one: Seen) -> Place:
        model = self.model(one.provider, one.model)
        provider = self.provider(one.provider)
        classes = self._classes.get((provider, model), frozenset())
        name = "" if classes is None else class_of(one.unit, classes)
        account = self.account(provider, one.accounts)
        currency = one.currency or self._currency.get((provider, account, model, name), "USD")
        return Place(provider, account, model, name, currency)

    def provider(self, name: str) -> str:
        """Return one spelling of a provider."""
        return self._spelled.get((name.lower(), ""), name)

    def model(self, provider: str, name: str) -> str:
        """Return one spelling of a model."""
        return self._spelled.get((provider.lower(), name.lower()), name) if name else ""

    # -- filling it -------------------------------------------------------------------------------------------

    def spell(self, used: Iterable[Seen]) -> dict[str, list[str]]:
        """Choose one spelling of every provider and model; return the models by provider."""
        models: dict[str, set[str]] = {}
        for one in used:
            key = (one.provider.lower(), "")
            self._spelled[key] = min(one.provider, self._spelled.get(key, one.provider))
            if one.model:
                key = (one.provider.lower(), one.model.lower())
                self._spelled[key] = min(one.model, self._spelled.get(key, one.model))
        for (provider, model), name in self._spelled.items():
            if model:
                models.setdefault(self._spelled[provider, ""], set()).add(name)
        return {provider: sorted(names) for provider, names in models.items()}

    def tell_apart(self, bills: Sequence[Bill], used: Sequence[Seen]) -> None:
        """Find out which accounts and which classes both sides know."""
        accounts: dict[str, tuple[list[Bill], list[Seen]]] = {}
        meters: dict[tuple[str, str], tuple[list[Bill], set[str]]] = {}
        for bill in bills:
            accounts.setdefault(bill.provider, ([], []))[0].append(bill)
            meters.setdefault((bill.provider, bill.meter.model), ([], set()))[0].append(bill)
        for one in used:
            provider = self.provider(one.provider)
            if provider in accounts:
                accounts[provider][1].append(one)
            if (key := (provider, self.model(one.provider, one.model))) in meters:
                meters[key][1].add(one.unit)
        for provider, (mine, its) in accounts.items():
            self._tell_accounts(provider, mine, its)
        for model, (lines, units) in meters.items():
            self._classes[model] = _classes_of(lines, units)

    def _tell_accounts(self, provider: str, bills: Sequence[Bill], used: Sequence[Seen]) -> None:
        labels = {label: (ident, name) for ident, name in {bill.account for bill in bills} if (label := name or ident)}
        known = {text.lower(): label for label, both in labels.items() for text in both if text}
        matched: set[str] = set()
        unmatched = False
        for names in {one.accounts for one in used}:
            label = next((known[name] for name in names if name in known), "")
            matched.add(label)
            unmatched = unmatched or not label
        self._accounts[provider] = known
        if unmatched:
            # Usage of nobody knows which account may be that of any account it does not name; of all, if it names all.
            left = labels.keys() - matched
            self._coarse[provider] = dict.fromkeys(left or labels, "")

    def take_bills(self, bills: Iterable[Bill], *, before: bool = False) -> None:
        """Put lines of bills to their places."""
        for bill in bills:
            classes = self._classes.get((bill.provider, bill.meter.model))
            name, line = bill.meter.token_class, bill.line
            if classes is None:
                name = ""
            elif not name:
                line = _foreign(line)
            label = bill.account[1] or bill.account[0]
            account = self._coarse.get(bill.provider, {}).get(label, label)
            group = self.group(Place(bill.provider, account, bill.meter.model, name, bill.currency))
            (group.before if before else group.lines).setdefault(bill.day, []).append(line)

    def take_seen(self, rows: Iterable[tuple[Row, list[Seen]]]) -> None:
        """Put the usage of each day to its places."""
        for row, ones in rows:
            day = seen.day_of(row, "seen_day", self.first)
            for one in ones:
                place = self.place(one)
                group = self.group(place)
                add(group.seen, day, one.quantity)
                add(group.estimated, day, one.estimated)
                self._currency[place.provider, place.account, place.model, place.token_class] = place.currency
                self.contexts.setdefault((place.provider, place.model), set()).add(one.context)

    def part_foreign(self) -> None:
        """Set lines apart whose class is no token's, of models of which events count everything but that."""
        told = {(p.provider, p.account, p.model) for p, group in self.groups.items() if group.seen}
        for place, group in self.groups.items():
            unknown = place.token_class and place.token_class not in TOKEN_UNITS and not group.seen
            if unknown and (place.provider, place.account, place.model) in told:
                for lines in (group.lines, group.before):
                    for day, found in lines.items():
                        lines[day] = [_foreign(line) for line in found]

    def take_features(self, rows: Iterable[tuple[Row, list[Seen]]]) -> None:
        """Put the usage of each feature to its places."""
        for row, ones in rows:
            for one in ones:
                found = self._answered(self.place(one), row)
                found.quantity += one.quantity
                found.estimated += one.estimated
                found.attempts += one.attempts

    def take_twins(self, rows: Iterable[Row]) -> None:
        """Put what was reported twice to its places, where a service does so all the time."""
        listed = list(rows)
        too_many: dict[tuple[object, ...], int] = {}
        for row in listed:
            too_many[_reporter(row)] = too_many.get(_reporter(row), 0) + cast(int, row["twins"])
        for row in listed:
            if too_many[_reporter(row)] * 2 * 100 < _SYSTEMATIC * cast(int, row["attempts"]):
                continue
            hour = seen.hour_of(row, "twin_hour", self.starts_at)
            for one in seen.units(row):
                place = self.place(one)
                add(self.group(place).twins, hour // 24, one.quantity)
                add(self.group(place).twin_hours, hour, one.quantity)
                key = (place.provider, place.account, place.model, str(row["service_name"]), str(row["sensor"]))
            self.twins[key] = self.twins.get(key, 0) + cast(int, row["twins"])

    def take_unheard(self, rows: Iterable[Row]) -> None:
        """Put what attempts may have used that timed out to its places.

        An attempt that was tried again used what the later try did; another one what its feature uses on average.
        """
        for row in rows:
            day, attempts = seen.day_of(row, "lost_day", self.first), cast(int, row["attempts"])
            provider, model = self.provider(str(row["provider"])), str(row["model_name"])
            account = self.account(provider, seen.accounts_of(row))
            key = (provider, account, self.model(provider, model))
            self.unheard[key] = self.unheard.get(key, 0) + attempts
            if row["retried"]:
                for one in seen.units(row):
                    self._expect(self.place(one), row, day, one.quantity)
            else:
                for place, mean in self._means(key, row):
                    self._expect(place, row, day, attempts * mean)

    def _means(self, key: tuple[str, str, str], row: Row) -> list[tuple[Place, int]]:
        """Return what an attempt of the feature uses on average there, by place."""
        feature = cast("str | None", row["feature"])
        mine = {place: self.features[place][feature] for place in self._of_model.get((*key, feature), ())}
        attempts = sum(found.attempts for found in mine.values())
        return [(place, found.quantity // attempts) for place, found in mine.items()] if attempts else []

    def _expect(self, place: Place, row: Row, day: int, quantity: int) -> None:
        add(self.group(place).unheard, day, quantity)
        self._answered(place, row).unheard += quantity

    def _answered(self, place: Place, row: Row) -> Answered:
        feature = cast("str | None", row["feature"])
        its = self.features.setdefault(place, {})
        if feature not in its:
            its[feature] = Answered()
            self._of_model.setdefault((place.provider, place.account, place.model, feature), []).append(place)
        return its[feature]


def world(
    first: date, days: int, *, now: Iterable[Row], before: Iterable[Row], used: list[tuple[Row, list[Seen]]]
) -> World:
    """Return both sides, brought to the same places.

    Args:
        first: First day of the month.
        days: How many it has.
        now: What is billed, rows of `billed_lines`.
        before: What was billed before an invoice was changed, rows of `billed_before`.
        used: What events tell of, by day.
    """
    made = World(first, days)
    flat = [one for _, ones in used for one in ones]
    models = made.spell(flat)
    bills, made.others = billed.read(now, first, days, models)
    earlier, _ = billed.read(before, first, days, models)
    distinct = list({(one.provider, one.model, one.unit, one.accounts): one for one in flat}.values())
    made.tell_apart([*bills, *earlier], distinct)
    made.take_bills(bills)
    made.take_bills(earlier, before=True)
    made.take_seen(used)
    made.part_foreign()
    return made


def _classes_of(lines: Sequence[Bill], units: set[str]) -> frozenset[str] | None:
    """Return the classes that a model's lines count, or None where they cannot be told apart."""
    named = frozenset(bill.meter.token_class for bill in lines if bill.meter.token_class)
    unnamed = any(not bill.meter.token_class and bill.line.cost for bill in lines)
    if unnamed and (not named or {class_of(unit, named) for unit in units} - named):
        return None
    return named


def _foreign(line: Line) -> Line:
    return replace(line, foreign=True)


def _reporter(row: Row) -> tuple[object, ...]:
    return tuple(row[name] for name in ("provider", "model_name", "service_name", "sensor"))
