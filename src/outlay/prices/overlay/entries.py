"""Entries: what a `[[price]]`, a `[[discount]]`, a `[[deployment]]` and their like say, as records of the book."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import TypedDict, Unpack

from outlay.prices.credit import CREDIT
from outlay.prices.overlay.fields import (
    Fields,
    amounts,
    context,
    currency,
    decimal,
    expression,
    instant,
    project,
    text,
    whole,
    word,
    words,
    yes,
)
from outlay.prices.pattern import equals
from outlay.prices.percent import ALL_TOKENS, DISCOUNT, EVERY_MODEL, EVERYTHING, NO_CURRENCY, UPLIFT
from outlay.prices.policy import REPORTED
from outlay.prices.source import DEPLOYMENT, LIST, Stated
from outlay.terms.price import ALWAYS, FOREVER, PROJECT, context_of, context_text
from outlay.terms.unit import TOKEN_UNITS

_ATTO = 18
_HUNDRED = 100
_MUST = ("provider", "model", "per", "currency", "valid_from", "source")
_MAY = ("pattern", "context", "project", "size_from", "threshold", "valid_to", "correction")
_PERCENT_MAY = ("model", "pattern", "unit", "context", "project", "valid_to", "correction")
_NOWHERE = dict.fromkeys(("account", "workspace"), "write it as project: events say whose use it is in context.project")
_NOWHERE |= dict.fromkeys(
    ("team", "feature", "customer"),
    "providers agree prices for a project, an account or a workspace of theirs: name that as project",
)
_WHOLE, _MARGINAL = "whole", "marginal"


class _Said(TypedDict, total=False):
    """What a kind of entry says of its own."""

    model: str
    pattern: str
    unit: str
    context: str
    size_from: int
    amount: Decimal
    per: int
    currency: str
    source: str
    marginal: bool


def price(fields: Fields) -> list[Stated]:
    """Return prices, in the amounts and for the number of units they are stated in."""
    several = fields.has("amounts")
    fields.know([*_MUST, *(("amounts",) if several else ("unit", "amount"))], _MAY, _NOWHERE)
    per = fields.read("per", whole(1), 1)
    one = {fields.read("unit", word, ""): fields.read("amount", decimal, Decimal(0))}
    by_unit = fields.read("amounts", amounts, one) if several else one
    for unit, amount in by_unit.items():
        if unit in TOKEN_UNITS and int(amount.scaleb(_ATTO)) % per:
            what = f"{amount} per {per} {unit} tokens is not whole in 1e-18"
            fields.refuse("amounts" if several else "amount", what, "state it per 1_000_000 tokens")
    marginal = _is_marginal(fields, by_unit)
    stated = _stated(
        fields,
        unit="",
        model=fields.read("model", text, "").lower(),
        pattern=fields.read("pattern", expression, ""),
        context=_context(fields),
        size_from=fields.read("size_from", whole(0), 0),
        marginal=marginal,
        per=per,
        currency=fields.read("currency", currency, ""),
    )
    return [{**stated, "unit": unit, "amount": amount} for unit, amount in by_unit.items()]


def _is_marginal(fields: Fields, units: Iterable[str]) -> bool:
    """Say whether a price is for the tokens above a size only, and check that it can be."""
    threshold = fields.read("threshold", text, _WHOLE)
    if threshold not in (_WHOLE, _MARGINAL):
        fix = (
            'write "whole", from size_from on it holds for the whole request, or "marginal", for the tokens above only'
        )
        fields.refuse("threshold", f"threshold is {threshold!r}", fix)
    if threshold != _MARGINAL:
        return False
    if others := [unit for unit in units if unit and unit not in TOKEN_UNITS]:
        what = f"{others[0]} is no token: a size is that of one request, not what a month adds up to"
        fields.refuse(
            "threshold", what, "leave threshold out; what a month's volume takes off is a discount on the bill"
        )
    elif fields.read("size_from", whole(0), 0) <= 1:
        fix = "write as size_from the first token that costs it: 200_001 where a list says above 200,000"
        fields.refuse(
            "size_from" if fields.has("size_from") else "threshold", "a marginal price begins above a size", fix
        )
    return True


def _context(fields: Fields) -> str:
    """Return the context of an entry with its project in it."""
    said = context_of(fields.read("context", context, ""))
    named = fields.read("project", project, "")
    if named and said.get(PROJECT, named) != named:
        fields.refuse("project", f"project is {named!r}, and another one in context", "name it once")
    return context_text({**said, PROJECT: named} if named else said)


def discount(fields: Fields) -> list[Stated]:
    """Return a percentage off list prices."""
    return [_percentage(fields, DISCOUNT, EVERYTHING, must=())]


def uplift(fields: Fields) -> list[Stated]:
    """Return a percentage that a context costs on top."""
    found = _percentage(fields, UPLIFT, ALL_TOKENS, must=("context",))
    if fields.has("context") and not fields.faults and not fields.read("context", context, ""):
        fields.refuse("context", "the context is the ordinary one", "name what costs more, as {region = 'us'}")
    return [found]


def deployment(fields: Fields) -> list[Stated]:
    """Return what model is behind a deployed name; its pattern is that model's name."""
    fields.know(("provider", "name", "model"), ("valid_from", "valid_to", "source", "correction"), {})
    name = fields.read("name", text, "").lower()
    target = fields.read("model", text, "")
    source = "" if fields.has("source") else f"deployment {name}"
    return [_stated(fields, unit=DEPLOYMENT, model=name, pattern=target, currency=NO_CURRENCY, source=source)]


