"""Percentages: discounts and uplifts, kept as they were agreed and worked out on whatever the list says.

Comes in: records of table `price` whose unit is `discount of ...` or `uplift of ...`: `amount` percent. Goes out: the
prices they make of others. They are worked out when the book is read, so a newer list needs no new discount, and who
asks what was known at an instant gets the list and the discounts of that instant.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from outlay.prices.pattern import compiled, equals
from outlay.prices.rates import TOKENS, Rates
from outlay.prices.source import LIST, is_list
from outlay.terms.money import EXACT, PLACES, plain, rounded
from outlay.terms.price import PROJECT, Price, context_of, context_text

DISCOUNT = "discount of "
UPLIFT = "uplift of "
#: What a percentage is of: every unit, every token, or the units it names, joined by commas.
EVERYTHING, ALL_TOKENS = "everything", "tokens"
#: The model of a percentage on all models of a provider.
EVERY_MODEL = "*"
#: A percentage has no currency; this is what ISO 4217 writes for that.
NO_CURRENCY = "XXX"
_HUNDRED = Decimal(100)
_MILLION = 1_000_000

#: A record and the pattern it came with, which is matched against the book's own names of models.
Percentage = tuple[Price, str]


def is_percentage(unit: str) -> bool:
    """Say whether a record is a percentage on other prices.

    >>> is_percentage("discount of everything"), is_percentage("input")
    (True, False)
    """
    return unit.startswith((DISCOUNT, UPLIFT))


def adjusted(rates: Rates, percentages: Iterable[Percentage]) -> Rates:
    """Return the rates of a model with what uplifts and discounts make of them.

    An uplift makes prices of another context, out of agreed and of list prices, where none is stated for it. A
    discount makes discounted prices out of list prices. Percentages do not add up: the one that says most precisely
    what it is for holds, and of two equally precise ones the one learnt later.

    Args:
        rates: The model's prices as they are stated.
        percentages: Those of the provider that is paid, oldest knowledge first.
    """
    held = sorted((p for p in percentages if compiled(p[1]).fullmatch(rates.name)), key=_detail)
    if not held:
        return rates
    new = replace(
        rates,
        agreed=_uplifted(rates.agreed, held),
        discounted=dict(rates.discounted),
        published=_uplifted(rates.published, held),
    )
    for percentage, _ in held:
        if percentage.unit.startswith(DISCOUNT):
            for (unit, context), records in new.published.items():
                name = _discounted(context, percentage.context)
                if name is not None and _is_of(percentage.unit, unit):
                    less = [made for p in records if (made := _made(p, percentage, name))]
                    new.discounted.setdefault((unit, name), []).extend(less)
    return new


def _discounted(context: str, asked: str) -> str | None:
    """Return the context in which a discount on list prices holds, which name no project; None where it is for others.

    >>> _discounted("tier=flex", "project=p-1"), _discounted("tier=flex", "tier=flex"), _discounted("", "tier=flex")
    ('project=p-1;tier=flex', 'tier=flex', None)
    """
    said, wished = context_of(context), context_of(asked)
    whose = {key: value for key, value in wished.items() if key == PROJECT and key not in said}
    named = said | whose
    return context_text(named) if wished.items() <= named.items() else None


def _uplifted(
    side: dict[tuple[str, str], list[Price]], held: Sequence[Percentage]
) -> dict[tuple[str, str], list[Price]]:
    found = dict(side)
    for percentage, _ in held:
        if not percentage.unit.startswith(UPLIFT):
            continue
        more = context_of(percentage.context)
        for (unit, context), records in side.items():
            said = context_of(context)
            name = context_text({**said, **more})
            if said.keys() & more.keys() or (unit, name) in side or not _is_of(percentage.unit, unit):
                continue
            made = [made for p in records if (made := _made(p, percentage, name))]
            found[unit, name] = [*found.get((unit, name), []), *made]
    return {key: records for key, records in found.items() if records}


def _made(price: Price, percentage: Price, context: str) -> Price | None:
    """Return what a percentage makes of a price, in the time in which both hold; None when there is none."""
    first = max(price.valid_from, percentage.valid_from)
    end = min(price.valid_to, percentage.valid_to)
    if first >= end:
        return None
    # A price of three tokens is whole in 1e-18 for one of them; less a percentage it need not be, per million it is.
    by_million = price.unit in TOKENS and _MILLION % price.per
    amount, per = (Decimal(price.atto).scaleb(-PLACES), _MILLION) if by_million else (price.amount, price.per)
    off = percentage.unit.startswith(DISCOUNT)
    part = _HUNDRED - percentage.amount if off else _HUNDRED + percentage.amount
    whole, by = price.source.removesuffix(LIST), percentage.source.removesuffix(LIST)
    text = f"{by}: {plain(percentage.amount)}% {'off' if off else 'on'} {whole}"
    return replace(
        price,
        context=context,
        amount=rounded(EXACT.divide(EXACT.multiply(amount, part), _HUNDRED)),
        per=per,
        valid_from=first,
        valid_to=end,
        source=text + LIST if is_list(price.source) and not off else text,
        recorded_at=max(price.recorded_at, percentage.recorded_at),
    )


def _is_of(text: str, unit: str) -> bool:
    of = text.partition(" of ")[2]
    return of == EVERYTHING or unit in (TOKENS if of == ALL_TOKENS else of.split(","))


def _detail(percentage: Percentage) -> tuple[int, int, int]:
    """Rank by how much it says about the model, the units and the context; sorting keeps the order of knowledge."""
    price, pattern = percentage
    model = 0 if price.model == EVERY_MODEL else 2 if pattern == equals(price.model) else 1
    of = price.unit.partition(" of ")[2]
    units = {EVERYTHING: 0, ALL_TOKENS: 1}.get(of, 2)
    return model, units, len(context_of(price.context))
