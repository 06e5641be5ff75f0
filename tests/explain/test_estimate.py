import math
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outlay.errors import BadConfig, BadInput, UnknownName
from outlay.explain.estimate import estimate, keep, read_feature, score
from outlay.explain.estimate.sizes import SLICES, Size, band, requests
from outlay.prices.learn import seed
from outlay.serve.encode import to_json
from outlay.store import Store
from outlay.terms.period import Period
from tests.laws.world import NOW, PRICES, at, emptied, event, laid, price, published

_LONG = (price("m-long", "input", "1"), price("m-long", "input", "3", size_from=1_000), price("m-long", "output", "5"))
_HEAD = 'feature = "x.y"\nusers = 100\nrequests_per_user_per_day = 2\n'
_TOKENS = "[tokens]\ninput = 1000\noutput = 100\n"
_MODEL = '[[model]]\nprovider = "acme-ai"\nmodel = "m-large"\n'
_SMALL = '[[model]]\nprovider = "acme-ai"\nmodel = "m-small"\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a feature file goes."""
    return tmp_path / "feature.toml"


@pytest.fixture(scope="module")
def world(shared: Store) -> Store:
    """A month of real usage of two features by three users, one of whom sends long prompts."""
    emptied(shared)
    usage = [
        event(1, feature="chat", customer="acme", user="u1", input=400, cache_read=100, output=50),
        event(2, feature="chat", customer="acme", user="u1", input=600, output=50, day=6),
        event(3, feature="chat", customer="zeta", user="u2", input=2_000, output=100, day=9),
        event(4, feature="chat", customer="zeta", user="u2", input=2_000, output=0, day=9, attempt=2, call="c"),
        event(5, feature="chat", model="m-page", input=0, output=0, unit="page", quantity=Decimal(6)),
        event(6, feature="x.y", customer="acme", user="u1", input=2_000, output=200, day=1),
        event(7, feature="x.y", customer="acme", user="u9", input=2_000, output=200, day=20),
        event(
            8,
            feature="x.y",
            customer="acme",
            user="u9",
            model="m-page",
            input=0,
            output=0,
            unit="page",
            quantity=Decimal(1),
        ),
    ]
    laid(shared, usage=usage, prices=(*PRICES, *_LONG))
    published(shared)
    return shared


def told(store: Store, path: Path, text: str) -> dict[str, Any]:
    """Write a feature file and estimate it."""
    path.write_text(text, encoding="utf-8")
    return cast("dict[str, Any]", estimate(store, read_feature(path), now=NOW, where=str(path)))


def test_the_worked_example_costs_what_it_costs(store: Store, path: Path) -> None:
    """10,000 users, 3 requests a day, 30 days, 8,000 tokens in and 500 out: 28,350.00 and 7,560.00 dollars a month."""
    seed(store, now=NOW)
    answer = told(
        store,
        path,
        'feature = "f"\nusers = 10_000\nrequests_per_user_per_day = 3\n[tokens]\ninput = 8_000\noutput = 500\n'
        '[[model]]\nprovider = "anthropic"\nmodel = "claude-sonnet-4-0"\n'
        '[[model]]\nprovider = "anthropic"\nmodel = "claude-3-5-haiku-latest"\n',
    )
    cheap, dear = answer["models"]
    assert (cheap["model"], cheap["monthly"]) == ("claude-3-5-haiku-latest", Decimal("7560.00"))
    assert (dear["model"], dear["monthly"]) == ("claude-sonnet-4-0", Decimal("28350.00"))
    assert (dear["annual"], dear["per_request"], dear["per_user"]) == (340_200, Decimal("0.0315"), Decimal("2.835"))
    assert [(p.unit, p.quantity, p.price, p.per, p.amount) for p in dear["parts"]] == [
        ("input", 7_200_000_000, 3, 1_000_000, 21_600),
        ("output", 450_000_000, 15, 1_000_000, 6_750),
    ]
    assert all("genai-prices" in p.source for p in dear["parts"])
    assert [(s["factor"], s["users"], s["monthly"]) for s in dear["scales"]] == [
        (1, 10_000, 28_350),
        (10, 100_000, 283_500),
    ]
    assert answer["requests"] == 900_000


