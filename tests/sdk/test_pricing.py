import gc
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import ROUND_UP, Decimal, Inexact, localcontext
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import outlay
from outlay.errors import BadInput
from outlay.prices.book import Book
from outlay.prices.learn import overlay, seed
from outlay.prices.quote import quote
from outlay.prices.snapshot import known, write
from outlay.store import open_store
from outlay.terms.price import context_of
from outlay.terms.unit import TOKEN_UNITS
from tests.house.planting import ROOT

LEARNT = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
AGREED = """
[[price]]
provider = "openai"
model = "gpt-5"
unit = "input"
amount = "1.10"
per = 1_000_000
currency = "USD"
valid_from = 2026-11-10
source = "contract"

[[price]]
provider = "self-hosted"
model = "our-llama"
unit = "gpu_second"
amount = "0.9"
per = 3600
currency = "EUR"
valid_from = 2026-11-01
source = "node price"

[[price]]
provider = "acme"
model = "two"
unit = "input"
amount = "1"
per = 1_000_000
currency = "USD"
valid_from = 2026-01-01
source = "contract"

[[price]]
provider = "acme"
model = "two"
unit = "page"
amount = "1"
per = 1_000
currency = "EUR"
valid_from = 2026-01-01
source = "contract"

[[discount]]
provider = "anthropic"
percent = "12.5"
valid_from = 2026-11-05
source = "contract"

[[deployment]]
provider = "azure"
name = "my-chat"
model = "gpt-4o"
valid_from = 2026-11-01
source = "our portal"
"""
#: Half past eleven in the evening before, in UTC.
ELSEWHERE = datetime(2026, 11, 10, 5, 0, tzinfo=timezone(timedelta(hours=5, minutes=30)))
#: Names that are not those of the book.
OTHERS = [
    ("azure", "my-chat"),
    ("azure", "gpt-4o"),
    ("vertex", "claude-sonnet-4-5"),
    ("litellm", "openai/gpt-5"),
    ("litellm", "gpt-5"),
    ("openai", "gpt-5-2025-08-07"),
    ("openai", "gpt-nobody"),
    ("nobody", "gpt-5"),
    ("", ""),
]
Asked = tuple[str, str, dict[str, str | None]]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Book]:
    """A snapshot of the list prices and of some agreed ones, and the book it was made from."""
    folder = tmp_path_factory.mktemp("prices")
    (folder / "agreed.toml").write_text(AGREED, encoding="utf-8")
    at = LEARNT + timedelta(seconds=1)
    store = open_store("duckdb:///:memory:")
    seed(store, now=LEARNT)
    overlay(store, folder / "agreed.toml", now=at, correction=True)
    write(folder / "snapshot", known(store, at), at)
    book = Book.load(store, known_at=at)
    store.drop()
    return folder / "snapshot", book


@pytest.fixture
def priced(kept: tuple[Path, Book]) -> Iterator[Book]:
    """The book that the SDK prices from in this test."""
    outlay.configure(prices=kept[0])
    yield kept[1]
    outlay.configure()


@pytest.fixture(scope="module")
def asked(kept: tuple[Path, Book]) -> list[Asked]:
    """Every model in each of its contexts and in one that nobody has a price for, and names that no list has."""
    strange: list[dict[str, str | None]] = [{}, {"tier": "nobody"}, {"region": "moon"}, {"tier": None}]
    found: list[Asked] = []
    for provider, models in kept[1].models.items():
        for name, rates in models.items():
            found += [(provider, name, context) for context in strange]
            found += [(provider, name, {**context_of(text)}) for text in rates.contexts()]
    return found + [(provider, name, context) for provider, name in OTHERS for context in strange] * 40


UNITS = st.sampled_from([*TOKEN_UNITS, "web_search", "page", "audio_second", "gpu_second", "request", "nobody"])
SIZES = st.one_of(
    st.integers(0, 3), st.integers(99_990, 128_010), st.integers(199_990, 272_010), st.integers(0, 10**12)
)
USAGES = st.dictionaries(UNITS, st.one_of(SIZES, SIZES.map(Decimal)), max_size=5)
INSTANTS = st.one_of(
    st.integers(0, 76_000_000_000_000).map(lambda us: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)),
    st.sampled_from([datetime(2026, 11, 10, tzinfo=UTC), datetime(2026, 11, 9, 23, 59, 59, 999_999, UTC), ELSEWHERE]),
)


