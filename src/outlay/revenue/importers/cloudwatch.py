"""Metrics from Amazon CloudWatch: `outlay import cloudwatch --option namespace=Shop --option name=Requests ...`.

`--option metric=` names the metric here; `dimensions=customer:TenantId,service:ServiceName` says which of CloudWatch's
dimensions is which of ours; `stat=` is Sum unless said. Credentials come from AWS's own chain. See docs/metrics.md.
"""

from outlay.revenue.contract import Importer
from outlay.revenue.metrics import cloudwatch, overlaps, table

IMPORTER = Importer(
    name="cloudwatch",
    table="metric",
    read=table.read_written,
    fetch=cloudwatch.fetch,
    settle=overlaps.refuse,
    replaced=table.REPLACED,
    options=cloudwatch.OPTIONS,
)