def test_retries_caches_units_growth_and_more_are_in_it(world: Store, path: Path) -> None:
    """Each factor of a feature file does to the cost what it says, exactly."""
    text = (
        _HEAD
        + 'days = 10\nretry_rate = "10%"\ncache_hit_rate = "25%"\ngrowth_per_month = "100%"\n'
        + _TOKENS
        + '[[also]]\nprovider = "acme-ai"\nmodel = "m-page"\nunit = "page"\nquantity = 0.5\n'
        + _MODEL
    )
    answer = told(world, path, text)
    (one,) = answer["models"]
    tokens = Decimal(2_200) * (1_000 * 2 + 100 * 8) / 1_000_000
    assert one["monthly"] == tokens + Decimal(2_200) / 2 * Decimal("0.01")
    assert [(p.unit, p.quantity) for p in one["parts"]] == [
        ("input", 1_650_000),
        ("output", 220_000),
        ("cache_read", 550_000),
        ("page", 1_100),
    ]
    assert sum(p.amount for p in one["parts"]) == one["monthly"]
    assert one["annual"] == one["monthly"] * (2**12 - 1)
    assert len(answer["assumptions"]) == 5


def test_long_prompts_of_a_spread_cost_the_long_price(world: Store, path: Path) -> None:
    """What is above the threshold pays the price of long prompts; the mean stays what the file says."""
    text = _HEAD + "[tokens]\ninput = { mean = 1000, stddev = 500 }\noutput = { p50 = 90, p95 = 200 }\n" + _MODEL
    (one,) = told(world, path, text.replace("m-large", "m-long"))["models"]
    short, long = (p for p in one["parts"] if p.unit == "input")
    assert (short.size_from, short.price, long.size_from, long.price) == (0, 1, 1_000, 3)
    assert abs(short.quantity + long.quantity - 6_000 * 1_000) < 60
    # Of a log-normal with mean 1,000 and deviation 500, 41 % are longer than the mean.
    assert Decimal("0.55") < long.quantity / 6_000_000 < Decimal("0.65")
    assert one["low80"] < one["monthly"] < one["high80"]
    ten = one["scales"][1]
    assert ten["monthly"] == one["monthly"] * 10
    assert (ten["high80"] - ten["low80"]) / 10 < one["high80"] - one["low80"]


def test_the_same_file_gives_the_same_answer(world: Store, path: Path) -> None:
    """Nothing is drawn by chance."""
    text = _HEAD + "[tokens]\ninput = { p50 = 900, p95 = 4000 }\noutput = { p50 = 90, p95 = 200 }\n" + _MODEL
    assert to_json(told(world, path, text)) == to_json(told(world, path, text))


def test_a_feature_can_be_like_another(world: Store, path: Path) -> None:
    """Per request it costs what calls of the other did, retries and pages in it, at the model compared."""
    answer = told(world, path, _HEAD + 'like = "chat"\n' + _MODEL + _MODEL.replace("large", "long"))
    by_model = {one["model"]: one for one in answer["models"]}
    pages = Decimal(6) / 3 * Decimal("0.01")
    large = Decimal(5_000 * 2 + 100 * 2 + 200 * 8).scaleb(-6) / 3
    assert by_model["m-large"]["per_request"] == pytest.approx(large + pages, abs=Decimal("1e-12"))
    long = Decimal(1_100 + 4_000 * 3 + 200 * 5).scaleb(-6) / 3
    assert by_model["m-long"]["per_request"] == pytest.approx(long + pages, abs=Decimal("1e-12"))
    assert by_model["m-large"]["low80"] < by_model["m-large"]["monthly"] < by_model["m-large"]["high80"]
    assert "a call of chat used in 2026-10-01..2026-11-01 (3 calls)" in " ".join(answer["assumptions"])
    cached = told(world, path, _HEAD + 'like = "chat"\ncache_hit_rate = 0\n' + _MODEL)["models"][0]
    assert {p.unit for p in cached["parts"]} == {"input", "output", "page"}


def test_what_has_no_price_gives_no_cost(world: Store, path: Path) -> None:
    """A model without a price for a unit has no monthly cost, says what lacks, and comes last."""
    text = _HEAD + _TOKENS + "[units]\nweb_search = 0.5\n" + _MODEL
    (one,) = told(world, path, text)["models"]
    assert (one["monthly"], one["per_request"], one["scales"][1]["annual"]) == (None, None, None)
    assert one["priced_part"] == Decimal(6_000 * (1_000 * 2 + 100 * 8)).scaleb(-6)
    (lack,) = one["unpriced"]
    assert (lack.unit, lack.quantity, lack.reason) == ("web_search", 3_000, "unknown-unit")


