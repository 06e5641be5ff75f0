"""Asking Cost Explorer: one request after the other, each page paid once.

Comes in: requests. Goes out: their pages, from AWS or as kept, and how much asking cost.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from outlay.errors import BadInput
from outlay.fetching.aws import asked, garbled
from outlay.fetching.clock import Clock
from outlay.fetching.kept import Kept
from outlay.fetching.pages import each_page
from outlay.fetching.patience import Patience
from outlay.fetching.reading import Part, document

#: What AWS takes for one request or one further page, in USD.
PRICE = Decimal("0.01")
_METHODS = {
    "GetCostAndUsage": "get_cost_and_usage",
    "GetCostAndUsageWithResources": "get_cost_and_usage_with_resources",
}


@dataclass(slots=True)
class Explorer:
    """Cost Explorer of one account.

    Args:
        client: boto3's client `ce`.
        kept: Pages fetched before.
        clock: Hears what AWS's clock says.
        patience: How often and how long one waits.
        most: How many requests may be paid in one import.
        paid: How many were.
    """

    client: Any
    kept: Kept
    clock: Clock
    patience: Patience
    most: int
    paid: int = 0
    names: dict[str, str] = field(default_factory=dict)

    def pages(self, operation: str, request: Mapping[str, object], *, settled_on: date) -> Iterator[Part]:
        """Yield the pages of a request.

        Args:
            operation: As AWS calls it.
            request: Without a page token; sent the same with every page.
            settled_on: From this day on pages are kept for good, unless AWS calls one of their days estimated.

        Raises:
            SourceFailed: AWS refuses, or a page token came twice.
            BadInput: It would cost more than `max_requests` allows.
        """
        what = f"ce:{operation}"

        def page(token: str | None) -> tuple[Part, str | None]:
            full = {**request, **({"NextPageToken": token} if token else {})}
            body = self.kept.find({"operation": operation, **full})
            if body is None:
                body = self._pay(what, _METHODS[operation], full)
                found = document(body, what)
                estimated = any(bucket.flag("Estimated") for bucket in found.parts("ResultsByTime"))
                settled = not estimated and self.clock.settled_by.date() >= settled_on
                self.kept.keep({"operation": operation, **full}, body, settled=settled)
            found = document(body, what)
            self._learn_names(found)
            return found, found.text("NextPageToken")

        yield from each_page(page, what)

    def _pay(self, what: str, method: str, request: Mapping[str, object]) -> str:
        if self.paid >= self.most:
            raise BadInput(
                f"{what}: {self.paid} requests are paid, {self.paid * PRICE} USD, and there are more",
                fix=f"import again with --option max_requests={self.most * 2}; what is paid is kept and not paid again",
                code="too-many-requests",
            )
        self.paid += 1

        def ask() -> dict[str, Any]:
            found: dict[str, Any] = getattr(self.client, method)(**request)
            if "ResultsByTime" not in found:  # botocore takes a web page, or half an answer, for an empty one
                raise garbled(what)
            return found

        answer = asked(ask, what, self.patience)
        self.clock.hear(answer.pop("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date"))
        return json.dumps(answer)

    def _learn_names(self, page: Part) -> None:
        """Take note of what AWS calls the values: the names of accounts, for example."""
        for value in page.parts("DimensionValueAttributes") if "DimensionValueAttributes" in page.fields else ():
            name = value.part("Attributes").text("description")
            if name:
                self.names[value.text("Value") or ""] = name
