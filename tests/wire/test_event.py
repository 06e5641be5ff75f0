from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outlay.terms.usage_event import STATES, UsageEvent
from outlay.wire.event import Flaw, from_json
from outlay.wire.text import to_json

LEAST = {"id": "e-1", "time": "2026-10-03T12:00:00Z", "usage": {"input": 5}}


def read(**more: object) -> UsageEvent:
    """Return the smallest event with more said."""
    found = from_json({**LEAST, **more})
    assert isinstance(found, UsageEvent), found
    return found


def test_only_id_time_and_usage_or_state_are_mandatory() -> None:
    """Id, time and usage make an event, so do id, time and state; everything else has its default."""
    assert from_json(LEAST) == UsageEvent("e-1", datetime(2026, 10, 3, 12, tzinfo=UTC), {"input": 5})
    found = from_json({"id": "e-1", "time": "2026-10-03T12:00:00Z", "state": "refused"})
    assert isinstance(found, UsageEvent)
    assert (found.state, dict(found.usage)) == ("refused", {})


FLAWED = [
    ({"id": None}, "missing-id", "id"),
    ({"id": ""}, "missing-id", "id"),
    ({"id": "x" * 4097}, "field-too-long", "id"),
    ({"time": None}, "missing-time", "time"),
    ({"time": "yesterday"}, "bad-time", "time"),
    ({"time": 1759492800}, "bad-time", "time"),
    ({"time": "0001-01-01T00:00:00+10:00"}, "bad-time", "time"),
    ({"time": "2126-01-01"}, "bad-time", "time"),
    ({"usage": None}, "missing-usage", "usage"),
    ({"usage": [1]}, "bad-usage", "usage"),
    ({"usage": {"input": -1}}, "bad-quantity", "usage.input"),
    ({"usage": {"input": 1.5}}, "bad-quantity", "usage.input"),
    ({"usage": {"input": True}}, "bad-quantity", "usage.input"),
    ({"usage": {"input": "many"}}, "bad-quantity", "usage.input"),
    ({"usage": {"input": float("nan")}}, "bad-quantity", "usage.input"),
    ({"usage": {"input": 10**13}}, "bad-quantity", "usage.input"),
    ({"usage": {"page": Decimal("1e999999")}}, "bad-quantity", "usage.page"),
    ({"usage": {"page": Decimal("1E+25")}}, "bad-quantity", "usage.page"),
    ({"usage": {"page": Decimal("0.0000000001")}}, "bad-quantity", "usage.page"),
    ({"usage": {"pages of a book": 1}}, "bad-unit", "usage"),
    ({"state": "done"}, "unknown-state", "state"),
    ({"state": ["complete"]}, "unknown-state", "state"),
    ({"attempt": 0}, "bad-quantity", "attempt"),
    ({"duration_ms": -1}, "bad-quantity", "duration_ms"),
    ({"reported_cost": -1}, "bad-amount", "reported_cost"),
    ({"reported_cost": "0.0000000000001"}, "bad-amount", "reported_cost"),
    ({"currency": "usd"}, "wrong-currency", "currency"),
    ({"feature": ["a"]}, "bad-text", "feature"),
    ({"customer": True}, "bad-text", "customer"),
    ({"customer": "a\x00b"}, "bad-text", "customer"),
    ({"context": "flex"}, "bad-context", "context"),
    ({"tags": ["a"]}, "bad-tags", "tags"),
    ({"tags": {str(n): "x" for n in range(101)}}, "bad-tags", "tags"),
]


@pytest.mark.parametrize(("more", "code", "field"), FLAWED)
def test_a_bad_field_is_a_flaw_that_names_it_and_the_fix(more: dict[str, object], code: str, field: str) -> None:
    """A field that cannot be used is a value with code, field and fix; nothing is raised."""
    found = from_json({**LEAST, **more})
    assert isinstance(found, Flaw)
    assert (found.code, found.field) == (code, field)
    assert found.fix
    assert found.value is None or len(found.value) <= 80


@pytest.mark.parametrize("given", [None, 5, "x", [], [LEAST], True])
def test_what_is_no_object_is_no_event(given: object) -> None:
    """A JSON value other than an object is a flaw, and is not shown: it may be content."""
    assert from_json(given) == Flaw("not-an-object", "event", None, "write one JSON object per event")


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("2026-10-03T12:00:00.123Z", datetime(2026, 10, 3, 12, 0, 0, 123000, UTC)),
        ("2026-10-03T14:00:00+02:00", datetime(2026, 10, 3, 12, tzinfo=UTC)),
        ("2026-10-03T00:30:00+05:45", datetime(2026, 10, 2, 18, 45, tzinfo=UTC)),
        ("2026-10-03 12:00:00", datetime(2026, 10, 3, 12, tzinfo=UTC)),
        ("2023-11-16 18:15:46.6805900", datetime(2023, 11, 16, 18, 15, 46, 680590, UTC)),
    ],
)
def test_an_offset_is_honoured_and_no_zone_is_utc(written: str, utc: datetime) -> None:
    """Clocks with an offset are brought to UTC; a time without zone is UTC; past microseconds is cut."""
    assert read(time=written).time == utc


