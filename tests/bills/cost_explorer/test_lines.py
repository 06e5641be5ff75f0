from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import httpx2
import pytest
from moto.server import ThreadedMotoServer

from outlay.bills.cost_explorer.cuts import METRICS
from outlay.bills.importers import importers
from outlay.bills.take_in import Request, take_in
from outlay.store import Store
from tests.bills.aws_cur import making as cur
from tests.bills.cost_explorer.bill import BILL, NOVEMBER, SOURCE, charges, line
from tests.bills.fetched import Home, aws_credentials
from tests.bills.making import ask
from tests.bills.servers.cost_explorer import ACCOUNT, CostExplorer
from tests.conftest import NOW


def test_a_month_lands_whole_and_meets_the_total_that_aws_states(store: Store, home: Home) -> None:
    """The groups of all record types add up to the ungrouped total of the same period, to the last digit."""
    result = home.take_in(store, SOURCE)
    assert result.problems == ()
    assert result.landed == len(BILL)
    assert result.totals == result.control_totals == {"USD": sum((one.cost for one in BILL), Decimal(0))}
    assert charges(store, "billing_account_id, provider", "1 = 1 GROUP BY billing_account_id, provider") == [
        (ACCOUNT, "AWS")
    ]


def test_credits_refunds_tax_and_fees_are_classes_of_their_own(own: Store, home: Home) -> None:
    """Each record type is asked for by itself and lands in its category, so that none is netted away."""
    home.take_in(own, SOURCE)
    found = charges(own, "charge_category, charge_class, SUM(billed_cost)", "1 = 1 GROUP BY ALL")
    assert [(category, kind, Decimal(str(cost))) for category, kind, cost in found] == [
        ("Adjustment", "Correction", Decimal(-1)),
        ("Credit", None, Decimal("-2.5")),
        ("Purchase", None, Decimal(10)),
        ("Tax", None, Decimal("0.9")),
        ("Usage", None, Decimal("6.9845678901")),
    ]


def test_costs_of_each_kind_are_kept_apart(own: Store, home: Home, aws: CostExplorer) -> None:
    """Unblended, amortised, net unblended and net amortised cost stand in a column each."""
    aws.lines = [line(3, "10", amortized=Decimal(4), net=Decimal(9))]
    home.take_in(own, SOURCE)
    assert charges(own, "billed_cost, effective_cost, net_cost, net_effective_cost") == [(10, 4, 9, 3)]


def test_accounts_and_services_fill_the_columns_of_a_charge(own: Store, home: Home) -> None:
    """The usual groups are the account, with its name where AWS says it, and the service."""
    home.take_in(own, SOURCE)
    found = charges(
        own, "sub_account_id, sub_account_name, service_name, service_category", "billed_cost IN (3.5, 0.25)"
    )
    assert found == [
        ("444455556666", "production", "Claude Sonnet 5 (Amazon Bedrock Edition)", "AI and Machine Learning"),
        ("777788889999", None, "Amazon Simple Storage Service", None),
    ]


def test_a_tag_key_is_split_at_its_first_dollar_sign(own: Store, home: Home) -> None:
    """`team$search$2` is the value `search$2` of the tag team; `team$` is no tag at all."""
    home.take_in(own, SOURCE, group_by="tag:team,service")
    found = charges(own, "CAST(tags AS VARCHAR)", "charge_category = 'Usage'")
    assert sorted(str(tags) for (tags,) in found) == ["{team=platform}", "{team=search$2}", "{}", "{}"]


def test_what_carries_a_tag_is_asked_for_as_the_opposite_of_what_lacks_it(own: Store, home: Home) -> None:
    """AWS has no filter for tagged lines but `Not` and `ABSENT`; the rest keeps its own groups, and nothing is lost."""
    result = home.take_in(own, SOURCE, tagged="team", group_by="linked_account,service")
    assert result.matches
    tagged = charges(own, "CAST(tags AS VARCHAR), billed_cost, sub_account_id", "cardinality(tags) > 0")
    assert [(str(tags), account) for tags, _, account in tagged] == [
        ("{team=platform}", None),
        ("{team=search$2}", None),
    ]
    assert charges(own, "COUNT(*)", "cardinality(tags) = 0 AND sub_account_id IS NOT NULL") == [(6,)]


def test_a_quantity_lands_where_its_unit_is_one(own: Store, home: Home, aws: CostExplorer) -> None:
    """Quantities are asked for by usage type; where units differ AWS says N/A, and the sum means nothing."""
    aws.lines = [
        line(1, "1", quantity=Decimal(7), unit="Requests"),
        line(2, "1", dimensions={"USAGE_TYPE": "USE1-Mixed"}, unit="Hrs"),
        line(2, "1", dimensions={"USAGE_TYPE": "USE1-Mixed"}, unit="GB"),
    ]
    home.take_in(own, SOURCE, group_by="usage_type,service")
    assert charges(own, "sku_meter, consumed_quantity, consumed_unit") == [
        ("USE1-Mixed", None, None),
        ("USE1-Request", 7, "Requests"),
    ]


