"""Problems: errors as programs meet them over HTTP (RFC 9457), with nothing of the inside leaking out.

Comes in: an error. Goes out: a status and `application/problem+json` with our stable `code` and a `fix`.
"""

from http import HTTPStatus

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response

from outlay.errors import Broken, EngineFailed, OutlayError, Refused, SourceFailed
from outlay.serve.encode import to_json

MEDIA_TYPE = "application/problem+json"
_STATUS = (
    (Refused, HTTPStatus.BAD_REQUEST),
    (SourceFailed, HTTPStatus.BAD_GATEWAY),
    (EngineFailed, HTTPStatus.SERVICE_UNAVAILABLE),
    (Broken, HTTPStatus.INTERNAL_SERVER_ERROR),
)
#: Statuses that say more than the kind of an error does.
_BY_CODE = {
    "no-such-trace": HTTPStatus.NOT_FOUND,
    "body-too-large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "unknown-media": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "no-key": HTTPStatus.UNAUTHORIZED,
    "unknown-key": HTTPStatus.UNAUTHORIZED,
    "wrong-scope": HTTPStatus.FORBIDDEN,
    "too-fast": HTTPStatus.TOO_MANY_REQUESTS,
}
#: Seconds after which asking again may help.
_RETRY_AFTER = {"busy": "1", "closing": "5", "disk-full": "30", "journal-failed": "30"}

#: The schema of every error, for the OpenAPI document.
SCHEMA = {
    "type": "object",
    "description": "A problem (RFC 9457), with how to mend it.",
    "required": ["type", "title", "status", "detail", "code", "fix"],
    "properties": {
        "type": {"type": "string", "description": "`urn:outlay:problem:` and the code."},
        "title": {"type": "string", "description": "The HTTP status in words."},
        "status": {"type": "integer", "description": "The HTTP status."},
        "detail": {"type": "string", "description": "What happened, and where."},
        "code": {"type": "string", "description": "A stable slug to rely on."},
        "fix": {"type": "string", "description": "What to do about it."},
    },
}


def status_of(error: OutlayError) -> HTTPStatus:
    """Return the HTTP status of an error.

    >>> status_of(Refused("x")).value, status_of(EngineFailed("x")).value, status_of(OutlayError("x")).value
    (400, 503, 500)
    """
    if error.code in _BY_CODE:
        return _BY_CODE[error.code]
    return next((status for kind, status in _STATUS if isinstance(error, kind)), HTTPStatus.INTERNAL_SERVER_ERROR)


def problem(status: int, detail: str, *, code: str, fix: str = "", **further: object) -> Response:
    """Return a problem+json response; what is said further stands beside the usual members."""
    body = {
        "type": f"urn:outlay:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "fix": fix,
        **further,
    }
    return Response(to_json(body), status_code=status, media_type=MEDIA_TYPE)


def problem_of(error: OutlayError) -> Response:
    """Return an error of ours as a problem, with how long to wait where waiting may help."""
    found = problem(status_of(error), error.message, code=error.code, fix=error.fix)
    wait = getattr(error, "retry_after", None) or _RETRY_AFTER.get(error.code)
    if wait is not None:
        found.headers["retry-after"] = str(wait)
    if found.status_code == HTTPStatus.UNAUTHORIZED:
        found.headers["www-authenticate"] = "Bearer"
    return found


def wrong_value(error: RequestValidationError) -> OutlayError:
    """Return FastAPI's complaint about a value as an error of ours."""
    first = error.errors()[0]
    name = str(first["loc"][-1])
    return Refused(
        f"the value of `{name}` cannot be used: {str(first['msg']).lower()}",
        fix="see /v1/openapi.json for what it takes",
        code="bad-input",
    )


def not_there(request: Request) -> OutlayError:
    """Return the error for a path that leads nowhere."""
    return Refused(
        f"there is nothing at {request.url.path}", fix="see /v1/openapi.json for what there is", code="no-such-path"
    )
