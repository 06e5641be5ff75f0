"""How much must be out of the ordinary before it is said: the floors, and how often to be wrong.

Comes in: what a person asked for. Goes out: `Strictness`.
"""

from dataclasses import dataclass
from decimal import Decimal

from outlay.errors import BadInput


@dataclass(frozen=True, slots=True)
class Strictness:
    """What counts as an anomaly. The defaults are those that were measured (docs/anomalies.md).

    Args:
        deviations: How many times the ordinary spread of its series a day must be away from what was expected.
        percent: By how much of what was expected it must differ, at least, in percent.
        money: By how much it must differ, at least, in the currency of the series.
        false_share: Which share of the alerts of one day, over all series, may be by chance.
        warm_up_days: For how long a series is only watched before it is judged.
        patience_days: After how many days at a new level in a row that level is taken for ordinary.
        new_percent: A new series is told of when it costs so much of what all others cost a day, in percent.

    Raises:
        BadInput: A value that can never hold, such as a negative floor.
    """

    deviations: float = 4.8
    percent: float = 20.0
    money: Decimal = Decimal(0)
    false_share: float = 0.1
    warm_up_days: int = 21
    patience_days: int = 3
    new_percent: float = 10.0

    def __post_init__(self) -> None:
        """Refuse what could never hold."""
        for name, low, high in (("deviations", 1, 100), ("percent", 0, 10_000), ("false_share", 0, 1)):
            if not low <= getattr(self, name) <= high:
                raise BadInput(f"{name} is {getattr(self, name)}", fix=f"give a number from {low} to {high}")
        for name, least, most in (("warm_up_days", 14, 366), ("patience_days", 1, 28), ("new_percent", 0, 10_000)):
            if not least <= getattr(self, name) <= most:
                raise BadInput(f"{name} is {getattr(self, name)}", fix=f"give a number from {least} to {most}")
        if not self.money.is_finite() or self.money < 0:
            raise BadInput(f"the floor is {self.money}", fix="give an amount of money, 0 or more")
