"""The main job, as a new user meets it: which feature drove the jump, with dollars, evidence and verdict."""

from csv import DictReader
from decimal import Decimal

from tests.journeys.company import Demo


def test_the_answer_names_what_really_caused_the_jump(demo: Demo) -> None:
    """The feature, the release, the model and the day are the ones that the truth says, and it is called a bug."""
    verdict, culprit = demo.printed["answer"]["verdict"], demo.truth["culprit"]
    assert (verdict["feature"], verdict["release"], verdict["model"]) == (
        culprit["feature"],
        culprit["release"],
        culprit["model"],
    )
    assert verdict["since"] == culprit["released_at"][:10]
    assert verdict["verdict"] == "bug"
    assert verdict["arguments_for"]


def test_the_dollars_are_near_the_truth_and_conserved(demo: Demo) -> None:
    """The feature's change in the ledger is within 10 % of what was really caused; effects sum to the whole change."""
    answer, culprit = demo.printed["answer"], demo.truth["culprit"]
    moved = Decimal(answer["verdict"]["change"])
    assert abs(moved / Decimal(culprit["change"]) - 1) < Decimal("0.1")
    assert sum(Decimal(effect) for effect in answer["effects"].values()) == Decimal(answer["change"])
    assert sum(Decimal(segment["change"]) for segment in answer["segments"]) == Decimal(answer["change"])
    billed = {month: sum(map(Decimal, providers.values())) for month, providers in demo.truth["billed"].items()}
    assert Decimal(answer["change"]) == billed["2026-10"] - billed["2026-09"]


def test_every_cent_of_the_files_is_in_the_ledger(demo: Demo) -> None:
    """The ledger's total is the sum of the CSV files' BilledCost, added up by hand, per provider and month."""
    by_hand: dict[tuple[str, str], Decimal] = {}
    for path in (demo.folder / "bills").glob("*.csv"):
        with path.open(newline="") as file:
            for row in DictReader(file):
                key = (row["ProviderName"], row["ChargePeriodStart"][:7])
                by_hand[key] = by_hand.get(key, Decimal(0)) + Decimal(row["BilledCost"])
    rows = demo.outlay("costs", "--by", "provider,month")["rows"]
    assert {(row["provider"], row["month"][:7]): Decimal(row["amount"]) for row in rows} == by_hand


def test_model_cost_per_feature_is_near_the_truth(demo: Demo) -> None:
    """No feature gets less in the ledger than nine tenths of what it really caused by metered use."""
    rows = demo.outlay("features", "--period", "2026-10")["rows"]
    given = {row["feature"]: Decimal(row["amount"]) for row in rows if row["feature"]}
    true = {name: Decimal(amount) for name, amount in demo.truth["features"]["2026-10"].items() if name in given}
    # The truth knows metered cost only; the ledger adds shared compute, so a feature is never below it by much.
    assert all(given[name] >= amount * Decimal("0.9") for name, amount in true.items())
    assert set(true) <= set(given)


def test_calls_seen_twice_cost_once(demo: Demo) -> None:
    """Calls that a gateway saw too are counted once: the ledger's calls are those that the truth made."""
    rows = demo.outlay("models", "--period", "2026-10")["rows"]
    calls = sum(row["calls"] for row in rows)
    events = demo.truth["events"]["2026-10"]
    assert calls < events - demo.truth["double_seen_calls"] // 3


def test_waste_stays_visible(demo: Demo) -> None:
    """The forgotten pair is unallocated, the GPU's unused hours are idle, to the dollar."""
    left = demo.outlay("costs", "--period", "2026-10")["remainders"]["USD"]
    assert abs(Decimal(left["idle"]) - Decimal(demo.truth["gpu_idle"]["2026-10"])) < 1
    assert Decimal(left["unallocated"]) >= Decimal(demo.truth["forgotten"]["2026-10"])


def test_unprofitable_customers_are_found(demo: Demo) -> None:
    """Customers with revenue have a margin; some lose money; none is given revenue that is not known."""
    rows = demo.outlay("customers", "--period", "2026-10")["rows"]
    assert any(row["margin"] and Decimal(row["margin"]) < 0 for row in rows)
    assert all((row["margin"] is None) == (row["revenue"] is None) for row in rows)


def test_running_again_changes_nothing(demo: Demo) -> None:
    """A second run gives the same ledger, to the last digit."""
    before = demo.outlay("costs", "--by", "feature,customer,team", "--period", "2026-09")["rows"]
    ran = demo.outlay("run", "--period", "2026-09")
    assert ran["conserved"] is True
    assert demo.outlay("costs", "--by", "feature,customer,team", "--period", "2026-09")["rows"] == before


def test_a_trace_adds_up(demo: Demo) -> None:
    """One session's events are all there with a price each, and their amounts sum to its total."""
    with (demo.folder / "events" / "2026-10.ndjson").open() as file:
        trace = file.readline().split('"trace":"')[1].split('"')[0]
    answer = demo.outlay("trace", trace)
    assert sum(Decimal(row["amount"]) for row in answer["rows"]) == Decimal(answer["totals"]["USD"])


def test_mistakes_say_what_to_do(demo: Demo) -> None:
    """An unknown dimension, an empty period and a bad day are refused with exit code 2 and a fix."""
    assert "feature" in demo.outlay("costs", "--by", "featuer", status=2)["error"]["fix"]
    assert demo.outlay("costs", "--period", "2026-13", status=2)["error"]["code"] == "bad-date"
    assert demo.outlay("import", "focsu", "x.csv", status=2)["error"]["code"] == "unknown-name"
    assert demo.outlay("import", "focus", "no-such.csv", status=2)["error"]["code"] == "no-file"
