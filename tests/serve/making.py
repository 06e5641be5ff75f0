"""A small ledger of two months, made for tests: five features, four customers, three providers, one jump."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from outlay.store import Store
from outlay.terms.period import Period

MONTHS = (Period.month("2026-09"), Period.month("2026-10"))
TAKEN_AT = datetime(2026, 11, 1, 6, tzinfo=UTC)
#: The release that makes `ai_tagging.document_auto_tag` dearer, and when it went out.
CULPRIT = ("2026.10.2", datetime(2026, 10, 8, 9, tzinfo=UTC))
CUSTOMERS = ("acme", "birch", "cedar", "delta")
#: The roll-ups of a ledger, and the room whose query fills each.
_ROLLED = {
    "rollup_ledger": "allocate",
    "rollup_ledger_month": "allocate",
    "rollup_coverage": "allocate",
    "rollup_user_month": "cost",
    "rollup_usage_month": "cost",
}
_PENNY = Decimal("0.010000000001")


@dataclass(frozen=True, slots=True)
class Line:
    """What one feature pays one provider for, per day and customer.

    Args:
        feature: The feature; None when nobody says.
        team: Its team.
        provider: Who is paid.
        service_name: The vendor's product.
        model: The model, when there is one.
        cents: Cents a day and customer in the first month.
        state: allocated, idle or unallocated.
    """

    feature: str | None
    team: str | None
    provider: str
    service_name: str
    model: str | None
    cents: int
    state: str = "allocated"


LINES = (
    Line("ai_tagging.document_auto_tag", "documents", "OpenAI", "OpenAI API", "gpt-5-mini", 1400),
    Line("search.answer", "search", "Anthropic", "Claude API", "claude-sonnet-4-5", 2900),
    Line("search.query_expansion", "search", "OpenAI", "OpenAI API", "gpt-5-mini", 900),
    Line("assistant.chat", "growth", "Anthropic", "Claude API", "claude-sonnet-4-5", 2100),
    Line("export.pdf", "documents", "AWS", "AWS Lambda", None, 600),
    Line("inbox.thumbnail", "documents", "AWS", "Amazon EC2", None, 800),
    Line(None, "platform", "AWS", "Amazon EC2", None, 700, "idle"),
    Line(None, None, "AWS", "Amazon S3", None, 450, "unallocated"),
)


def make_ledger(store: Store, currency: str = "USD", *, scale: int = 1) -> None:
    """Publish both months in a currency, and say what was released."""
    take_in = f"bill-{currency}"
    for month in MONTHS:
        _publish(store, month, currency, take_in, scale)
    store.insert(
        "take_in",
        [
            {
                "take_in": take_in,
                "source": "focus",
                "taken_at": TAKEN_AT,
                "lines": 1,
                "landed": 1,
                "skipped": 0,
                "problem_lines": 0,
            }
        ],
    )
    released = (("2026.09.1", datetime(2026, 9, 2, 9, tzinfo=UTC)), CULPRIT)
    store.insert(
        "release",
        [
            {"take_in": take_in, "file": 1, "line": place, "release": name, "service": "web", "released_at": instant}
            for place, (name, instant) in enumerate(released, start=2)
        ],
    )


def _publish(store: Store, month: Period, currency: str, take_in: str, scale: int) -> None:
    run = f"{month.name}-run"
    values = {"run": run, "month": month.first, "starts_at": month.starts_at, "ends_at": month.ends_at}
    store.insert("share", _shares(month, run, currency, scale))
    store.insert("charge", _charges(month, currency, take_in, scale))
    store.insert("rollup_day", _usage(month, run, currency, scale))
    store.insert("reconciliation", _reconciliation(month, run, currency, scale))
    store.insert("conservation", _conserved(month, run, currency, scale))
    for table, room in _ROLLED.items():
        store.delete(table, run=run)
        store.fill(table, f"{room}/{table}", values)
    if not store.count("publication", run=run):
        store.insert(
            "publication",
            [
                {
                    "month": month.first,
                    "run": run,
                    "published_at": TAKEN_AT,
                    "rule_version": "r1",
                    "prices_known_at": TAKEN_AT,
                }
            ],
        )


def amount_of(line: Line, day: date, place: int, scale: int = 1) -> Decimal:
    """Return what a line costs on a day for the customer in a place of the list."""
    weekday = Decimal("0.6") if day.weekday() > 4 else Decimal("1.1")
    cents = line.cents * (4 - place) * scale
    if line.feature == "ai_tagging.document_auto_tag" and day >= CULPRIT[1].date():
        cents *= 8
    elif line.state == "allocated" and day >= MONTHS[1].first:
        cents = cents * 104 // 100
    return (cents * weekday * _PENNY).quantize(Decimal("1e-12"))


def _days(month: Period) -> Iterator[date]:
    for number in range(month.days):
        yield month.first + timedelta(days=number)


def _each(month: Period, scale: int) -> Iterator[tuple[Line, date, int, Decimal]]:
    for line in LINES:
        for day in _days(month):
            for place in range(len(CUSTOMERS)):
                yield line, day, place, amount_of(line, day, place, scale)


def _shares(month: Period, run: str, currency: str, scale: int) -> Iterator[dict[str, object]]:
    for line, day, place, amount in _each(month, scale):
        yield {
            "run": run,
            "month": month.first,
            "day": day,
            "pool": LINES.index(line),
            "rule": line.service_name if line.state != "unallocated" else "",
            "currency": currency,
            "provider": line.provider,
            "sub_account_name": None,
            "service_name": line.service_name,
            "charge_category": "Usage",
            "method": "driver" if line.model else "direct",
            "driver": "estimated_cost" if line.model else "",
            "state": line.state,
            "feature": line.feature,
            "customer": CUSTOMERS[place] if line.feature else None,
            "team": line.team,
            "user": None,
            "environment": "production",
            "service": "web" if line.feature else None,
            "release": _release(line, day),
            "model": _model(line, day),
            "weight": 1,
            "amount": amount,
        }


def _model(line: Line, day: date) -> str | None:
    culprit = line.feature == "ai_tagging.document_auto_tag" and day >= CULPRIT[1].date()
    return "gpt-5" if culprit else line.model


def _release(line: Line, day: date) -> str | None:
    if not line.model:
        return None
    return CULPRIT[0] if day >= CULPRIT[1].date() else "2026.09.1"


def _charges(month: Period, currency: str, take_in: str, scale: int) -> Iterator[dict[str, object]]:
    for number, (line, day, _, amount) in enumerate(_each(month, scale), start=2):
        starts = datetime(day.year, day.month, day.day, tzinfo=UTC)
        yield {
            "take_in": take_in,
            "file": 1 if month == MONTHS[0] else 2,
            "line": number,
            "provider": line.provider,
            "billing_account_id": "1",
            "billing_currency": currency,
            "billing_period_start": month.starts_at,
            "billing_period_end": month.ends_at,
            "charge_period_start": starts,
            "charge_period_end": starts + timedelta(days=1),
            "charge_category": "Usage",
            "billed_cost": amount,
            "service_name": line.service_name,
        }


def _usage(month: Period, run: str, currency: str, scale: int) -> Iterator[dict[str, object]]:
    for line, day, place, amount in _each(month, scale):
        if not line.model:
            continue
        calls = line.cents // 10 * (4 - place)
        failed = calls // 50
        yield {
            "run": run,
            "month": month.first,
            "day": day,
            "provider": line.provider.lower(),
            "model": _model(line, day),
            "operation": "chat",
            "feature": line.feature,
            "customer": CUSTOMERS[place],
            "team": line.team,
            "user": f"{CUSTOMERS[place]}-{day.day % 3}",
            "environment": "production",
            "service": "web",
            "release": _release(line, day),
            "state": "complete",
            "error": None,
            "unit": None,
            "currency": currency,
            "calls": calls,
            "attempts": calls + failed,
            "failures": failed,
            "duration_ms": calls * 900,
            "tokens": calls * 1000,
            "input": calls * 800,
            "output": calls * 200,
            "quantity": Decimal(0),
            "estimated_cost": (amount * Decimal("0.97")).quantize(Decimal("1e-12")),
            "failed_cost": (amount * Decimal("0.02")).quantize(Decimal("1e-12")),
            "unpriced_quantity": Decimal(300) if place == 0 and line.feature == "search.answer" else Decimal(0),
            "unpriced_bound": Decimal("0.0045") if place == 0 and line.feature == "search.answer" else Decimal(0),
        }


def _reconciliation(month: Period, run: str, currency: str, scale: int) -> Iterator[dict[str, object]]:
    for line, day, _, amount in _each(month, scale):
        if not line.model:
            continue
        estimated = (amount * Decimal("0.97")).quantize(Decimal("1e-12"))
        gap = amount - estimated
        unseen = (gap * Decimal("0.7")).quantize(Decimal("1e-12"))
        yield {
            "run": run,
            "month": month.first,
            "day": day,
            "provider": line.provider.lower(),
            "model": _model(line, day),
            "currency": currency,
            "billed": amount,
            "estimated": estimated,
            "unseen": unseen,
            "timing": 2 * (gap - unseen),
            "price": -(gap - unseen),
            "not_billed": Decimal(0),
            "credits_and_tax": Decimal(0),
            "rest": Decimal(0),
        }


def _conserved(month: Period, run: str, currency: str, scale: int) -> Iterator[dict[str, object]]:
    sums: dict[str, dict[str, Decimal]] = {}
    for line, _, _, amount in _each(month, scale):
        one = sums.setdefault(line.provider, dict.fromkeys(("billed", "allocated", "idle", "unallocated"), Decimal(0)))
        one["billed"] += amount
        one[line.state] += amount
    for provider, one in sums.items():
        yield {"run": run, "month": month.first, "provider": provider, "currency": currency, **one}
