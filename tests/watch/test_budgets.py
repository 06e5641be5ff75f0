"""Budgets: what is read, how they stand, and what callers are told."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from time import monotonic

import pytest
from click.testing import CliRunner

from outlay.cli import main
from outlay.errors import BadConfig
from outlay.schedule import config
from outlay.store import Store, open_store
from outlay.terms.period import Period
from outlay.watch.budgets.budget import Budget, Budgets, CallBudget
from outlay.watch.budgets.calls import call_standings
from outlay.watch.budgets.decision import Decisions, Kept
from outlay.watch.budgets.standing import Standing, standings
from tests.laws.world import at, charge, event, laid, model_charge, published

TODAY = date(2026, 10, 20)


@pytest.fixture(scope="module")
def world(shared: Store) -> Store:
    """October up to the 20th: a cloud bill to the 18th, and calls of which no bill is known."""
    laid(
        shared,
        charges=[charge(day, "10", day=day, tags={"team": "web"}) for day in range(1, 19)],
        usage=[
            *(event(day, day=day, feature="chat", customer="acme", input=1_000_000, output=0) for day in range(1, 21)),
            event(50, day=19, feature="tags", customer="orbit", user="u-1", input=4_000_000, output=0),
        ],
        rules=[{"name": "teams", "match": {"tag:team": "web"}, "set": {"team": "=web"}, "split": "direct"}],
    )
    published(shared)
    return shared


def _one(store: Store, budget: Budget, today: date = TODAY) -> Standing:
    (found,) = standings(store, [budget], today)
    return found


def test_unbilled_days_count_with_their_estimate(world: Store) -> None:
    """Nothing is billed for the calls yet: 20 days of 2 dollars, and all of it is said to be estimated."""
    found = _one(world, Budget("chat", Decimal(100), "USD", {"feature": "chat"}))
    assert (found.spent, found.estimated, found.left) == (Decimal(40), Decimal(40), Decimal(60))
    assert (found.state, found.part) == ("ok", Decimal("0.4000"))
    assert found.forecast == Decimal(62)
    assert found.breach is None


def test_a_budget_that_goes_too_fast_is_a_warning_with_its_day(world: Store) -> None:
    """Two dollars a day of fifty a month: gone on the 26th, though less than the warning part is spent."""
    found = _one(world, Budget("chat", Decimal(51), "USD", {"feature": "chat"}))
    assert (found.state, found.breach) == ("warn", date(2026, 10, 26))
    assert found.burn_long > 1
    assert "2026-10-26" in found.reason


def test_a_budget_that_is_gone_says_since_when(world: Store) -> None:
    """It was exceeded on the first day whose sum is more."""
    found = _one(world, Budget("chat", Decimal(9), "USD", {"feature": "chat"}))
    assert (found.state, found.breach, found.left) == ("over", date(2026, 10, 5), Decimal(-31))


def test_days_that_wait_for_a_bill_are_foretold_and_no_pause(world: Store) -> None:
    """The cloud's bill ends two days ago; the month comes to 31 days of ten dollars all the same."""
    found = _one(world, Budget("web", Decimal(400), "USD", {"team": "web"}))
    assert (found.spent, found.estimated) == (Decimal(180), Decimal(0))
    assert found.forecast == Decimal(310)
    assert found.burn_short == found.burn_long == Decimal("0.7750")


def test_a_budget_for_each_holds_everyone_to_it(world: Store) -> None:
    """One budget, each customer's own money; who names none is nobody's."""
    found = standings(world, [Budget("plan", Decimal(30), "USD", each="customer")], TODAY)
    assert [(one.scope, one.spent, one.state) for one in found] == [
        ({"customer": "acme"}, Decimal(40), "over"),
        ({"customer": "orbit"}, Decimal(8), "ok"),
    ]


def test_other_currencies_are_named_and_not_added(world: Store) -> None:
    """A budget in euros says how many dollars it does not count."""
    found = _one(world, Budget("chat", Decimal(9), "EUR", {"feature": "chat"}))
    assert (found.spent, found.elsewhere) == (Decimal(0), {"USD": Decimal(40)})


