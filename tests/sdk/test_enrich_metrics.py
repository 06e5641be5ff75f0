"""Metrics, read back by Prometheus's own parser."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

import outlay
from outlay.sdk.enrich.metrics import METERS, Meters, metrics_text, written
from outlay.terms.usage_event import UsageEvent
from tests.sdk.fake_collector import configured

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Clock:
    """A clock that is set by hand."""

    now_s = 1_000_000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now_s


def event(**fields: Any) -> UsageEvent:  # noqa: ANN401 - fields of an event
    """Return a call."""
    return UsageEvent("e", AT, **{"usage": {"input": 10}, "model": "m", "feature": "f", "team": "t", **fields})


def priced(found: UsageEvent) -> tuple[int, bool]:
    """Price a token at a millionth of a dollar; what is called `free` has no price."""
    return sum(int(each) for each in found.usage.values()) * 10**6, found.model != "free"


def samples(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Return every sample of a page, by name and labels."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_calls_are_counted_under_the_names_that_dashboards_use() -> None:
    """Cost, tokens by type, durations and the cost of the last hour, each with its labels, to the digit."""
    meters = Meters(priced, now_s=Clock())
    meters.observe(event(usage={"input": 200, "output_reasoning": 7, "page": 3}, duration_ms=812))
    meters.observe(event(usage={"input": 1}, duration_ms=50, team=None))
    found = samples(written(meters.families()))
    model, feature, team = ("model", "m"), ("feature", "f"), ("team", "t")
    assert found["ai_inference_estimated_cost_usd_total", (feature, model, team)] == pytest.approx(0.00021)
    assert found["ai_inference_estimated_cost_usd_total", (feature, model, ("team", ""))] == pytest.approx(0.000001)
    assert found["ai_inference_tokens_total", (feature, model, ("token_type", "input"))] == 201
    assert found["ai_inference_tokens_total", (feature, model, ("token_type", "output_reasoning"))] == 7
    assert not [name for name, labels in found if ("token_type", "page") in labels]
    assert found["ai_inference_duration_seconds_count", (feature, model)] == 2
    assert found["ai_inference_duration_seconds_sum", (feature, model)] == pytest.approx(0.862)
    buckets = {dict(labels)["le"]: value for (name, labels), value in found.items() if name.endswith("_bucket")}
    assert (buckets["0.05"], buckets["0.5"], buckets["1"], buckets["+Inf"]) == (1, 1, 2, 2)
    assert found["ai_inference_cost_per_hour_usd", (feature,)] == pytest.approx(0.000211)


def test_the_cost_of_the_last_hour_comes_down_again() -> None:
    """Minutes older than an hour are forgotten; a feature that rests shows 0 and does not vanish."""
    clock = Clock()
    meters = Meters(priced, now_s=clock)

    def last_hour() -> float:
        return samples(written(meters.families()))["ai_inference_cost_per_hour_usd", (("feature", "f"),)]

    for _ in range(3):
        meters.observe(event(usage={"input": 1_000_000}))
        clock.now_s += 25 * 60
    assert last_hour() == 2
    clock.now_s += 30 * 60
    assert last_hour() == 1
    clock.now_s += 3600
    assert last_hour() == 0


def test_labels_without_end_become_other() -> None:
    """A model or feature for every request fills no server: beyond the bound it is `other`, and counted as such."""
    meters = Meters(priced, most_sets=5)
    for number in range(50):
        meters.observe(event(feature=f"f{number}", usage={"input": 10}, duration_ms=1))
    found = samples(written(meters.families()))
    sets = {labels for name, labels in found if name == "ai_inference_tokens_total"}
    assert len(sets) == 6
    other = (("feature", "other"), ("model", "other"), ("token_type", "input"))
    assert found["ai_inference_tokens_total", other] == 450
    assert sum(value for (name, _), value in found.items() if name == "ai_inference_tokens_total") == 500
    assert found["ai_inference_label_sets_folded_total", (("metric", "tokens"),)] == 45
    assert len(found) < 6 * 20


def test_what_has_no_price_is_counted_and_never_free() -> None:
    """A call without a price adds nothing to the cost and one to the calls without a price."""
    meters = Meters(priced)
    meters.observe(event(model="free", usage={}))
    meters.observe(event(model="free"))
    found = samples(written(meters.families()))
    labels = (("feature", "f"), ("model", "free"), ("team", "t"))
    assert found["ai_inference_unpriced_calls_total", labels] == 1


def test_a_cost_that_the_provider_reports_stands_in_for_a_price() -> None:
    """Without a snapshot a reported cost in USD counts; one in another currency does not."""
    outlay.configure()
    meters = Meters()
    meters.observe(event(reported_cost=Decimal("0.25")))
    meters.observe(event(reported_cost=Decimal("0.25"), currency="EUR"))
    meters.observe(event(state="refused"))
    found = samples(written(meters.families()))
    labels = (("feature", "f"), ("model", "m"), ("team", "t"))
    assert found["ai_inference_estimated_cost_usd_total", labels] == 0.25
    assert found["ai_inference_unpriced_calls_total", labels] == 1


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_label_can_be_read_back(model: str, feature: str) -> None:
    """Quotes, backslashes and line ends in a label survive the way through Prometheus's parser."""
    meters = Meters(priced)
    meters.observe(event(model=model, feature=feature, team=None))
    text = written(meters.families())
    found = {labels for name, labels in samples(text) if name == "ai_inference_estimated_cost_usd_total"}
    assert found == {(("feature", feature), ("model", model), ("team", ""))}


def test_recorded_events_are_counted_and_shown_in_both_ways(tmp_path: Path) -> None:
    """What is recorded is in the text and in a registry of prometheus_client, alike; registering twice is once."""
    before = samples(metrics_text())
    with configured(metrics=True) as lost:
        for _ in range(3):
            outlay.record(provider="openai", model="here", feature="both", usage={"input": 5}, duration_ms=20)
        assert outlay.flush(20)
        assert lost() == {}
    registry = CollectorRegistry()
    outlay.register_metrics(registry)
    outlay.register_metrics(registry)
    theirs, ours = samples(generate_latest(registry).decode()), samples(outlay.metrics_text())
    key = ("ai_inference_tokens_total", (("feature", "both"), ("model", "here"), ("token_type", "input")))
    assert ours[key] - before.get(key, 0) == 15
    assert theirs == ours
    assert METERS.families()
    del tmp_path
