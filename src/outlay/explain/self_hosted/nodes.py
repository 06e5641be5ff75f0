"""Nodes: machines by their price per GPU-hour, for those who have no bill of them; and how tokens weigh.

```toml
[[node]]
name = "inference"
gpus = 4
price_per_gpu_hour = "2.50"
currency = "USD"
hours = 720                         # each GPU was held; left out: every hour of the period
prefill_tokens_per_second = 8_000   # of one GPU that does nothing else; left out: only the split is known,
decode_tokens_per_second = 600      # not what was idle
```
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path
from typing import Any

from outlay.errors import BadInput
from outlay.explain.toml_file import read_tables, refuse
from outlay.terms.currency import CURRENCIES
from outlay.terms.money import PLACES

#: How usage names machines of one's own, and the unit in which they are held.
PROVIDER = "self-hosted"
UNIT = "gpu_second"
_KEYS = (
    *("name", "gpus", "price_per_gpu_hour", "currency", "hours"),
    *("prefill_tokens_per_second", "decode_tokens_per_second"),
)


@dataclass(frozen=True, slots=True)
class Weights:
    """What a token weighs where GPU time was not measured.

    A prompt is read many tokens at a time, an answer is written one by one, so a token of it holds the GPU longer.
    Sellers ask 4 to 5 times as much for it, hence 1 to 4 unless one's own throughput is known. Prompt tokens read from
    a cache weigh nothing.

    Args:
        prefill: Of a prompt token.
        decode: Of a token of the answer.
    """

    prefill: Decimal = Decimal(1)
    decode: Decimal = Decimal(4)

    def of(self, prefill: int, decode: int) -> Fraction:
        """Return what so many tokens weigh together."""
        return prefill * Fraction(self.prefill) + decode * Fraction(self.decode)


@dataclass(frozen=True, slots=True)
class Node:
    """Machines of one kind.

    Args:
        name: What they are called.
        gpus: How many GPUs they have together.
        price: Of one GPU for an hour.
        currency: Of the price.
        hours: That each GPU was held; None for every hour of the period.
        throughput: Tokens per second of one GPU: of prompts, and of answers; None when not known.
    """

    name: str
    gpus: int
    price: Decimal
    currency: str
    hours: Decimal | None = None
    throughput: tuple[Decimal, Decimal] | None = None


def read_weights(text: str) -> Weights:
    """Read `prefill=1,decode=4`.

    Raises:
        BadInput: It names something else, or a weight below 0.
    """
    fix = "write for example prefill=1,decode=4"
    found: dict[str, Decimal] = {}
    for pair in text.split(","):
        name, _, value = pair.partition("=")
        try:
            found[name.strip()] = Decimal(value.strip())
        except InvalidOperation as error:
            raise BadInput(f"the weight {pair!r} is not a number", fix=fix) from error
    bad = [name for name, weight in found.items() if not weight.is_finite() or weight < 0 or _is_huge(weight)]
    if set(found) - {"prefill", "decode"} or bad or not any(found.values()):
        raise BadInput(f"{text!r} cannot be the weights of tokens", fix=fix)
    return Weights(found.get("prefill", Decimal(0)), found.get("decode", Decimal(0)))


def read_nodes(path: Path) -> list[Node]:
    """Read a file of nodes.

    Raises:
        BadConfig: The file cannot be read or used; the message names every node and key at fault.
    """
    listed = read_tables(path, "node")
    flaws: list[str] = []
    nodes = [_node(entry, f"node {place}", flaws) for place, entry in enumerate(listed, start=1)]
    currencies = sorted({node.currency for node in nodes})
    if len(currencies) > 1 and not flaws:
        flaws.append(f"nodes are priced in {' and '.join(currencies)}; keep a file for each currency")
    refuse(path, flaws)
    return nodes


def _node(entry: Mapping[str, Any], where: str, flaws: list[str]) -> Node:
    flaws += [f"{where}: {key!r} is not a key; use {', '.join(_KEYS)}" for key in sorted(set(entry) - set(_KEYS))]
    name, currency = entry.get("name", where), entry.get("currency", "USD")
    if not isinstance(name, str) or not name:
        flaws.append(f'{where}: name is {name!r}; write name = "..."')
    if not isinstance(currency, str) or currency not in CURRENCIES:
        flaws.append(f"{where}: currency is {currency!r}; write an ISO 4217 code such as USD")
    gpus = entry.get("gpus", 1)
    if not isinstance(gpus, int) or isinstance(gpus, bool) or gpus <= 0:
        flaws.append(f"{where}: gpus is {gpus!r}; write a whole number above 0")
        gpus = 1
    numbers = {key: _number(entry, key, where, flaws) for key in (_KEYS[2], *_KEYS[4:])}
    if numbers["price_per_gpu_hour"] is None and "price_per_gpu_hour" not in entry:
        flaws.append(f'{where}: price_per_gpu_hour is missing; write price_per_gpu_hour = "2.50"')
    rates = (numbers["prefill_tokens_per_second"], numbers["decode_tokens_per_second"])
    if (rates[0] is None) != (rates[1] is None):
        flaws.append(f"{where}: one throughput is missing; give both tokens per second, or none")
    throughput = None if rates[0] is None or rates[1] is None else (rates[0], rates[1])
    return Node(
        str(name), gpus, numbers["price_per_gpu_hour"] or Decimal(0), str(currency), numbers["hours"], throughput
    )


def _is_huge(number: Decimal) -> bool:
    """Say whether a number has more places than anything here; its fraction would take for ever."""
    return bool(number) and abs(number.adjusted()) >= PLACES


def _number(entry: Mapping[str, Any], key: str, where: str, flaws: list[str]) -> Decimal | None:
    if key not in entry:
        return None
    try:
        number = Decimal(str(entry[key]))
    except InvalidOperation:
        number = Decimal(0)
    if not number.is_finite() or number <= 0 or _is_huge(number):
        flaws.append(f"{where}: {key} is {entry[key]!r}; write a number above 0")
        return None
    return number


@dataclass(frozen=True, slots=True)
class Held:
    """What nodes come to over a period.

    Args:
        amount: What they cost.
        gpu_seconds: How long their GPUs were held together.
        throughput: Tokens per second of their average GPU: of prompts, and of answers; None when one does not say.
    """

    amount: Fraction
    gpu_seconds: Fraction
    throughput: tuple[Fraction, Fraction] | None


def held(nodes: Sequence[Node], hours: int) -> Held:
    """Return what nodes come to over a period of so many hours."""
    spans = [node.gpus * Fraction(hours if node.hours is None else node.hours) for node in nodes]
    amount = sum((span * Fraction(node.price) for node, span in zip(nodes, spans, strict=True)), Fraction())
    rates = [node.throughput for node in nodes if node.throughput]
    throughput = None
    if len(rates) == len(nodes):
        sums = [
            sum((span * Fraction(rate[side]) for rate, span in zip(rates, spans, strict=True)), Fraction())
            for side in (0, 1)
        ]
        throughput = sums[0] / sum(spans), sums[1] / sum(spans)
    return Held(amount, sum(spans, Fraction()) * 3600, throughput)