@settings(max_examples=500, deadline=None)
@given(data=st.data(), usage=USAGES, used_at=INSTANTS)
def test_the_sdk_says_what_a_quote_says(
    kept: tuple[Path, Book], asked: list[Asked], data: st.DataObject, usage: dict[str, int | Decimal], used_at: datetime
) -> None:
    """Over all models, contexts, sizes and instants the SDK gives a quote's amount, to the digit, and its reasons."""
    provider, model, context = data.draw(st.sampled_from(asked))
    if outlay.price("openai", "gpt-5", {"input": 1}).unpriced:
        outlay.configure(prices=kept[0])
    found = outlay.price(provider, model, usage, used_at=used_at, context=context)
    if found.reason in ("bad-quantity", "two-currencies"):
        with pytest.raises(BadInput) as refused:
            quote(kept[1], provider, model, usage, used_at, context)
        assert refused.value.code == found.reason
        return
    expected = quote(kept[1], provider, model, usage, used_at, context)
    assert found.unpriced == {lack.unit: lack.reason for lack in expected.unpriced if lack.quantity}
    assert str(found.priced) == str(expected.amount)
    assert found.amount == (None if found.unpriced else expected.amount)
    if any(quantity for quantity in usage.values()) and not found.unpriced:
        assert found.currency == expected.currency


@pytest.mark.parametrize(
    ("provider", "model", "hour"), [("deepseek", "deepseek-chat", hour) for hour in range(0, 24, 2)]
)
def test_the_time_of_day_is_the_price_of_that_time(priced: Book, provider: str, model: str, hour: int) -> None:
    """Asked for instants of one day in turn, each has its own price: what is kept for one is not used for another."""
    usage = {"input": 1_000_000, "output": 1_000}
    for used_at in (datetime(2026, 11, 2, hour, tzinfo=UTC), datetime(2025, 6, 2, hour, 30, tzinfo=UTC)):
        found = outlay.price(provider, model, usage, used_at=used_at)
        assert found.priced == quote(priced, provider, model, usage, used_at).amount


def test_without_an_instant_it_is_now(priced: Book) -> None:
    """What is asked without an instant is priced at the present one."""
    usage = {"input": 1000, "cache_read": 500, "output": 10}
    found = outlay.price("openai", "gpt-5", usage)
    assert found.amount == quote(priced, "openai", "gpt-5", usage, datetime.now(UTC)).amount
    assert (found.currency, found.reason) == ("USD", None)


def test_an_agreed_price_holds_from_its_first_instant(priced: Book) -> None:
    """The contract's price holds from midnight UTC on, wherever the clock that says so stands."""
    before = outlay.price("openai", "gpt-5", {"input": 1_000_000}, used_at=ELSEWHERE)
    after = outlay.price("openai", "gpt-5", {"input": 1_000_000}, used_at=ELSEWHERE + timedelta(hours=1))
    assert (before.amount, after.amount) == (Decimal("1.25"), Decimal("1.10"))
    assert priced.models["openai"]["gpt-5"].name == "gpt-5"


@pytest.mark.usefixtures("priced")
def test_another_unit_is_priced_in_its_own_currency() -> None:
    """A GPU second of ours costs what the overlay says, rounded once."""
    found = outlay.price("self-hosted", "our-llama", {"gpu_second": 7}, used_at=LEARNT)
    assert (found.amount, found.currency) == (Decimal("0.00175"), "EUR")


@pytest.mark.usefixtures("priced")
@pytest.mark.parametrize(
    ("provider", "model", "usage", "reason"),
    [
        ("openai", "gpt-nobody", {"input": 1}, "unknown-model"),
        ("nobody", "gpt-5", {"input": 1}, "unknown-provider"),
        ("openai", "gpt-5", {"input": 1, "smell": 2}, "unknown-unit"),
        ("openai", "gpt-5", {"input": -1}, "bad-quantity"),
        ("openai", "gpt-5", {"input": Decimal("1.5")}, "bad-quantity"),
        ("openai", "gpt-5", {"input": float("nan")}, "bad-quantity"),
        ("acme", "two", {"input": 1, "page": 1}, "two-currencies"),
        ("openai", "gpt-5", None, "bad-question"),
        (None, None, {"input": 1}, "bad-question"),
        (["openai"], "gpt-5", {"input": 1}, "bad-question"),
    ],
)
def test_what_cannot_be_priced_says_why(provider: object, model: object, usage: object, reason: str) -> None:
    """No amount, never zero, and the reason; nothing is raised, whatever is asked."""
    asked: Callable[..., outlay.Priced] = outlay.price
    found = asked(provider, model, usage)
    assert found.amount is None
    assert reason in found.unpriced.values()


