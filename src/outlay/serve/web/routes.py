"""Routes of the pages: the overview, the pages beside it, their static files, and what is shown when something is wrong."""

import shlex
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from http import HTTPStatus
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from outlay.errors import OutlayError, UnknownName
from outlay.serve.problems import not_there, problem, problem_of, status_of
from outlay.serve.settings import Settings
from outlay.serve.web import figures, words
from outlay.serve.web.now import last_hour
from outlay.serve.web.page import months_of, page
from outlay.serve.web.pages import match, sources, trace_back
from outlay.serve.web.pages.asked import Asked
from outlay.serve.web.state import State
from outlay.store import Store
from outlay.terms.money import plain

_FOLDER = Path(__file__).parent
_CHARTS = _FOLDER / "static" / "vendor" / "charts.js"
#: Pages that show the last hour.
_WITH_NOW = ("page.html", "empty.html", "now.html")
_PARAMETERS = ("period", "before", "by", "where", "currency", "show")
#: What a page answers with: its template, and what that shows.
_Shown = tuple[str, Mapping[str, Any]]


def attach(
    app: FastAPI,
    store: Store,
    door: str | None = None,
    charts: Path = _CHARTS,
    *,
    settings: Settings | None = None,
) -> None:
    """Add the pages and what they load to an app.

    Args:
        app: The app.
        store: Holds the published ledger.
        door: Where programs send what they use; None when nothing is collected.
        charts: What `make assets` builds; without it the page has no chart, and its tables say the same.
        settings: What `outlay.toml` says; None for nothing.
    """
    templates = _templates()
    settings = settings or Settings()

    def shown(request: Request, name: str, status: int = HTTPStatus.OK, **values: Any) -> Response:
        if door and name in _WITH_NOW:
            values["now"] = last_hour(store, datetime.now(UTC))
        common = {"has_charts": charts.is_file(), "door": door, "here": request.url.path}
        return HTMLResponse(templates.get_template(name).render(**common, **values), status_code=status)

    def answered(request: Request, made: Callable[[], _Shown]) -> Response:
        try:
            name, values = made()
            return shown(request, name, **values)
        except OutlayError as error:
            return shown(request, "problem.html", status_of(error), error=error)

    def beside(request: Request, name: str, usual: int, made: Callable[..., dict[str, Any]], command: str) -> Response:
        """Answer with a page beside the overview, of the months that have a ledger."""

        def found() -> _Shown:
            known, published = months_of(store)
            if not published:
                return "empty.html", {"waiting": [row["period"] for row in known]}
            where = request.query_params.getlist("where")
            asked = Asked.of(
                request.url.path,
                request.query_params,
                published,
                where=where,
                usual=usual,
                reporting=settings.now()[0].reporting,
            )
            offered = [*([] if asked.period in published else [asked.period]), *sorted(published, reverse=True)]
            typed = ["outlay", command, "--period", asked.period.name]
            typed += [word for key, value in asked.where.items() for word in ("--where", f"{key}={value}")]
            values = made(asked, known)
            return name, {**values, "offered": offered, "same_in_terminal": shlex.join(typed)}

        return answered(request, found)

    @app.get("/", include_in_schema=False)
    def dashboard(request: Request) -> Response:
        def found() -> _Shown:
            for name in request.query_params:
                if name not in _PARAMETERS:
                    raise UnknownName("query parameter", name, _PARAMETERS)
            known, published = months_of(store)
            if not published:
                return "empty.html", {"waiting": [row["period"] for row in known]}
            where = request.query_params.getlist("where")
            state = State.of(request.query_params, where, published)
            return "page.html", page(store, state, known, published, settings.now()[0].reporting)

        return answered(request, found)

    @app.get("/trace-back", include_in_schema=False)
    def led_back(request: Request) -> Response:
        return beside(
            request,
            "trace_back.html",
            trace_back.USUAL,
            lambda asked, _: trace_back.trace_back(store, asked),
            "trace-back",
        )

    @app.get("/reconcile", include_in_schema=False)
    def matched(request: Request) -> Response:
        return beside(
            request, "reconcile.html", match.USUAL, lambda asked, known: match.match(store, asked, known), "reconcile"
        )

    @app.get("/sources", include_in_schema=False)
    def fresh(request: Request) -> Response:
        def found() -> _Shown:
            config, flaw = settings.now()
            values = sources.sources(store, config, flaw, datetime.now(UTC))
            return "sources.html", {**values, "has_config": settings.is_there}

        return answered(request, found)

    @app.get("/now", include_in_schema=False)
    def now(request: Request) -> Response:
        try:
            return shown(request, "now.html") if door else nowhere(request, "now")
        except OutlayError as error:
            return problem_of(error)

    app.mount("/static", StaticFiles(directory=_FOLDER / "static"), name="static")

    @app.get("/{path:path}", include_in_schema=False)
    def nowhere(request: Request, path: str) -> Response:
        error = not_there(request)
        if path.split("/")[0] == "v1":
            return problem(HTTPStatus.NOT_FOUND, error.message, code=error.code, fix=error.fix)
        error.fix = "go to the overview"
        return shown(request, "problem.html", HTTPStatus.NOT_FOUND, error=error)


def _templates() -> Environment:
    found = Environment(
        loader=FileSystemLoader(_FOLDER / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    found.filters["plain"] = plain
    for name in ("apart", "at", "count", "percent", "on", "spoken"):
        found.filters[name] = getattr(figures, name)
    found.globals["figures_of"] = lambda currency: figures.Figures(currency, Decimal(0))
    found.globals["words"] = words
    return found
