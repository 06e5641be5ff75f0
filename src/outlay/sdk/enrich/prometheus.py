"""Prometheus: the same metrics through `prometheus_client`, where the host exposes its own with it already."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from outlay.sdk.enrich.metrics import METERS

if TYPE_CHECKING:
    from prometheus_client.registry import CollectorRegistry


class _Counted:
    """What a registry asks at every scrape."""

    def describe(self) -> list[Any]:
        """Return nothing: what there is depends on the events."""
        return []

    def collect(self) -> Iterator[Any]:
        """Yield what was counted."""
        from prometheus_client.core import Metric

        for family in METERS.families():
            metric = Metric(family.name, family.help, family.kind)
            for suffix, labels, value in family.samples:
                metric.add_sample(f"{family.name}{suffix}", labels, _number(value))
            yield metric


def register_metrics(registry: "CollectorRegistry | None" = None) -> None:
    """Add the metrics of `metrics_text` to a registry of `prometheus_client`, once.

    `configure(metrics=True)` or `OUTLAY_METRICS=1` begins the counting. Programs of several processes that
    `prometheus_client` is told to add up (`PROMETHEUS_MULTIPROC_DIR`) are not supported by it for collectors like
    this one: scrape each process, or `outlay serve`.

    Args:
        registry: None is the one that `prometheus_client` uses itself.
    """
    from prometheus_client import REGISTRY

    asked = registry or REGISTRY
    if not getattr(asked, "_has_outlay", False):
        asked.register(_Counted())
        asked._has_outlay = True  # type: ignore[attr-defined] # noqa: SLF001 - nobody else remembers it per registry


def _number(value: str) -> float:
    """Return a sample as the library holds it; an amount to 16 digits is what it can show."""
    return float(value)
