from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from outlay.errors import OutlayError
from outlay.revenue.importers import claude_code
from outlay.revenue.take_in import take_in
from outlay.store import Store
from outlay.terms.period import Period
from tests.bills.making import ask
from tests.bills.servers.anthropic import KEY, Anthropic
from tests.bills.servers.loopback import Reply, Running, serving

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
OCTOBER = Period.parse("2026-10-30..2026-11-01")


def record(who: str, cents: int, *, kind: str = "api", tokens: int = 10, currency: str = "USD") -> dict[str, object]:
    """Return one person's day, as the reference shows it."""
    named = {"type": "user_actor", "email_address": who} if "@" in who else {"type": "api_actor", "api_key_name": who}
    return {
        "actor": named,
        "customer_type": kind,
        "date": "2026-10-30T00:00:00Z",
        "core_metrics": {"num_sessions": 1},
        "model_breakdown": [
            {
                "model": "claude-opus-5",
                "estimated_cost": {"amount": cents, "currency": currency},
                "tokens": {"input": tokens, "output": 1, "cache_read": 2, "cache_creation": 3},
            }
        ],
    }


@pytest.fixture
def vendor() -> Anthropic:
    """An organization in which two people and a key write code."""
    return Anthropic(coded={
        "2026-10-30": [record("ada@example.com", 186), record("ada@example.com", 14), record("ci", 5)],
        "2026-10-31": [record("ada@example.com", 100, kind="subscription")],
    })  # fmt: skip


@pytest.fixture
def front(vendor: Anthropic, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    """Its API, and its key."""
    monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", KEY)
    with serving(vendor) as running:
        yield running


def imported(store: Store, front: Running) -> tuple[str, ...]:
    """Import two days, and return the notes."""
    options = {"endpoint-url": front.url, "retry_s": "0"}
    return take_in(store, claude_code.IMPORTER, (), now=NOW, period=OCTOBER, options=options).notes


def test_each_person_has_cents_and_tokens_by_the_day(duck: Store, front: Running) -> None:
    """Keys for a rule, not charges: seats that are not billed by use stand apart from what is on the bill."""
    assert imported(duck, front) == ("2 requests; 2 people and keys",)
    found = ask(duck, 'SELECT metric, "user", quantity FROM current_metric ORDER BY metric, starts_at, "user"')
    assert [tuple(row.values()) for row in found] == [
        ("claude_code_cost", "ada@example.com", 200),
        ("claude_code_cost", "ci", 5),
        ("claude_code_subscription_cost", "ada@example.com", 100),
        ("claude_code_tokens", "ada@example.com", 32),
        ("claude_code_tokens", "ci", 16),
        ("claude_code_tokens", "ada@example.com", 16),
    ]
    assert ask(duck, "SELECT COUNT(*) AS n FROM charge")[0]["n"] == 0


@pytest.mark.parametrize(
    ("code", "reply"),
    [
        ("denied", Reply({"error": {"type": "authentication_error", "message": KEY}}, 401)),
        ("not-json", Reply(text="<html>", kind="text/html")),
        ("not-as-documented", Reply({"data": [record("a", 1, currency="EUR")], "has_more": False})),
        ("broken-paging", Reply({"data": [], "has_more": True})),
    ],
)
def test_each_failure_has_a_name_and_no_key_in_it(duck: Store, front: Running, code: str, reply: Reply) -> None:
    """Nothing lands."""
    front.moods.coming = [reply]
    with pytest.raises(OutlayError) as failed:
        imported(duck, front)
    assert (failed.value.code, KEY in str(failed.value)) == (code, False)
