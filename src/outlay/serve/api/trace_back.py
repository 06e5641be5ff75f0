"""/v1/trace-back: shares led back to lines of the bill, and forward to rule version and driver; as a table too."""

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, cast

from fastapi import APIRouter, Query
from fastapi.responses import Response

from outlay.explain.trace_back import trace_back as lead_back
from outlay.serve.api.asking import PROBLEMS, AskedSpan, AskedWhere, Json, router
from outlay.serve.asked import period_of
from outlay.store import Row, Store
from outlay.terms.attribution import ATTRIBUTION
from outlay.terms.money import plain

Most = Annotated[int, Query(ge=1, le=1_000, description="How many shares, and charges each.")]
_SHARE = ("day", "currency", "amount", "state", *ATTRIBUTION, "model", "rule", "rule_version", "method", "driver")
_RULE = ("applied_at", "author", "reason", "effective_from")
_LINE = ("take_in", "file_name", "line", "charge_description", "resource_id", "billed_cost", "part")
_COLUMNS = (
    "share",
    *_SHARE,
    *_RULE,
    "weight",
    "total_weight",
    "pool",
    "provider",
    "service_name",
    "pool_amount",
    *_LINE,
)
#: What a spreadsheet would take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def routes(store: Store) -> APIRouter:
    """Return the routes."""
    found = router()

    @found.get("/trace-back")
    def trace_back(span: AskedSpan, where: AskedWhere, most: Most = 20) -> Json:
        """The dearest shares of a slice: charges through every rule, the rule's version, the driver's rows."""
        period = period_of(store, span.period, span.since, span.to)
        return Json(lead_back(store, period, where=where, most=most))

    @found.get("/trace-back.csv", response_class=Response, responses={200: _CSV, **PROBLEMS})
    def trace_back_table(span: AskedSpan, where: AskedWhere, most: Most = 20) -> Response:
        """The same as a table: one row per share and line of the bill behind it, with the rule between them."""
        period = period_of(store, span.period, span.since, span.to)
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(_COLUMNS)
        for row in _rows(lead_back(store, period, where=where, most=most)):
            writer.writerow([_text(row.get(name)) for name in _COLUMNS])
        name = f"trace-back-{period.name.replace('..', '-to-')}.csv"
        headers = {"content-disposition": f'attachment; filename="{name}"'}
        return Response(text.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)

    return found


_CSV: dict[str, Any] = {
    "description": "One row per share and line of the bill.",
    "content": {"text/csv": {"schema": {"type": "string"}}},
}


def _rows(found: Mapping[str, object]) -> Iterator[dict[str, object]]:
    """Yield a row for each share and each line behind it, through every rule that passed it on."""
    pools = {(pool["run"], pool["pool"]): pool for pool in cast("list[Row]", found["pools"])}
    rules = {(rule["rule_version"], rule["rule"]): rule for rule in cast("list[Row]", found["rules"])}
    for number, share in enumerate(cast("list[Row]", found["shares"]), start=1):
        rule = rules[share["rule_version"], share["rule"]]
        own = {**share, **{name: rule[name] for name in _RULE}, "share": number}
        for pool in _behind(pools, (share["run"], share["pool"]), set()):
            for line in cast("list[Row]", pool["charges"]) or [{}]:
                yield {**own, **{name: line.get(name) for name in _LINE}, "pool": pool["pool"]}


def _behind(pools: Mapping[Any, Row], key: object, seen: set[object]) -> Iterator[Row]:
    """Yield a pool and those it was made of, each once."""
    if key in seen or key not in pools:
        return
    seen.add(key)
    yield pools[key]
    for one in cast("list[Row]", pools[key].get("taken", [])):
        yield from _behind(pools, (one["run"], one["pool"]), seen)


def _text(value: object) -> str:
    """Return a value as text, and a text that a spreadsheet would run as one that it shows.

    >>> _text(Decimal("-1.50")), _text("=1+1"), _text(None)
    ('-1.5', "'=1+1", '')
    """
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text
