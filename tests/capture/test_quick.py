import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from outlay.capture.row import Rows
from outlay.wire.event import Flaw

TEXT = (
    st.sampled_from(["", "a", "acme", "é🐙", "x\ny", "a?b", "\\u0000", "a\x00", "x" * 201, "x" * 4097]) | st.integers()
)
EVENTS = st.fixed_dictionaries(
    {
        "id": TEXT,
        "time": st.sampled_from(["2026-10-03T12:00:00.1234567Z", "2026-10-03T12:00:00+02:00", "2026-10-03", "x"]),
    },
    optional={
        "usage": st.none()
        | st.dictionaries(
            st.sampled_from(["input", "output", "cache_read", "page"]),
            st.none() | st.integers(-1, 10**12 + 1) | st.sampled_from([1.5, 2.0, "7", True]),
        ),
        "state": st.sampled_from([None, "complete", "refused", "done"]),
        "customer": TEXT | st.none(),
        "prompt": TEXT,
        "endpoint": TEXT,
        "error": TEXT,
        "attempt": st.sampled_from([None, 0, 1, 2, "3"]),
        "duration_ms": st.sampled_from([None, 5, 5.5, -1]),
        "reported_cost": st.sampled_from([None, 1, "0.25", 0.5, -1, "1e-13"]),
        "currency": st.sampled_from([None, "EUR", "eur", ""]),
        "context": st.none() | st.dictionaries(st.sampled_from(["tier", "region", "x"]), st.none() | TEXT),
        "tags": st.none() | st.dictionaries(st.sampled_from(["plan", "a", "messages"]), st.none() | TEXT),
    },
)


@given(EVENTS)
def test_the_quick_way_and_the_careful_way_make_the_same_row(event: dict[str, Any]) -> None:
    """An event lands alike whether it was checked while decoding or field by field."""
    rows = Rows("t", 1)
    text = json.dumps(event, ensure_ascii=False).encode()
    by_text, by_object = rows.make(text, 7), rows.make(json.loads(text), 7)
    assert by_text == by_object or (isinstance(by_text, Flaw) and isinstance(by_object, Flaw))
    assert by_text == rows.make(text, 7)
