"""Modes and trust: what is believed, what is quarantined, what is turned away; the same over ASGI and WSGI."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

import outlay
from outlay.errors import BadConfig
from outlay.sdk.headers import signed
from outlay.sdk.headers.names import Names
from outlay.sdk.scope import said
from outlay.sdk.web import door, features
from outlay.sdk.web.door import Door
from tests.apart import run

KEYS = {"2026-10": "n" * 32, "2026-09": "o" * 32}
TRACED = ("trace", "span", "parent", "endpoint")
Answer = tuple[int, dict[str, Any]]
Ask = Callable[..., Answer]


def heard() -> dict[str, object]:
    """Return what is said of who causes it."""
    return {name: value for name, value in said().items() if name not in TRACED}


def over_asgi(options: dict[str, Any]) -> Ask:
    """Return what asks a Starlette application behind the middleware."""

    async def handler(_: Request) -> JSONResponse:
        return JSONResponse(heard())

    every = ["GET", "OPTIONS"]
    routes = [Route(path, handler, methods=every) for path in ("/", "/health", "/static/a/b", "/statics")]
    app = Starlette(routes=routes)
    app.add_middleware(outlay.ASGIMiddleware, **options)

    def ask(path: str = "/", method: str = "GET", **headers: str) -> Answer:
        async def send() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
                return await client.request(method, path, headers=_named(headers))

        return _answer(run(send()))

    return ask


def over_wsgi(options: dict[str, Any]) -> Ask:
    """Return what asks a Flask application behind the middleware."""
    app = Flask("probe")
    for number, path in enumerate(("/", "/health", "/static/a/b", "/statics")):
        app.add_url_rule(path, str(number), heard, methods=["GET", "OPTIONS"], provide_automatic_options=False)
    app.wsgi_app = outlay.WSGIMiddleware(app.wsgi_app, **options)  # type: ignore[method-assign] # as Flask says

    def ask(path: str = "/", method: str = "GET", **headers: str) -> Answer:
        with httpx.Client(transport=httpx.WSGITransport(app), base_url="http://test") as client:
            return _answer(client.request(method, path, headers=_named(headers)))

    return ask


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def _answer(response: httpx.Response) -> Answer:
    if response.status_code >= 400:
        assert response.headers["content-type"] == "application/problem+json"
        assert int(response.headers["content-length"]) == len(response.content)
    return response.status_code, response.json()


@pytest.fixture(params=[over_asgi, over_wsgi], ids=["asgi", "wsgi"])
def behind(request: pytest.FixtureRequest) -> Callable[..., Ask]:
    """What puts an application behind the middleware with options, and asks it."""
    return lambda **options: request.param(options)


def counted(reason: str) -> int:
    """Return how often something was ignored for a reason so far."""
    return outlay.ignored().get(reason, 0)


def test_observing_takes_what_is_there(behind: Callable[..., Ask]) -> None:
    """Headers of their own go before the baggage, what is outside the limits is dropped, and nobody is turned away."""
    ask = behind()
    assert ask() == (200, {})
    assert ask(x_feature_context="a.b", baggage="outlay.feature=c.d,outlay.plan=p") == (
        200,
        {"feature": "a.b", "plan": "p"},
    )
    before = counted("bad-value:customer")
    assert ask(x_customer_id="two words", x_user_id="u") == (200, {"user": "u"})
    assert counted("bad-value:customer") == before + 1


@pytest.mark.parametrize("kind", ["list", "function", "file"])
def test_unknown_features_are_quarantined_by_name(behind: Callable[..., Ask], kind: str, tmp_path: Path) -> None:
    """A known feature is kept; an unknown one is left out, kept apart under its own name, and counted."""
    (tmp_path / "features").write_text("# ours\nsearch.answer\n\nexport.*  # all of them\n", encoding="utf-8")
    known: Any = {
        "list": ["search.answer", "export.*"],
        "function": lambda name: name == "search.answer" or name.startswith("export."),
        "file": tmp_path / "features",
    }[kind]
    ask = behind(mode="allow", features=known)
    assert ask(x_feature_context="search.answer") == (200, {"feature": "search.answer"})
    assert ask(x_feature_context="export.csv") == (200, {"feature": "export.csv"})
    assert ask() == (200, {})
    for name in ("search.new", "search"):
        before = counted(f"quarantined:{name}")
        found = ask(x_feature_context=name, x_customer_id="acme")
        assert found == (200, {"customer": "acme", "quarantined_feature": name})
        assert counted(f"quarantined:{name}") == before + 1


def test_a_request_without_a_feature_is_told_which_header_to_send(behind: Callable[..., Ask]) -> None:
    """A clear 400 in the form of a problem; preflights, health checks and exempt paths are let through."""
    ask = behind(mode="required")
    status, problem = ask()
    assert status == 400
    assert problem["code"] == "missing-feature"
    assert problem["fix"] == "send the header x-feature-context, with a feature such as search.answer"
    assert problem["type"] == "urn:outlay:problem:missing-feature"
    assert ask(x_feature_context="a.b") == (200, {"feature": "a.b"})
    assert ask(baggage="outlay.feature=a.b") == (200, {"feature": "a.b"})
    assert ask(x_feature_context="a b")[0] == 400
    assert ask("/health") == (200, {})
    assert ask(method="OPTIONS") == (200, {})
    ask = behind(mode="required", exempt=["/static/*"], names=Names(headers={"X-Part": "feature"}))
    assert ask("/static/a/b") == (200, {})
    assert ask("/statics")[0] == ask("/health")[0] == 400
    assert "x-part" in ask("/statics")[1]["fix"]


def test_a_required_feature_that_is_unknown_is_quarantined_not_refused(behind: Callable[..., Ask]) -> None:
    """A page that is newer than the list of its server goes on working."""
    ask = behind(mode="required", features=["a.b"])
    assert ask(x_feature_context="c.d") == (200, {"quarantined_feature": "c.d"})
    assert ask()[0] == 400


def test_nobody_is_believed_when_nobody_is_to_be_trusted(behind: Callable[..., Ask]) -> None:
    """Neither headers nor baggage say anything."""
    token = outlay.sign_context(KEYS, customer="acme")
    ask = behind(trust="none")
    assert ask(x_feature_context="a.b", baggage="outlay.customer=c", x_outlay_context=token) == (200, {})


def test_a_browser_cannot_forge_a_customer(behind: Callable[..., Ask]) -> None:
    """Where only signed contexts are believed, plain headers say what they are allowed to say and no more."""
    ask = behind(trust="signed", keys=KEYS, unsigned=("feature",))
    token = outlay.sign_context(KEYS, customer="acme", user="u-1")
    forged = {"x_customer_id": "beta", "baggage": "outlay.customer=beta,outlay.plan=free,outlay.feature=x.y"}
    assert ask(**forged) == (200, {"feature": "x.y"})
    assert ask(**forged, x_feature_context="a.b", x_outlay_context=token) == (
        200,
        {"feature": "a.b", "customer": "acme", "user": "u-1"},
    )
    strict = behind(trust="signed", keys=KEYS)
    assert strict(**forged, x_outlay_context=token) == (200, {"customer": "acme", "user": "u-1"})


def _doubtful() -> dict[str, str]:
    good = outlay.sign_context(KEYS, feature="a.b")
    return {
        "forged": good[:-2] + ("AA" if good[-2:] != "AA" else "BB"),
        "expired": outlay.sign_context(KEYS, feature="a.b", now_s=1, lifetime_s=1),
        "not-yet": outlay.sign_context(KEYS, feature="a.b", now_s=99_000_000_000),
        "unknown-key": outlay.sign_context({"other": "x" * 32}, feature="a.b"),
        "malformed": "v1.nonsense",
    }


@pytest.mark.parametrize("doubt", sorted(_doubtful()))
def test_a_doubtful_signature_is_refused_where_one_is_required_and_else_ignored(
    behind: Callable[..., Ask], doubt: str
) -> None:
    """401 that says why, or nothing believed and one more counted."""
    token = _doubtful()[doubt]
    before = counted(f"{doubt}-signature")
    status, problem = behind(trust="signed", keys=KEYS, mode="required")(x_outlay_context=token)
    assert (status, problem["code"]) == (401, f"{doubt}-signature")
    assert behind(trust="signed", keys=KEYS)(x_outlay_context=token) == (200, {})
    allowing = behind(trust="signed", keys=KEYS, mode="allow", features=["a.b"])
    assert allowing(x_outlay_context=token) == (200, {})
    assert counted(f"{doubt}-signature") == before + 3


def test_a_required_signature_that_is_missing_or_names_no_feature_is_told_apart(behind: Callable[..., Ask]) -> None:
    """401 for none, 400 for one without a feature; a rotated key is still believed."""
    ask = behind(trust="signed", keys=KEYS, mode="required")
    assert ask()[1]["code"] == "missing-signature"
    status, problem = ask(x_outlay_context=outlay.sign_context(KEYS, customer="acme"))
    assert (status, problem["code"]) == (400, "missing-feature")
    assert "sign the feature" in problem["fix"]
    rotated = outlay.sign_context({"2026-09": KEYS["2026-09"]}, feature="a.b")
    assert ask(x_outlay_context=rotated) == (200, {"feature": "a.b"})


def test_a_signed_context_that_was_believed_still_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remembering what was found right saves the next look at it, and not one second more."""
    now = 1_790_000_000.0
    monkeypatch.setattr(door, "time", lambda: now)
    monkeypatch.setattr(signed, "time", lambda: now)
    opened = Door(trust="signed", keys=KEYS)
    token = outlay.sign_context(KEYS, lifetime_s=10, customer="acme")
    for later, expected in ((0, "acme"), (9, "acme"), (10, None), (0, "acme")):
        now = 1_790_000_000.0 + later
        assert opened.said({"x-outlay-context": token})[0].get("customer") == expected
    for number in range(3000):
        opened.said({"x-outlay-context": outlay.sign_context(KEYS, customer=number)})
    assert opened.said({"x-outlay-context": token})[0]["customer"] == "acme"


