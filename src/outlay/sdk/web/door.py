"""The door: what a request's headers say, whom to believe, and what to turn away. The same for ASGI and WSGI."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from time import time
from typing import Any, Literal, TypedDict

from outlay.errors import BadConfig
from outlay.sdk.headers import baggage, signed, traceparent
from outlay.sdk.headers.names import SIGNED_HEADER, TRACE, USUAL, Names, may_travel, value_of
from outlay.sdk.headers.tally import count
from outlay.sdk.scope import FLAGS
from outlay.sdk.web import features as feature_list

Mode = Literal["observe", "allow", "required"]
Trust = Literal["none", "headers", "signed"]
_MODES, _TRUSTS = ("observe", "allow", "required"), ("none", "headers", "signed")
#: What load balancers and scrapers ask for, which know no feature.
EXEMPT = ("/health", "/healthz", "/livez", "/readyz", "/metrics", "/favicon.ico")
QUARANTINED = "quarantined_feature"
_BAGGAGE, _TRACEPARENT = "baggage", "traceparent"
#: Signed contexts that are remembered, so that a browser's next request costs no second look.
_MOST_CHECKED = 1024


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer instead of the application's.

    Attributes:
        status: The HTTP status.
        headers: Names and values.
        body: A problem (RFC 9457) as JSON, which says which header to send.
    """

    status: HTTPStatus
    headers: list[tuple[str, str]]
    body: bytes


class Options(TypedDict, total=False):
    """What may be said of a door, in words of their own below."""

    mode: Mode
    features: feature_list.Given | None
    trust: Trust
    keys: Mapping[str, signed.Secret] | None
    unsigned: Iterable[str]
    exempt: Iterable[str]
    names: Names
    route: Callable[[Any], str | None] | None


