from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outlay.errors import BadConfig, BadInput, UnknownName
from outlay.explain.cost import costs
from outlay.explain.parts import read_part
from outlay.explain.whatif import NewPrice, Scenario, Swap, whatif
from outlay.explain.whatif.scenario import read_factor, read_price, read_scenarios, read_swap
from outlay.store import Row, Store
from outlay.terms.period import Period
from tests.laws.world import MONTH, PRICES, at, emptied, event, laid, price, published

#: Besides the ordinary prices: batches and a cache of the large model, another model's price for long prompts, and
#: a model that nobody prices in batches.
_MORE = (
    price("m-large", "input", "1", context="processing=batch"),
    price("m-large", "output", "4", context="processing=batch"),
    price("m-large", "cache_read", "0.2"),
    price("m-long", "input", "1"),
    price("m-long", "input", "3", size_from=1000),
    price("m-long", "output", "5"),
    price("m-new", "input", "9", valid_from=at(10)),
    price("m-new", "output", "9", valid_from=at(10)),
)
_USAGE = (
    event(1, feature="chat", customer="acme", input=1_000, output=100),
    event(2, feature="chat", customer="zeta", input=3_000, output=333, cache_read=7, hour=13),
    event(3, feature="chat", customer="zeta", input=11, output=1, day=12, attempt=2, call="c"),
    event(4, feature="tags", model="m-small", input=500, output=50),
    event(5, feature="tags", model="m-small", input=900, output=9, state="refused"),
    event(6, feature="scan", model="m-page", input=0, output=0, unit="page", quantity=Decimal("2.5")),
    event(7, feature="odd", model="m-odd", input=77, output=7),
)


def lay(store: Store, usage: tuple[Row, ...]) -> None:
    """Make some usage the whole of a store."""
    emptied(store)
    laid(store, usage=usage, prices=(*PRICES, *_MORE))
    published(store)


@pytest.fixture(scope="module")
def world(shared: Store) -> Store:
    """Three priced models, pages, a refusal, and a model that nobody prices; a replay changes nothing of it."""
    lay(shared, _USAGE)
    return shared


def asked(store: Store, *by: str, period: Period = MONTH, **said: Any) -> dict[str, Any]:  # noqa: ANN401 - of a scenario
    """Ask what if."""
    return cast("dict[str, Any]", whatif(store, period, Scenario(**said), by=by or ("feature",)))


def row(answer: dict[str, Any], **equal: str) -> dict[str, Any]:
    """Return the one row with these values."""
    (found,) = [r for r in answer["rows"] if equal.items() <= r.items()]
    return cast("dict[str, Any]", found)


def test_nothing_changed_gives_what_was(world: Store) -> None:
    """Without a choice the counterfactual is the estimate to the last digit, row by row, and nothing is left out."""
    answer = asked(world)
    estimate = costs(world, MONTH, ["feature"], origin="estimated")
    assert answer["actual"] == answer["counterfactual"] == estimate["total"] == Decimal("0.0365654")
    assert [r["change"] for r in answer["rows"]] == [0, 0, 0, 0]
    assert answer["left_out"] == 0
    assert [(u["model"], u["quantity"], u["comparable"]) for u in answer["unpriced"]] == [("m-odd", 84, True)]


def test_the_store_is_left_as_it_was(world: Store) -> None:
    """A replay leaves no row behind."""
    before = world.count("price_vector")
    asked(world, swaps=[Swap("m-large", "m-small")], batch=Decimal("0.5"))
    assert world.count("price_vector") == before


def test_a_model_is_swapped_in_full(world: Store) -> None:
    """Every call of the old model costs its own tokens at the new model's price; others stay."""
    answer = asked(world, swaps=[Swap("m-large", "m-small")])
    # 4,018 fresh and cached tokens in at 0.1 a million, 434 out at 0.4: m-small has no price for cached ones but this.
    assert row(answer, feature="chat")["counterfactual"] == Decimal("0.0005754")
    assert row(answer, feature="tags")["change"] == 0
    assert answer["change"] == answer["counterfactual"] - answer["actual"]
    assert any("100 % of the calls of m-large go to m-small" in text for text in answer["assumptions"])


def test_a_name_does_not_mean_what_a_provider_calls_anything(duck: Store) -> None:
    """Where one price is for every model of a provider, only the model's own name means it."""
    every = price("any", "page", "1", per=1, pattern=".*", provider="meter")
    emptied(duck)
    usage = (
        event(1, feature="a"),
        event(2, feature="a", provider="meter", model="index", unit="page", quantity=Decimal(1)),
    )
    laid(duck, usage=usage, prices=(*PRICES, every))
    published(duck)
    answer = asked(duck, "model", swaps=[Swap("m-large", "acme-ai/m-small")])
    assert (row(answer, model="index")["change"], answer["left_out"]) == (0, 0)
    with pytest.raises(UnknownName, match="no model in this usage named 'm-none'"):
        asked(duck, swaps=[Swap("m-none", "m-small")])


