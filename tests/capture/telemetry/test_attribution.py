from typing import Any

import pytest

from tests.capture.telemetry.making import CHAT, SERVICE, one_event, read_spans, span

PLAYED = {"app.feature": "search.answer", "app.customer": "acme", "enduser.id": "u-17", "session.id": "s-9"}


def test_a_call_takes_its_attribution_from_the_spans_around_it() -> None:
    """What an app's span says holds for the calls in it, however deep; nearer spans and the call itself win."""
    found = read_spans(
        span(1, PLAYED, scope="app", kind=1),
        span(2, {"app.customer": "globex", "app.plan": "pro"}, scope="app", parent=1, kind=1),
        span(3, {**CHAT, "user.id": "u-18"}, parent=2),
    )
    (event,) = found.events
    assert found.seen == 3
    assert (event["feature"], event["customer"], event["user"]) == ("search.answer", "globex", "u-18")
    assert (event["session"], event["tags"]) == ("s-9", {"asked_model": "gpt-4o", "plan": "pro"})


def test_the_order_of_spans_does_not_matter() -> None:
    """A parent may come after its child, as it does when spans are sent as they end."""
    (event,) = read_spans(span(3, CHAT, parent=1), span(1, PLAYED, scope="app")).events
    assert event["feature"] == "search.answer"


def test_spans_of_another_trace_say_nothing() -> None:
    """An id that comes again in another trace is another span."""
    (event,) = read_spans(span(3, CHAT, parent=1), span(1, PLAYED, scope="app", trace=2)).events
    assert "feature" not in event


def test_spans_that_are_their_own_ancestors_end_nothing() -> None:
    """Circles are walked once."""
    found = read_spans(
        span(1, PLAYED, scope="app", parent=2), span(2, {}, scope="app", parent=1), span(3, CHAT, parent=1)
    )
    assert found.events[0]["feature"] == "search.answer"


def test_the_route_of_the_request_around_a_call_is_its_endpoint() -> None:
    """A server's span names the route; a client's span names somebody else's."""
    server = span(1, {"http.request.method": "POST", "http.route": "/process"}, scope="http", kind=2)
    client = span(2, {**CHAT, "http.route": "/v1/chat/completions"}, parent=1)
    assert read_spans(server, client).events[0]["endpoint"] == "POST /process"


def test_the_service_says_what_no_span_says() -> None:
    """Resource attributes come last, and a name that only says that there is none is none."""
    event = one_event(CHAT)
    assert (event["service"], event["release"], event["environment"]) == ("ai-service", "2026.10.1", "production")
    unnamed = {**SERVICE, "service.name": "unknown_service:python", "app.team": "growth"}
    (event,) = read_spans(span(1, {**CHAT, "app.environment": "staging"}), service=unnamed).events
    assert (event["environment"], event["team"]) == ("staging", "growth")
    assert "service" not in event


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"app.feature": "a", "feature": "b"}, {"feature": "a"}),
        ({"feature": "b", "app.feature": "a"}, {"feature": "a"}),
        ({"cost.team": "growth", "outlay.customer": "acme"}, {"team": "growth", "customer": "acme"}),
        ({"traceloop.association.properties.user_id": "u"}, {"user": "u"}),
        ({"langfuse.trace.metadata.customer": '"acme"'}, {"customer": "acme"}),
        ({"metadata": '{"feature": "f", "plan": "pro", "deep": {"x": 1}}'}, {"feature": "f", "tags": {"plan": "pro"}}),
        ({"tag.tags": ["team:growth", "beta"]}, {"team": "growth"}),
        ({"ai.telemetry.metadata.userId": "u"}, {"user": "u"}),
        ({"litellm.end_user.id": "u", "litellm.team.alias": "growth"}, {"user": "u", "team": "growth"}),
        ({"gen_ai.conversation.id": "c-1"}, {"session": "c-1"}),
        ({"app.customer": 42, "app.trial": True}, {"customer": "42", "tags": {"trial": "true"}}),
        ({"app.customer": ""}, {}),
    ],
)
def test_everybody_has_names_of_their_own_for_who_caused_it(said: dict[str, Any], expected: dict[str, Any]) -> None:
    """Ours win, then what stands first; what no field has a name for is a tag."""
    event = one_event({**CHAT, **said}, scope="somebody")
    expected = {**expected, "tags": {"asked_model": "gpt-4o", **expected.get("tags", {})}}
    fields = ("feature", "customer", "team", "user", "session", "tags")
    assert {name: event[name] for name in fields if name in event} == expected


def test_content_is_neither_kept_nor_a_tag() -> None:
    """What people wrote does not reach an event under any name it goes by, nor do long texts in tags."""
    secret = "Dear doctor, it hurts here"
    names = (
        *("gen_ai.input.messages", "gen_ai.prompt.0.content", "llm.input_messages.0.message.content", "input.value"),
        *("output.value", "traceloop.entity.input", "ai.prompt", "ai.response.text", "langfuse.observation.input"),
        *("app.messages", "traceloop.association.properties.prompt_text", "ai.settings.context.query"),
    )
    said = {**CHAT, **dict.fromkeys(names, secret), "app.note": secret + "\n" + secret, "app.long": secret * 20}
    event = one_event({**said, "metadata": f'{{"messages": "{secret}", "input": "{secret}"}}'})
    assert secret not in repr(event)
    failed = one_event(CHAT, status=f"ValueError: {secret}")
    assert (failed["error"], secret in repr(failed)) == ("ValueError", False)
