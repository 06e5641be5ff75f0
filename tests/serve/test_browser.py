"""The page in a real Chromium: it draws, it fits, it can be used by keyboard, and it asks nobody else for anything."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page

from tests.house.planting import ROOT

_AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
_CULPRIT = "ai_tagging.document_auto_tag"
_SIZES = {"wide": (1280, 900), "narrow": (390, 844)}
_SERIOUS = {"serious", "critical"}


class Watched:
    """A page that keeps what went wrong on it.

    Args:
        page: The page.
        origin: Where everything must come from.
    """

    def __init__(self, page: Page, origin: str) -> None:
        self.page = page
        self.troubles: list[str] = []
        page.on("console", lambda said: self.troubles.append(said.text))
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("requestfailed", lambda request: self.troubles.append(f"failed: {request.url}"))
        page.on("request", lambda request: self._asked(request.url, origin))
        page.on("response", lambda answer: self._answered(answer.status, answer.url))

    def _asked(self, url: str, origin: str) -> None:
        if not url.startswith(f"{origin}/"):
            self.troubles.append(f"from elsewhere: {url}")

    def _answered(self, status: int, url: str) -> None:
        if status >= 400:
            self.troubles.append(f"{status}: {url}")


@pytest.fixture(params=[(size, scheme) for size in _SIZES for scheme in ("light", "dark")], ids="-".join)
def opened(request: pytest.FixtureRequest, browser: Browser, served: str) -> Iterator[Watched]:
    """The overview, opened and drawn, wide and narrow, light and dark."""
    size, scheme = request.param
    width, height = _SIZES[size]
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
    watched = Watched(page, served)
    page.goto(f"{served}/")
    page.wait_for_selector("#chart[data-drawn=true] canvas")
    yield watched
    page.close()


@pytest.fixture
def page(browser: Browser, served: str) -> Iterator[Page]:
    """The overview on a wide screen."""
    one = browser.new_page(viewport={"width": 1280, "height": 900}, base_url=served)
    one.goto("/")
    yield one
    one.close()


def serious(page: Page) -> list[str]:
    """Return what axe-core finds to be a serious or critical barrier, with where."""
    assert _AXE.is_file(), "axe-core is not installed. Fix: make assets"
    page.evaluate(_AXE.read_text(encoding="utf-8"))
    found: Any = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']}"
        for one in found["violations"]
        if one["impact"] in _SERIOUS
        for node in one["nodes"]
    ]


def test_it_opens_without_a_complaint_and_draws(opened: Watched) -> None:
    """No console message, no failed request, none to elsewhere, no policy violation; the chart has pixels."""
    assert opened.troubles == []
    drawn = opened.page.evaluate(
        """() => { const canvas = document.querySelector("#chart canvas");
        const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
        return data.filter((value, place) => place % 4 === 3 && value > 0).length; }"""
    )
    assert drawn > 5000


def test_it_fits_without_scrolling_sideways(opened: Watched) -> None:
    """The page is as wide as the window, also at 390 pixels and with every table unfolded."""
    opened.page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    wide, window = opened.page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert wide <= window


def test_nothing_keeps_anyone_out(opened: Watched) -> None:
    """axe-core finds no serious or critical barrier, in any size and scheme, contrast included."""
    opened.page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert serious(opened.page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_beside_the_overview_fit_and_keep_nobody_out(browser: Browser, served: str, scheme: str) -> None:
    """Each opens without a complaint, fits into 390 pixels, and has no serious barrier, with everything unfolded."""
    one = browser.new_page(viewport={"width": 390, "height": 844}, color_scheme=scheme)  # type: ignore[arg-type]
    watched = Watched(one, served)
    for path in ("/trace-back", "/reconcile", "/sources"):
        one.goto(f"{served}{path}")
        one.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert one.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
        assert serious(one) == [], path
    assert watched.troubles == []
    one.close()


def test_pages_without_data_keep_nobody_out(browser: Browser, served: str, served_empty: str) -> None:
    """The page of an empty store and the page of a wrong address have no serious barrier either."""
    one = browser.new_page()
    for address in (f"{served_empty}/", f"{served}/?by=colour", f"{served}/?where=feature%3Dnobody"):
        one.goto(address)
        assert serious(one) == [], address
    one.close()


def test_the_keyboard_reaches_the_pickers(page: Page) -> None:
    """Tab goes to the skip link, the name, the pages and every picker in turn, and one sees where one is."""
    reached = []
    for _ in range(10):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.name || document.activeElement.textContent.trim()"))
    assert reached == [
        *("Skip to the content", "Outlay", "Overview", "Where it comes from", "Does it match?", "Sources"),
        *("period", "before", "by", "Show"),
    ]
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_a_picker_changes_the_view_and_the_address(page: Page) -> None:
    """What one picks stands in the address afterwards, and the page shows it."""
    page.get_by_role("combobox", name="By", exact=True).select_option("customer")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**/?*by=customer*")
    assert page.get_by_role("row", name="acme").count() == 2


def test_a_row_leads_to_its_own_view(page: Page, served: str) -> None:
    """A click on a row filters the page by it; the headline is then what the API says of it; the filter can go."""
    page.get_by_role("region", name="Cost by feature").get_by_role("link", name=_CULPRIT).click()
    page.wait_for_url("**where=feature*")
    shown = page.locator(".total data").first.get_attribute("value")
    where = {"period": "2026-10", "where": f"feature={_CULPRIT}"}
    assert shown == httpx.get(f"{served}/v1/costs", params=where).json()["total"]
    page.get_by_role("link", name="remove this filter").click()
    page.wait_for_url(lambda url: "where" not in url)
    whole = page.locator(".total data").first.get_attribute("value")
    assert Decimal(whole or 0) > Decimal(shown or 0)


def test_the_page_has_its_landmarks(page: Page) -> None:
    """A banner, one main part, named sections and a footer: what screen readers jump by."""
    for role in ("banner", "main", "contentinfo"):
        assert page.get_by_role(role).count() == 1
    names = ["Day by day", "What changed, and why", "Where it went", "Who owns it", "It adds up"]
    for name in names:
        assert page.get_by_role("region", name=name, exact=True).count() == 1, name


def test_it_works_without_scripts(browser: Browser, served: str) -> None:
    """With JavaScript off, pickers and links work, and no empty chart stands there."""
    context = browser.new_context(java_script_enabled=False, base_url=served)
    one = context.new_page()
    one.goto("/")
    assert not one.locator("#chart").is_visible()
    one.get_by_role("combobox", name="By", exact=True).select_option("team")
    one.get_by_role("button", name="Show").click()
    assert "by=team" in one.url
    assert one.get_by_role("region", name="Cost by team").is_visible()
    context.close()


def test_the_assets_are_built(served: str) -> None:
    """The chart's library is served from here; an absent one fails, it never skips."""
    response = httpx.get(f"{served}/static/vendor/charts.js")
    assert response.status_code == 200, "the assets are not built. Fix: make assets"
    assert len(response.content) < 700_000
    assert Path(ROOT / "web" / "package-lock.json").is_file()
