"""Money: a decimal amount that never travels without its currency, and the exact split.

Amounts have at most 12 decimal places, the scale of every money column. Splits use whole pico-units
(1e-12), so parts always add up to the whole.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal

from outlay.errors import BadInput

PLACES = 12
PICO = Decimal(1).scaleb(-PLACES)
#: Wide enough for every DECIMAL(38,12) and for the products splits need.
EXACT = Context(prec=100, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount in a currency.

    Args:
        amount: At most 12 decimal places.
        currency: ISO 4217 code, upper case.

    >>> Money(Decimal("1.50"), "USD") + Money(Decimal("0.25"), "USD")
    Money(amount=Decimal('1.75'), currency='USD')
    """

    amount: Decimal
    currency: str

    def __add__(self, other: "Money") -> "Money":
        """Add an amount in the same currency.

        Raises:
            BadInput: The currencies differ; convert first, at a dated rate.
        """
        return Money(EXACT.add(self.amount, self._same(other).amount), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        """Subtract an amount in the same currency (raises like `+`)."""
        return Money(EXACT.subtract(self.amount, self._same(other).amount), self.currency)

    def __neg__(self) -> "Money":
        """Return the amount with its sign turned."""
        return Money(-self.amount, self.currency)

    def _same(self, other: "Money") -> "Money":
        if other.currency != self.currency:
            raise BadInput(
                f"cannot add {other.currency} to {self.currency}",
                fix="convert one of them first, at a dated rate with a source",
                code="two-currencies",
            )
        return other


def rounded(amount: Decimal) -> Decimal:
    """Round to 12 places, half to even, as happens once where quantity meets price.

    >>> rounded(Decimal("0.0000000000005"))
    Decimal('0E-12')
    """
    return amount.quantize(PICO, context=EXACT)


def pico(amount: Decimal) -> int:
    """Return an amount of at most 12 places as whole pico-units.

    >>> pico(Decimal("0.000000000042"))
    42
    """
    return int(amount.scaleb(PLACES, context=EXACT))


def plain(amount: Decimal) -> str:
    """Write an amount without exponent or needless zeros, for machine-readable output.

    >>> plain(Decimal("1200.500000000000")), plain(Decimal("0E-12")), plain(Decimal("-1E+2"))
    ('1200.5', '0', '-100')
    """
    if not amount:
        return "0"
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def split(amount: Decimal, weights: Sequence[int]) -> list[Decimal]:
    """Split an amount in proportion to weights, exactly (largest remainder at 1e-12).

    Ties go to the earlier weight. Negative amounts split like their absolute value, sign restored.
    This is the plain form of `allocate/sql/share.sql`, and the oracle its tests compare with.

    Args:
        amount: At most 12 decimal places.
        weights: Whole numbers, none negative, not all zero.

    Returns:
        One part per weight; the parts sum to `amount` exactly.

    >>> split(Decimal("1.00"), [1, 1, 1])
    [Decimal('0.333333333334'), Decimal('0.333333333333'), Decimal('0.333333333333')]
    """
    total = sum(weights)
    if total <= 0 or min(weights) < 0:
        raise BadInput("an amount can only be split by weights that are not negative and not all zero")
    whole = abs(pico(amount))
    parts = [whole * weight // total for weight in weights]
    by_rest = sorted(range(len(weights)), key=lambda i: (-(whole * weights[i] % total), i))
    for i in by_rest[: whole - sum(parts)]:
        parts[i] += 1
    sign = -1 if amount < 0 else 1
    return [EXACT.multiply(sign * part, PICO) for part in parts]
