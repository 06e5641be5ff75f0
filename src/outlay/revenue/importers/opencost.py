"""OpenCost's and Kubecost's allocations, as metrics that split what a cluster's nodes cost; see docs/other-clouds.md.

`outlay import opencost allocation.json`. `--option labels=team:squad,service:@namespace` says which label is which
dimension (`@namespace`, `@controller`, `@pod`, `@cluster`, `@name` are what the cluster says). `--option idle=apart`
keeps idle capacity in metrics of its own (`kubernetes_idle_cost`) rather than under the service `__idle__`.
`--option metric=kubernetes_eu` names the metrics of one of several clusters.
"""

from outlay.revenue.contract import Importer
from outlay.revenue.metrics import kubernetes, overlaps, table

IMPORTER = Importer(
    name="opencost",
    table="metric",
    read=kubernetes.read,
    settle=overlaps.refuse,
    replaced=table.REPLACED,
    options=kubernetes.OPTIONS,
)
