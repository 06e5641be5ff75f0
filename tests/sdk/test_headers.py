"""Headers from anybody: baggage, traceparent, the names and values they may carry."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import outlay
from outlay.errors import BadConfig
from outlay.sdk.headers import baggage, tally, traceparent
from outlay.sdk.headers.names import Names, value_of
from outlay.sdk.propagate import carriers, sqs
from outlay.wire.event import FIELDS

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
VALUE = re.compile(r"[A-Za-z0-9._:/@+~-]{1,128}")


def counted(reason: str) -> int:
    """Return how often something was ignored for a reason so far."""
    return outlay.ignored().get(reason, 0)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("outlay.feature=a.b,outlay.customer=acme", {"feature": "a.b", "customer": "acme"}),
        ("app.feature=a.b , app.user = u-1\t;p=1;q", {"feature": "a.b", "user": "u-1"}),
        ("outlay.customer=a+b", {"customer": "a+b"}),
        ("outlay.customer=a%2Bb%40c", {"customer": "a+b@c"}),
        ("outlay.feature=one,outlay.feature=two", {"feature": "two"}),
        ("outlay.plan=pro,app.plan=pro,plan=pro", {"plan": "pro"}),
        ("feature=a,other,=b,,;p=1", {}),
        ("outlay.feature", {}),
        (f"outlay.trace={TRACE}", {"trace": TRACE}),
        ("", {}),
    ],
)
def test_members_of_ours_are_read(text: str, found: dict[str, str]) -> None:
    """Properties are left out, escapes decoded, a plus is a plus, later members win, and others are nothing to us."""
    assert baggage.read(text) == found


@pytest.mark.parametrize(
    "value",
    ["two%20words", "two words", "a%", "a%zz", "%ff%fe", "%E2%82%AC", "a\u20ac", 'a"b', "a\\b", "%00", "x" * 129, "%"],
)
def test_values_outside_the_limits_are_dropped_and_counted(value: str) -> None:
    """No escape, blank, quote, control character or long text gets in; the members around it do."""
    before = counted("bad-value:customer")
    assert baggage.read(f"outlay.team=t,outlay.customer={value},outlay.user=u") == {"team": "t", "user": "u"}
    assert counted("bad-value:customer") == before + 1


def test_headers_beyond_the_specified_limits_are_cut_and_counted() -> None:
    """More than 8,192 bytes say nothing; of more than 64 members the first 64 count."""
    before = counted("baggage-too-long"), counted("baggage-too-many")
    assert baggage.read("outlay.feature=f," + "x" * 8192) == {}
    members = [f"k{n}=v" for n in range(63)]
    assert baggage.read(",".join([*members, "outlay.user=in", "outlay.customer=out"])) == {"user": "in"}
    assert (counted("baggage-too-long"), counted("baggage-too-many")) == (before[0] + 1, before[1] + 1)


@pytest.mark.parametrize("field", sorted(FIELDS - {"feature", "customer", "team", "user", "session", "trace"}))
def test_no_header_can_say_a_field_of_the_event_itself(field: str) -> None:
    """A client that sent `outlay.state=refused` or `outlay.id=1` would make its usage cost nothing."""
    assert baggage.read(f"outlay.{field}=1,app.{field}=1") == {}
    for names in ({"headers": {"x-mine": field}}, {"baggage": {"mine": field}}):
        if field not in ("environment", "service", "release"):
            with pytest.raises(BadConfig, match=field):
                Names(**names)


def test_names_can_be_added_and_taken_away() -> None:
    """A header or member of one's own says what it is configured to say."""
    names = Names(headers={"X-Tenant": "customer", "X-User-Id": None}, baggage={"tenant.id": "customer", "p": "plan"})
    assert baggage.read("tenant.id=acme,p=pro,app.user=u", names) == {"customer": "acme", "plan": "pro", "user": "u"}
    assert "x-user-id" not in names.headers
    assert names.sent()["customer"] == "x-tenant"
    with pytest.raises(BadConfig, match="no name of a header"):
        Names(headers={"X Tenant": "customer"})


