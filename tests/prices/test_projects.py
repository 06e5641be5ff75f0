"""Projects: an agreement for one account, project or workspace of a provider, and what the others go on paying."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest

from outlay.errors import Refused
from outlay.prices.book import Book
from outlay.prices.contexts import wanted
from outlay.prices.learn import learn, overlay
from outlay.prices.quote import quote
from outlay.prices.review.discrepancies import discrepancies
from outlay.prices.review.litellm_map import Listed, Map
from outlay.prices.review.used import Used
from outlay.prices.snapshot import known, write
from outlay.prices.source import Stated
from outlay.sdk import pricing
from outlay.store import Store
from outlay.terms.price import Price
from tests.laws.world import NOW, at, emptied, event, laid, price, priced, read
from tests.prices.stating import day, stated

USED_AT = day(3, 5)
LIST = (
    stated("2"),
    stated("8", unit="output"),
    stated("1", context="processing=batch"),
    stated("4", context="region=eu"),
)
HEAD = 'provider = "acme"\nsource = "contract 7"\nvalid_from = 2026-02-01\n'
OFF = f'[[discount]]\n{HEAD}project = "P-1"\npercent = 50\n'
AGREED = (
    f'[[price]]\n{HEAD}model = "m-1"\nproject = "p-2"\nunit = "input"\namount = 3\nper = 1_000_000\ncurrency = "USD"\n'
)


def booked(store: Store, folder: Path, text: str, listed: tuple[Stated, ...] = LIST) -> Book:
    """Return the book of a list and an overlay."""
    learn(store, listed, now=day(1, 1), correction=False, whole=True)
    path = folder / "ours.toml"
    path.write_text(text, encoding="utf-8")
    overlay(store, path, now=day(1, 15))
    return Book.load(store, day(12, 31))


def cost(book: Book, context: Mapping[str, str], unit: str = "input", model: str = "m-1") -> Decimal | str:
    """Return what a million cost, or why that is not known."""
    found = book.price_at("acme", model, unit, USED_AT, context)
    return found.amount if isinstance(found, Price) else found.reason


@pytest.mark.parametrize("key", ["project", "project_id", "Workspace", "workspace_id", "account", "account_id"])
def test_a_project_has_many_names(key: str) -> None:
    """Providers bill projects, workspaces or accounts; the price book calls each a project, in small letters."""
    assert wanted({key: "Proj_A"}) == {"project": "proj_a"}


def test_a_discount_is_for_the_project_it_names(store: Store, tmp_path: Path) -> None:
    """Its own calls get it in every context; other projects, and calls that name none, pay the list."""
    book = booked(store, tmp_path, OFF)
    ours, batch, region = {"project": "p-1"}, {"processing": "batch"}, {"region": "eu"}
    assert [cost(book, ours), cost(book, ours, "output")] == [1, 4]
    assert [cost(book, ours | batch), cost(book, ours | region)] == [Decimal("0.5"), 2]
    for other in ({}, {"project": "p-9"}):
        assert [cost(book, other), cost(book, other | batch), cost(book, other | region)] == [2, 1, 4]


def test_a_project_nobody_has_heard_of_is_priced(store: Store, tmp_path: Path) -> None:
    """A project makes nothing unpriced, and nothing priced: what is unknown without one is unknown with it."""
    book = booked(store, tmp_path, OFF)
    for project in ("p-1", "p-9"):
        assert cost(book, {"project": project, "tier": "turbo"}) == "unknown-context"
        assert cost(book, {"project": project, "region": "mars"}) == "unknown-context"
        assert cost(book, {"project": project}, "page") == "unknown-unit"
        assert cost(book, {"project": project}, model="m-2") == "unknown-model"


def test_a_price_can_be_agreed_for_a_project(store: Store, tmp_path: Path) -> None:
    """It is for what else its context says: batches of the project go on at the list's price for batches."""
    book = booked(store, tmp_path, AGREED)
    assert cost(book, {"project": "p-2"}) == 3
    assert cost(book, {"project": "p-2", "processing": "batch"}) == 1
    assert cost(book, {"project": "p-2"}, "output") == 8
    assert cost(book, {"project": "p-1"}) == 2


def test_what_is_agreed_for_a_project_in_a_region_is_nobody_elses(store: Store, tmp_path: Path) -> None:
    """A region that only one project has a price for is ordinary to the others, as if nothing had been agreed."""
    text = AGREED.replace('project = "p-2"', 'project = "p-2"\ncontext = {region = "eu"}')
    book = booked(store, tmp_path, text, (stated("2"),))
    assert cost(book, {"project": "p-2", "region": "eu"}) == 3
    assert [cost(book, {"project": "p-9", "region": "eu"}), cost(book, {"region": "eu"})] == [2, 2]
    assert cost(book, {"project": "p-2", "region": "us"}) == "unknown-context"


def test_what_names_the_project_goes_before_what_is_for_all(store: Store, tmp_path: Path) -> None:
    """A project's discount goes before the one for everybody, and any project's before none."""
    text = OFF + f'[[discount]]\n{HEAD}percent = 10\n[[discount]]\n{HEAD}project = "*"\npercent = 20\n'
    book = booked(store, tmp_path, text)
    assert [cost(book, {"project": "p-1"}), cost(book, {"project": "p-9"}), cost(book, {})] == [
        1,
        Decimal("1.6"),
        Decimal("1.8"),
    ]