def test_nothing_known_is_within_any_budget(store: Store) -> None:
    """An empty store has spent nothing, and nothing is foretold."""
    found = _one(store, Budget("all", Decimal(9), "USD"))
    assert (found.spent, found.forecast, found.state) == (Decimal(0), None, "ok")
    assert standings(store, [Budget("each", Decimal(9), "USD", each="user")], TODAY) == []
    (calls,) = call_standings(store, [CallBudget("chat", Decimal(9))], at(20))
    assert (calls.calls, calls.state) == (0, "ok")


def test_a_bill_takes_the_place_of_the_estimate(store: Store) -> None:
    """Days that the bill reaches cost what it says; the others what they are estimated to."""
    laid(
        store,
        charges=[model_charge(day, "3", day=day) for day in (1, 2)],
        usage=[event(day, day=day, feature="chat", input=1_000_000, output=0) for day in (1, 2, 3)],
        rules=[
            {"name": "models", "match": {"provider": "acme-ai"}, "split": "driver", "driver": "tokens",
             "to": ["feature"], "fallback": "month"}
        ],
    )  # fmt: skip
    published(store)
    found = _one(store, Budget("chat", Decimal(100), "USD", {"feature": "chat"}), date(2026, 10, 3))
    assert (found.spent, found.estimated) == (Decimal(8), Decimal(2))


@pytest.fixture(scope="module")
def calls(click: Store, duck: Store) -> tuple[Store, Store]:
    """A week of calls in both engines: one feature's prompts grew, another's had one bad day, a third has a tail."""
    usage = [
        *(event(n, day=8 + n % 7, feature="grown", input=1500 + n, output=5) for n in range(200)),
        *(event(1000 + n, day=8 + n % 7, feature="spiky", input=9000 if n % 7 == 3 else 900) for n in range(200)),
        *(event(2000 + n, day=8 + n % 7, feature="tailed", input=9000 if n % 9 == 0 else 900) for n in range(200)),
        *(event(3000 + n, day=10, feature="models", model="m-small" if n else "m-huge") for n in range(3)),
        *(event(4000 + n, day=10, feature="few", input=9000) for n in range(5)),
    ]
    for store in (duck, click):
        laid(store, usage=usage)
    return duck, click


def test_calls_are_held_against_their_budget(calls: tuple[Store, Store]) -> None:
    """Half of the calls over the limit all week is a breach; one bad day, a tail or too few calls are none."""
    budgets = [CallBudget(name, Decimal(1000)) for name in ("grown", "spiky", "tailed", "few", "unseen")]
    budgets += [CallBudget("models", model="m-small", escalate=("m-large",))]
    for store in calls:
        found = {one.feature: one for one in call_standings(store, budgets, at(15))}
        states = {name: one.state for name, one in found.items()}
        assert states == {
            "grown": "over", "spiky": "warn", "tailed": "warn", "few": "ok", "unseen": "ok", "models": "over"
        }  # fmt: skip
        (incoming, outgoing) = found["grown"].uses
        assert (incoming.p50, incoming.p95, incoming.mean) == (1599, 1689, Decimal("1599.5"))
        assert (incoming.limit, outgoing.limit, outgoing.p50) == (Decimal("1400.0"), None, 5)
        assert found["models"].models == {"m-huge": 1}
        assert found["models"].escalated == Decimal("0.3333")


def _standing(name: str, scope: dict[str, str], state: str, *, deny: bool) -> Standing:
    return Standing(
        budget=name,
        scope=scope,
        currency="USD",
        amount=Decimal(5),
        spent=Decimal(6),
        estimated=Decimal(0),
        left=Decimal(-1),
        part=Decimal("1.2"),
        burn_short=Decimal(1),
        burn_long=Decimal(1),
        forecast=None,
        low80=None,
        high80=None,
        breach=None,
        state=state,
        reason="",
        deny=deny,
        elsewhere={},
    )


