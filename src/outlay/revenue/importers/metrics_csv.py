"""Metrics from CSV: active users, documents, requests by customer and service; see docs/metrics.md.

Long: `metric`, `starts_at`, `quantity`, and optionally `ends_at`, `unit`, `adds_up` and the attribution columns. Wide:
`--option metrics=requests,documents` names the columns that are metrics. Any column is named by an option:
`--option customer=Tenant`, or `--option service==search` for a value that holds for every line.
"""

from outlay.revenue.contract import Importer
from outlay.revenue.metrics import overlaps, table

IMPORTER = Importer(
    name="metrics_csv",
    table="metric",
    read=table.read,
    settle=overlaps.refuse,
    replaced=table.REPLACED,
    options=table.OPTIONS,
)