@pytest.mark.parametrize(
    "options",
    [
        {"mode": "strict"},
        {"trust": "everybody"},
        {"mode": "allow"},
        {"mode": "allow", "features": []},
        {"mode": "allow", "features": "search.answer"},
        {"mode": "allow", "features": Path("/nowhere/features")},
        {"features": ["a.b"]},
        {"trust": "signed"},
        {"trust": "signed", "keys": {"k": "short"}},
        {"keys": KEYS},
        {"trust": "none", "mode": "required"},
        {"unsigned": "feature"},
        {"unsigned": ["state"]},
        {"exempt": "/health"},
        {"exempt": ["health"]},
    ],
)
def test_options_that_contradict_each_other_are_refused_at_the_start(options: dict[str, Any]) -> None:
    """Each with what to write instead."""
    with pytest.raises(BadConfig) as refused:
        outlay.WSGIMiddleware(lambda *_: [], **options)
    assert refused.value.fix


def test_a_question_about_features_that_fails_fails_no_request() -> None:
    """The feature is quarantined, and the failure counted."""

    def fail(name: str) -> bool:
        raise LookupError(name)

    before = counted("features-failed")
    found, _ = Door(mode="allow", features=fail).said({"x-feature-context": "a.b"})
    assert found["quarantined_feature"] == "a.b"
    assert counted("features-failed") == before + 1