def test_every_flaw_of_a_file_is_told_at_once(path: Path) -> None:
    """Each wrong or missing key is named with its fix, and so is the file."""
    path.write_text(
        "user = 5\nusers = 0\nrequests_per_user_per_day = { p50 = 5, p95 = 1 }\ndays = 1.5\ncache_hit_rate = 1\n"
        'retry_rate = "x"\non = "2026-13-01"\nlike_period = "2026"\n'
        '[tokens]\ninput = 1.5\noutput = { p50 = 1 }\nthoughts = 5\ncache_read = "some"\n'
        '[units]\ninput = 5\npage = -1\n[[also]]\nprovider = "a"\n[[model]]\nmodel = 5\ncontext = "batch"\n',
        encoding="utf-8",
    )
    with pytest.raises(BadConfig) as caught:
        read_feature(path)
    first, *flaws = caught.value.message.splitlines()
    assert first == f"{path} cannot be used: {len(flaws)} keys are wrong or missing"
    assert sorted({flaw.strip().split(" ")[0] for flaw in flaws if not flaw.startswith(("  also", "  model"))}) == [
        *("cache_hit_rate", "days", "feature", "like_period", "on", "requests_per_user_per_day", "retry_rate"),
        *("tokens.cache_read", "tokens.input", "tokens.output", "tokens.thoughts", "units.input", "units.page"),
        *("user", "users"),
    ]
    assert "  user is not a key. Write users" in flaws
    assert "  users is 0, which is not a whole number above 0. Write for example users = 10000" in flaws
    assert '  model 1: provider is missing. Write provider = "..."' in flaws
    assert sum(flaw.startswith("  also 1: ") for flaw in flaws) == 3