def test_a_share_of_the_calls_costs_that_share(world: Store) -> None:
    """A quarter swapped is three quarters of what was and one quarter of the full swap, rounded once."""
    full, quarter = (
        row(asked(world, swaps=[Swap("m-large", "m-small", Decimal(share))]), feature="chat") for share in ("1", "0.25")
    )
    expected = full["actual"] * Decimal("0.75") + full["counterfactual"] * Decimal("0.25")
    assert quarter["counterfactual"] == expected.quantize(Decimal("1e-12"))


def test_long_prompts_are_priced_call_by_call(world: Store) -> None:
    """A swap to a model with a price for long prompts asks the size of each call, not of their average."""
    chat = row(asked(world, swaps=[Swap("acme-ai/m-large", "acme-ai/m-long")]), feature="chat")
    expected = Decimal(1_000 * 3 + 3_007 * 3 + 11 + 434 * 5).scaleb(-6)
    assert chat["counterfactual"] == expected


def test_a_shorter_prompt_can_leave_the_long_price(world: Store) -> None:
    """After a cut of 10 % the call of 1,000 tokens is a short one."""
    chat = row(asked(world, prompt_cut=Decimal("0.1"), swaps=[Swap("m-large", "m-long")]), feature="chat")
    # Whole tokens are left out: 100 of 1,000, 300 of 3,000, none of 7, 1 of 11.
    assert chat["counterfactual"] == Decimal(900 + (2_700 + 7) * 3 + 10 + 434 * 5).scaleb(-6)


def test_a_cache_hit_rate_moves_tokens_to_the_cache(world: Store) -> None:
    """Half of the text of every prompt at the price of cached text, down to whole tokens."""
    chat = row(asked(world, where={"feature": "chat"}, cache_hit=Decimal("0.5")), feature="chat")
    cached = 500 + 1_503 + 5
    assert chat["counterfactual"] == (Decimal(4_018 - cached) * 2 + cached * Decimal("0.2") + 434 * 8).scaleb(-6)


def test_a_batch_costs_its_own_price_where_there_is_one(world: Store) -> None:
    """Half of the calls of the large model at batch prices; the small one has none and stays, and both are named."""
    answer = asked(world, batch=Decimal("0.5"))
    live = Decimal(4_011 * 2 + 434 * 8).scaleb(-6) + 7 * Decimal("0.2").scaleb(-6)
    batch = Decimal(4_011 * 1 + 434 * 4).scaleb(-6) + 7 * Decimal("0.2").scaleb(-6)
    assert row(answer, feature="chat")["counterfactual"] == (live + batch) / 2
    assert row(answer, feature="tags")["change"] == 0
    said = " ".join(answer["assumptions"])
    assert "50 % of the calls of m-large can wait for a batch" in said
    assert "No batch price is known for m-odd, m-page, m-small" in said


def test_traffic_multiplies_everything(world: Store) -> None:
    """Ten times the usage costs ten times as much, exactly."""
    answer = asked(world, traffic=Decimal(10))
    assert answer["counterfactual"] == answer["actual"] * 10


def test_a_new_price_takes_the_place_of_the_old(world: Store) -> None:
    """Of the model that is named, or of every model; pages too; and it prices what had no price."""
    one = asked(world, prices=[NewPrice("input", Decimal(3), 1_000_000, "m-large")])
    assert row(one, feature="chat")["change"] == Decimal(4_011).scaleb(-6)
    assert row(one, feature="tags")["change"] == 0
    every = asked(world, prices=[read_price("page=0.02/1"), read_price("input=1/1e6".replace("1e6", "1000000"))])
    assert row(every, feature="scan")["counterfactual"] == Decimal("0.05")
    both = asked(world, prices=[read_price("m-odd:input=1/1000000"), read_price("m-odd:output=1/1000000")])
    assert row(both, feature="odd")["counterfactual"] == Decimal("0.000084")
    assert both["unpriced"] == []


