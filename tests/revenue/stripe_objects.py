"""Stripe's objects in both shapes that its API writes: before and since the spring of 2025."""

from datetime import UTC, datetime
from typing import Any

_COUNT = iter(range(1, 1_000_000))


def unix(text: str) -> int:
    """Return an instant as Stripe writes it."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def line(amount: int, since: str, until: str, /, **own: object) -> dict[str, Any]:
    """Return a line of an invoice in today's shape."""
    parent = {"type": "subscription_item_details", "subscription_item_details": {"proration": False}}
    period = {"start": unix(since), "end": unix(until)}
    ident = f"il_{next(_COUNT)}"
    return {"id": ident, "object": "line_item", "amount": amount, "period": period, "parent": parent, "taxes": []} | own


def invoice(lines: list[dict[str, Any]], total: int, /, **own: object) -> dict[str, Any]:
    """Return an invoice that comes to so much without tax."""
    return {
        "id": f"in_{next(_COUNT)}",
        "object": "invoice",
        "status": "paid",
        "currency": "usd",
        "created": unix("2026-10-01"),
        "customer": {"id": "cus_1", "object": "customer", "metadata": {"tenant": "acme"}},
        "total": total,
        "total_excluding_tax": total,
        "lines": {"object": "list", "data": lines, "has_more": False},
    } | own


def listed(url: str, data: list[dict[str, Any]], *, more: bool = False) -> dict[str, Any]:
    """Return a page of a list."""
    return {"object": "list", "url": url, "has_more": more, "data": data}
