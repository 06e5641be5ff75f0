from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outlay.bills.take_in import Request, take_in
from outlay.store import Store
from tests.bills.making import LINE, billed, focus, text_of

NOW = datetime(2026, 11, 2, tzinfo=UTC)
LINES = st.lists(
    st.fixed_dictionaries(
        {
            "BilledCost": st.one_of(
                st.decimals(-(10**9), 10**9, places=12),
                st.decimals(-1, 1, places=18),
                st.sampled_from(["1e-9", "-2E3"]),
            ).map(str),
            "BillingCurrency": st.sampled_from(["USD", "EUR", "JPY"]),
            "BillingAccountId": st.sampled_from(["111", "222", ""]),
            "ChargePeriodStart": st.sampled_from(["2026-10-05", "2026-10-06T12:00:00Z", "some day"]),
        }
    ),
    min_size=1,
    max_size=12,
)
FORM = settings(
    max_examples=6, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def taken_in(store: Store, content: str) -> dict[str, dict[str, Decimal]]:
    """Take content in; return by currency what landed, what is at stake, the control total and the difference."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "bill.csv"
        path.write_text(content, encoding="utf-8", newline="")
        result = take_in(store, focus(), Request([path]), now=NOW)
    found: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for kind, amounts in (
        ("landed", result.totals),
        ("control", result.control_totals),
        ("difference", result.differences),
    ):
        for currency, amount in amounts.items():
            found[currency][kind] = amount
    for problem in () if result.repeated else result.problems:
        if problem.amount is not None and problem.currency is not None:
            found[problem.currency]["problems"] += problem.amount
    return found


@FORM
@given(lines=LINES)
def test_a_take_in_meets_the_control_total_or_says_by_how_much_it_does_not(
    store: Store, lines: list[dict[str, str]]
) -> None:
    """The control total is the exact sum of the file; what landed and what is on problems make it up."""
    exact: dict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        exact[line["BillingCurrency"]] += Decimal(line["BilledCost"])
    for currency, found in taken_in(store, text_of(lines)).items():
        assert found["control"] == exact[currency]
        assert found["landed"] + found["difference"] == found["control"]
        left = found["control"] - found["landed"] - found["problems"]
        assert abs(left) <= len(lines) * Decimal("5E-13")


@FORM
@given(lines=LINES, place=st.integers(0, 11))
def test_a_torn_line_counts_in_the_control_total_when_its_money_can_be_read(
    store: Store, lines: list[dict[str, str]], place: int
) -> None:
    """A line with a field too many is no charge, but its money is missed: the difference says how much."""
    rounded = [{**line, "BilledCost": str(round(Decimal(line["BilledCost"]), 12))} for line in lines]
    torn = place % len(lines)
    head, *texts = text_of(rounded, header=LINE).splitlines()
    texts[torn] += ",one more"
    exact: dict[str, Decimal] = defaultdict(Decimal)
    for line in rounded:
        exact[line["BillingCurrency"]] += Decimal(line["BilledCost"])
    for currency, found in taken_in(store, "\n".join([head, *texts, ""])).items():
        assert found["control"] == exact[currency]
        assert found["control"] == found["landed"] + found["problems"]


def test_the_ledger_holds_what_the_totals_say(store: Store, tmp_path: Path) -> None:
    """The total reported is the sum of the charges in force, read from the store."""
    path = tmp_path / "bill.csv"
    path.write_text(text_of([{"BilledCost": f"{n}.000000000001"} for n in range(50)]), encoding="utf-8")
    result = take_in(store, focus(), Request([path]), now=NOW)
    assert result.matches
    assert result.totals == {"USD": billed(store)} == {"USD": Decimal("1225.000000000050")}