def test_what_has_no_price_is_left_out_and_named(world: Store) -> None:
    """Calls made before the new model had a price are not compared, on neither side; they are never free."""
    answer = asked(world, "feature", swaps=[Swap("m-large", "m-new")])
    chat = row(answer, feature="chat")
    assert chat["left_out"] == Decimal("0.0114954")
    assert (chat["actual"], chat["counterfactual"]) == (0, 0)
    (lost,) = [u for u in answer["unpriced"] if u["as_model"] == "m-new"]
    assert (lost["model"], lost["reason"], lost["quantity"], lost["comparable"]) == (
        "m-large",
        "no-price-then",
        4440,
        False,
    )
    later = asked(world, "feature", period=Period(at(10).date(), MONTH.end), swaps=[Swap("m-large", "m-new")])
    assert row(later, feature="chat")["counterfactual"] == Decimal(12 * 9).scaleb(-6)


def test_a_filter_keeps_the_rest_out(world: Store) -> None:
    """Only the named usage is replayed; rows sum to the total."""
    answer = asked(world, "feature", "customer", where={"customer": "zeta"}, traffic=Decimal(2))
    assert [(r["feature"], r["customer"]) for r in answer["rows"]] == [("chat", "zeta")]
    assert answer["counterfactual"] == sum(r["counterfactual"] for r in answer["rows"])


def test_every_dimension_of_usage_can_be_asked_for(world: Store) -> None:
    """Days, outcomes and currencies too, as rows and as filters."""
    by_day = asked(world, "day", "state", "currency", where={"currency": "USD", "unit": ""}, traffic=Decimal(3))
    found = [(str(r["day"]), r["state"]) for r in by_day["rows"]]
    assert found == [("2026-10-05", "complete"), ("2026-10-12", "complete"), ("2026-10-05", "refused")]
    assert by_day["counterfactual"] == by_day["actual"] * 3


def test_unknown_names_are_refused_with_the_nearest(world: Store) -> None:
    """A model that nobody used, one that has no price, more than all calls, and a month without a ledger."""
    with pytest.raises(UnknownName, match=r"no model in this usage named 'm-larg'.*did you mean m-large"):
        asked(world, swaps=[Swap("m-larg", "m-small")])
    with pytest.raises(
        UnknownName, match=r"no model of acme-ai with a price named 'm-smal'.*did you mean acme-ai/m-small"
    ):
        asked(world, swaps=[Swap("m-large", "m-smal")])
    with pytest.raises(UnknownName, match="no model in this usage named 'm-none'"):
        asked(world, prices=[NewPrice("input", Decimal(1), 1, "m-none")])
    with pytest.raises(BadInput, match="more than all calls of m-large"):
        asked(world, swaps=[Swap("m-large", "m-small", Decimal("0.7")), Swap("m-large", "m-long", Decimal("0.7"))])
    with pytest.raises(BadInput, match=r"no month of 2026-12-01\.\.2027-01-01 is published"):
        asked(world, period=Period.month("2026-12"))
    with pytest.raises(UnknownName, match="no dimension named 'featur'"):
        asked(world, "featur")


def test_corrections_that_a_month_does_not_know_stay_unknown(duck: Store) -> None:
    """A price corrected after the month was told changes neither what was nor what would have been."""
    lay(duck, _USAGE)
    before = asked(duck)
    late = datetime(2026, 11, 10, tzinfo=UTC)
    duck.insert("price", [price("m-large", "input", "50", recorded_at=late, correction=True)])
    published(duck, now=datetime(2026, 11, 15, tzinfo=UTC))
    after = asked(duck)
    assert after["actual"] == after["counterfactual"] == before["actual"]


_COUNTS = st.integers(0, 10**7)


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    calls=st.lists(st.tuples(_COUNTS, _COUNTS, _COUNTS, st.sampled_from(["a", "b"])), min_size=1, max_size=6),
    share=st.integers(1, 99).map(lambda n: Decimal(n).scaleb(-2)),
)
def test_shares_of_a_swap_lie_on_a_line(duck: Store, calls: list[tuple[int, int, int, str]], share: Decimal) -> None:
    """For any usage: swapping nobody is the actual, and a share costs that share of the way to the full swap."""
    usage = tuple(
        event(n, feature=feature, input=fresh, cache_read=cached, output=out)
        for n, (fresh, cached, out, feature) in enumerate(calls, start=1)
    )
    lay(duck, usage)
    full = asked(duck, swaps=[Swap("m-large", "m-long")])
    part = asked(duck, swaps=[Swap("m-large", "m-long", share)])
    assert part["actual"] == full["actual"] == asked(duck)["counterfactual"]
    exact = full["actual"] * (1 - share) + full["counterfactual"] * share
    assert abs(part["counterfactual"] - exact) <= Decimal("1e-12") * len(part["rows"])
    assert sum(r["counterfactual"] for r in part["rows"]) == part["counterfactual"]


