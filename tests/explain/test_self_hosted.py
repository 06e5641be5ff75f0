from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import pytest

from outlay.errors import BadConfig, BadInput, UnknownName
from outlay.explain.cost import costs
from outlay.explain.self_hosted import Node, Weights, read_nodes, read_weights, self_hosted
from outlay.explain.self_hosted.nodes import held
from outlay.store import Row, Store
from outlay.terms.period import Period
from tests.laws.world import MONTH, PRICES, at, charge, emptied, event, laid, price, published

_RULE: dict[str, Any] = {
    "name": "gpu nodes",
    "match": {"service_name": "GPU"},
    "set": {"provider": "=self-hosted"},
    "split": "driver",
    "driver": "unit:gpu_second",
    "within": ["provider"],
    "to": ["feature", "model"],
    "capacity": {"unit": "gpu_second", "per_consumed": 3600},
}
_LAST = (price("m-new", "input", "9", valid_from=at(20)),)


def ran(line: int, feature: str, gpu_seconds: str | None, *, model: str = "llama", **own: Any) -> Row:  # noqa: ANN401 - of an event
    """Return a call on machines of one's own; without GPU time, only its tokens are known."""
    seconds: dict[str, Any] = {} if gpu_seconds is None else {"unit": "gpu_second", "quantity": Decimal(gpu_seconds)}
    return event(line, feature=feature, provider="self-hosted", model=model, **{**seconds, **own})


#: Two node-hours for 10 dollars on one day: 7,200 GPU-seconds, of which 3,600 are used.
_MEASURED = (
    ran(1, "a", "900", input=600_000, output=100_000, cache_read=200_000),
    ran(2, "b", "1800", input=1_000_000, output=50_000),
    ran(3, "b", "900", model="qwen", input=40_000, output=10_000),
    event(4, feature="a", input=5_000, output=5),
)
_NODES = charge(1, "10", service_name="GPU", consumed_quantity=Decimal(2))


@pytest.fixture(scope="module")
def world(shared: Store) -> Store:
    """A GPU node, half used by two features and two models."""
    lay(shared, _MEASURED)
    return shared


def lay(store: Store, usage: tuple[Row, ...], *charges: Row, **rule: object) -> None:
    """Make some usage and one rule the whole of a store."""
    emptied(store)
    laid(store, charges=charges or (_NODES,), usage=usage, prices=(*PRICES, *_LAST), rules=[{**_RULE, **rule}])
    published(store)


def asked(store: Store, **said: Any) -> dict[str, Any]:  # noqa: ANN401 - of the question
    """Ask what the machines cost."""
    return cast("dict[str, Any]", self_hosted(store, MONTH, **said))


def rows_of(answer: dict[str, Any], *names: str) -> list[tuple[Any, ...]]:
    """Return some columns of the rows."""
    return [tuple(row[name] for name in ("feature", "model", *names)) for row in answer["rows"]]


def test_used_and_idle_are_those_of_the_ledger(world: Store) -> None:
    """Active and idle cost sum to what was billed; half of the machine was used."""
    answer = asked(world)
    assert (answer["held"], answer["active"], answer["idle"], answer["unallocated"]) == (10, 5, 5, 0)
    assert answer["utilisation_ratio"] == Decimal("0.5")
    assert answer["held"] == costs(world, MONTH, [], where={"rule": "gpu nodes"})["total"]
    assert rows_of(answer, "active", "idle", "gpu_seconds", "tokens") == [
        ("b", "llama", Decimal("2.5"), Decimal("2.5"), 1800, 1_050_000),
        ("a", "llama", Decimal("1.25"), Decimal("1.25"), 900, 900_000),
        ("b", "qwen", Decimal("1.25"), Decimal("1.25"), 900, 50_000),
    ]


def test_a_million_tokens_cost_by_use_and_by_what_is_held(world: Store) -> None:
    """Usage-based cost counts what was used, allocation-based cost all that was held."""
    answer = asked(world)
    assert answer["usage_based"] == Decimal("2.5")
    assert answer["allocation_based"] == 5
    assert rows_of(answer, "usage_based", "allocation_based")[2] == ("b", "qwen", 25, 50)