def test_a_discount_can_be_for_one_model_and_context_of_a_project(store: Store, tmp_path: Path) -> None:
    """Model, unit and context narrow a project's discount as they do any other."""
    text = f'[[discount]]\n{HEAD}project = "p-1"\nmodel = "m-1"\nunit = "input"\ncontext = {{processing = "batch"}}\n'
    book = booked(store, tmp_path, text + "percent = 50\n", (*LIST, stated("6", model="m-2")))
    ours = {"project": "p-1"}
    assert [cost(book, ours), cost(book, ours | {"processing": "batch"})] == [2, Decimal("0.5")]
    assert cost(book, ours, model="m-2") == 6


def test_an_uplift_for_a_project_is_before_its_discount(store: Store, tmp_path: Path) -> None:
    """What a region costs a project on top is part of what its discount is off."""
    text = OFF + f'[[uplift]]\n{HEAD}context = {{region = "us"}}\nproject = "p-1"\npercent = 10\n'
    book = booked(store, tmp_path, text)
    assert cost(book, {"project": "p-1", "region": "us"}) == Decimal("1.1")
    assert cost(book, {"project": "p-9", "region": "us"}) == "unknown-context"


def test_a_discount_for_a_project_begins_on_its_day_and_leaves_the_past(store: Store, tmp_path: Path) -> None:
    """Before it begins the list holds; one that would change a past month is refused unless it is a correction."""
    book = booked(store, tmp_path, OFF)
    usage, ours = {"input": 1_000_000}, {"project": "p-1"}
    last = day(2, 1) - timedelta(microseconds=1)
    amounts = [quote(book, "acme", "m-1", usage, used_at, ours).amount for used_at in (last, day(2, 1))]
    assert amounts == [2, 1]
    late = tmp_path / "late.toml"
    late.write_text(OFF.replace("P-1", "p-3"), encoding="utf-8")
    with pytest.raises(Refused):
        overlay(store, late, now=day(6, 1))
    assert overlay(store, late, now=day(6, 1), correction=True) == 1
    assert cost(Book.load(store, day(5, 1)), {"project": "p-3"}) == 2
    assert cost(Book.load(store, day(7, 1)), {"project": "p-3"}) == 1


def test_a_reseller_has_projects_of_its_own(store: Store, tmp_path: Path) -> None:
    """A discount for a project at Azure is on what Azure sells for OpenAI; one at OpenAI says nothing about Azure."""
    openai = cast("list[Stated]", [stated("2", model="gpt-x") | {"provider": "openai"}])
    azure = cast("list[Stated]", [stated("1", model="own") | {"provider": "azure"}])
    learn(store, [*openai, *azure], now=day(1, 1), correction=False, whole=True)
    path = tmp_path / "ours.toml"
    one = OFF.replace('"acme"', '"azure"')
    path.write_text(one + OFF.replace('"acme"', '"openai"').replace("P-1", "p-2"), encoding="utf-8")
    overlay(store, path, now=day(1, 15))
    book = Book.load(store, day(12, 31))

    def paid(provider: str, project: str) -> Decimal:
        return quote(book, provider, "gpt-x", {"input": 1_000_000}, USED_AT, {"project": project}).amount

    assert [paid("azure", "p-1"), paid("azure", "p-2"), paid("azure", "p-9")] == [1, 2, 2]
    assert [paid("openai", "p-1"), paid("openai", "p-2")] == [2, 1]


def test_the_ledger_the_quote_and_the_sdk_know_projects(shared: Store, tmp_path: Path) -> None:
    """On both engines an event of a project costs what a quote and the SDK say, and no project leaves it unpriced."""
    emptied(shared)
    contexts = ["", "project=p-1", "project=p-9", "processing=batch;project=p-1", "processing=batch;project=p-9"]
    laid(
        shared,
        usage=[event(line, context=context) for line, context in enumerate(contexts, start=1)],
        prices=[
            price("m-large", "input", "2"),
            price("m-large", "output", "8"),
            price("m-large", "input", "1", context="processing=batch"),
            price("m-large", "input", "1.5", context="project=p-1", source="contract"),
            price("m-large", "output", "5", context="processing=batch;project=p-1", source="contract"),
        ],
    )
    priced(shared)
    rows = read(shared, "SELECT * FROM estimate ORDER BY line")
    assert [row["unpriced_quantity"] for row in rows] == [0] * len(contexts)
    micro = Decimal("0.000001")
    assert [row["amount"] for row in rows] == [280 * micro, 230 * micro, 280 * micro, 150 * micro, 180 * micro]
    write(tmp_path / "prices", known(shared, NOW), NOW)
    pricing.use(str(tmp_path / "prices"))
    try:
        for row in rows:
            said = dict(pair.split("=") for pair in str(row["context"]).split(";") if pair)
            usage = {"input": 100, "output": 10}
            assert quote(Book.load(shared, NOW), "acme-ai", "m-large", usage, at(5), said).amount == row["amount"]
            assert pricing.price("acme-ai", "m-large", usage, used_at=at(5), context=said).amount == row["amount"]
    finally:
        pricing.use(None)


def test_a_price_list_is_held_against_what_projects_used_too(store: Store) -> None:
    """Usage of a project counts where another list says otherwise, as any usage does."""
    learn(store, [stated("2", model="gpt-x") | {"provider": "openai"}], now=day(1, 1), correction=False, whole=True)
    book = Book.load(store, day(12, 31))
    theirs = Map(1, [Listed("openai", "gpt-x", "input", "", 0, Decimal("0.000003"))])
    own = [Used("openai", "gpt-x", "project=p-1", "input", 0, USED_AT.date(), Decimal(1_000_000), 1)]
    assert discrepancies(book, book, theirs, own, USED_AT)["amount"] == 1