def test_the_attribute_of_a_product_names_the_model(own: Store, home: Home) -> None:
    """`model$Claude Sonnet 5` is the thing that was used; `model$` is none."""
    home.take_in(own, SOURCE, group_by="product_attribute:model,usage_type")
    assert charges(own, "resource_id", "resource_id IS NOT NULL") == [("Claude Sonnet 5",)]


def test_days_that_aws_estimates_say_so(own: Store, home: Home, aws: CostExplorer) -> None:
    """Lines of a month whose bill is not final carry it, and the summary says how many days there are."""
    aws.lines = [line(1, "5", month=11)]
    result = home.take_in(own, SOURCE, NOVEMBER)
    assert charges(own, "extra['estimated'], extra['record_type']") == [("true", "Usage")]
    assert "2026-11: 2 of 2 days are estimated by AWS and may change" in result.notes


def test_hours_are_fetched_for_the_days_that_have_them_and_days_for_the_rest(
    own: Store, home: Home, aws: CostExplorer
) -> None:
    """AWS keeps hours for 14 days: older days of the month land as days, so that the month stays whole."""
    aws.lines = [line(5, "2"), line(25, "3", hour=4), line(25, "4", hour=5)]
    result = home.take_in(own, SOURCE, granularity="hourly")
    assert result.matches
    assert charges(own, "charge_period_end - charge_period_start, billed_cost") == [
        (timedelta(hours=1), 3), (timedelta(hours=1), 4), (timedelta(days=1), 2),
    ]  # fmt: skip


def test_resources_of_a_service_land_one_by_one_and_the_rest_by_its_groups(
    own: Store, home: Home, aws: CostExplorer
) -> None:
    """Resource data covers one service and 14 days; all other lines are asked for beside it, each once."""
    service, of_resource = "Amazon Elastic Compute Cloud - Compute", {"RESOURCE_ID": "i-1"}
    aws.lines = [
        line(5, "2", service, dimensions=of_resource),
        line(30, "3", service, dimensions=of_resource),
        line(30, "1", service),
        line(30, "7", "AWS Lambda"),
    ]
    result = home.take_in(own, SOURCE, resources=service)
    assert result.matches
    found = charges(own, "billed_cost, resource_id, service_name, sub_account_id")
    assert found == [
        (1, None, service, None),
        (2, None, service, "444455556666"),
        (3, "i-1", service, None),
        (7, None, "AWS Lambda", "444455556666"),
    ]


def test_hourly_lines_of_a_day_do_not_hide_negative_usage(own: Store, home: Home, aws: CostExplorer) -> None:
    """Amounts below zero land as they are."""
    aws.lines = [replace(BILL[0], cost=Decimal("-0.5"))]
    home.take_in(own, SOURCE)
    assert charges(own, "billed_cost, charge_category") == [(Decimal("-0.5"), "Usage")]


def test_a_cost_export_of_the_same_month_replaces_it(own: Store, home: Home, tmp_path: Path) -> None:
    """Cost Explorer is the bridge: once the export tells the same bill, its money does not stand there twice."""
    home.take_in(own, SOURCE, account=ACCOUNT)
    differs = {"bill_payer_account_id": ACCOUNT, "bill_billing_period_start_date": "2026-10-01T00:00:00Z"}
    days = {"line_item_usage_start_date": "2026-10-02T00:00:00Z", "line_item_usage_end_date": "2026-10-03T00:00:00Z"}
    export = tmp_path / "export.csv"
    export.write_bytes(cur.as_csv(cur.lines({**cur.of("Usage", "14.38"), **differs, **days})))
    result = take_in(own, importers()["aws_cur"], Request([export]), now=NOW + timedelta(hours=1))
    total = sum((one.cost for one in BILL), Decimal(0))
    assert [(moved.before, moved.after) for moved in result.restated] == [(total, Decimal("14.38"))]
    assert ask(own, "SELECT SUM(billed_cost) AS billed FROM current_charge")[0]["billed"] == Decimal("14.38")


def test_an_imitation_of_aws_that_is_not_ours_is_read_the_same(
    tmp_path: Path, own: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Moto's server tells who asks (STS) and answers Cost Explorer with what it was given, in the order it is asked."""
    aws_credentials(monkeypatch, tmp_path)
    days = {"Start": "2026-10-01", "End": "2026-10-02"}
    costs = {name: {"Amount": "3.21", "Unit": "USD"} for name in METRICS}
    answers = [
        {"TimePeriod": days, "Total": {}, "Groups": [{"Keys": ["Usage"], "Metrics": costs}], "Estimated": False},
        {
            "TimePeriod": days,
            "Total": {},
            "Groups": [{"Keys": ["1", "AWS Lambda"], "Metrics": costs}],
            "Estimated": False,
        },
        {"TimePeriod": days, "Total": costs, "Groups": [], "Estimated": False},
    ]
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        results = {"results": [{"ResultsByTime": [answer], "DimensionValueAttributes": []} for answer in answers]}
        httpx2.post(f"http://{host}:{port}/moto-api/static/ce/cost-and-usage-results", json=results).raise_for_status()
        result = Home(tmp_path, f"http://{host}:{port}").take_in(own, SOURCE)
    finally:
        server.stop()
    assert result.matches
    assert charges(own, "billed_cost, service_name, billing_account_id") == [
        (Decimal("3.21"), "AWS Lambda", "123456789012")
    ]
