"""The truth about the story: what any analysis of its files should find.

Comes in: the meter and the bills. Goes out: `Truth`, and its JSON form for `truth.json`.

*Metered* money is what the providers counted at list price for model calls, OCR pages, vector reads and active
GPU time, before rounding, credits, tax and idle time: the part of the bill that somebody directly caused.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import msgspec

from outlay.demo import cast, invoices, losses
from outlay.demo.cloud import Bill
from outlay.demo.focus import Issuer, dollars
from outlay.demo.meter import Meter
from outlay.demo.season import CULPRIT, MONTHS, days
from outlay.terms.money import plain
from outlay.terms.period import Period


@dataclass(frozen=True, slots=True)
class Culprit:
    """What made the bill jump.

    Args:
        feature: The feature.
        release: The release that changed it.
        released_at: When it went out.
        model_before: The model that answered before.
        model: The model that answers since.
        change: By how much its metered cost rose from the first month to the second, in USD.
        share: That change as part of the change of all bills, 0 to 1.
    """

    feature: str
    release: str
    released_at: str
    model_before: str
    model: str
    change: Decimal
    share: Decimal


@dataclass(frozen=True, slots=True)
class Truth:
    """What really happened. All amounts are USD; months are `YYYY-MM`.

    Args:
        seed: The story's seed.
        scale: Its scale.
        events: Events written, by month.
        billed: Sum of the bill's lines, by month and provider.
        jump: Growth of all bills from the first month to the second, as a ratio.
        culprit: What caused most of it.
        features: Metered cost by month and feature; `unattributed` is work without one, seen or not.
        customers: Metered cost by month and customer, likewise.
        unseen: Metered cost of the notebooks that no sensor saw, by month (within `unattributed`).
        double_seen_calls: Calls that the gateway's sensor reported once more.
        timeouts_billed_calls: Attempts that timed out for us and were billed all the same.
        timeouts_billed: Their metered cost.
        cut_streams_unheard: Metered cost of output that was billed after a stream was cut.
        billed_late: Metered cost of the first month that stands on the second month's invoice.
        rounding: Invoice usage lines minus metered cost, by month and model provider.
        gpu: Cost of the GPU nodes, by month.
        gpu_idle: The part of it that nobody used.
        forgotten: Cost of the forgotten pair of instances, by month.
        staging_nights: Cost of staging's machines when nobody is at work, without that pair, by month.
        no_team: Cloud usage whose line has no team tag in any spelling, by month.
        cloud_usage: All cloud usage, by month: the whole of which `no_team` is a part.
        losses: The true amount of every fault that was injected (`demo.losses`); empty in the ordinary story.
    """

    seed: int
    scale: int
    events: Mapping[str, int]
    billed: Mapping[str, Mapping[str, Decimal]]
    jump: Decimal
    culprit: Culprit
    features: Mapping[str, Mapping[str, Decimal]]
    customers: Mapping[str, Mapping[str, Decimal]]
    unseen: Mapping[str, Decimal]
    double_seen_calls: int
    timeouts_billed_calls: int
    timeouts_billed: Decimal
    cut_streams_unheard: Decimal
    billed_late: Decimal
    rounding: Mapping[str, Mapping[str, Decimal]]
    gpu: Mapping[str, Decimal]
    gpu_idle: Mapping[str, Decimal]
    forgotten: Mapping[str, Decimal]
    staging_nights: Mapping[str, Decimal]
    no_team: Mapping[str, Decimal]
    cloud_usage: Mapping[str, Decimal]
    losses: Mapping[str, Decimal]

    def to_json(self) -> bytes:
        """Return the truth as indented JSON, amounts as decimal strings."""
        return msgspec.json.format(msgspec.json.encode(_plain(msgspec.to_builtins(self, builtin_types=(Decimal,)))))


def told(
    seed: int, scale: int, events: Mapping[str, int], meter: Meter, bills: Mapping[tuple[str, str], Bill]
) -> Truth:
    """Return the truth of a finished story.

    Args:
        seed: The story's seed.
        scale: Its scale.
        events: Events written, by month.
        meter: What the providers counted.
        bills: The bills by (month, provider).
    """
    names = [month.name for month in MONTHS]
    cloud = {name: bills[name, "AWS"].notes for name in names}
    totals = [sum(bill.billed for (month, _), bill in bills.items() if month == name) for name in names]
    gpu = {name: cloud[name]["gpu"] for name in names}
    active = {month.name: _active(month, meter) for month in MONTHS}
    issuers = (invoices.OPENAI, invoices.ANTHROPIC)
    return Truth(
        seed=seed,
        scale=scale,
        events=dict(events),
        billed={name: _sorted({who: b.billed for (m, who), b in bills.items() if m == name}) for name in names},
        jump=_ratio(totals[1] - totals[0], totals[0]),
        culprit=_culprit(meter, totals[1] - totals[0]),
        features={name: _sorted({k: v for (m, k), v in meter.features.items() if m == name}) for name in names},
        customers={name: _sorted({k: v for (m, k), v in meter.customers.items() if m == name}) for name in names},
        unseen={name: dollars(meter.notes[f"unseen {name}"]) for name in names},
        double_seen_calls=meter.seen["double_seen"],
        timeouts_billed_calls=meter.seen["timeouts_billed"],
        timeouts_billed=dollars(meter.notes["timeouts_billed"]),
        cut_streams_unheard=dollars(meter.notes["cut_streams"]),
        billed_late=dollars(meter.notes["billed_late"]),
        rounding={month.name: _rounding(month, meter, bills, issuers) for month in MONTHS},
        gpu={name: dollars(gpu[name]) for name in names},
        gpu_idle={name: dollars(gpu[name] - active[name]) for name in names},
        forgotten={name: dollars(cloud[name]["forgotten"]) for name in names},
        staging_nights={name: dollars(cloud[name]["staging at night"]) for name in names},
        no_team={name: dollars(cloud[name]["no team"]) for name in names},
        cloud_usage={name: dollars(cloud[name]["usage"]) for name in names},
        losses=losses.truth(meter),
    )


def _culprit(meter: Meter, change: int) -> Culprit:
    before, after = (meter.features[month.name, cast.TAGGING] for month in MONTHS)
    return Culprit(
        feature=cast.TAGGING,
        release=CULPRIT.name,
        released_at=CULPRIT.released_at.isoformat().replace("+00:00", "Z"),
        model_before=cast.TAGGER.model,
        model=cast.TAGGER_AFTER.model,
        change=dollars(after - before),
        share=_ratio(after - before, change),
    )


def _active(month: Period, meter: Meter) -> int:
    """Return what the GPU time in use cost in a month, in pico-dollars."""
    return sum(meter.counts["gpu_ms", day] for day in days(month)) * cast.GPU_HOUR_PRICE // 3_600_000


def _rounding(
    month: Period, meter: Meter, bills: Mapping[tuple[str, str], Bill], issuers: tuple[Issuer, ...]
) -> dict[str, Decimal]:
    return {
        issuer.name: dollars(invoices.rounding(bills[month.name, issuer.name], meter, issuer, month))
        for issuer in issuers
    }


def _sorted(sums: Mapping[str, int]) -> dict[str, Decimal]:
    return {name: dollars(sums[name]) for name in sorted(sums)}


def _ratio(part: int, whole: int) -> Decimal:
    return (Decimal(part) / Decimal(whole)).quantize(Decimal("0.0001"))


def _plain(value: object) -> object:
    """Return a JSON value whose decimals are plain strings."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return plain(value) if isinstance(value, Decimal) else value
