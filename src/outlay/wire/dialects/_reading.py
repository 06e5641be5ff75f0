"""Reading a response: each value is checked once, what cannot be used is noted, and nothing is ever raised.

Comes in: decoded JSON of any shape. Goes out: whole numbers, texts and, in the end, a `UsageVector`. Only counters,
names and costs are looked at; what people wrote or models answered is passed over, and no note repeats a value.
"""

from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

from outlay.wire.dialects._vector import TOKENS, Disagreement, UsageVector

#: The most of one unit in one response, and the longest name that is kept; the same limits as for events.
MOST = 10**12
LONGEST = 200
_NOTHING: Mapping[object, object] = {}
_QUANTITY = Decimal("1e-9")
_MONEY = Decimal("1e-12")
#: What the ordinary context is called; the same as not saying.
ORDINARY = frozenset(
    "auto default global n/a none not_available on_demand on-demand realtime standard unspecified".split()  # noqa: SIM905
)


class Counts:
    """An object of counters within a response.

    Args:
        raw: What stands there; anything but an object counts as an empty one, and is noted unless it is null.
        path: Where it stands.
        flaws: Where notes go.
    """

    __slots__ = ("_flaws", "_path", "_raw", "_seen")

    def __init__(self, raw: object, path: str, flaws: list[Disagreement]) -> None:
        # Asking for the type first spares the slower question in nearly every case; so it does below.
        fits = type(raw) is dict or isinstance(raw, Mapping)
        self._raw: Mapping[object, object] = raw if fits else _NOTHING  # type: ignore[assignment]
        self._path = path
        self._flaws = flaws
        self._seen: list[str] = []
        if raw is not None and not fits:
            flaws.append(Disagreement("bad-object", path))

    def __bool__(self) -> bool:
        """Say whether it holds anything."""
        return bool(self._raw)

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names it holds."""
        return (name for name in self._raw if isinstance(name, str))

    def at(self, name: str) -> str:
        """Return where a field of it stands."""
        return f"{self._path}.{name}" if self._path else name

    def says(self, *names: str) -> bool:
        """Say whether one of the fields is there and not null."""
        for name in names:  # noqa: SIM110 - a generator takes three times as long
            if self._raw.get(name) is not None:
                return True
        return False

    def value(self, *names: str) -> object:
        """Return the first field that is there and not null, whatever it is."""
        self._seen += names
        return next((found for name in names if (found := self._raw.get(name)) is not None), None)

    def stated(self, *names: str) -> int | None:
        """Return a counter, under whichever name it goes; None when it is absent or no whole number from 0 up."""
        if not self._raw:
            return None
        self._seen += names
        for name in names:
            value = self._raw.get(name)
            if value is None:
                continue
            found = value if type(value) is int and 0 <= value <= MOST else whole(value)
            if found is None:
                self._flaws.append(Disagreement("bad-quantity", self.at(name)))
                continue
            return found
        return None

    def count(self, *names: str) -> int:
        """Return a counter as `stated` does; 0 when there is none."""
        return self.stated(*names) or 0

    def amount(self, *names: str) -> int | Decimal:
        """Return a quantity that may have a fraction, at most nine decimal places; 0 when there is none."""
        found = self._decimal(names, _QUANTITY) or Decimal(0)
        return int(found) if found == int(found) else found

    def money(self, *names: str) -> Decimal | None:
        """Return an amount of money in USD, at most twelve decimal places; None when there is none."""
        return self._decimal(names, _MONEY)

    def _decimal(self, names: tuple[str, ...], step: Decimal) -> Decimal | None:
        self._seen += names
        for name in names:
            value = self._raw.get(name)
            if value is None:
                continue
            found = decimal(value)
            if found is not None and 0 <= found <= MOST:
                return plain(found.quantize(step, rounding=ROUND_HALF_EVEN))
            self._flaws.append(Disagreement("bad-quantity", self.at(name)))
        return None

    def text(self, *names: str) -> str | None:
        """Return a short name; None when there is none, or what stands there cannot be one."""
        self._seen += names
        for name in names:
            value = self._raw.get(name)
            if isinstance(value, str) and value.isprintable() and 0 < len(value) <= LONGEST:
                return value
        return None

    def part(self, *names: str) -> "Counts":
        """Return an object within this one; an empty one when there is none."""
        self._seen += names
        for name in names:
            if (found := self._raw.get(name)) is not None:
                return Counts(found, self.at(name), self._flaws)
        return Counts(None, names[0], self._flaws)

    def each(self, name: str) -> Iterator["Counts"]:
        """Iterate over the objects of a list within this one."""
        self._seen.append(name)
        listed = self._raw.get(name)
        for place, item in enumerate(listed if isinstance(listed, (list, tuple)) else ()):
            if isinstance(item, Mapping):
                yield Counts(item, f"{self.at(name)}[{place}]", self._flaws)

    def leave(self, *names: str) -> None:
        """Say that fields are known and not counted, because others say the same."""
        self._seen += names

    def close(self) -> None:
        """Note every counter of tokens that nobody read: the provider counts something that we do not know."""
        for name, value in self._raw.items():
            if name not in self._seen and isinstance(name, str) and "oken" in name and whole(value):
                self._flaws.append(Disagreement("unknown-counter", self.at(name[:LONGEST])))


class Reading(Counts):
    """A response being read: its fields, and what was found in them so far.

    Args:
        dialect: Who reads it.
        body: The response, decoded.
        context: What is known of its context from around it.
    """

    __slots__ = ("also", "context", "cost", "dialect", "flaws", "model", "outside", "response_id", "units")

    def __init__(self, dialect: str, body: object, context: Mapping[str, str] | None = None) -> None:
        self.dialect = dialect
        self.flaws: list[Disagreement] = []
        self.units: dict[str, int | Decimal] = {}
        self.context: dict[str, str] = {}
        self.also: list[UsageVector] = []
        self.cost: Decimal | None = None
        #: How many of the tokens are, by the provider's own account, not in its total.
        self.outside = 0
        super().__init__(body, "", self.flaws)
        self.model = self.text("model")
        self.response_id = self.text("id")
        for key, value in (context or {}).items():
            self.say(key, value)

    def add(self, unit: str, quantity: int | Decimal, field: str = "") -> None:
        """Count so much of a unit; less than nothing means that parts of `field` are more than the whole."""
        if quantity > 0:
            together = self.units.get(unit, 0) + quantity
            if together <= MOST:
                self.units[unit] = together
            else:
                self.note("bad-quantity", field or unit)
        elif quantity < 0:
            self.note("part-exceeds", field, -quantity)

    def note(self, code: str, field: str, by: int | Decimal = 0) -> None:
        """Note a disagreement."""
        self.flaws.append(Disagreement(code, field, by))

    def say(self, key: str, value: object) -> None:
        """Say what the price depends on; what is ordinary is left out."""
        if not isinstance(value, str):
            return
        found = value.strip().lower()
        plain = found.isprintable() and ";" not in found and "=" not in found
        if found and found not in ORDINARY and plain and len(found) <= LONGEST:
            self.context[key] = found

    def vector(self, total: int | None = None, total_field: str = "usage.total_tokens") -> UsageVector:
        """Return what was found, held against the provider's own total where it states one."""
        if total is not None:
            tokens = sum(int(quantity) for unit, quantity in self.units.items() if unit in TOKENS)
            if by := tokens - total:
                self.note("outside-total" if by == self.outside else "total-differs", total_field, by)
        return UsageVector(
            dialect=self.dialect,
            units=self.units,
            context=self.context,
            model=self.model,
            response_id=self.response_id,
            total=total,
            reported_cost=self.cost,
            flaws=tuple(self.flaws),
            also=tuple(self.also),
        )


def whole(value: object) -> int | None:
    """Return a whole number from 0 up, however a decoder wrote it; None for anything else.

    >>> whole(12), whole(12.0), whole("12"), whole(-1), whole(True), whole(float("nan"))
    (12, 12, None, None, None, None)
    """
    if type(value) is int:
        return value if 0 <= value <= MOST else None
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return None
    found = decimal(value)
    return int(found) if found is not None and 0 <= found <= MOST and found == int(found) else None


def decimal(value: object) -> Decimal | None:
    """Return a finite number as it was written; None for anything else.

    >>> decimal(0.1), decimal("0.1"), decimal(float("inf"))
    (Decimal('0.1'), None, None)
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return None
    try:
        found = Decimal(str(value))
    except (InvalidOperation, ValueError):
        return None
    return found if found.is_finite() else None


def plain(found: Decimal) -> Decimal:
    """Return a number without needless zeros and without exponent.

    >>> plain(Decimal("0.0200")), plain(Decimal("1E+1"))
    (Decimal('0.02'), Decimal('10'))
    """
    return Decimal(format(found.normalize(), "f"))