def test_the_break_even_is_exact(world: Store) -> None:
    """Owning is cheaper from the number of tokens whose price, bought call by call, is that of the machines."""
    answer = asked(world, bought="acme-ai/m-large")["break_even"]
    # Cached text has no price of its own at m-large and costs what fresh text does.
    paid = Decimal(1_840_000 * 2 + 160_000 * 8).scaleb(-6)
    assert (answer["bought"], answer["owned"], answer["saving"]) == (paid, 10, paid - 10)
    exact = Fraction(10) * Fraction(30, 31) * 2_000_000 / Fraction(paid)
    assert answer["tokens_per_month"] == int(exact) + 1
    assert answer["now_per_month"] == int(Fraction(2_000_000 * 30, 31))
    assert answer["capacity_per_month"] == int(Fraction(4_000_000 * 30, 31))
    assert answer["reachable"] is False
    assert answer["bought_per_million"] == paid / 2


def test_a_model_without_a_price_has_no_break_even(world: Store) -> None:
    """It is said why; nothing is taken for free, and names that do not exist are refused."""
    answer = asked(world, bought="acme-ai/m-new")["break_even"]
    assert (answer["tokens_per_month"], answer["bought"], answer["saving"]) == (None, None, None)
    assert answer["reason"] == "acme-ai/m-new has no price for 2000000 of the tokens"
    with pytest.raises(UnknownName, match="did you mean acme-ai/m-large"):
        asked(world, bought="acme-ai/m-larg")
    with pytest.raises(BadInput, match="is not PROVIDER/MODEL"):
        asked(world, bought="m-large")


def test_machines_can_be_taken_at_their_price(world: Store) -> None:
    """Without a bill, GPU-hours times price are what is held, and GPU time says what of it was used."""
    answer = asked(world, nodes=[Node("n", 4, Decimal("2.5"), "EUR", Decimal(1))])
    assert (answer["currency"], answer["held"], answer["active"], answer["idle"]) == (
        "EUR",
        10,
        Decimal("2.5"),
        Decimal("7.5"),
    )
    whole = asked(world, nodes=[Node("n", 1, Decimal(1), "USD")])
    assert whole["held"] == 31 * 24
    over = asked(world, nodes=[Node("n", 1, Decimal(1), "USD", Decimal("0.5"))])
    assert (over["idle"], over["utilisation_ratio"]) == (0, 1)
    assert "check their number" in " ".join(over["assumptions"])


def test_tokens_split_what_no_gpu_time_was_measured_of(duck: Store) -> None:
    """A token of an answer weighs four of a prompt, one from the cache nothing; other weights can be given."""
    usage = (
        ran(1, "a", None, input=1_000, output=250, cache_read=7_000),
        ran(2, "b", None, input=5_000, output=250),
    )
    lay(duck, usage)
    answer = asked(duck, rule="gpu nodes")
    assert (answer["held"], answer["idle"], answer["utilisation_ratio"], answer["usage_based"]) == (
        10,
        None,
        None,
        None,
    )
    assert rows_of(answer, "amount") == [("b", "llama", Decimal("7.5")), ("a", "llama", Decimal("2.5"))]
    assert sum(row["amount"] for row in answer["rows"]) == 10
    plain = asked(duck, rule="gpu nodes", weights=Weights(Decimal(1), Decimal(0)))
    assert [row["feature"] for row in plain["rows"]] == ["b", "a"]
    assert sum(row["amount"] for row in plain["rows"]) == 10
    assert asked(duck)["rows"] == answer["rows"]
    lay(duck, usage, split="direct", driver="", capacity=None)
    direct = asked(duck, rule="gpu nodes")
    assert (rows_of(direct, "amount")[0], direct["idle"]) == (("b", "llama", Decimal("7.5")), None)
    with pytest.raises(BadInput, match="no rule splits charges by GPU-seconds"):
        asked(duck)
    with pytest.raises(BadInput, match="rule 'other' gathered no charges"):
        asked(duck, rule="other")


