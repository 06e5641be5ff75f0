"""Outlay follows every dollar from the invoice line to the feature, customer and user that caused it.

What stands here is for your own programs: say who causes usage, and record it. It needs only the standard library.

    with outlay.context(feature="search.query_expansion", customer="acme"):
        outlay.record(provider="openai", model="gpt-4o-mini", usage={"input": 812, "output": 64})
"""

from outlay.sdk.recording import configure, dropped, record
from outlay.sdk.scope import context

__all__ = ["__version__", "configure", "context", "dropped", "record"]

__version__ = "0.1.0"
