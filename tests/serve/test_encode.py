"""One encoding: what an answer looks like as JSON."""

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outlay.errors import Broken
from outlay.serve.encode import to_json


@dataclass(frozen=True)
class Pair:
    """Two values."""

    first: object
    second: object


@given(st.decimals(allow_nan=False, allow_infinity=False, places=12))
def test_a_decimal_survives_to_the_last_digit(amount: Decimal) -> None:
    """Whatever amount goes in, the same comes out, written without exponent."""
    text = json.loads(to_json(amount))
    assert Decimal(text) == amount
    assert "E" not in text


def test_days_instants_and_dataclasses_have_one_form() -> None:
    """Days are ISO, instants are UTC with Z, dataclasses are objects in their own order."""
    there = datetime(2026, 10, 8, 11, 0, 0, 5, tzinfo=timezone(timedelta(hours=2)))
    text = to_json(Pair(date(2026, 10, 8), {"seen": (there, None, True, 3)}))
    assert (
        text
        == """{
  "first": "2026-10-08",
  "second": {
    "seen": [
      "2026-10-08T09:00:00.000005Z",
      null,
      true,
      3
    ]
  }
}"""
    )


def test_what_has_no_form_is_our_bug() -> None:
    """A naive instant and a strange object are refused, never guessed."""
    for value in (datetime.fromisoformat("2026-10-08T09:00:00"), object()):
        with pytest.raises(Broken):
            to_json({"x": value})