class Door:
    """Decides, request by request, in which scope it is handled. The arguments are those of the middleware.

    Args:
        mode: `observe` takes what is there. `allow` takes features of a list; an unknown one is left out and kept by
            its name in the tag `quarantined_feature`. `required` answers 400 where no feature is said and, where only
            signed contexts are believed, 401 where there is none that holds.
        features: The known features, for `allow`, and for `required` if given: a list, a function or a file.
        trust: `headers` believes whoever can reach the service, `signed` believes signed contexts only, `none` nobody.
        keys: Secrets of signed contexts by their ids, for `signed`; see `outlay.sign_context`.
        unsigned: What plain headers may say although only signed contexts are believed, such as `("feature",)`.
        exempt: Paths that are never refused; `/static/*` stands for all below.
        names: Further headers and members of the baggage, and what they mean.
        route: Returns the template of the route from the ASGI scope or WSGI environment, for frameworks that this one
            does not know; None where there is none.

    Raises:
        BadConfig: The arguments contradict each other.
    """

    def __init__(
        self,
        *,
        mode: Mode = "observe",
        features: feature_list.Given | None = None,
        trust: Trust = "headers",
        keys: Mapping[str, signed.Secret] | None = None,
        unsigned: Iterable[str] = (),
        exempt: Iterable[str] = EXEMPT,
        names: Names = USUAL,
        route: Callable[[Any], str | None] | None = None,
    ) -> None:
        _one_of("mode", mode, _MODES)
        _one_of("trust", trust, _TRUSTS)
        if mode == "allow" and features is None:
            raise BadConfig("mode='allow' has no list of features", fix="give features=[...], a function or a Path")
        if mode == "observe" and features is not None:
            raise BadConfig(
                "mode='observe' looks at no list of features", fix="use mode='allow', or leave features out"
            )
        if trust == "signed" and not keys:
            raise BadConfig("trust='signed' has no keys", fix="give keys={'2026-10': SECRET}, as sign_context does")
        if trust == "none" and mode != "observe":
            raise BadConfig(f"trust='none' believes no feature that mode={mode!r} asks for", fix="use mode='observe'")
        if keys and trust != "signed":
            raise BadConfig(f"trust={trust!r} looks at no signed context", fix="use trust='signed', or leave keys out")
        self.required = mode == "required"
        self.knows = None if features is None else feature_list.known(features)
        self.trust = trust
        self.keys = signed.checked(keys) if keys else {}
        self._checked: dict[str, tuple[dict[str, str], int]] = {}
        self.unsigned = _listed(
            "unsigned", unsigned, lambda name: may_travel(name) or name in names.headers.values(), "feature"
        )
        self.exempt = _listed("exempt", exempt, lambda path: path.startswith("/"), "/health")
        self._exempt_below = tuple(path[:-1] for path in self.exempt if path.endswith("/*"))
        self.names = names
        self.route = route
        #: Headers to look at, in lower case.
        self.wanted = (
            frozenset() if trust == "none" else frozenset({*names.headers, SIGNED_HEADER, _BAGGAGE, _TRACEPARENT})
        )

    def said(self, headers: Mapping[str, str]) -> tuple[dict[str, object], str | None]:
        """Return what a request says, and why its signed context is not believed, if so.

        Args:
            headers: Those that are wanted, by name in lower case.
        """
        found, doubt = self._believed(headers)
        said: dict[str, object] = dict(found)
        feature = found.get("feature")
        if feature is not None and self.knows is not None and not self.knows(feature):
            del said["feature"]
            said[QUARANTINED] = feature
            count("quarantined", feature)
        self._trace(said, headers.get(_TRACEPARENT))
        return said, doubt

    def refusal(self, said: Mapping[str, object], doubt: str | None, method: str, path: str) -> Refusal | None:
        """Return what to answer instead of handling a request; None when it is welcome."""
        if not self.required or method == "OPTIONS" or path in self.exempt or path.startswith(self._exempt_below):
            return None
        if self.trust == "signed" and doubt is not None:
            return _refusal(
                HTTPStatus.UNAUTHORIZED,
                f"{doubt}-signature",
                f"the signed context of this request is not believed: {doubt}",
                f"send {SIGNED_HEADER} with what sign_context(...) returned on the server, before it expires",
            )
        if "feature" in said or QUARANTINED in said:
            return None
        header = self.names.sent().get("feature", _BAGGAGE)
        where = SIGNED_HEADER if self.trust == "signed" and "feature" not in self.unsigned else header
        return _refusal(
            HTTPStatus.BAD_REQUEST,
            "missing-feature",
            "this request does not say which feature it is for",
            f"send the header {where}, with a feature such as search.answer"
            if where == header
            else f"sign the feature into the context that is sent as {where}",
        )

    def _believed(self, headers: Mapping[str, str]) -> tuple[dict[str, str], str | None]:
        """Return what is believed: the baggage, then headers of their own, then what is signed."""
        if self.trust == "none":
            return {}, None
        found: dict[str, str] = {}
        for name, text in headers.items():
            meant = self.names.headers.get(name)
            if meant is not None and (kept := value_of(meant, text)) is not None:
                found[meant] = kept
        if _BAGGAGE in headers:
            found = {**baggage.read(headers[_BAGGAGE], self.names), **found}
        if self.trust == "headers":
            return found, None
        trace = found.get(TRACE)
        found = {name: value for name, value in found.items() if name in self.unsigned}
        if trace:
            found[TRACE] = trace
        if SIGNED_HEADER not in headers:
            return found, "missing"
        claimed, doubt = self._claims(headers[SIGNED_HEADER])
        if doubt is not None:
            count(f"{doubt}-signature")
        return {**found, **claimed}, doubt

    def _claims(self, token: str) -> tuple[dict[str, str], str | None]:
        """Return what a signed context claims; one that was found right is right until it expires."""
        claimed, expires_s = self._checked.get(token, ({}, 0))
        if time() < expires_s:
            return claimed, None
        claimed, doubt = signed.claims(token, self.keys)
        if doubt is None:
            if len(self._checked) >= _MOST_CHECKED:
                self._checked.clear()
            self._checked[token] = claimed, int(token.split(".")[3])
        return claimed, doubt

    def _trace(self, said: dict[str, object], text: str | None) -> None:
        """Put the request into its trace, or into one of its own."""
        came = traceparent.read(text) if text else None
        if came is not None:
            said["trace"], said["parent"], said[FLAGS] = came
        elif TRACE not in said:
            said["trace"] = traceparent.new_trace()
        said["span"] = traceparent.new_span()


def _one_of(name: str, found: str, choices: tuple[str, ...]) -> None:
    if found not in choices:
        raise BadConfig(f"{name}={found!r} is not known", fix=f"use one of {', '.join(choices)}")


def _listed(name: str, found: Iterable[str], right: Callable[[str], bool], example: str) -> frozenset[str]:
    """Return a list of texts as a set; raises when it is one text, or holds something else than it should."""
    each = [found] if isinstance(found, str) else list(found)
    wrong = each if isinstance(found, str) else [text for text in each if not right(text)]
    if wrong:
        raise BadConfig(f"{name}= cannot hold {wrong[0]!r}", fix=f"write a list such as {name}=[{example!r}]")
    return frozenset(each)


def _refusal(status: HTTPStatus, code: str, detail: str, fix: str) -> Refusal:
    problem = {
        "type": f"urn:outlay:problem:{code}",
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
        "code": code,
        "fix": fix,
    }
    body = json.dumps(problem).encode()
    headers = [("content-type", "application/problem+json"), ("content-length", str(len(body)))]
    if status is HTTPStatus.UNAUTHORIZED:
        headers.append(("www-authenticate", f'Outlay realm="{SIGNED_HEADER}"'))
    return Refusal(status, headers, body)
