"""Assumptions: what a replay takes for granted, in sentences, so that nobody reads a figure as more than it is."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from outlay.explain.replay import Key, Known
from outlay.explain.whatif.choices import Choice
from outlay.explain.whatif.scenario import Scenario
from outlay.terms.money import plain

_BATCH = "processing=batch"


def assumptions(
    scenario: Scenario, chosen: Mapping[Key, Sequence[Choice]], known: Sequence[Known], missing: Sequence[str]
) -> list[str]:
    """Return the assumptions of a scenario, the common ones first."""
    days = ", ".join(sorted({f"{one.first:%Y-%m}" for one in known}))
    return [
        "Amounts are usage times price, attempt by attempt; bills may differ, see `outlay reconcile`.",
        f"Prices are those in force when each attempt was made, as the published months ({days}) knew them.",
        "What is not named stays as it was: calls, failures, retries, answers and their length.",
        *(f"{month} is not published, so its usage is not in here." for month in missing),
        *_of_swaps(scenario),
        *_of_quantities(scenario),
        *_of_batches(scenario, chosen),
        *_of_prices(scenario),
        *([f"The whole is taken {plain(scenario.traffic)} times, at the same mix."] if scenario.traffic != 1 else []),
    ]


def _of_swaps(scenario: Scenario) -> Iterator[str]:
    for swap in scenario.swaps:
        yield (
            f"{_percent(swap.share)} of the calls of {swap.old} go to {swap.new}, which counts as many tokens for the"
            " same text and needs as many retries."
        )
    if any(swap.share != 1 for swap in scenario.swaps):
        yield "A share of the calls costs that share of what all of them would, rounded once per row: none are drawn."


def _of_quantities(scenario: Scenario) -> Iterator[str]:
    if scenario.prompt_cut:
        yield (
            f"Every prompt is {_percent(scenario.prompt_cut)} shorter, in each kind of token alike, in whole tokens;"
            " long-context prices follow the new length."
        )
    if scenario.cache_hit is not None:
        yield (
            f"{_percent(scenario.cache_hit)} of the text of every prompt is read from the cache, the rest sent fresh;"
            " writes to the cache stay as they were."
        )


def _of_batches(scenario: Scenario, chosen: Mapping[Key, Sequence[Choice]]) -> Iterator[str]:
    if not scenario.batch:
        return
    batched = {c.key.model for choices in chosen.values() for c in choices if _BATCH in c.key.context}
    other = {c.key.model for choices in chosen.values() for c in choices if c.key.model} - batched
    yield f"{_percent(scenario.batch)} of the calls of {', '.join(sorted(batched)) or 'no model'} can wait for a batch."
    if other:
        yield f"No batch price is known for {', '.join(sorted(other))}: those calls stay as they were."


def _of_prices(scenario: Scenario) -> Iterator[str]:
    for price in scenario.prices:
        yield (
            f"{price.unit} of {price.model or 'every model'} costs {plain(price.amount)} per {price.per:,}, for every"
            " size of prompt and the whole period."
        )


def _percent(part: Decimal) -> str:
    return f"{plain(part * 100)} %"