def test_a_decision_is_the_worst_of_the_budgets_that_count() -> None:
    """A budget denies when it says so and is over; budgets of others say nothing."""
    known = Decisions(
        [
            _standing("acme", {"customer": "acme"}, "over", deny=True),
            _standing("chat", {"feature": "chat"}, "over", deny=False),
            _standing("near", {"feature": "tags"}, "warn", deny=True),
            _standing("fine", {}, "ok", deny=True),
        ],
        at(20),
    )
    told = {
        (customer, feature): known.decide({"customer": customer, "feature": feature}).decision
        for customer in ("acme", "orbit")
        for feature in ("chat", "tags", "search")
    }
    assert told == {
        ("acme", "chat"): "deny", ("acme", "tags"): "deny", ("acme", "search"): "deny",
        ("orbit", "chat"): "warn", ("orbit", "tags"): "warn", ("orbit", "search"): "allow",
    }  # fmt: skip
    both = known.decide({"customer": "acme", "feature": "chat"})
    assert [one["budget"] for one in both.budgets] == ["acme", "chat"]


def test_decisions_are_read_anew_when_they_are_old(world: Store) -> None:
    """Between two readings the same is answered; afterwards what is known by then."""
    clock = [datetime(2026, 10, 20, 12, tzinfo=UTC)]
    budgets = Budgets((Budget("chat", Decimal(9), "USD", {"feature": "chat"}, deny=True),))
    kept = Kept(world, lambda: budgets, lambda: clock[0])
    assert kept.now().decide({"feature": "chat"}).decision == "deny"
    assert kept.now() is kept.now()
    clock[0] += timedelta(minutes=1)
    before = kept.now()
    until = monotonic() + 30
    while kept.now() is before and monotonic() < until:
        pass
    assert kept.now().as_of == clock[0]


FLAWED = """
[[budget]]
name = "a"
amount = 0
currency = "usd"
each = "colour"
warn_at = 2
deny = "yes"
colour = "red"
[[budget]]
name = "a"
amount = 1.5
currency = "EUR"
feature = ""
[[call_budget]]
feature = "f"
alert_multiplier = 0.5
least_calls = 0
escalate = ["x"]
[[call_budget]]
input_per_call = -1
"""


def test_every_flaw_of_a_budget_is_named(tmp_path: Path) -> None:
    """Nothing is read of a file with flaws, and each of them is told at once."""
    path = tmp_path / "outlay.toml"
    path.write_text(FLAWED)
    with pytest.raises(BadConfig) as refused:
        config.read(path)
    for said in (
        "budget a: colour is no key", "budget a: say how much a month", "in which currency", "budget a: each is one of",
        "warn_at is a part", "deny is true or false", "feature is a text", "there are two of that name",
        "call_budget f: alert_multiplier", "least_calls is a whole number", "say which model is asked",
        "it limits nothing", "call_budget 2: say of which feature", "input_per_call is a number of tokens",
    ):  # fmt: skip
        assert said in refused.value.message, said


def test_check_ends_with_1_when_a_budget_is_exceeded(tmp_path: Path) -> None:
    """The command for a build or a gateway: what is over is shown, and the exit code says so."""
    url = f"duckdb:///{tmp_path}/o.duckdb"
    now = datetime.now(UTC)
    store = open_store(url)
    laid(store, usage=[{**event(1, feature="chat", input=1_000_000, output=0), "time": now}])
    published(store, month=Period.month(f"{now:%Y-%m}"), now=now)
    store.close()
    path = tmp_path / "outlay.toml"
    codes = []
    for amount in ("1.5", "2.5"):
        path.write_text(f'[[budget]]\nname = "chat"\namount = {amount}\ncurrency = "USD"\nfeature = "chat"\n')
        done = CliRunner().invoke(main, ["budgets", "check", "--config", str(path), "--store", url])
        codes.append(done.exit_code)
        assert "chat" in done.output
    assert codes == [1, 0]
