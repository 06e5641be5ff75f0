import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from outlay.cli import main
from outlay.store import open_store
from tests.laws.world import PRICES, charge, event, laid, price, published

_RULE = {
    "name": "gpu nodes",
    "match": {"service_name": "GPU"},
    "set": {"provider": "=self-hosted"},
    "split": "driver",
    "driver": "unit:gpu_second",
    "within": ["provider"],
    "to": ["feature", "model"],
    "capacity": {"unit": "gpu_second", "per_consumed": 3600},
}
_FILE = """
feature = "tags"
users = 10
requests_per_user_per_day = 2
[tokens]
input = { p50 = 900, p95 = 4000 }
output = 50
[[also]]
provider = "acme-ai"
model = "m-page"
unit = "page"
quantity = 0.5
[[model]]
provider = "acme-ai"
model = "m-small"
[[model]]
provider = "acme-ai"
model = "m-large"
context = { processing = "batch" }
"""
Typed = Callable[..., Result]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store of one published month and a feature file."""
    folder = tmp_path_factory.mktemp("ahead")
    store = open_store(f"duckdb:///{folder}/ledger.duckdb")
    usage = [
        event(1, feature="chat", customer="acme", user="u1", input=4_000, output=100),
        event(2, feature="tags", user="u1", model="m-small", input=900, output=90),
        event(3, feature="odd", model="m-odd", input=77),
        event(4, feature="own", provider="self-hosted", model="llama", unit="gpu_second", quantity=Decimal(900)),
    ]
    more = (price("m-large", "input", "1", context="processing=batch"), price("m-new", "input", "9"))
    node = charge(1, "10", service_name="GPU", consumed_quantity=Decimal(1))
    laid(store, charges=[node], usage=usage, prices=(*PRICES, *more), rules=[_RULE])
    published(store)
    store.close()
    (folder / "tags.toml").write_text(_FILE, encoding="utf-8")
    return folder


@pytest.fixture
def typed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Type a command on that store."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("OUTLAY_STORE", f"duckdb:///{folder}/ledger.duckdb")

    def run(*words: str, status: int = 0) -> Result:
        result = CliRunner().invoke(main, words)
        assert result.exit_code == status, result.output
        return result

    return run


def printed(result: Result) -> Any:  # noqa: ANN401 - JSON
    """Return what a command printed as JSON."""
    return json.loads(result.stdout)


def test_an_estimate_is_shown_kept_and_scored(typed: Typed) -> None:
    """The table has both models with bands and what they are made of; the score says what became of it."""
    shown = typed("estimate", "tags.toml").stdout
    for words in (
        "tags: 10 users, 600 requests a month",
        "per 1,000 requests",
        "a month at 10x",
        "Prices: acme-ai list.",
        "acme-ai m-large (processing=batch): acme-ai m-page",
        "0.01 per 1",
        "outlay estimate --score tags",
    ):
        assert words in shown
    answer = printed(typed("estimate", "tags.toml", "--no-keep", "--json"))
    assert answer["stored"] is None
    assert [model["model"] for model in answer["models"]] == ["m-small", "m-large"]
    assert all(Decimal(m["low80"]) < Decimal(m["monthly"]) < Decimal(m["high80"]) for m in answer["models"])
    again = printed(typed("estimate", "tags.toml", "--json"))["stored"]
    assert again == printed(typed("estimate", "tags.toml", "--json"))["stored"]
    for name in ("tags", "tags.toml"):
        score = typed("estimate", "--score", name, "--period", "2026-10").stdout
        assert "acme-ai m-small, which it was built with" in score
        assert "requests per user per day" in score
        assert "outside the band" in score
    assert printed(typed("estimate", "--score", "tags", "--json"))["estimate"] == again


def test_a_bad_feature_file_is_refused_with_every_flaw(typed: Typed, folder: Path) -> None:
    """Exit code 2, each key and its fix; a period without --score says nothing."""
    (folder / "bad.toml").write_text('feature = "x"\nusers = -1\n', encoding="utf-8")
    said = typed("estimate", "bad.toml", status=2).stderr
    for words in (
        "bad.toml cannot be used",
        "users is -1",
        "tokens is missing",
        "model is missing",
        "bad-feature-file",
    ):
        assert words in said
    assert "add --score" in typed("estimate", "tags.toml", "--period", "2026-10", status=2).stderr
    typed("estimate", "tags.toml")
    assert "no estimate of a feature named 'chat'" in typed("estimate", "--score", "chat", status=2).stderr


def test_what_lacks_a_price_is_said(typed: Typed, folder: Path) -> None:
    """A unit without a price leaves the model without a cost, and says so in words."""
    text = _FILE.replace("[[also]]", "[units]\nweb_search = 1\n[[also]]", 1)
    (folder / "search.toml").write_text(text, encoding="utf-8")
    shown = typed("estimate", "search.toml", "--no-keep").stdout
    assert "Without a price: 600 web_search a month at acme-ai m-small (unknown-unit" in shown


def test_what_if_shows_what_moves(typed: Typed) -> None:
    """Rows that change, how many do not, what is left out and what was assumed."""
    shown = typed("whatif", "--model", "m-large=m-small@50%", "--period", "2026-10").stdout
    for words in ("instead of", "m-large", "50 % of the calls of m-large go to m-small", " would cost what "):
        assert words in shown
    lost = typed("whatif", "--model", "m-large=m-odd", status=2).stderr
    assert "no model of acme-ai with a price named 'm-odd'" in lost
    left = typed("whatif", "--model", "m-large=m-new").stdout
    for words in ("not compared", "Without a price", "unknown-unit", "acme-ai m-new"):
        assert words in left
    assert "Nothing would cost more or less" in typed("whatif").stdout
    assert "No usage in this period and slice" in typed("whatif", "--where", "feature=none").stdout


def test_every_choice_can_be_typed(typed: Typed) -> None:
    """Choices together: half the prompt, a cache, batches, traffic and a price, on one feature."""
    answer = printed(
        typed(
            *("whatif", "--where", "feature=chat", "--prompt-cut", "50", "--cache-hit", "0.5", "--batch", "100%"),
            *("--traffic", "10", "--price", "m-large:output=10/1000000", "--by", "customer", "--json"),
        )
    )
    assert answer["rows"][0]["customer"] == "acme"
    assert Decimal(answer["counterfactual"]) == Decimal((2_000 * 1 + 100 * 10) * 10).scaleb(-6)
    assert answer["where"] == {"feature": "chat"}
    assert "is '1', which could mean" in typed("whatif", "--batch", "1", status=2).stderr


def test_a_file_of_scenarios_is_compared(typed: Typed, folder: Path) -> None:
    """Each scenario has its line; --where narrows all of them, and may not name what a scenario names."""
    (folder / "plan.toml").write_text(
        '[[scenario]]\nname = "small"\nmodel = [{ from = "m-large", to = "m-small" }]\n'
        '[[scenario]]\nname = "ten"\ntraffic = 10\nwhere = { feature = "chat" }\n',
        encoding="utf-8",
    )
    shown = typed("whatif", "--file", "plan.toml").stdout
    assert "What if, 2026-10-01..2026-11-01" in shown
    answer = printed(typed("whatif", "--file", "plan.toml", "--where", "customer=acme", "--json"))
    assert [(s["scenario"], s["where"]) for s in answer["scenarios"]] == [
        ("small", {"customer": "acme"}),
        ("ten", {"feature": "chat", "customer": "acme"}),
    ]
    assert "both name feature" in typed("whatif", "--file", "plan.toml", "--where", "feature=a", status=2).stderr
    assert "say the same thing twice" in typed("whatif", "--file", "plan.toml", "--traffic", "2", status=2).stderr


def test_self_hosted_models_are_shown_against_buying(typed: Typed, folder: Path) -> None:
    """Used and idle with their ratio, the cost of a million tokens, and the break-even."""
    shown = typed("self-hosted", "--against", "acme-ai/m-large").stdout
    for words in ("10.00 USD held", "2.50 USD used (25.0 %)", "per million, used", "Buying was cheaper by", "from"):
        assert words in shown
    assert "cannot get there" in shown
    (folder / "nodes.toml").write_text('[[node]]\nprice_per_gpu_hour = "0.000001"\n', encoding="utf-8")
    owned = typed("self-hosted", "--nodes", "nodes.toml", "--against", "acme-ai/m-large").stdout
    assert "Buying was cheaper" in owned
    assert "No break-even: acme-ai/m-new has no price" in typed("self-hosted", "--against", "acme-ai/m-new").stdout
    answer = printed(typed("self-hosted", "--weights", "decode=1", "--json"))
    assert (answer["held"], answer["utilisation_ratio"], answer["break_even"]) == ("10", "0.25", None)
    assert "does not go with machines" in typed("self-hosted", "--where", "feature=own", status=2).stderr