def test_unknown_fields_become_tags_and_tags_win() -> None:
    """A further top-level field with one short value is a tag; the same name in tags counts more."""
    found = read(plan="pro", seats=5, trial=False, tier_of={"a": 1}, tags={"plan": "enterprise", "none": None})
    assert found.tags == {"plan": "enterprise", "seats": "5", "trial": "false"}


def test_content_is_dropped_wherever_it_stands() -> None:
    """Messages, prompts and answers are not kept: not as fields, not as tags, not as a prompt's name or an error."""
    secret = "my password is tulip"
    found = read(
        messages=[{"role": "user", "content": secret}],
        prompt=f"{secret}\nplease",
        completion=secret,
        input=secret,
        output=secret,
        note=f"{secret} " * 20,
        error=f"rate_limited\n{secret}",
        endpoint=f"GET /search?q={secret}",
        tags={"gen_ai.prompt.0.content": secret, "response": secret, "plan": "pro"},
    )
    assert secret not in to_json(found)
    assert (found.prompt, found.error, found.endpoint, found.tags) == (
        None,
        "rate_limited",
        "GET /search",
        {"plan": "pro"},
    )


def test_the_ordinary_context_is_the_same_as_saying_nothing() -> None:
    """Default tier, realtime and null are left out; anything else is kept."""
    assert read(context={"tier": "default", "processing": "realtime", "region": None}).context == {}
    assert read(context={"tier": "flex", "processing": "batch", "region": "eu"}).context == {
        "tier": "flex",
        "processing": "batch",
        "region": "eu",
    }


def test_a_cloudevent_is_opened() -> None:
    """The event is data; identity is source and id, time is the envelope's, subject the customer."""
    envelope = {"specversion": "1.0", "type": "usage", "source": "/gateway", "id": "7", "subject": "acme"}
    found = from_json({**envelope, "time": "2026-10-03T12:00:00Z", "data": {"usage": {"input": 1}, "feature": "f"}})
    assert isinstance(found, UsageEvent)
    assert (found.id, found.customer, found.feature) == ("/gateway/7", "acme", "f")
    assert found.time == datetime(2026, 10, 3, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"specversion": "0.3"}, "bad-cloudevent"),
        ({"data": "text"}, "not-an-object"),
        ({"data": None}, "not-an-object"),
        ({"source": None}, "missing-source"),
        ({"id": None}, "missing-id"),
    ],
)
def test_a_cloudevent_that_is_none_is_a_flaw(more: dict[str, object], code: str) -> None:
    """An envelope without source, id or an object in data is a flaw."""
    envelope = {"specversion": "1.0", "type": "usage", "source": "/gateway", "id": "7", "data": LEAST}
    found = from_json({**envelope, **more})
    assert isinstance(found, Flaw)
    assert found.code == code


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=20)
UNITS = st.dictionaries(st.sampled_from(["input", "output", "cache_read"]), st.integers(0, 10**12)) | st.dictionaries(
    st.sampled_from(["page", "gpu_second"]), st.decimals(0, 10**6, places=9)
)


@given(
    st.builds(
        UsageEvent,
        id=TEXT,
        time=st.integers(946_684_800_000_000, 4_102_444_799_999_999).map(lambda us: EPOCH + timedelta(microseconds=us)),
        usage=UNITS,
        customer=st.none() | TEXT,
        state=st.sampled_from(STATES),
        attempt=st.integers(1, 9),
        reported_cost=st.none() | st.decimals(0, 1000, places=12),
        tags=st.dictionaries(st.sampled_from(["plan", "région", "x"]), TEXT),
    )
)
def test_what_is_written_is_read_back(event: UsageEvent) -> None:
    """An event survives being written as JSON and read again, to the last digit."""
    import json  # noqa: PLC0415 - the reader of a line is not ours

    assert from_json(json.loads(to_json(event))) == event


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(
                    [
                        *LEAST,
                        "state",
                        "tags",
                        "context",
                        "x",
                        "specversion",
                        "data",
                        "reported_cost",
                        "duration_ms",
                        "customer",
                    ]
                ),
                inner,
            )
        ),
        max_leaves=20,
    )
)
def test_nothing_decoded_makes_the_reader_raise(given_json: object) -> None:
    """Whatever JSON says, the reader answers with an event or a flaw."""
    assert isinstance(from_json(given_json), UsageEvent | Flaw)
