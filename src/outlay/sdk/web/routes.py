"""Routes: the template of the route that handles a request, as its framework leaves it behind.

The path itself is never the answer: it holds ids, and there are as many paths as there are ids.
"""

import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

_DJANGO = "django.core.handlers"


def is_django(application: object) -> bool:
    """Say whether an application is Django's own, without loading Django."""
    return any(kind.__module__.startswith(_DJANGO) for kind in type(application).__mro__)


def endpoint(method: str, template: str | None) -> str | None:
    """Return what an event says of its route.

    >>> endpoint("POST", "orders/{id}"), endpoint("GET", None)
    ('POST /orders/{id}', None)
    """
    return None if template is None else f"{method} /{template.lstrip('/')}"


def of_asgi(scope: Mapping[str, Any], root_path: str) -> str | None:
    """Return the template of the route that Starlette or FastAPI chose, with what it is mounted below.

    Args:
        scope: The connection, as the application left it.
        root_path: What the connection was mounted below when it came.

    A route knows its own template and not those of the routers and mounts around it, so their part is the path's, with
    the values of parameters put back to names. Where one of them is not found in it, the route's own has to do.
    """
    if "route" not in scope:  # Starlette before 1.0 forgets which one it chose, but not among which
        again = {name: scope.get(name) for name in ("type", "method", "path", "headers")}
        return _chosen(getattr(scope.get("router"), "routes", ()), {**again, "root_path": root_path})
    template = getattr(scope["route"], "path", None)
    if not isinstance(template, str):
        return None
    parameters: Mapping[str, object] = scope.get("path_params") or {}
    inside = [name for name in parameters if f"{{{name}}}" in template or f"{{{name}:" in template]
    slashes = template.count("/") + sum(str(parameters[name]).count("/") for name in inside if f"{{{name}:" in template)
    around = str(scope.get("path", "")).split("/")
    head = around[: len(around) - slashes] if slashes < len(around) else []
    for name in parameters:
        if name not in inside:
            value = str(parameters[name])
            if value not in head:
                return template
            head[head.index(value)] = f"{{{name}}}"
    return "/".join(head) + template


def _chosen(routes: Iterable[Any], scope: dict[str, Any]) -> str | None:
    """Return the template of the first route that takes a connection, as a router would choose it."""
    for route in routes:
        match, child = route.matches(scope)
        if match.name == "FULL":
            template = str(getattr(route, "path", ""))
            inside = getattr(route, "routes", None)
            below = _chosen(inside, {**scope, **child}) if inside else ""
            return None if below is None else template + below
    return None


def of_wsgi(environ: Mapping[str, Any]) -> str | None:
    """Return the rule that Flask chose, from the request it leaves in the environment."""
    rule = getattr(getattr(environ.get("werkzeug.request"), "url_rule", None), "rule", None)
    return rule if isinstance(rule, str) else None


def of_django(path: Callable[[], str]) -> str | None:
    """Return the template of the route that Django resolves a path to."""
    urls = sys.modules.get("django.urls")
    if urls is None:
        return None
    try:
        route = urls.resolve(path()).route
    except urls.Resolver404:
        return None
    return route if isinstance(route, str) else None
