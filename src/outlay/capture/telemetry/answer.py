"""Answers: what the sender of a request is told, in the form its protocol has for that."""

from collections.abc import Sequence

import msgspec

from outlay.capture.telemetry.bodies.protobuf import message

#: Place, field, code, fix.
Rejection = tuple[int, str, str, str]
_REJECTED = {"traces": "rejectedSpans", "logs": "rejectedLogRecords", "metrics": "rejectedDataPoints"}
_NAMED = 5


def answer(kind: str, media: str, rejected: Sequence[Rejection]) -> bytes:
    """Return the body of the response to a request that was read.

    Args:
        kind: `traces`, `logs`, `metrics` or `litellm`.
        media: `protobuf` or `json`, as the request was.
        rejected: What of it could not be taken.

    Returns:
        An Export...ServiceResponse, which is empty when everything was taken; for LiteLLM the list of problems.

    >>> answer("traces", "json", [(3, "trace_id", "bad-trace-id", "send 16 bytes")])
    b'{"partialSuccess":{"rejectedSpans":"1","errorMessage":"span 3: trace_id: bad-trace-id: send 16 bytes"}}'
    >>> answer("logs", "protobuf", [])
    b''
    """
    if kind == "litellm":
        problems = [dict(zip(("index", "field", "code", "fix"), one, strict=True)) for one in rejected]
        return msgspec.json.encode({"problems": problems})
    what = {"traces": "span", "logs": "record"}.get(kind, "point")
    told = "; ".join(f"{what} {index}: {field}: {code}: {fix}" for index, field, code, fix in rejected[:_NAMED])
    if len(rejected) > _NAMED:
        told += f"; and {len(rejected) - _NAMED} more"
    if media == "json":
        partial = {_REJECTED[kind]: str(len(rejected)), "errorMessage": told}
        return msgspec.json.encode({"partialSuccess": partial} if rejected else {})
    response = message("Response")()
    if rejected:
        response.partial_success.rejected = len(rejected)
        response.partial_success.message = told.encode("utf-8", "replace").decode()
    encoded: bytes = response.SerializeToString()
    return encoded
