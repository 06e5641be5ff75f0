"""Take out of what was sent what must not be kept: content, and what tells where it was recorded."""

import json
from collections.abc import Iterable, MutableSequence
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from outlay.wire.content import is_content
from tests.dialects.receiver import Sent

_LEFT_OUT = "[left out]"
#: Beginnings of attributes that hold content, beyond those that are known everywhere.
_CONTENT = (
    *("ai.prompt", "ai.response.text", "ai.value", "ai.embedding", "embedding.embeddings", "embedding.invocation"),
    *("langfuse.observation.input", "langfuse.observation.output", "llm.invocation", "llm.openai", "llm.anthropic"),
    *("pydantic_ai.all_messages", "final_result", "request_data", "hidden_params", "logfire.msg", "logfire.json"),
    *("model_request_parameters", "gen_ai.tool", "exception.message", "exception.stacktrace", "response_data"),
    *("langfuse.observation.model.parameters", "langfuse.observation.metadata", "langfuse.observation.status"),
)
#: Beginnings of attributes that tell where something ran.
_PLACE = (
    "code.",
    "host.",
    "os.",
    "process.",
    "server.",
    "service.instance",
    "thread.",
    "url.",
    "gen_ai.openai.api_base",
)
#: What is in texts that tell where something ran, whatever they are called.
_MARKS = ("Traceback", 'File "', "/lib/", "/home/", "file://")


def scrubbed(sent: Sent) -> Sent:
    """Return a request without content and place."""
    body = (
        _traces(sent.body) if sent.kind == "traces" else _callback(sent.body) if sent.kind == "litellm" else sent.body
    )
    return Sent(sent.scenario, sent.kind, sent.media, body)


def _traces(body: bytes) -> bytes:
    request = ExportTraceServiceRequest.FromString(body)
    for resource in request.resource_spans:
        _clean(resource.resource.attributes)
        for scope in resource.scope_spans:
            for span in scope.spans:
                _clean(span.attributes)
                for event in span.events:
                    _clean(event.attributes)
    return bytes(request.SerializeToString(deterministic=True))


def _clean(attributes: MutableSequence[KeyValue]) -> None:
    kept = [_without_content(pair) for pair in attributes if not pair.key.startswith(_PLACE)]
    del attributes[:]
    attributes.extend(kept)


def _without_content(pair: KeyValue) -> KeyValue:
    text = pair.value.string_value
    if is_content(pair.key) or pair.key.startswith(_CONTENT) or any(mark in text for mark in _MARKS):
        return KeyValue(key=pair.key, value=AnyValue(string_value=_LEFT_OUT))
    return pair


def _callback(body: bytes) -> bytes:
    found = json.loads(body)
    for payload in found:
        _clean_payload(payload)
    return json.dumps(found, sort_keys=True).encode()


def _clean_payload(payload: dict[str, Any]) -> None:
    payload["messages"] = _LEFT_OUT
    answer = payload.get("response")
    payload["response"] = {name: answer[name] for name in ("id", "model", "object") if name in answer} if answer else {}
    if payload["response"]:
        payload["response"]["choices"] = _LEFT_OUT
    _empty(payload, ("hidden_params", "model_map_information", "api_base", "error_str"))
    _empty(payload.get("error_information") or {}, ("traceback", "error_message"))


def _empty(found: dict[str, Any], names: Iterable[str]) -> None:
    for name in names:
        if name in found:
            found[name] = None
