"""One account's bill, as only AWS sees it."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from outlay.store import Store
from outlay.terms.period import Period
from tests.bills.making import ask
from tests.bills.servers.cost_explorer import Line
from tests.bills.servers.loopback import Reply

SOURCE = "aws_cost_explorer"
NOVEMBER = Period.month("2026-11")


def line(day: int, cost: str, service: str = "AWS Lambda", month: int = 10, hour: int = 0, **more: Any) -> Line:  # noqa: ANN401 - fields of a line
    """Return a line of usage of one account, unless it says otherwise."""
    dimensions = {"SERVICE": service, "LINKED_ACCOUNT": "444455556666", "USAGE_TYPE": "USE1-Request"}
    dimensions.update(more.pop("dimensions", {}))
    return Line(datetime(2026, month, day, hour, tzinfo=UTC), Decimal(cost), dimensions, **more)


BILL = (
    line(1, "1.2345678901", tags={"team": "platform"}),
    line(1, "2", "Amazon Simple Storage Service", tags={"team": "search$2"}),
    line(2, "3.5", "Amazon Simple Storage Service", dimensions={"LINKED_ACCOUNT": "777788889999"}),
    line(2, "0.25", "Claude Sonnet 5 (Amazon Bedrock Edition)", attributes={"model": "Claude Sonnet 5"}),
    line(3, "10", dimensions={"RECORD_TYPE": "SavingsPlanRecurringFee"}, amortized=Decimal(4)),
    line(3, "-2.5", dimensions={"RECORD_TYPE": "Credit"}),
    line(4, "-1", dimensions={"RECORD_TYPE": "Refund"}),
    line(31, "0.9", dimensions={"RECORD_TYPE": "Tax", "SERVICE": "Tax"}),
)


def charges(store: Store, columns: str, where: str = "1 = 1") -> list[tuple[object, ...]]:
    """Return columns of all charges."""
    return [tuple(row.values()) for row in ask(store, f"SELECT {columns} FROM charge WHERE {where} ORDER BY {columns}")]


def throttled(code: str = "LimitExceededException") -> Reply:
    """Return what AWS answers to who asks too often."""
    return Reply({"__type": code, "message": "slow down"}, 400, kind="application/x-amz-json-1.1")
