"""The usage vector: what one response used, in units that do not overlap, and where the provider contradicts itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from outlay.terms.unit import TOKEN_UNITS

#: Every unit that is a token. Those beyond `TOKEN_UNITS` are rare; they travel as units under their own name.
TOKENS = frozenset({*TOKEN_UNITS, "cache_read_image", "output_video", "output_citation"})


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One thing in a response that does not fit the rest of it, or that cannot be read.

    Args:
        code: What is wrong, a stable slug; docs/usage-vectors.md lists them.
        field: Where it stands in the response, such as `usage.total_tokens`.
        by: How much more we count than the provider states; negative when it is less. Tokens, or an amount of money
            where the field is one; 0 where there is nothing to compare.
    """

    code: str
    field: str
    by: int | Decimal = 0


@dataclass(frozen=True, slots=True)
class UsageVector:
    """What one response used.

    Args:
        dialect: Who understood the response, such as `openai`; empty when nobody did.
        units: Quantity by unit, each more than 0. Units are disjoint, so tokens may be added.
        context: What the price depends on and is out of the ordinary: `tier`, `processing`, `speed`, `region`.
        model: The model that answered, as the provider names it.
        response_id: The provider's id of its answer.
        total: The provider's own total of tokens; None when it states none.
        reported_cost: What the provider says it cost, in USD.
        flaws: Where the response contradicts itself. When there is a total and the tokens do not add up to it, exactly
            one of them is about the total and says by how much.
        also: What other models used to make the same response; each is billed at its own price.
    """

    dialect: str
    units: Mapping[str, int | Decimal] = field(default_factory=dict)
    context: Mapping[str, str] = field(default_factory=dict)
    model: str | None = None
    response_id: str | None = None
    total: int | None = None
    reported_cost: Decimal | None = None
    flaws: tuple[Disagreement, ...] = ()
    also: tuple["UsageVector", ...] = ()

    @property
    def tokens(self) -> int:
        """Return how many tokens there are, of any unit.

        >>> UsageVector("openai", {"input": 3, "output": 2, "page": 1}).tokens
        5
        """
        return sum(int(quantity) for unit, quantity in self.units.items() if unit in TOKENS)