def test_a_list_in_a_file_is_read_again_when_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new line is known within ten seconds; while the file is gone, what it said last holds."""
    now = 1000.0
    monkeypatch.setattr(features, "monotonic", lambda: now)
    path = tmp_path / "features"
    path.write_text("a.b\n", encoding="utf-8")
    knows = features.known(path)
    assert (knows("a.b"), knows("c.d")) == (True, False)
    path.write_text("c.d\n", encoding="utf-8")
    os.utime(path, ns=(1, 1))
    assert (knows("a.b"), knows("c.d")) == (True, False)
    now += 11
    assert (knows("a.b"), knows("c.d")) == (False, True)
    path.unlink()
    before = counted("features-failed")
    now += 11
    assert knows("c.d")
    assert counted("features-failed") == before + 1


@settings(deadline=None, derandomize=True, max_examples=200)
@given(
    st.dictionaries(
        st.sampled_from(["x-feature-context", "x-customer-id", "baggage", "traceparent", "x-outlay-context"]),
        st.text(max_size=120),
    )
)
def test_no_header_makes_the_door_fail(headers: dict[str, str]) -> None:
    """Whatever stands in them, there is a scope, and what cannot be believed is not in it."""
    for opened in (Door(), Door(trust="signed", keys=KEYS, mode="required"), Door(mode="allow", features=["a"])):
        found, doubt = opened.said(headers)
        refusal = opened.refusal(found, doubt, "GET", "/")
        assert refusal is None or json.loads(refusal.body)["fix"]
        if opened.trust == "signed":
            assert "customer" not in found


@pytest.fixture(autouse=True)
def outside() -> Iterator[None]:
    """Leave every test in no scope."""
    yield
    assert said() == {}
