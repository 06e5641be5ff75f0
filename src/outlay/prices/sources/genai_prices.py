"""genai-prices: the list prices of model providers, as the installed package carries them.

Comes in: the package's data, no network. Goes out: dated prices. How its terms become ours:

- Its `input_tokens` holds cached and other tokens too, but each price is for what no narrower price takes out, so
  its prices are already those of our disjoint units; only the names change.
- A model's prices stand in a list, and the last that is active holds: each becomes the period in which it is that.
- A price for some hours of the day becomes the context `hours=HH:MM-HH:MM` (UTC).
- A tier "above n tokens" becomes the size `n + 1`, for the whole request.
- Some amounts carry the dust of binary fractions (0.13999999999999999); they are rounded at 1e-12.
- Variants become contexts; one without any price says that its context costs what the ordinary one does. The first
  record of a variant often bears the day on which somebody wrote it down, so it holds from the model's first price on;
  later ones hold from their own day.
"""

from collections.abc import Iterator
from importlib.metadata import version

from outlay.prices.source import Source, Stated


def _read() -> Iterator[Stated]:
    # A store that holds this version already is not kept waiting for the package, which takes most of a second.
    from outlay.prices.genai_models import read  # noqa: PLC0415

    return read(SOURCE.text)


SOURCE = Source(label="genai-prices", version=version("genai-prices"), read=_read)
