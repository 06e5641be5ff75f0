"""API: read-only answers as JSON under /v1, the same that the CLI prints. One file per noun.

Comes in: query strings. Goes out: JSON, or problems (RFC 9457).
"""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response

from outlay.errors import Broken, OutlayError
from outlay.serve.api import activity, budgets, costs, explain, periods, reconcile, sources, trace_back, unit_cost
from outlay.serve.api.described import described
from outlay.serve.problems import not_there, problem, problem_of, wrong_value
from outlay.serve.settings import Settings
from outlay.store import Store


def attach(app: FastAPI, store: Store, settings: Settings) -> None:
    """Add the routes to an app, and how it answers when something is wrong."""
    for noun in (costs, explain, unit_cost, activity, reconcile, periods, trace_back):
        app.include_router(noun.routes(store))
    app.include_router(sources.routes(store, settings))
    app.include_router(budgets.routes(store, settings))
    described(app)

    @app.exception_handler(OutlayError)
    def failed(_: Request, error: OutlayError) -> Response:
        return problem_of(error)

    @app.exception_handler(RequestValidationError)
    def refused(_: Request, error: RequestValidationError) -> Response:
        return problem_of(wrong_value(error))

    @app.exception_handler(404)
    def nowhere(request: Request, _: Exception) -> Response:
        error = not_there(request)
        return problem(404, error.message, code=error.code, fix=error.fix)

    @app.exception_handler(405)
    def wrong_method(request: Request, error: Exception) -> Response:
        allowed = (getattr(error, "headers", None) or {}).get("Allow", "GET")
        answer = problem(405, f"{request.method} is not possible here", code="wrong-method", fix=f"use {allowed}")
        answer.headers["allow"] = allowed
        return answer

    @app.exception_handler(Exception)
    def broken(_: Request, __: Exception) -> Response:
        return problem_of(
            Broken("something went wrong inside Outlay", fix="see what the server printed, and report it")
        )
