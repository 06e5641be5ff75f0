"""Outlay follows every dollar from the invoice line to the feature, customer and user that caused it.

What stands here is for your own programs: say who causes usage, and record it. It needs only the standard library.

    with outlay.context(feature="search.query_expansion", customer="acme"):
        outlay.record(provider="openai", model="gpt-4o-mini", usage={"input": 812, "output": 64})
"""

from outlay.sdk.recording import configure, dropped, drops, flush, record
from outlay.sdk.scope import carry, context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from outlay.sdk.enrich.logs import LogFilter, LogProcessor
    from outlay.sdk.enrich.metrics import metrics_text
    from outlay.sdk.enrich.prometheus import register_metrics
    from outlay.sdk.headers.signed import sign_context
    from outlay.sdk.headers.tally import ignored
    from outlay.sdk.instrument import instrument, track, uninstrument
    from outlay.sdk.metering import metered
    from outlay.sdk.outbound import outbound
    from outlay.sdk.pricing import Priced, price
    from outlay.sdk.propagate.carriers import extract, inject
    from outlay.sdk.propagate.cron import cron
    from outlay.sdk.web.asgi import ASGIMiddleware
    from outlay.sdk.web.wsgi import WSGIMiddleware

__all__ = [
    "ASGIMiddleware",
    "LogFilter",
    "LogProcessor",
    "Priced",
    "WSGIMiddleware",
    "__version__",
    "carry",
    "configure",
    "context",
    "cron",
    "dropped",
    "drops",
    "extract",
    "flush",
    "ignored",
    "inject",
    "instrument",
    "metered",
    "metrics_text",
    "outbound",
    "price",
    "record",
    "register_metrics",
    "sign_context",
    "track",
    "uninstrument",
]

__version__ = "0.1.0"


#: Names that are loaded when they are first asked for, and the module each is in: who does without, goes without.
_LATER = {
    "ASGIMiddleware": "web.asgi",
    "LogFilter": "enrich.logs",
    "LogProcessor": "enrich.logs",
    "Priced": "pricing",
    "WSGIMiddleware": "web.wsgi",
    "cron": "propagate.cron",
    "extract": "propagate.carriers",
    "ignored": "headers.tally",
    "inject": "propagate.carriers",
    "instrument": "instrument",
    "metered": "metering",
    "metrics_text": "enrich.metrics",
    "outbound": "outbound",
    "price": "pricing",
    "register_metrics": "enrich.prometheus",
    "sign_context": "headers.signed",
    "track": "instrument",
    "uninstrument": "instrument",
}


def __getattr__(name: str) -> object:
    """Load what a program may do without, when it is first asked for."""
    if name not in _LATER:
        raise AttributeError(f"module 'outlay' has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - loaded when used

    found: object = getattr(import_module(f"outlay.sdk.{_LATER[name]}"), name)
    globals()[name] = found
    return found
