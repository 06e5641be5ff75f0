"""The invoices of OpenAI, Anthropic and Pinecone: what they counted, line by line and day by day.

Comes in: the meter. Goes out: the lines of their bill files and the sums that the truth needs. They do not
quite agree with the telemetry: a notebook's key that reports to nobody, timeouts that were billed after all,
cents that are rounded, and an evening that was posted a day late.
"""

from datetime import timedelta
from decimal import Decimal

from outlay.demo.cast import INDEX, READ_UNIT_PRICE, TOKEN_PRICES
from outlay.demo.cloud import Bill
from outlay.demo.focus import Charge, Issuer, cents, dollars
from outlay.demo.losses import BATCH, NONE, NOTE, Losses
from outlay.demo.meter import Cause, Meter
from outlay.demo.season import MONTHS, ORDINARY, days, traffic
from outlay.terms.period import Period

_PROJECTS = ("production", "staging", "notebooks")
OPENAI = Issuer("OpenAI", "org-main", "Organization", "Project", {name: f"proj_{name}" for name in _PROJECTS})
ANTHROPIC = Issuer("Anthropic", "org-main", "Organization", "Workspace", {name: f"wrkspc_{name}" for name in _PROJECTS})
PINECONE = Issuer(
    "Pinecone", "pc-main", "Organization", "Project", {"production": "pc-production"},
    ("us-east-1", "US East (N. Virginia)"),
)  # fmt: skip
_GENERATIVE = "AI and Machine Learning"
_METERS = {
    "input": "Input",
    "cache_read": "Cached input",
    "cache_write_5m": "Cache write 5m",
    "output": "Output",
}
_VECTORS = ("Databases", "Pinecone Serverless", "Vector Databases")
_MILLION = 1_000_000
#: What researchers' notebooks use on a working day: model, provider and tokens.
_NOTEBOOKS = (
    ("openai", "gpt-5.4", {"input": 900_000, "output": 85_000}),
    ("anthropic", "claude-opus-5", {"input": 420_000, "output": 44_000}),
)
#: Credit of each month by provider, in USD per unit of scale.
_CREDITS = {("OpenAI", "2026-10"): 120, ("Anthropic", "2026-09"): 60}
#: Pinecone beside reads: meter, unit, quantity a day, USD a unit, whether it follows the traffic.
_PINECONE = (
    ("Storage", "GB-Months", 28, "0.33", False),
    ("Write Units", "1000000 Write Units", 1, "4", True),
)


def notebooks(meter: Meter, scale: int) -> int:
    """Tell the meter what the notebooks used, which no sensor saw.

    Returns:
        How many pico-dollars that cost in all.
    """
    cost = 0
    for month in MONTHS:
        for day in days(month):
            if day.weekday() < 5:  # noqa: PLR2004 - Saturday is 5
                for nth, (provider, model, tokens) in enumerate(_NOTEBOOKS):
                    uneven = scale * (70 + (day.toordinal() * 37 + nth * 11) % 61)
                    units = {unit: count * uneven // 100 for unit, count in tokens.items()}
                    used = meter.model(Cause(day, None, None, "notebooks"), provider, model, units)
                    meter.note(f"unseen {month.name}", used)
                    cost += used
    return cost


def bill(
    issuer: Issuer, month: Period, scale: int, meter: Meter, losses: Losses = NONE, *, restated: bool = False
) -> Bill:
    """Return a model provider's invoice for a month: a line per day, project, model and token class.

    Args:
        issuer: The provider.
        month: The billing period.
        scale: Multiplies its credits.
        meter: Knows what was used.
        losses: Faults of the invoice.
        restated: Whether it is the invoice as it was changed afterwards.
    """
    found = Bill()
    lines = sorted(
        (day, project, model, unit, tokens)
        for (provider, day, project, model, unit), tokens in meter.tokens.items()
        if provider == issuer.name.lower() and month.first <= day < month.end and tokens
    )
    for day, project, model, unit, counted in lines:
        listed = list_price(model, unit)
        asked = losses.price(model, unit, day, listed)
        more = counted * losses.restates(model, day) // 100 if restated else 0
        tokens = counted + more
        if more:
            meter.note(f"{NOTE}restatement", asked * more)
        elif asked != listed and not restated:
            meter.note(f"{NOTE}price", (asked - listed) * tokens)
        price, text = dollars(asked), f"{model} {_meter(unit).lower()} tokens"
        found.add(Charge(
            issuer, month, day, day + timedelta(days=1), cents(tokens * price), text,
            (_GENERATIVE, f"{issuer.name} API", "Generative AI"),
            consumed=(Decimal(tokens), "Tokens"), priced=(Decimal(tokens).scaleb(-6), "1000000 Tokens"),
            price=price * _MILLION, resource=(model, model, "Model"), sku=(model, _meter(unit)), sub_account=project,
            tags={"environment": project},
        ))  # fmt: skip
    found.notes["usage"] = found.billed
    service = (_GENERATIVE, f"{issuer.name} API", "Generative AI")
    credit = _CREDITS.get((issuer.name, month.name))
    if credit:
        found.add(Charge(
            issuer, month, month.first, month.end, Decimal(-credit * scale), "Promotional credit", service, "Credit"
        ))  # fmt: skip
    tax = cents(dollars(found.billed) * Decimal("0.04"))
    found.add(Charge(issuer, month, month.first, month.end, tax, "Sales tax", ("Other", "Tax", "Other (Other)"), "Tax"))
    return found


def vectors(month: Period, scale: int, meter: Meter) -> Bill:
    """Return Pinecone's invoice for a month: read units, storage and write units by the day."""
    found = Bill()
    for day in days(month):
        meters = [("Read Units", "Read Units", Decimal(meter.counts["read_unit", day]), dollars(READ_UNIT_PRICE))]
        for name, unit, per_day, price, follows in _PINECONE:
            quantity = Decimal(per_day * scale * (traffic(day) if follows else ORDINARY)) / ORDINARY
            meters.append((name, unit, quantity, Decimal(price)))
        for name, unit, quantity, each in meters:
            found.add(Charge(
                PINECONE, month, day, day + timedelta(days=1), quantity * each, f"{INDEX} {name.lower()}", _VECTORS,
                consumed=(quantity, unit), priced=(quantity, unit), price=each, resource=(INDEX, INDEX, "Index"),
                sku=("serverless", name), sub_account="production",
                tags={"service": "search-service", "team": "search", "environment": "production"},
            ))  # fmt: skip
    found.notes["usage"] = found.billed
    return found


def list_price(model: str, unit: str) -> int:
    """Return the list price of one token in pico-dollars; that of a batch is half of it."""
    price = TOKEN_PRICES[model][unit.removeprefix(BATCH)]
    return price // 2 if unit.startswith(BATCH) else price


def _meter(unit: str) -> str:
    """Return what an invoice calls a unit."""
    name = _METERS[unit.removeprefix(BATCH)]
    return f"Batch {name.lower()}" if unit.startswith(BATCH) else name


def rounding(found: Bill, meter: Meter, issuer: Issuer, month: Period) -> int:
    """Return by how many pico-dollars the invoice's rounded lines differ from what was counted."""
    exact = sum(
        list_price(model, unit) * tokens
        for (provider, day, _, model, unit), tokens in meter.tokens.items()
        if provider == issuer.name.lower() and month.first <= day < month.end
    )
    return found.notes["usage"] - exact