def test_throughput_tells_what_was_idle(duck: Store) -> None:
    """Tokens over tokens per second is the time that was used; the rest of what was held is idle."""
    lay(duck, (ran(1, "a", None, input=60_000, output=6_000),))
    nodes = [Node("n", 1, Decimal(10), "USD", Decimal(1), (Decimal(100), Decimal(10)))]
    answer = asked(duck, nodes=nodes)
    assert answer["utilisation_ratio"] == Decimal("0.3333")
    assert answer["active"] + answer["idle"] == answer["held"] == 10
    half = asked(duck, nodes=[*nodes, Node("m", 1, Decimal(0), "USD", Decimal(1))])
    assert half["utilisation_ratio"] is None


def test_a_rule_that_names_no_model_is_split_by_gpu_time(duck: Store) -> None:
    """What the ledger gives to a feature goes to the models it ran, in proportion to GPU time."""
    lay(duck, _MEASURED, to=["feature"])
    assert [row[:3] for row in rows_of(asked(duck), "active")] == [
        ("b", "llama", Decimal("2.5")),
        ("a", "llama", Decimal("1.25")),
        ("b", "qwen", Decimal("1.25")),
    ]


def test_two_currencies_and_no_usage_are_refused(duck: Store) -> None:
    """Amounts of two currencies do not add up, and a month in which nothing ran has no cost per token."""
    lay(
        duck,
        _MEASURED,
        _NODES,
        charge(2, "1", service_name="GPU", billing_currency="EUR", consumed_quantity=Decimal(1)),
    )
    with pytest.raises(BadInput, match="billed in EUR and USD"):
        asked(duck)
    with pytest.raises(BadInput, match="nothing ran on machines of your own in 2026-12-01"):
        self_hosted(duck, Period.month("2026-12"))


def test_a_file_of_machines_is_read_and_every_flaw_is_told(tmp_path: Path) -> None:
    """Prices, numbers and hours; what is wrong is named with its node and key."""
    path = tmp_path / "nodes.toml"
    path.write_text(
        '[[node]]\nname = "n"\ngpus = 4\nprice_per_gpu_hour = "2.50"\nhours = 0.5\n'
        "prefill_tokens_per_second = 8_000\ndecode_tokens_per_second = 600\n",
        encoding="utf-8",
    )
    (node,) = read_nodes(path)
    assert node == Node("n", 4, Decimal("2.5"), "USD", Decimal("0.5"), (Decimal(8_000), Decimal(600)))
    owned = held([node], 99)
    assert (owned.amount, owned.gpu_seconds) == (Fraction(5), Fraction(7_200))
    assert owned.throughput == (Fraction(8_000), Fraction(600))
    path.write_text(
        '[[node]]\nname = ""\ngpus = 0\ncurrency = "DOLLAR"\nhour = 3\n[[node]]\nprice_per_gpu_hour = -1\n'
        "decode_tokens_per_second = 5\n",
        encoding="utf-8",
    )
    with pytest.raises(BadConfig) as caught:
        read_nodes(path)
    assert [line.strip().split(" is ")[0].split(";")[0] for line in caught.value.message.splitlines()[1:]] == [
        "node 1: 'hour'",
        "node 1: name",
        "node 1: currency",
        "node 1: gpus",
        "node 1: price_per_gpu_hour",
        "node 2: price_per_gpu_hour",
        "node 2: one throughput",
    ]
    for text, words in (("[[", "is not TOML"), ("", "something other than"), ("x = 1", "something other than")):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(BadConfig, match=words):
            read_nodes(path)
    two = '[[node]]\nprice_per_gpu_hour = 1\n[[node]]\nprice_per_gpu_hour = 1\ncurrency = "EUR"\n'
    path.write_text(two, encoding="utf-8")
    with pytest.raises(BadConfig, match="priced in EUR and USD"):
        read_nodes(path)
    with pytest.raises(BadConfig, match="cannot be read"):
        read_nodes(tmp_path / "none.toml")


def test_weights_are_two_numbers() -> None:
    """Either may be left out, then it weighs nothing; both nothing, or another name, is refused."""
    assert read_weights("prefill=1,decode=13") == Weights(Decimal(1), Decimal(13))
    assert read_weights("decode=1").of(10, 3) == 3
    for text in ("prefill", "prefill=x", "prefill=-1", "prefill=0,decode=0", "input=1", ""):
        with pytest.raises(BadInput, match="weight"):
            read_weights(text)
