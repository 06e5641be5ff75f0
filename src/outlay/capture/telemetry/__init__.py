"""Telemetry: what instrumented programs and gateways report about their calls, as usage events.

Comes in: the body of an OTLP request (traces, logs, metrics) or of LiteLLM's callback. Goes out: a `Reading`: usage
events as JSON objects, and what could not be read, by its place. Every emitter writes a dialect of its own; those are
one file each in `dialects`. What people asked and models answered is passed over, undecoded.
"""

from outlay.capture.telemetry.answer import answer
from outlay.capture.telemetry.reading import Reading, read

__all__ = ["Reading", "answer", "read"]
