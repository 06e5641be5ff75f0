"""Routes of the page: the dashboard, its static files, and a page for when something is wrong."""

from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from outlay.errors import OutlayError, UnknownName
from outlay.serve.problems import not_there, problem, problem_of, status_of
from outlay.serve.web import figures
from outlay.serve.web.now import last_hour
from outlay.serve.web.page import months_of, page
from outlay.serve.web.state import State
from outlay.store import Store
from outlay.terms.money import plain

_FOLDER = Path(__file__).parent
_CHARTS = _FOLDER / "static" / "vendor" / "charts.js"
#: Pages that show the last hour.
_WITH_NOW = ("page.html", "empty.html", "now.html")
_PARAMETERS = ("period", "before", "by", "where", "currency", "show")


def attach(app: FastAPI, store: Store, door: str | None = None, charts: Path = _CHARTS) -> None:
    """Add the page and what it loads to an app.

    Args:
        app: The app.
        store: Holds the published ledger.
        door: Where programs send what they use; None when nothing is collected.
        charts: What `make assets` builds; without it the page has no chart, and its tables say the same.
    """
    templates = _templates()

    def shown(name: str, status: int = HTTPStatus.OK, **values: Any) -> Response:
        if door and name in _WITH_NOW:
            values["now"] = last_hour(store, datetime.now(UTC))
        text = templates.get_template(name).render(has_charts=charts.is_file(), door=door, **values)
        return HTMLResponse(text, status_code=status)

    @app.get("/", include_in_schema=False)
    def dashboard(request: Request) -> Response:
        try:
            for name in request.query_params:
                if name not in _PARAMETERS:
                    raise UnknownName("query parameter", name, _PARAMETERS)
            known, published = months_of(store)
            if not published:
                return shown("empty.html", waiting=[row["period"] for row in known])
            where = request.query_params.getlist("where")
            state = State.of(request.query_params, where, published)
            return shown("page.html", **page(store, state, known, published))
        except OutlayError as error:
            return shown("problem.html", status_of(error), error=error)

    @app.get("/now", include_in_schema=False)
    def now(request: Request) -> Response:
        try:
            return shown("now.html") if door else nowhere(request, "now")
        except OutlayError as error:
            return problem_of(error)

    app.mount("/static", StaticFiles(directory=_FOLDER / "static"), name="static")

    @app.get("/{path:path}", include_in_schema=False)
    def nowhere(request: Request, path: str) -> Response:
        error = not_there(request)
        if path.split("/")[0] == "v1":
            return problem(HTTPStatus.NOT_FOUND, error.message, code=error.code, fix=error.fix)
        error.fix = "go to the overview"
        return shown("problem.html", HTTPStatus.NOT_FOUND, error=error)


def _templates() -> Environment:
    found = Environment(
        loader=FileSystemLoader(_FOLDER / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    found.filters["plain"] = plain
    for name in ("count", "percent", "on", "spoken"):
        found.filters[name] = getattr(figures, name)
    return found
