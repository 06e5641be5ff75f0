"""Outlay follows every dollar from the invoice line to the feature, customer and user that caused it.

What stands here is for your own programs: say who causes usage, and record it. It needs only the standard library.

    with outlay.context(feature="search.query_expansion", customer="acme"):
        outlay.record(provider="openai", model="gpt-4o-mini", usage={"input": 812, "output": 64})
"""

from outlay.sdk.recording import configure, dropped, record
from outlay.sdk.scope import context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from outlay.sdk.pricing import Priced, price

__all__ = ["Priced", "__version__", "configure", "context", "dropped", "price", "record"]

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """Load the pricing when it is first asked for; a program that only records its usage goes without."""
    if name not in ("Priced", "price"):
        raise AttributeError(f"module 'outlay' has no attribute {name!r}")
    from outlay.sdk import pricing  # noqa: PLC0415 - loaded when used

    globals()["Priced"], globals()["price"] = pricing.Priced, pricing.price
    return globals()[name]
