"""The models of the genai-prices package as prices of ours; the source of that name says how its terms become ours."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal

from genai_prices import types as theirs
from genai_prices.data import providers
from genai_prices.data_units import unit_data

from outlay.errors import SourceFailed
from outlay.prices import pattern
from outlay.prices.contexts import wanted
from outlay.prices.source import Stated
from outlay.terms.money import rounded
from outlay.terms.price import ALWAYS, FOREVER, HOURS, ORDINARY, context_text

_BY_PRICE_KEY = {str(unit.get("price_key", name)): (name, int(unit["per"])) for name, unit in unit_data.items()}
#: Units that we call otherwise; of other tokens only the word `tokens` goes, of other things the plural.
_UNITS = {
    "cache_audio_read_tokens": "cache_read_audio",
    "cache_image_read_tokens": "cache_read_image",
    "cache_video_read_tokens": "cache_read_video",
    "input_document_pages": "page",
    "input_annotated_document_pages": "annotated_page",
    "web_searches": "web_search",
    "social_searches": "social_search",
    "storage_searches": "storage_search",
    "rerank_searches": "rerank_search",
}
_Span = tuple[datetime, datetime]
_Conditions = theirs.StartDateConstraint | theirs.TimeOfDateConstraint | None


def read(source: str) -> Iterator[Stated]:
    """Yield every price, with this text as its source."""
    for provider in providers:
        for model in provider.models:
            for prices, context, span in (*_ordinary(model), *_variants(model), *_same(model)):
                yield from _stated(provider.id, model, prices, context, span, source)


def _ordinary(model: theirs.ModelInfo) -> Iterator[tuple[theirs.ModelPrice, str, _Span]]:
    """Yield the ordinary prices, each with the hours and the period in which it is the last active one."""
    listed = (
        model.prices
        if isinstance(model.prices, list)
        else [theirs.ConditionalPrice(constraint=None, prices=model.prices)]
    )
    for place, entry in enumerate(listed):
        # Where no condition is met, the first price holds; so it has no beginning.
        first = ALWAYS if place == 0 else _start(entry.constraint)
        later = [_start(e.constraint) for e in listed[place + 1 :] if not isinstance(e.constraint, _Hours)]
        end = min((start for start in later), default=FOREVER)
        if first < end:
            yield entry.prices, _hours(entry.constraint), (first, end)


def _variants(model: theirs.ModelInfo) -> Iterator[tuple[theirs.ModelPrice, str, _Span]]:
    """Yield the prices of other contexts; of those with the same conditions the first active one holds."""
    groups: dict[str, list[theirs.PriceVariant]] = {}
    for variant in model.price_variants or ():
        if _says_something(variant):
            groups.setdefault(context_text(wanted(variant.when)), []).append(variant)
    for context, group in groups.items():
        earliest = min(_start(variant.constraint) for variant in group)
        for place, variant in enumerate(group):
            start = _start(variant.constraint)
            end = min((_start(before.constraint) for before in group[:place]), default=FOREVER)
            if start < end:
                yield variant.prices, context, (ALWAYS if start == earliest else start, end)


def _same(model: theirs.ModelInfo) -> Iterator[tuple[theirs.ModelPrice, str, _Span]]:
    """Yield the ordinary prices again for contexts that are out of the ordinary and cost the same."""
    variants = model.price_variants or ()
    stated = {context_text(wanted(variant.when)) for variant in variants if _says_something(variant)}
    same = {context_text(wanted(variant.when)) for variant in variants} - stated - {ORDINARY}
    for context in sorted(same):
        yield from ((prices, context, span) for prices, hours, span in _ordinary(model) if hours == ORDINARY)


def _says_something(variant: theirs.PriceVariant) -> bool:
    return any(price is not None for price in variant.prices.__dict__.values())


def _stated(
    provider: str, model: theirs.ModelInfo, prices: theirs.ModelPrice, context: str, span: _Span, source: str
) -> Iterator[Stated]:
    for key, price in prices.__dict__.items():
        if price is None:
            continue
        unit, per = _unit(key)
        for size_from, amount in _sizes(price):
            yield Stated(
                provider=provider,
                model=model.id,
                pattern=_pattern(model.match),
                unit=unit,
                context=context,
                size_from=size_from,
                amount=rounded(amount),
                per=per,
                currency="USD",
                valid_from=span[0],
                valid_to=span[1],
                source=source,
                correction=False,
                marginal=False,
            )


def _unit(price_key: str) -> tuple[str, int]:
    if price_key not in _BY_PRICE_KEY:
        raise SourceFailed(
            f"genai-prices prices {price_key!r}, which is none of its units",
            fix="install the version of genai-prices this release of Outlay was made with",
        )
    name, per = _BY_PRICE_KEY[price_key]
    return _UNITS.get(name, name.removesuffix("_tokens") if name.endswith("_tokens") else name.removesuffix("s")), per


def _sizes(price: Decimal | theirs.TieredPrices) -> list[tuple[int, Decimal]]:
    if isinstance(price, Decimal):
        return [(0, price)]
    return [(0, price.base), *((tier.start + 1, tier.price) for tier in price.tiers)]


_Hours = theirs.TimeOfDateConstraint


def _start(constraint: _Conditions) -> datetime:
    if isinstance(constraint, theirs.StartDateConstraint):
        day: date = constraint.start_date
        return datetime(day.year, day.month, day.day, tzinfo=UTC)
    return ALWAYS


def _hours(constraint: _Conditions) -> str:
    if not isinstance(constraint, _Hours):
        return ORDINARY
    return f"{HOURS}={_time(constraint.start_time)}-{_time(constraint.end_time)}"


def _time(moment: time) -> str:
    aware = datetime.combine(date(2000, 1, 1), moment, moment.tzinfo or UTC)
    return f"{aware.astimezone(UTC):%H:%M}"


def _pattern(match: theirs.MatchLogic) -> str:
    match match:
        case theirs.ClauseEquals(equals=text):
            found = pattern.equals(text)
        case theirs.ClauseStartsWith(starts_with=text):
            found = pattern.starts_with(text)
        case theirs.ClauseEndsWith(ends_with=text):
            found = pattern.ends_with(text)
        case theirs.ClauseContains(contains=text):
            found = pattern.contains(text)
        case theirs.ClauseRegex(regex=text):
            found = pattern.search(text)
        case theirs.ClauseOr(or_=clauses):
            found = pattern.any_of([_pattern(clause) for clause in clauses])
        case theirs.ClauseAnd(and_=clauses):
            found = pattern.all_of([_pattern(clause) for clause in clauses])
    return found
