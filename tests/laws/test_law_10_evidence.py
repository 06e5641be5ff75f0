import json
from collections import defaultdict
from decimal import Decimal
from typing import Any, cast

from hypothesis import given

from outlay.explain.evidence import evidence
from outlay.store import Row, Store
from outlay.terms.money import pico
from tests.laws.guesses import bills, events, few, rules
from tests.laws.world import MONTH, ZERO, charge, emptied, event, laid, model_charge, published, read, total

_HALF = 500_000


def recomputed(share: Row) -> Decimal:
    """Return a share's amount: the pot's by its weight and turn for what is left over, and the pool's part of that."""
    whole, weight, weights = pico(share["pot_amount"]), cast(int, share["weight"]), cast(int, share["total_weight"])  # type: ignore[arg-type]
    size = abs(whole)
    units = size * weight // weights + (1 if cast(int, share["place"]) <= cast(int, share["left_over"]) else 0)
    assert abs(pico(cast(Decimal, share["pot_share"]))) == units
    pool = abs(pico(cast(Decimal, share["pool_amount"])))
    a, c = (pico(cast(Decimal, share[name])) for name in ("pool_before", "share_before"))
    b, d = a + pool, c + units
    if pool != size:
        units = b * d // size - a * d // size - b * c // size + a * c // size
    return Decimal(-units if whole < 0 else units).scaleb(-12)


