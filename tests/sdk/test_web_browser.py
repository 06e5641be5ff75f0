"""From a page in a real Chromium, by the helper on the page about context, to what handlers of two origins hear."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Page, sync_playwright
from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

import outlay
from outlay.sdk.scope import said
from tests.docs.examples import blocks
from tests.docs.pages import read
from tests.sdk import web_servers

KEYS = {"2026-10": "s" * 32}
_FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_ASK = """
async ([url, forged]) => {
    const headers = forged ? { "X-Customer-Id": forged, baggage: `outlay.customer=${forged}` } : {};
    const answer = await fetch(url, { headers });
    return [answer.status, await answer.json()];
}
"""


def application() -> Starlette:
    """Return a shop that believes signed contexts, and its pages in what feature they are."""

    async def hear(_: Request) -> JSONResponse:
        return JSONResponse({name: value for name, value in said().items() if name not in ("trace", "span")})

    async def page(_: Request) -> HTMLResponse:
        return HTMLResponse("<!doctype html><link rel=icon href=data:,><title>Shop</title>")

    async def helper(_: Request) -> Response:
        return Response(blocks(read("docs/context.md"), "js")[0], media_type="text/javascript")

    routes = [Route("/", page), Route("/outlay.js", helper), Route("/heard", hear)]
    app = Starlette(routes=routes)
    app.add_middleware(
        outlay.ASGIMiddleware,
        mode="required",
        trust="signed",
        keys=KEYS,
        unsigned=("feature", "session"),
        exempt=["/", "/outlay.js"],
    )
    app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_headers=["*", "X-Outlay-Context", "baggage"])
    return app


@contextmanager
def opened() -> Iterator[Page]:
    """Open a page in a real Chromium. An absent one fails; it never skips."""
    found = next((path for name in _BROWSERS if (path := shutil.which(name))), None)
    assert found, "no Chromium on PATH. Fix: make browser"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=_FLAGS)
        yield browser.new_page()
        browser.close()


def test_a_page_says_its_feature_and_cannot_say_another_customer() -> None:
    """Signed by the server, handed on by the page to its own and an allowed origin; forged headers say nothing."""
    # In a thread of its own: the browser of another test may be open in this one, and each has a loop.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(_shop).result(timeout=120)


def _shop() -> None:
    with opened() as page, web_servers.asgi(application()) as own, web_servers.asgi(application()) as other:
        page.goto(own)

        def ask(url: str, forged: str = "") -> tuple[int, dict[str, Any]]:
            status, found = page.evaluate(_ASK, [f"{url}/heard", forged])
            return status, found

        assert ask(own)[1]["code"] == "missing-signature"
        token = outlay.sign_context(KEYS, customer="acme", user="u-1")
        page.evaluate(
            """async ([token, host]) => {
                const ours = await import("/outlay.js");
                ours.feature("search.answer");
                ours.signed(token);
                ours.allow(host);
            }""",
            [token, other.removeprefix("http://")],
        )
        expected = {"feature": "search.answer", "customer": "acme", "user": "u-1", "endpoint": "GET /heard"}
        for url in (own, other):
            for forged in ("", "beta"):
                status, found = ask(url, forged)
                assert len(found.pop("session")) == 36
                assert (status, found) == (200, expected)
        page.evaluate("token => import('/outlay.js').then(ours => ours.signed(token))", token[:-3] + "abc")
        assert ask(own) == (401, ask(other)[1])
        assert ask(own)[1]["code"] == "forged-signature"