def test_what_excludes_each_other_is_refused(path: Path) -> None:
    """`like` brings its own tokens and retries; a file needs the one or the other, a model, and whole TOML."""
    for text, words in (
        (_HEAD + 'like = "chat"\n' + _TOKENS + _MODEL, "tokens stands beside `like`"),
        (_HEAD + 'like = "chat"\nretry_rate = "2%"\n' + _MODEL, "retry_rate stands beside `like`"),
        (_HEAD + _MODEL, "tokens is missing"),
        (_HEAD + _TOKENS, "model is missing"),
        (_HEAD + _TOKENS + _MODEL + _MODEL, "twice"),
        (_HEAD + "cache_hit_rate = 0.5\n" + _TOKENS + "cache_read = 5\n" + _MODEL, "stands beside cache_hit_rate"),
        (_HEAD.replace("= 2", "= 0") + _TOKENS + _MODEL, "requests_per_user_per_day is 0"),
        (_HEAD + "on = true\n" + _TOKENS + _MODEL, "on is True"),
        ("[[", "is not TOML"),
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(BadConfig, match=words):
            read_feature(path)
    with pytest.raises(BadConfig, match="cannot be read: No such file"):
        read_feature(path.parent / "none.toml")


def test_unknown_models_and_features_are_refused(world: Store, path: Path) -> None:
    """Every model the price book does not have is named with the nearest; so is a feature that used nothing."""
    text = _HEAD + _TOKENS + _MODEL.replace("m-large", "m-lrge") + _MODEL.replace("acme-ai", "acmeai")
    with pytest.raises(BadConfig) as caught:
        told(world, path, text)
    assert caught.value.message.splitlines()[1:] == [
        "  model 1: model 'm-lrge' is not in the price book. Near it: m-large, m-page, m-long",
        "  model 2: provider 'acmeai' is not in the price book. Near it: acme-ai",
    ]
    for like in ("nothing", 'chat"\nlike_period = "2026-11'):
        with pytest.raises(BadInput, match="used no tokens in"):
            told(world, path, _HEAD + f'like = "{like}"\n' + _MODEL)


def test_an_estimate_is_stored_once_and_scored(world: Store, path: Path) -> None:
    """Asked twice it is stored once; afterwards each measure stands beside what happened, with their ratio."""
    text = _HEAD.replace("100", "4") + "days = 40\n" + _TOKENS + _MODEL + _SMALL
    answer = told(world, path, text)
    planned = read_feature(path)
    idents = {keep(world, planned, answer, now=at(day)) for day in (30, 31)}
    assert len(idents) == 1
    assert world.count("planned_cost", feature="x.y") == 2
    scored = cast("dict[str, Any]", score(world, "x.y"))
    assert (scored["period"], scored["days"]) == ("2026-10-01..2026-10-21", 20)
    built = {one["model"]: one["built_with"] for one in scored["models"]}
    assert built == {"m-large": True, "m-small": False}
    (large,) = [one for one in scored["models"] if one["built_with"]]
    found = {m["measure"]: (m["estimate"], m["actual"], m["ratio"]) for m in large["measures"]}
    cost = Decimal(4_000 * 2 + 400 * 8).scaleb(-6) + Decimal("0.01")
    assert found["users"] == (4, 2, Decimal("0.5"))
    assert found["requests"] == (320, 4, Decimal("0.0125"))
    assert found["requests_per_user_per_day"] == (2, Decimal("0.05"), Decimal("0.025"))
    assert found["tokens_per_request"] == (1_100, 2_200, 2)
    assert found["cost_per_request"] == (Decimal("0.0028"), cost / 2, Decimal("3.7857"))
    assert found["cost"] == (Decimal("0.896"), cost * 2, Decimal("0.0473"))
    assert large["within_band"] is False
    later = cast("dict[str, Any]", score(world, "x.y", Period(at(15).date(), at(25).date())))
    assert later["days"] == 10


def test_a_score_needs_an_estimate_and_usage(world: Store, path: Path) -> None:
    """Neither is made up."""
    text = _HEAD.replace("x.y", "never.built") + _TOKENS + _MODEL
    answer = told(world, path, text)
    keep(world, read_feature(path), answer, now=NOW)
    with pytest.raises(UnknownName, match="no estimate of a feature named 'chat'"):
        score(world, "chat")
    with pytest.raises(BadInput, match=r"never\.built was not used"):
        score(world, "never.built")


@given(st.integers(1, 10**6), st.integers(0, 300))
def test_slices_keep_the_mean_and_rise(mean: int, percent: int) -> None:
    """For any size the slices' mean is its mean, to a millionth, and each is at least the one before."""
    size = Size.of_deviation(Decimal(mean), Decimal(mean) * percent / 100)
    slices = size.slices()
    assert abs(sum(slices, Decimal(0)) / len(slices) / mean - 1) < Decimal("1e-6")
    assert slices == sorted(slices)
    whole = requests({"input": size, "output": Size(Decimal(7))})
    assert abs(sum(one["input"] for one in whole) - Decimal(mean) * len(whole)) <= 1
    assert all(one["output"] == 7 for one in whole)


def test_a_size_by_quantiles_has_these_quantiles() -> None:
    """Half of the slices lie below the median, one in twenty above the 95th percentile."""
    slices = Size.of_quantiles(Decimal(1_000), Decimal(4_000)).slices()
    assert len(slices) == SLICES
    assert sum(one < 1_000 for one in slices) == SLICES // 2
    assert sum(one > 4_000 for one in slices) == SLICES // 20


@pytest.mark.parametrize(("users", "spread"), [(5, 1.0), (100, 0.5), (1_000, 1.2)])
def test_a_band_holds_eight_of_ten_months(users: int, spread: float) -> None:
    """Of months drawn user by user, 76 to 85 in a hundred lie in the band (with few users it is a little wide)."""
    size = Size.of_quantiles(Decimal(1_000), Decimal(1_000) * Decimal(math.exp(spread * 1.644853626951)))
    low, high = band(size.mean * users, size.relative_variance / users)
    chance = Random(5)
    months = [sum(chance.lognormvariate(math.log(1_000), spread) for _ in range(users)) for _ in range(1_500)]
    assert 0.76 < sum(low <= month <= high for month in months) / len(months) < 0.85


@given(st.integers(1, 10**9), st.integers(1, 10**6))
def test_a_band_is_around_its_mean_and_never_below_nothing(mean: int, parts: int) -> None:
    """The low end is above 0 and below the high end; a smaller variance makes it no wider."""
    low, high = band(Decimal(mean), Decimal(parts).scaleb(-6))
    narrow_low, narrow_high = band(Decimal(mean), Decimal(parts).scaleb(-7))
    assert 0 < low < mean < high or parts > 500_000
    assert high - low >= narrow_high - narrow_low
