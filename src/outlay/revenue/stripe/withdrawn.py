"""Withdrawn: what an earlier import said of a customer and month, and Stripe no longer does, is replaced by nothing."""

from collections.abc import Sequence
from datetime import date
from typing import cast

from outlay.revenue.contract import Asked, Line
from outlay.revenue.stripe.window import is_fetched, stem, window
from outlay.store import Store

SOURCE = "stripe_invoices"


def replace(store: Store, lines: Sequence[Line], asked: Asked) -> Sequence[Line]:
    """Return the lines, and a zero for each customer and month of which nothing is left.

    Only what came from the API says all there is; files may hold a part. Of several accounts each speaks for itself.
    """
    reach = window(asked)
    if reach is None or not is_fetched(asked):
        return lines
    said = {(row["customer"], row["month"]) for line in lines for row in line.rows}
    known = {"source": SOURCE, "files": f"{stem(asked)}%", "first": reach.first, "end": reach.end}
    held = store.rows("revenue/held_months", known)
    gone = [row for row in held if (row["customer"], cast(date, row["month"])) not in said]
    zeros = [{**row, "kind": "withdrawn", "amount": row["amount"]} for row in gone]
    return [*lines, Line(1, 0, zeros)] if zeros else lines
