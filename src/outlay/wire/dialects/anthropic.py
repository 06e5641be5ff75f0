"""Anthropic: messages, their batches and their streams, wherever its models are hosted or its shape is copied.

Input stands beside its caches; a stream's counters are cumulative. Tier, speed and the region of the inference are in
the usage.
"""

from collections.abc import Mapping

from outlay.wire.dialects import Dialect, UsageVector
from outlay.wire.dialects._exclusive import count_exclusive, states_messages
from outlay.wire.dialects._reading import Reading


def _read(reading: Reading, body: Mapping[object, object]) -> UsageVector | None:
    if not states_messages(body):
        return None
    usage = reading.part("usage")
    tier = usage.text("service_tier")
    reading.say("processing" if tier == "batch" else "tier", tier)
    reading.say("speed", usage.value("speed"))
    reading.say("region", usage.value("inference_geo"))
    count_exclusive(reading, usage)
    usage.close()
    return reading.vector()


DIALECT = Dialect(also=("claude", "anthropic_messages"), marks=states_messages, read=_read)