def reported(fields: Fields) -> list[Stated]:
    """Return whether what a provider says a call cost counts in place of our price."""
    fields.know(("provider", "counts", "valid_from", "source"), ("model", "pattern", "valid_to", "correction"), {})
    model = fields.read("model", text, "").lower()
    return [
        _stated(
            fields,
            unit=REPORTED,
            model=model or EVERY_MODEL,
            pattern=fields.read("pattern", expression, equals(model) if model else ".*"),
            amount=Decimal(int(fields.read("counts", yes, default=False))),
            currency=NO_CURRENCY,
        )
    ]


def credit(fields: Fields) -> list[Stated]:
    """Return a sum that a vendor lets us use up."""
    fields.know(
        ("provider", "name", "amount", "currency", "valid_from", "source"),
        ("model", "pattern", "project", "valid_to"),
        _NOWHERE,
    )
    model, pattern = _models(fields)
    return [
        _stated(
            fields,
            unit=CREDIT + fields.read("name", text, ""),
            model=model,
            pattern=pattern,
            context=_context(fields),
            amount=fields.read("amount", decimal, Decimal(0)),
            currency=fields.read("currency", currency, ""),
        )
    ]


def _models(fields: Fields) -> tuple[str, str]:
    """Return which models an entry is for: one, those of a pattern, or all; by name and by pattern."""
    if fields.has("model") and fields.has("pattern"):
        fields.refuse("pattern", "both model and pattern are given", "name one model, or match several by a pattern")
    model = fields.read("model", text, "").lower()
    pattern = fields.read("pattern", expression, equals(model) if model else ".*")
    return model or (pattern if fields.has("pattern") else EVERY_MODEL), pattern


def _percentage(fields: Fields, kind: str, units: str, *, must: tuple[str, ...]) -> Stated:
    may = [name for name in _PERCENT_MAY if name not in must]
    fields.know(("provider", "percent", "valid_from", "source", *must), may, _NOWHERE)
    percent = fields.read("percent", decimal, Decimal(0))
    if kind == DISCOUNT and percent > _HUNDRED:
        fields.refuse("percent", f"percent is {percent}", "write how much of 100 is taken off")
    model, pattern = _models(fields)
    return _stated(
        fields,
        unit=kind + ",".join(fields.read("unit", words, (units,))),
        model=model,
        pattern=pattern,
        context=_context(fields),
        amount=percent,
        per=_HUNDRED,
        currency=NO_CURRENCY,
    )


def _stated(fields: Fields, **said: Unpack[_Said]) -> Stated:
    """Return a record with what every kind of entry says, and check that it makes sense."""
    valid_from, valid_to = fields.read("valid_from", instant, ALWAYS), fields.read("valid_to", instant, FOREVER)
    if valid_to <= valid_from:
        fields.refuse("valid_to", "valid_to is not after valid_from", "give a later one, or none where it never ends")
    source = fields.read("source", text, said.pop("source", ""))
    if source.endswith(LIST):
        fields.refuse("source", f"source ends with {LIST!r}", "name the contract or page; those words mark price lists")
    when = {"valid_from": valid_from, "valid_to": valid_to, "correction": fields.read("correction", yes, default=False)}
    plain = {"context": "", "size_from": 0, "amount": Decimal(0), "per": 1, "marginal": False}
    rest: Stated = {**plain, **said, **when}  # type: ignore[typeddict-item]
    return {**rest, "provider": fields.read("provider", text, "").lower(), "source": source}


#: How each kind of entry is read, by the name in its header.
KINDS: Mapping[str, Callable[[Fields], list[Stated]]] = {
    "price": price,
    "discount": discount,
    "uplift": uplift,
    "deployment": deployment,
    "reported": reported,
    "credit": credit,
}