@contextmanager
def refused(words: str) -> Iterator[None]:
    """Expect a refusal with these words."""
    with pytest.raises(BadInput, match=words):
        yield


def test_options_say_parts_of_a_whole_without_doubt() -> None:
    """30%, 0.3 and 30 are the same; a bare 1 could be two things, and is refused."""
    assert {read_part(text, "x") for text in ("30%", "0.3", "30", " 30 % ")} == {Decimal("0.3")}
    assert [read_part(text, "x") for text in ("1%", "100%", "0")] == [Decimal("0.01"), Decimal(1), Decimal(0)]
    for text in ("1", "1.0", "101", "-1", "nan", "half", "", "0.00000001"):
        with refused("x is"):
            read_part(text, "x")


def test_options_name_swaps_prices_and_traffic() -> None:
    """A share may follow the new model; a date behind the same sign is part of its name."""
    assert read_swap("a=b") == Swap("a", "b")
    assert read_swap("a=b@5%") == Swap("a", "b", Decimal("0.05"))
    assert read_swap("a=google/b@20240620") == Swap("a", "google/b@20240620")
    assert read_swap("a=b@20240620@50") == Swap("a", "b@20240620", Decimal("0.5"))
    assert read_price("us.x-v1:0:input=2.5/1,000,000") == NewPrice("input", Decimal("2.5"), 1_000_000, "us.x-v1:0")
    assert [read_factor(text, "x") for text in ("10x", "1.5")] == [Decimal(10), Decimal("1.5")]
    for text in ("a", "=b", "a=", "a=@5%", "a=b@0%"):
        with refused("OLD=NEW|changes nothing"):
            read_swap(text)
    for text in ("input", "input=2", "input=/1", "input=1.2.3/1", "input=1/0", "input=1/3"):
        with refused("price"):
            read_price(text)
    for text in ("many", "-1", "inf"):
        with refused("traffic"):
            read_factor(text, "the traffic")


def test_a_file_holds_several_scenarios(tmp_path: Path) -> None:
    """Every choice an option can name can stand in a file."""
    path = tmp_path / "plan.toml"
    path.write_text(
        """
[[scenario]]
name = "smaller"
where = { feature = "chat" }
model = [{ from = "m-large", to = "m-small", share = "50%" }]
cache_hit = 0.5
prompt_cut = "20%"
batch = true
traffic = 1.5
price = [{ unit = "input", amount = "0.20", per = 1_000_000 }]
[[scenario]]
name = "as it is"
""",
        encoding="utf-8",
    )
    first, second = read_scenarios(path)
    assert second == Scenario("as it is")
    assert first == Scenario(
        "smaller",
        {"feature": "chat"},
        [Swap("m-large", "m-small", Decimal("0.5"))],
        Decimal("0.5"),
        Decimal(1),
        Decimal("0.2"),
        Decimal("1.5"),
        [NewPrice("input", Decimal("0.20"), 1_000_000)],
    )
    assert replace(second, name="x").swaps == ()


def test_a_bad_file_names_every_flaw_at_once(tmp_path: Path) -> None:
    """Each scenario and key at fault is in one message, with what to write instead."""
    path = tmp_path / "plan.toml"
    path.write_text(
        '[[scenario]]\ncache_hit = "lots"\ntrafic = 2\n[[scenario]]\nname = "b"\nmodel = [{ to = "x" }]\nbatch = 1\n'
        'price = [{ unit = "input", amount = "x", per = 1 }]\n[[scenario]]\nname = "b"\n',
        encoding="utf-8",
    )
    with pytest.raises(BadConfig) as caught:
        read_scenarios(path)
    lines = caught.value.message.splitlines()
    assert lines[0] == f"{path} cannot be used:"
    assert [line.strip().split(";")[0] for line in lines[1:]] == [
        "scenario 1: has no name",
        "scenario 1: 'trafic' is not a key",
        "scenario 1: cache_hit: the cache hit rate is 'lots', which is not a number",
        "scenario 2 (b): model has not the form that the page on estimates shows",
        "scenario 2 (b): batch: the share of batches is '1', which could mean 1 % or all of it",
        "scenario 2 (b): price: the price 'x per 1 input' is not a number",
        "two scenarios are named 'b'",
    ]
    for text, words in (("[[", "is not TOML"), ("x = 1", "something other than"), ("", "something other than")):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(BadConfig, match=words):
            read_scenarios(path)
    with pytest.raises(BadConfig, match="cannot be read"):
        read_scenarios(tmp_path / "none.toml")
