"""Anomalies: days that cost more or less than the days before led to expect, in any table of series or the ledger.

Comes in: amounts a day. Goes out: `Anomaly` values, one for each day that stands out.
"""

from outlay.watch.anomalies.anomaly import KINDS, SEVERITIES, Anomaly
from outlay.watch.anomalies.find import anomalies
from outlay.watch.anomalies.settings import Strictness

__all__ = ["KINDS", "SEVERITIES", "Anomaly", "Strictness", "anomalies"]
