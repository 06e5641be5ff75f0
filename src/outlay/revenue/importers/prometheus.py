"""Metrics from Prometheus's query API: `outlay import prometheus http://host:9090 --option counter=...`.

`--option metric=` names the metric here; what is asked for is `--option counter=` (summed growth), `gauge=` (mean), or
`query=` (PromQL with `$step` for the length of a step). `labels=customer:tenant,service:job` says which label is which
dimension. A token, where one is needed, is taken from `PROMETHEUS_TOKEN`. See docs/metrics.md.
"""

from outlay.revenue.contract import Importer
from outlay.revenue.metrics import overlaps, prometheus, table

IMPORTER = Importer(
    name="prometheus",
    table="metric",
    read=table.read_written,
    fetch=prometheus.fetch,
    settle=overlaps.refuse,
    replaced=table.REPLACED,
    options=prometheus.OPTIONS,
)
