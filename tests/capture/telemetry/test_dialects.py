import re
from importlib.resources import files

import pytest

from outlay.capture.telemetry import read
from outlay.capture.telemetry.dialect import SLOTS
from outlay.capture.telemetry.dialects import dialects
from outlay.errors import BadInput
from tests.capture.telemetry.making import CHAT, read_spans, span


@pytest.mark.parametrize("name", list(dialects()))
def test_a_dialect_keeps_its_contract(name: str) -> None:
    """It names slots and marks that there are, scopes or marks to know it by, and a sensor that has a rank."""
    dialect = dialects()[name]
    assert set(dialect.slots.values()) <= SLOTS
    assert set(dialect.marks) <= SLOTS
    assert dialect.scopes or dialect.marks
    ranks = files("outlay.cost").joinpath("sql/part_sensor_rank.sql").read_text(encoding="utf-8")
    assert re.search(rf"WHEN '{dialect.sensor}' THEN \d+", ranks)


@pytest.mark.parametrize("name", list(dialects()))
def test_a_dialect_is_known_by_its_scopes(name: str) -> None:
    """A call of a scope that begins so says which emitter saw it."""
    own: dict[str, object] = {"openinference.span.kind": "LLM", "langfuse.observation.type": "generation"}
    for scope in dialects()[name].scopes:
        (event,) = read_spans(span(1, {**CHAT, **own}, scope=scope)).events
        assert event["sensor"] == dialects()[name].sensor


def test_a_scope_that_nobody_knows_is_told_by_what_it_says() -> None:
    """Names that only one emitter uses tell it; else the conventions hold."""
    (event,) = read_spans(span(1, CHAT, scope="somebody")).events
    assert event["sensor"] == "otel-genai"
    said = {"openinference.span.kind": "LLM", "llm.token_count.prompt": 5, "llm.system": "openai"}
    (event,) = read_spans(span(1, said, scope="somebody")).events
    assert (event["sensor"], event["usage"]) == ("openinference", {"input": 5})


def test_only_what_there_is_can_be_read() -> None:
    """Another kind or form of request is refused by name."""
    for kind, media in (("profiles", "json"), ("traces", "xml")):
        with pytest.raises(BadInput, match=f"{kind} in {media}"):
            read(kind, b"", media)
