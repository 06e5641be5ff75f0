"""SQS: the scope as message attributes, of which a message may have ten. Works for SNS, whose form is the same."""

from collections.abc import Mapping
from typing import Any

from outlay.sdk.headers.names import USUAL, Names
from outlay.sdk.headers.tally import count
from outlay.sdk.propagate import carriers
from outlay.sdk.scope import context

_MOST_ATTRIBUTES = 10


def attributes(others: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return message attributes with the scope of the caller among them, for `MessageAttributes=` of `send_message`.

    Where there is no room beside the others, ours are left out and counted as `not-sent`.

    >>> with context(feature="search.answer"):
    ...     attributes()
    {'baggage': {'DataType': 'String', 'StringValue': 'outlay.feature=search.answer'}}
    """
    found = dict(others or {})
    for name, value in carriers.headers().items():
        if name in found:
            continue
        if len(found) >= _MOST_ATTRIBUTES:
            count("not-sent", name)
            continue
        found[name] = {"DataType": "String", "StringValue": value}
    return found


def extract(message: Mapping[str, Any], names: Names = USUAL) -> context:
    """Return the scope that a message tells, as `receive_message` or a Lambda event gives it. Never raises.

    SQS returns attributes only when asked: `receive_message(..., MessageAttributeNames=["All"])`.

    >>> from outlay.sdk.scope import said
    >>> with extract({"messageAttributes": {"baggage": {"stringValue": "outlay.customer=acme"}}}):
    ...     said()
    {'customer': 'acme'}
    """
    carrier: dict[str, object] = {}
    if isinstance(message, Mapping):
        found = message.get("MessageAttributes") or message.get("messageAttributes")
        for name, value in found.items() if isinstance(found, Mapping) else ():
            if isinstance(value, Mapping):
                carrier[str(name)] = value.get("StringValue") or value.get("stringValue")
    return carriers.extract(carrier, names)
