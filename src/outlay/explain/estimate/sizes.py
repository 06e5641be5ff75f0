"""Sizes: how many of something one request has, or one user does: a number, or a spread around one.

Sizes of prompts, answers and users are skewed, with a few very large ones, so a spread is log-normal. It is used as
slices that are equally likely, each standing for its own mean: the mean over the slices is the mean of the whole, and
nothing is drawn by chance.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from random import Random
from statistics import NormalDist

from outlay.terms.money import EXACT

#: Slices of a spread. Thresholds of prices are met to one part in so many.
SLICES = 500
_NORMAL = NormalDist()
#: Standard deviations at which 95 % lie below.
_Z95 = Decimal("1.644853626951")
#: Those between which the middle 80 % lie.
Z80 = Decimal("1.281551565545")
_DIGITS = 12
_ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Size:
    """A number with a spread.

    Args:
        mean: On average, above 0, or 0 without a spread.
        spread: Standard deviation of the logarithm; 0 when it is always the same.
    """

    mean: Decimal
    spread: Decimal = Decimal(0)

    @classmethod
    def of_quantiles(cls, median: Decimal, p95: Decimal) -> "Size":
        """Return the size of which half lie below the median and 95 % below `p95`.

        >>> size = Size.of_quantiles(Decimal(1000), Decimal(1000))
        >>> size.mean, size.spread
        (Decimal('1000'), Decimal('0'))
        """
        if p95 == median:
            return cls(median)
        spread = EXACT.divide(EXACT.ln(EXACT.divide(p95, median)), _Z95)
        return cls(EXACT.multiply(median, EXACT.exp(spread * spread / 2)), spread)

    @classmethod
    def of_deviation(cls, mean: Decimal, deviation: Decimal) -> "Size":
        """Return the size with this mean and standard deviation."""
        if not deviation:
            return cls(mean)
        return cls(mean, EXACT.sqrt(EXACT.ln(_ONE + EXACT.power(EXACT.divide(deviation, mean), 2))))

    @property
    def relative_variance(self) -> Decimal:
        """Return the variance over the square of the mean."""
        return EXACT.exp(EXACT.multiply(self.spread, self.spread)) - 1 if self.spread else Decimal(0)

    def slices(self) -> list[Decimal]:
        """Return the mean of each of the equally likely slices, from small to large; one slice without a spread."""
        if not self.spread:
            return [self.mean]
        below = [Decimal(0), *(self._below(place) for place in range(1, SLICES)), _ONE]
        return [self.mean * SLICES * (high - low) for low, high in pairwise(below)]

    def _below(self, place: int) -> Decimal:
        """Return the part of the whole that lies in the slices below a place."""
        edge = _NORMAL.inv_cdf(place / SLICES)
        part = _NORMAL.cdf(edge - float(self.spread))  # float is fine: a quantile without a unit, kept to 12 digits
        return Decimal(f"{part:.{_DIGITS}f}")


def requests(tokens: Mapping[str, Size]) -> list[dict[str, int]]:
    """Return equally likely requests in whole tokens: all combinations of sizes do not depend on each other.

    Args:
        tokens: Size by unit.

    Returns:
        One request when nothing has a spread, else as many as there are slices. The order in which the slices of one
        unit meet those of another is shuffled, always the same way.
    """
    spread = any(size.spread for size in tokens.values())
    columns = {unit: list(_whole(size, SLICES if spread else 1, unit)) for unit, size in tokens.items()}
    return [{unit: column[place] for unit, column in columns.items()} for place in range(SLICES if spread else 1)]


def _whole(size: Size, count: int, unit: str) -> Iterator[int]:
    """Yield whole tokens for each slice; what rounding leaves goes to the next, so that the mean stays."""
    slices = size.slices()
    slices = slices if len(slices) == count else slices * count
    left = Decimal(0)
    whole = []
    for exact in slices:
        whole.append(int((exact + left).to_integral_value()))
        left += exact - whole[-1]
    Random(unit).shuffle(whole)  # noqa: S311 - an order, not a secret
    yield from whole


def band(mean: Decimal, relative_variance: Decimal) -> tuple[Decimal, Decimal]:
    """Return between which two amounts a sum lies in 8 of 10 cases.

    Args:
        mean: The expected sum, not negative.
        relative_variance: Its variance over the square of its mean.

    Returns:
        The 10th and 90th percentile of the log-normal with that mean and variance: never below 0, and close to the
        bell curve when many add up.

    >>> band(Decimal(100), Decimal(0))
    (Decimal('100'), Decimal('100'))
    """
    if not relative_variance or not mean:
        return mean, mean
    square = EXACT.ln(1 + relative_variance)
    middle, spread = EXACT.multiply(mean, EXACT.exp(-square / 2)), EXACT.sqrt(square)
    low, high = (EXACT.multiply(middle, EXACT.exp(side * Z80 * spread)) for side in (-1, 1))
    return low, high
