"""Log records that say who caused them, through the real `logging` and the real structlog."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

import outlay
from outlay.sdk.output import hashing


@pytest.fixture(autouse=True)
def no_key() -> Iterator[None]:
    """Begin and end without a key for hashing."""
    outlay.configure()
    yield
    outlay.configure()


def logged(filter_: logging.Filter, **extra: object) -> str:
    """Return what a handler with this filter writes."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    names = " ".join(f"{name}=%({name})s" for name in ("feature", "customer", "team", "user", "session", "trace"))
    handler.setFormatter(logging.Formatter(f"%(message)s {names}"))
    handler.addFilter(filter_)
    logger = logging.getLogger("tests.sdk.host")
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    try:
        logger.info("found %d", 3, extra=extra)
    finally:
        logger.removeHandler(handler)
    return out.getvalue().strip()


def test_a_record_says_who_caused_it() -> None:
    """Inside a scope the attributes are the scope's; what nobody said is a dash, and never a failure."""
    with outlay.context(feature="search.answer", customer=7, session="s-1", trace="t", user="ann"):
        assert logged(outlay.LogFilter()) == (
            "found 3 feature=search.answer customer=7 team=- user=- session=s-1 trace=t"
        )
    assert logged(outlay.LogFilter("")) == "found 3 feature= customer= team= user= session= trace="


def test_what_the_host_says_itself_stays() -> None:
    """A host's own `extra` of the same name is not overwritten, and is no error."""
    with outlay.context(feature="ours", customer="ours"):
        assert "feature=theirs customer=ours" in logged(outlay.LogFilter(), feature="theirs")


def test_a_user_is_shown_as_in_the_events() -> None:
    """With a key it is the hash that the events carry; without one it is left out unless asked for."""
    with outlay.context(user="ann"):
        assert "user=ann" in logged(outlay.LogFilter(plain_users=True))
        outlay.configure(hash_users="k")
        expected = hashing.Hashing(b"k").text("ann")
        assert f"user={expected}" in logged(outlay.LogFilter())
        assert f"user={expected}" in logged(outlay.LogFilter(plain_users=True))


def test_the_processor_adds_what_is_said_to_structured_logs() -> None:
    """Through structlog's own pipeline to JSON: what is said is added, the host's keys stay, nothing else appears."""
    out = io.StringIO()
    logger = structlog.wrap_logger(
        structlog.PrintLogger(out), processors=[outlay.LogProcessor(), structlog.processors.JSONRenderer()]
    )
    with outlay.context(feature="search", customer="acme", plan="pro", user="ann"):
        logger.info("found", customer="beta")
    logger.info("nothing")
    assert [json.loads(line) for line in out.getvalue().splitlines()] == [
        {"event": "found", "customer": "beta", "feature": "search"},
        {"event": "nothing"},
    ]


class Hostile:
    """An object that fails when it is written."""

    def __str__(self) -> str:
        """Fail."""
        raise RuntimeError


def test_a_value_that_cannot_be_written_does_not_stop_the_record() -> None:
    """Law 12 holds in the logs, too."""
    with outlay.context(feature=Hostile()):  # type: ignore[arg-type] # what a host should not do
        assert logged(outlay.LogFilter()).startswith("found 3 feature=- customer=-")
        assert outlay.LogProcessor()(None, "info", {"event": "x"}) == {"event": "x"}
