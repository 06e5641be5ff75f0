"""The contract of a price source: what it calls itself, how new it is, and the list prices it knows."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypedDict

#: What the source text of every list price ends with. A price without it was agreed with us, and beats the list.
LIST = " (list price)"
#: The unit of a record that says what model is behind a deployed name; its pattern is that model's name.
DEPLOYMENT = "deployment of a model"


class Stated(TypedDict):
    """One price as a source states it: a row of table `price` before it is learnt."""

    provider: str
    model: str
    pattern: str
    unit: str
    context: str
    size_from: int
    amount: Decimal
    per: int
    currency: str
    valid_from: datetime
    valid_to: datetime
    source: str
    correction: bool
    marginal: bool


@dataclass(frozen=True, slots=True)
class Source:
    """Where list prices come from.

    Args:
        label: Its name in the `source` of every price, for example `genai-prices`.
        version: How new its data is; a store that holds newer data is left as it is.
        read: Returns every price it states, per key disjoint in time; must not reach the network. A price without a
            pattern is for the model that the book knows under its name.
    """

    label: str
    version: str
    read: Callable[[], Iterable[Stated]]

    @property
    def text(self) -> str:
        """Return what the `source` of its prices says."""
        return f"{self.label} {self.version}{LIST}"


def is_list(source: str) -> bool:
    """Say whether a source text is that of a list price.

    >>> is_list("genai-prices 0.2.3 (list price)"), is_list("contract 2026-114")
    (True, False)
    """
    return source.endswith(LIST)
