import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outlay.errors import BadInput, EngineFailed, OutlayError, SourceFailed
from outlay.fetching.clock import Clock
from outlay.fetching.kept import Kept
from outlay.fetching.months import months_asked, up_to_today
from outlay.fetching.pages import each_page
from outlay.fetching.patience import Busy, Patience, seconds_to_wait
from outlay.fetching.reading import Part, document
from outlay.fetching.web import Api, endpoint, key
from outlay.terms.period import Period
from tests.bills.servers.loopback import Reply, Request, Running, serving

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
FAILED = SourceFailed("busy", code="throttled")


def kept(folder: Path, owner: str = "acme", now: datetime = NOW, *, anew: bool = False) -> Kept:
    """Return a folder of pages that may stand for an hour."""
    return Kept(folder, owner, now, HOUR, anew=anew)


def test_a_settled_page_stands_for_ever_and_another_one_for_a_while(tmp_path: Path) -> None:
    """An hour later, what may have changed is asked for again; a clock that went back trusts nothing."""
    kept(tmp_path).keep({"a": 1}, "old", settled=True)
    kept(tmp_path).keep({"a": 2}, "new", settled=False)
    for now, found in ((NOW, "new"), (NOW + HOUR, None), (NOW - HOUR, None)):
        assert kept(tmp_path, now=now).find({"a": 1}) == "old"
        assert kept(tmp_path, now=now).find({"a": 2}) == found
    assert kept(tmp_path, anew=True).find({"a": 1}) is None


def test_pages_are_the_owners_alone(tmp_path: Path) -> None:
    """Another owner does not find them, no file names him, and nobody else may read them."""
    kept(tmp_path / "cache", "sk-secret").keep({"a": 1}, "mine", settled=True)
    assert kept(tmp_path / "cache", "somebody").find({"a": 1}) is None
    [file] = (tmp_path / "cache").iterdir()
    assert "sk-secret" not in file.read_text(encoding="utf-8") + file.name
    assert (file.stat().st_mode & 0o077, (tmp_path / "cache").stat().st_mode & 0o077) == (0, 0)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"body": 7}', '{"kept_at": "yesterday", "body": "x"}'])
def test_a_page_that_was_cut_off_is_asked_for_again(tmp_path: Path, content: str) -> None:
    """Half a page on the disk is none."""
    kept(tmp_path).keep({"a": 1}, "whole", settled=False)
    [file] = tmp_path.iterdir()
    file.write_text(content, encoding="utf-8")
    assert kept(tmp_path).find({"a": 1}) is None


def test_pages_that_aged_are_removed_and_settled_ones_stay(tmp_path: Path) -> None:
    """The folder does not grow with every day that was once unsettled."""
    kept(tmp_path).keep({"a": 1}, "settled", settled=True)
    kept(tmp_path).keep({"a": 2}, "passing", settled=False)
    kept(tmp_path, now=NOW + HOUR).forget_aged()
    assert kept(tmp_path).find({"a": 2}) is None
    assert kept(tmp_path).find({"a": 1}) == "settled"


def test_a_folder_that_cannot_be_written_is_a_named_failure(tmp_path: Path) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "cache").write_text("", encoding="utf-8")
    with pytest.raises(EngineFailed) as failed:
        kept(tmp_path / "cache").keep({}, "x", settled=True)
    assert failed.value.code == "cache-not-writable"


def test_patience_doubles_its_waits_and_heeds_what_the_vendor_asks() -> None:
    """1, 2, 4 seconds; a wait that was asked for counts as it is; too long a wait ends it at once."""
    waited: list[int] = []
    answers: list[int | None] = [None, None, 7, None]

    def ask() -> str:
        if answers:
            raise Busy(FAILED, answers.pop(0))
        return "well"

    assert Patience(6, 1, 120, waited.append).until(ask) == "well"
    assert waited == [1, 2, 7, 8]
    answers[:] = [121]
    with pytest.raises(SourceFailed):
        Patience(6, 1, 120, waited.append).until(ask)
    answers[:] = [None, None]
    with pytest.raises(SourceFailed):
        Patience(2, 0, 120, waited.append).until(ask)