def cost_of(one: dict[str, Any]) -> Decimal:
    """Return what an event costs: quantity times price of every unit, halves rounded up at 1e-12."""
    if one["state"] in ("refused", "not_sent"):
        return ZERO
    tokens = parts = 0
    for unit, quantity in one["usage"].items():
        price = one["prices"][unit]
        if price is None:
            continue
        if price["per"] == 1 and isinstance(quantity, int):
            tokens += quantity * int(Decimal(price["amount"]).scaleb(18))
        else:
            below = price["per"] * 10**9
            parts += (int(quantity.scaleb(9)) * pico(price["amount"]) + below // 2) // below
    return Decimal((tokens + _HALF) // 10**6 + parts).scaleb(-12)


def weight_of(driver: str, rows: list[dict[str, Any]]) -> int:
    """Return the weight of one rolled-up row from the events behind it."""
    if driver == "estimated_cost":
        return int(total(rows).scaleb(9))
    if driver == "calls":
        return 1000 * sum(1 for row in rows if row["attempt"] == 1)
    if driver == "attempts":
        return 1000 * len(rows)
    if driver == "tokens":
        return 1000 * sum(int(row["tokens"]) for row in rows)
    if driver == "duration_ms":
        return sum(int(row["duration_ms"] or 0) for row in rows)
    unit = driver.removeprefix("unit:")
    return int(sum((row["usage"].get(unit, ZERO) for row in rows), ZERO).scaleb(3))


def hold(store: Store, bill: list[Row], used: list[Row], drawn: list[dict[str, Any]]) -> None:
    """Expand a drawn ledger wholly and add everything up again from the evidence alone."""
    emptied(store)
    laid(store, charges=bill, usage=used, rules=drawn)
    published(store)
    found = cast(dict[str, Any], evidence(store, MONTH, most=10_000))
    assert found["totals"] == {c: total(s for s in found["shares"] if s["currency"] == c) for c in found["totals"]}
    pools = {pool["pool"]: pool for pool in found["pools"]}
    assert len(found["shares"]) == len(read(store, "SELECT * FROM ledger"))
    for pool in pools.values():
        assert pool["off_by"] == 0
        assert pool["amount"] == total(pool["charges"], "part") + pool["other_charges"]["part"]
        assert pool["amount"] == total(s for s in found["shares"] if s["pool"] == pool["pool"])
    for line in (line for pool in pools.values() for line in pool["charges"]):
        (billed,) = [c["billed_cost"] for c in bill if c["line"] == line["line"]]
        assert (line["billed_cost"], line["file_name"]) == (billed, "bill.csv")
    definitions = {rule["rule"]: rule["definition"] for rule in found["rules"]}
    for share in found["shares"]:
        assert share["amount"] == recomputed(share), share
        if share["rule"]:
            assert definitions[share["rule"]] == next(r for r in drawn if r["name"] == share["rule"])
        if (
            share["method"] == "driver"
            and share["driver"]
            and share["state"] == "allocated"
            and share["whole_month"] < 2
        ):
            assert share["weight"] == sum(row["weight"] for row in share["measured"])
            hold_events(share)


def hold_events(share: dict[str, Any]) -> None:
    """Add up the events behind one share."""
    assert share["other_events"] == {"events": 0, "amount": 0}
    rolled: dict[tuple[object, ...], list[dict[str, Any]]] = defaultdict(list)
    for one in share["events"]:
        assert one["amount"] == cost_of(one), one
        units = [unit for unit in one["usage"] if unit in ("page", "fax")]
        who = [one[n] for n in ("provider", "model", "operation", "feature", "customer", "team", "user", "environment")]
        rest = [one[n] for n in ("service", "release", "state", "error", "currency")]
        rolled[f"{one['time']:%Y%m%d}", *who, *rest, *units].append(one)
    assert sum(weight_of(share["driver"], rows) for rows in rolled.values()) == share["weight"]


@given(bill=bills(), used=events(), drawn=rules())
@few(8)
def test_every_share_adds_up_again_from_its_evidence(
    duck: Store, bill: list[Row], used: list[Row], drawn: list[dict[str, Any]]
) -> None:
    """Charges make pools, prices make events, events make weights and weights make shares, to the last digit."""
    hold(duck, bill, used, drawn)


@given(bill=bills(), used=events(), drawn=rules())
@few(2)
def test_every_share_adds_up_again_on_clickhouse(
    click: Store, bill: list[Row], used: list[Row], drawn: list[dict[str, Any]]
) -> None:
    """The same on the other engine."""
    hold(click, bill, used, drawn)


def test_what_is_left_out_is_counted_and_summed(shared: Store) -> None:
    """With room for one of everything, the rest is told as a number and a sum, and the sums still meet."""
    emptied(shared)
    used = [event(n, feature="chat", input=100 * n, minute=n) for n in range(1, 5)]
    laid(shared, charges=[model_charge(n, f"{n}.5") for n in range(1, 4)], usage=used)
    published(shared)
    found = cast(dict[str, Any], evidence(shared, MONTH, where={"feature": "chat"}, most=1))
    (share,), (pool,) = found["shares"], found["pools"]
    assert found["totals"] == {"USD": Decimal("7.5")}
    assert ([c["line"] for c in pool["charges"]], pool["other_charges"]) == ([3], {"charges": 2, "part": Decimal(4)})
    assert [one["id"] for one in share["events"]] == ["e4"]
    assert share["other_events"] == {
        "events": 3,
        "amount": total(share["measured"], "estimated_cost") - Decimal("0.00088"),
    }


def test_evidence_names_the_query_the_rule_and_the_price(shared: Store) -> None:
    """A number leads to the text of its query, to its rule in its version, and to a price with source and date."""
    emptied(shared)
    laid(shared, charges=[model_charge(1, "3")], usage=[event(1, feature="chat")])
    run = published(shared).run
    found = cast(dict[str, Any], evidence(shared, MONTH))
    assert found["query"]["name"] == "explain/evidence_share"
    assert found["query"]["text"].startswith("-- evidence_share:")
    (rule,) = found["rules"]
    assert (rule["rule"], rule["rule_version"]) == ("model usage", run.rules.version)
    assert rule["definition"]["driver"] == "estimated_cost"
    (one,) = found["shares"][0]["events"]
    assert one["prices"]["input"] == {"amount": Decimal("0.000002"), "per": 1}
    assert (one["source"], one["price_model"]) == ("acme-ai list", "m-large")
    assert one["valid_from"] == MONTH.starts_at
    json.dumps(found, default=str)


def test_a_bill_that_changed_after_the_run_is_told(shared: Store) -> None:
    """When a later import changed the charges and the month was not run again, the difference is shown, not hidden."""
    emptied(shared)
    laid(shared, charges=[charge(1, "3", tags={"team": "a"})])
    published(shared)
    shared.insert("charge", [charge(2, "4", tags={"team": "a"})])
    (pool,) = cast(list[Row], evidence(shared, MONTH)["pools"])
    assert (pool["amount"], pool["off_by"]) == (3, -4)


def test_a_proportional_share_says_what_it_followed(shared: Store) -> None:
    """Support that follows machines leads to the slice of the ledger it followed."""
    emptied(shared)
    support = {"name": "support", "match": {"service_name": "Support"}, "split": "proportional", "to": ["team"]}
    tags = {"name": "tags", "set": {"team": "tag:team"}}
    laid(
        shared,
        charges=[charge(1, "3", tags={"team": "a"}), charge(2, "1", service_name="Support")],
        rules=[support, tags],
    )
    published(shared)
    shares = cast(list[dict[str, Any]], evidence(shared, MONTH)["shares"])
    (followed,) = [share for share in shares if share["rule"] == "support"]
    assert followed["follows"] == {"team": "a"}
    assert followed["weight"] == 3 * 10**9


def test_a_slice_of_nothing_has_no_evidence(shared: Store) -> None:
    """Where the ledger is empty the answer is empty, not an error."""
    emptied(shared)
    found = evidence(shared, MONTH, where={"feature": "none"})
    assert (found["shares"], found["pools"], found["rules"], found["totals"]) == ([], [], [], {})