@pytest.mark.usefixtures("priced")
def test_an_instant_without_a_zone_is_refused() -> None:
    """A naive instant could be any of 26, so it has no price, also when the model was asked for before."""
    naive = datetime.fromisoformat("2026-11-02T09:30:00")
    for _ in range(2):
        assert outlay.price("openai", "gpt-5", {"input": 1}, used_at=naive).reason == "bad-question"
        assert outlay.price("openai", "gpt-5", {"input": 1}, used_at=LEARNT).amount is not None


@pytest.mark.usefixtures("priced")
def test_a_part_with_a_price_is_told_apart() -> None:
    """Where some units have a price and others none, there is no amount, and the part is there under its own name."""
    found = outlay.price("openai", "gpt-5", {"input": 1000, "smell": 2}, used_at=LEARNT)
    assert (found.amount, found.priced, found.unpriced) == (None, Decimal("0.00125"), {"smell": "unknown-unit"})
    assert "smell" in repr(found)


@pytest.mark.usefixtures("priced")
def test_the_decimal_context_of_the_host_does_not_matter() -> None:
    """Three digits, another rounding and traps are the host's own affair."""
    with localcontext() as context:
        context.prec, context.rounding = 3, ROUND_UP
        context.traps[Inexact] = True
        assert str(outlay.price("openai", "gpt-5", {"input": 123_457}, used_at=LEARNT).amount) == "0.154321250000"


def test_without_a_snapshot_nothing_has_a_price(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No file named, none there, and one that is something else: each says `no-snapshot`."""
    monkeypatch.delenv("OUTLAY_PRICES", raising=False)
    (tmp_path / "noise").write_bytes(b"\x00\xff\nnoise")
    for path in (None, tmp_path / "nowhere", tmp_path / "noise", tmp_path):
        outlay.configure(prices=path)
        assert outlay.price("openai", "gpt-5", {"input": 1}).reason == "no-snapshot"
    outlay.configure()


def test_the_environment_names_the_snapshot_too(kept: tuple[Path, Book], monkeypatch: pytest.MonkeyPatch) -> None:
    """`OUTLAY_PRICES` holds until `configure` names another file, and again after `configure()`."""
    monkeypatch.setenv("OUTLAY_PRICES", str(kept[0]))
    outlay.configure()
    assert outlay.price("openai", "gpt-5", {"input": 1_000_000}, used_at=LEARNT).amount == Decimal("1.25")
    outlay.configure(prices="/nowhere")
    assert outlay.price("openai", "gpt-5", {"input": 1}).reason == "no-snapshot"
    outlay.configure()
    assert outlay.price("openai", "gpt-5", {"input": 1}).reason is None


@pytest.mark.usefixtures("priced")
def test_names_that_a_host_makes_up_do_not_fill_the_memory() -> None:
    """Of what was asked for, at most a thousand models, contexts and days are kept, and answers stay right."""
    for number in range(1100):
        outlay.price("nobody", f"m-{number}", {"input": 0})
    assert sum(type(each).__name__ == "_Piece" for each in gc.get_objects()) < 1030
    assert outlay.price("openai", "gpt-5", {"input": 1_000_000}, used_at=LEARNT).amount == Decimal("1.25")


def test_pricing_needs_only_the_standard_library(kept: tuple[Path, Book]) -> None:
    """In an interpreter without any package, the SDK prices a call, and loads no engine."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import outlay\n"
        "assert not [m for m in sys.modules if m.startswith('outlay.prices')]\n"
        "outlay.configure(prices=sys.argv[2])\n"
        "from datetime import UTC, datetime\n"
        "print(outlay.price('openai', 'gpt-5', {'input': 1000}, used_at=datetime(2026, 11, 2, tzinfo=UTC)).amount)\n"
        "ours = {n.partition('.')[0] for n in sys.modules} - sys.stdlib_module_names - {'__main__'}\n"
        "assert ours == {'outlay'}, ours\n"
    )
    command = [sys.executable, "-I", "-S", "-c", code, str(ROOT / "src"), str(kept[0])]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (run.stdout.strip(), run.stderr) == ("0.001250000000", "")