@pytest.mark.parametrize(
    ("text", "wait_s"),
    [
        ("0", 0),
        (" 30 ", 30),
        ("Mon, 02 Nov 2026 09:31:00 GMT", 60),
        ("Mon, 02 Nov 2026 09:00:00 GMT", 0),
        ("soon", None),
        ("-1", None),
        ("٣", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_an_instant(text: str | None, wait_s: int | None) -> None:
    """Anything else is as if it were not there."""
    assert seconds_to_wait(text, NOW) == wait_s


def test_pages_end_where_a_token_repeats_and_where_there_is_no_end() -> None:
    """Either is a named failure; what came before is not the whole."""
    with pytest.raises(SourceFailed) as failed:
        list(each_page(lambda _: ("page", "same"), "example"))
    assert failed.value.code == "repeated-page"
    numbers = iter(range(100))
    with pytest.raises(SourceFailed) as endless:
        list(each_page(lambda _: ("page", str(next(numbers))), "example", most=5))
    assert endless.value.code == "endless-pages"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("http://example.com", "plain-http"),
        ("http://127.0.0.1.example.com", "plain-http"),
        ("http://10.0.0.1", "plain-http"),
        ("ftp://example.com", "bad-endpoint"),
        ("https://user:word@example.com", "bad-endpoint"),
        ("https://example.com/?key=1", "bad-endpoint"),
        ("https://[::1", "bad-endpoint"),
        ("https://example.com:port", "bad-endpoint"),
        ("example.com", "bad-endpoint"),
        ("https://a..b", "bad-endpoint"),
        ("https://exa mple.com", "bad-endpoint"),
        ("https://exämple.com", "bad-endpoint"),
    ],
)
def test_an_address_that_would_leak_the_key_is_refused(given: str, code: str) -> None:
    """Plain http is for this machine only; the message does not repeat a password."""
    with pytest.raises(BadInput) as refused:
        endpoint(given, "https://api.example.com")
    assert refused.value.code == code
    assert "word" not in str(refused.value).replace("a password", "")


@pytest.mark.parametrize("given", ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:1", "https://e.com/api"])
def test_this_machine_and_https_are_accepted(given: str) -> None:
    """With or without a port and a path."""
    assert endpoint(f"{given}/", "https://unused") == given
    assert endpoint(None, "https://api.example.com") == "https://api.example.com"


def test_the_first_variable_that_holds_a_key_wins() -> None:
    """A key with a line end in it is none: it was copied wrongly, and the message does not show it."""
    assert key({"B": "two", "A": " "}, ("A", "B"), "Example") == ("two", "B")
    with pytest.raises(BadInput) as refused:
        key({"A": "half of\na key"}, ("A",), "Example")
    assert (refused.value.code, "half" in str(refused.value)) == ("bad-key", False)


def test_the_earlier_of_two_clocks_decides_what_is_settled() -> None:
    """A few seconds are none; ten minutes are a problem that says which way."""
    clock = Clock(NOW)
    for said, ahead in (("Mon, 02 Nov 2026 09:28:00 GMT", False), ("Mon, 02 Nov 2026 08:30:00 GMT", True)):
        clock.hear(said)
        assert (clock.problem("x") is not None) == ahead
    assert NOW - clock.settled_by >= HOUR
    clock.hear("Mon, 02 Nov 2026 12:30:00 GMT")
    assert clock.settled_by == NOW
    found = clock.problem("x")
    assert found
    assert "behind" in (found.value or "")
    clock.hear("no date")


def test_months_up_to_today_and_no_further() -> None:
    """The current month ends with today; a month of the future is not asked for."""
    asked = months_asked(Period.parse("2026-10-01..2027-01-01"), NOW)
    assert [month.name for month in asked] == ["2026-10", "2026-11"]
    assert up_to_today(asked[1], NOW).days == 2
    with pytest.raises(BadInput, match="has not begun"):
        months_asked(Period.month("2026-12"), NOW)


class Echo:
    """A vendor that answers whatever it is asked."""

    def answer(self, request: Request) -> Reply:
        """Return the headers it heard."""
        return Reply(dict(request.headers))


@pytest.fixture
def echo() -> Iterator[Running]:
    """It runs."""
    with serving(Echo()) as running:
        yield running


def api(front: Running) -> Api:
    """Return an API asked with a key."""
    secret = "sk-example-secret"
    headers = {"Authorization": f"Bearer {secret}"}
    return Api("Example", front.url, headers, secret, "EXAMPLE_KEY", Clock(NOW), Patience(2, 0))


def test_what_stays_on_this_machine_goes_through_no_proxy(echo: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy of the environment would see the key in the clear."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with api(echo) as asked:
        assert json.loads(asked.get("/x"))["authorization"] == "Bearer sk-example-secret"


def test_nobody_there_is_not_tried_for_long() -> None:
    """Three times: an address where nobody listens is more often wrong than out of luck."""
    waited: list[int] = []
    asked = Api("Example", "http://127.0.0.1:9", {}, "", "EXAMPLE_KEY", Clock(NOW), Patience(6, 1, 120, waited.append))
    with asked, pytest.raises(SourceFailed) as failed:
        asked.get("/x")
    assert (failed.value.code, waited) == ("unreachable", [1, 2])


def test_an_answer_without_end_is_not_read_to_its_end(echo: Running) -> None:
    """More than 64 MB is no page of a report."""
    echo.moods.coming = [Reply(text="x" * ((1 << 26) + 1))]
    with api(echo) as asked, pytest.raises(OutlayError) as failed:
        asked.get("/x")
    assert failed.value.code == "answer-too-large"


def test_a_vendor_that_does_not_answer_at_all_is_unreachable(echo: Running) -> None:
    """The message names the API and not the key, and the cause is one of ours."""
    echo.moods.coming = [Reply(text="", cut=0, headers={"content-length": "5"}) for _ in range(2)]
    with api(echo) as asked, pytest.raises(SourceFailed) as failed:
        asked.get("/x")
    assert (failed.value.code, "secret" in str(failed.value)) == ("unreachable", False)


def test_neither_an_api_nor_its_errors_show_the_key(echo: Running) -> None:
    """Not in its representation, nor where a vendor repeats it or something like it."""
    echo.moods.coming = [Reply({"error": {"message": "key sk-example-secret, sk-other12345, Bearer abc.def"}}, 400)]
    with api(echo) as asked, pytest.raises(SourceFailed) as failed:
        asked.get("/x")
    assert "secret" not in repr(asked)
    assert not any(word in str(failed.value) for word in ("secret", "other12345", "abc.def"))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["1e400", "NaN", "-0.0", "12.5"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=12,
)


@given(value=VALUES, kind=st.sampled_from(["text", "flag", "amount", "count", "unix", "instant", "part", "parts"]))
def test_whatever_a_vendor_writes_is_read_or_refused_by_name(value: object, kind: str) -> None:
    """No value leads to anything but itself or one of our errors."""
    part = document(json.dumps({"a": value}), "example")
    try:
        found = getattr(part, kind)("a")
        list(found) if kind == "parts" else None
    except OutlayError as error:
        assert error.code == "not-as-documented"  # noqa: PT017 - either outcome is right; this is one of them


@given(st.text())
def test_whatever_text_answers_is_read_or_refused_by_name(text: str) -> None:
    """Neither half an answer nor a web page is taken for an object."""
    try:
        assert isinstance(document(text, "example"), Part)
    except OutlayError as error:
        assert error.code in ("not-json", "not-as-documented")  # noqa: PT017 - as above


def test_numbers_are_read_to_their_last_digit() -> None:
    """As numbers and as text; never through a binary one."""
    found = document('{"a": 0.1000000000000000055511151231257827, "b": "1.10", "c": 7}', "example")
    assert [found.amount(name) for name in "abcd"] == [
        Decimal("0.1000000000000000055511151231257827"), Decimal("1.10"), Decimal(7), None,
    ]  # fmt: skip
