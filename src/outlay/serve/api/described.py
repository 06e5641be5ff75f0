"""Described: the OpenAPI document as the app really answers: what its guard says, and no status that never comes."""

from typing import Any

from fastapi import FastAPI

from outlay.serve.problems import MEDIA_TYPE, SCHEMA

#: What every route may answer before it is asked itself.
_GUARDED = {
    "401": "A key is needed here, or this one is unknown, revoked or has ended.",
    "403": "The key is for something else.",
    "421": "The server does not answer to the name in `Host`.",
    "500": "Something went wrong inside Outlay, which is a mistake of ours.",
}
_NEVER = ("HTTPValidationError", "ValidationError")


def described(app: FastAPI) -> None:
    """Let an app describe itself as it is. FastAPI would say that it answers 422, which is 400 here."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        found = plain()
        if "securitySchemes" in (parts := found.setdefault("components", {})):
            return found
        parts["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer", "description": "`outlay keys make`"}}
        # On this machine nothing but /v1/keys asks for one, unless the server was started so.
        found["security"] = [{"key": []}, {}]
        for name in _NEVER:
            parts.get("schemas", {}).pop(name, None)
        for operations in found["paths"].values():
            for operation in operations.values():
                _describe(operation["responses"])
        return found

    app.openapi = openapi  # type: ignore[method-assign] # the way that FastAPI's manual shows


def _describe(responses: dict[str, Any]) -> None:
    responses.pop("422", None)
    for status, text in _GUARDED.items():
        responses.setdefault(status, {"description": text, "content": {MEDIA_TYPE: {"schema": SCHEMA}}})
