"""Outputs: where events go from a program, in the background: a file, the collector, an OpenTelemetry collector.

Comes in: what an event was given, still unchecked. Goes out: lines and requests; what could not be kept is counted by
reason. Nothing here raises into the host, and the host waits for nothing here.
"""