def test_what_is_written_is_read_again_and_nothing_else_is_written() -> None:
    """What cannot travel is counted; where usage happens stays here; others' members stay as they are."""
    before = counted("not-sent:customer")
    said = {"feature": "a.b", "customer": "Two Words", "user": 17, "plan": "pro", "service": "ai", "state": "x"}
    text = baggage.joined("vendor=1;p=2,outlay.feature=old", said)
    assert text == "outlay.feature=a.b,outlay.user=17,outlay.plan=pro,vendor=1;p=2"
    assert baggage.read(text) == {"feature": "a.b", "user": "17", "plan": "pro"}
    assert counted("not-sent:customer") == before + 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "00",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE}-{SPAN}-01-x",
        f"00-{TRACE}-{SPAN}-0g",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"ff-{TRACE}-{SPAN}-01",
        f"01-{TRACE}-{SPAN}-01x",
        f"00-{TRACE}_{SPAN}-01",
        f" 00-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01\n",
    ],
)
def test_a_traceparent_that_is_not_one_to_the_letter_is_ignored(text: str) -> None:
    """Lengths, dashes, case, zeros and versions are as the specification says, or there is no trace."""
    before = counted("bad-traceparent")
    assert traceparent.read(text) is None
    assert counted("bad-traceparent") == before + 1


def test_a_traceparent_of_a_later_version_is_read_as_far_as_it_is_known() -> None:
    """The specification lets later versions append fields."""
    assert traceparent.read(f"01-{TRACE}-{SPAN}-01-more") == (TRACE, SPAN, "01")
    assert traceparent.read(f"cc-{TRACE}-{SPAN}-00") == (TRACE, SPAN, "00")


def test_names_made_up_by_clients_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond a thousand reasons, further names count together; none is lost."""
    monkeypatch.setattr(tally, "_counts", {})  # what is counted here is nothing to other tests
    tally.count("probe", "first")
    for number in range(2000):
        tally.count("probe", f"name{number}")
    tally.count("probe", "first")
    found = outlay.ignored()
    assert len(found) <= 1000 + 10
    assert sum(count for key, count in found.items() if key.startswith("probe:")) >= 2002
    assert found["probe:first"] >= 2


@settings(deadline=None, derandomize=True, max_examples=200)
@given(
    st.text(max_size=300) | st.text("outlay.feature=app;,% +\t-_custmer\x00\x7f\u20ac0123456789abcdef", max_size=300)
)
def test_whatever_stands_in_a_header_only_safe_values_come_out(text: str) -> None:
    """No text makes a parser fail, or gets a name or value past the limits."""
    for name, value in baggage.read(text).items():
        assert VALUE.fullmatch(value)
        assert name not in FIELDS or name in ("feature", "customer", "team", "user", "session", "trace")
    found = traceparent.read(text)
    assert found is None or text.startswith(f"{text[:2]}-{found.trace}-{found.parent}-")
    assert value_of("x", text) in (None, text)


_HOSTILE = st.none() | st.text(max_size=40) | st.binary(max_size=40) | st.integers() | st.lists(st.integers())


@settings(deadline=None, derandomize=True, max_examples=200)
@given(st.dictionaries(st.sampled_from(["baggage", "Baggage", "traceparent", "x"]) | st.text(max_size=5), _HOSTILE))
def test_whatever_a_message_carries_its_handler_runs(carrier: dict[str, object]) -> None:
    """Mappings and pairs with values of any type never raise."""
    for each in (carrier, list(carrier.items())):
        with outlay.extract(each):  # type: ignore[arg-type] # that is the point
            pass
    for attributes in (carrier, {name: {"StringValue": value} for name, value in carrier.items()}):
        with sqs.extract({"MessageAttributes": attributes}), sqs.extract(attributes):
            pass
    with outlay.extract(42):  # type: ignore[arg-type] # not even a carrier
        pass


@settings(deadline=None, derandomize=True, max_examples=200)
@given(
    st.dictionaries(
        st.sampled_from(["feature", "customer", "team", "user", "session", "plan", "tier2"]),
        st.from_regex(VALUE, fullmatch=True),
    )
)
def test_a_scope_that_travels_arrives_as_it_left(said: dict[str, str]) -> None:
    """What is written into a carrier of either kind is what is read from it."""
    with outlay.context(**said):
        as_mapping, as_pairs = outlay.inject({"kind": "x"}), outlay.inject([("kind", b"x")])
    assert carriers.read(as_mapping) == carriers.read(as_pairs) == said
    assert as_mapping["kind"] == "x"
    assert as_pairs[0] == ("kind", b"x")
