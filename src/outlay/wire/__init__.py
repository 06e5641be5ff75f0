"""The wire: a usage event as JSON, alone or inside a CloudEvent. Standard library only, because the SDK carries it.

Comes in: decoded JSON, or an event. Goes out: an event or the `Flaw` that prevents it, or a line of JSON. Prompt and
answer content is dropped here, before anything can keep it.
"""
