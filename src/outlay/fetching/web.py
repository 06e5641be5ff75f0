"""A vendor's JSON API over HTTP: asked with a key, patiently, and never trusted.

Comes in: an address, a key and what to ask. Goes out: the text of the answer, or one of our errors without the key.
"""

import ipaddress
import re
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from typing import Self
from urllib.parse import urlsplit

import httpx2

from outlay.errors import BadInput, SourceFailed, Unreadable
from outlay.fetching.clock import Clock
from outlay.fetching.patience import UNREACHED, Busy, Patience, seconds_to_wait
from outlay.fetching.reading import document

#: Larger answers are none: a page of a thousand groups takes less than a megabyte.
_LARGEST = 1 << 26
_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 520, 522, 524, 529})
_KEYLIKE = re.compile(r"\b(?:sk|rk|pk)[-_][\w*.-]{4,}|(?i:bearer\s+)[\w*.~+/=-]+")
_HOST = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*|[0-9a-f.]*:[0-9a-f:.]+")
_SHOWN = 200
Params = Sequence[tuple[str, str]]


@dataclass(slots=True)
class Api:
    """One vendor's API.

    Args:
        name: Whose, for messages: `OpenAI`.
        base: Its address, as `endpoint` returns it.
        headers: Sent with every request; they hold the key.
        secret: The key, to keep it out of every message.
        key_from: Where the key was found, for messages: `OPENAI_ADMIN_KEY`.
        clock: Hears what the vendor's clock says.
        patience: How often and how long one waits.
        requests: How many requests were sent.
        said: Headers of the last answer, names in lower case.
    """

    name: str
    base: str
    headers: Mapping[str, str] = field(repr=False)
    secret: str = field(repr=False)
    key_from: str
    clock: Clock
    patience: Patience = field(default_factory=Patience)
    requests: int = 0
    said: dict[str, str] = field(default_factory=dict, repr=False)
    _client: httpx2.Client | None = field(default=None, repr=False)

    def __enter__(self) -> Self:
        """Open the connection that all requests share."""
        timeout = httpx2.Timeout(60, connect=15)
        self._client = httpx2.Client(
            headers=dict(self.headers),
            timeout=timeout,
            follow_redirects=False,
            verify=_trusted(),
            trust_env=self.base.startswith("https:"),  # what stays on this machine goes through no proxy
        )
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        if self._client:
            self._client.close()

    def get(self, path: str, params: Params = (), headers: Mapping[str, str] | None = None) -> str:
        """Return the text of the answer to a GET.

        Args:
            path: Below the address, with its slash.
            params: Of the query, in order; a name may come more than once.
            headers: Further ones, of this request only.

        Raises:
            SourceFailed: The vendor cannot be reached, does not take the key, refuses what was asked, or is busy for
                longer than one has patience for.
        """
        return self.patience.until(lambda: self._once(path, params, headers or {}))

    def _once(self, path: str, params: Params, headers: Mapping[str, str]) -> str:
        if self._client is None:
            raise RuntimeError("an Api is used within `with`")
        self.requests += 1
        try:
            with self._client.stream("GET", self.base + path, params=list(params), headers=dict(headers)) as answer:
                body = self._body(answer, path)
        except httpx2.InvalidURL as error:
            raise BadInput(
                f"{self.base} is no address", fix="write --endpoint-url as https://host/path", code="bad-endpoint"
            ) from error
        except (httpx2.HTTPError, httpx2.StreamError) as error:
            said = self.without_secrets(" ".join(str(error).split()))[:_SHOWN]
            failed = self._failed(
                "unreachable", path, f"{type(error).__name__}: {said}" if said else type(error).__name__
            )
            raise Busy(failed, tries=UNREACHED) from error
        self.clock.hear(answer.headers.get("date"))
        self.said = {name.lower(): value for name, value in answer.headers.items()}
        if answer.status_code == HTTPStatus.OK:
            return body
        raise self._refusal(answer.status_code, path, body)

    def _body(self, answer: httpx2.Response, path: str) -> str:
        read = bytearray()
        for chunk in answer.iter_bytes():
            read += chunk
            if len(read) > _LARGEST:
                raise Unreadable(
                    f"{self.name} {path}: the answer is larger than {_LARGEST >> 20} MB",
                    fix="ask for a shorter period, or check that the address is that of the API",
                    code="answer-too-large",
                )
        return read.decode("utf-8", errors="replace")

    def _refusal(self, status: int, path: str, body: str) -> Exception:
        """Return what to raise for an answer that is none."""
        kind, message = self._reason(body)
        if status in _AGAIN:
            code = "throttled" if status == HTTPStatus.TOO_MANY_REQUESTS else "vendor-down"
            wait_s = seconds_to_wait(self.said.get("retry-after"), self.clock.now - self.clock.ahead)
            return Busy(self._failed(code, path, f"HTTP {status}{kind}"), wait_s)
        if status == HTTPStatus.UNAUTHORIZED:
            return self._failed("denied", path, f"HTTP 401{kind}")
        if status == HTTPStatus.FORBIDDEN:
            return self._failed("not-allowed", path, f"HTTP 403{kind}")
        if status in range(300, 400):
            return self._failed("redirected", path, f"HTTP {status}")
        return self._failed("not-found" if status == HTTPStatus.NOT_FOUND else "vendor-refused", path,
                            f"HTTP {status}{kind}{message}")  # fmt: skip

    def _failed(self, code: str, path: str, what: str) -> SourceFailed:
        said, fix = _MEANS[code]
        return SourceFailed(
            f"{self.name} {said} ({path}: {what})", fix=fix.format(key=self.key_from, name=self.name), code=code
        )

    def _reason(self, body: str) -> tuple[str, str]:
        """Return the kind of error and the sentence that the vendor gives, both without anything like a key."""
        try:
            found = document(body, self.name).fields
        except Unreadable:
            return "", ""
        error = found.get("error", found)
        fields = error if isinstance(error, dict) else {"message": error}
        kind = next((str(fields[name]) for name in ("code", "type") if fields.get(name)), "")
        message = str(fields.get("message") or "")
        clean = [" ".join(self.without_secrets(text).split())[:_SHOWN] for text in (kind, message)]
        return (f", {clean[0]}" if clean[0] else ""), (f": {clean[1]}" if clean[1] else "")

    def without_secrets(self, text: str) -> str:
        """Return a vendor's text without the key and without anything that looks like one."""
        return _KEYLIKE.sub("[key]", text.replace(self.secret, "[key]") if self.secret else text)


@cache
def _trusted() -> ssl.SSLContext:
    """Return whom to trust; read once a process."""
    return httpx2.create_ssl_context()


_MEANS = {
    "unreachable": ("cannot be reached", "check the network, and the proxy if there is one; then ask again"),
    "throttled": ("asks to be left alone", "wait and import again; what was fetched so far is kept"),
    "vendor-down": ("cannot answer now", "wait and import again; what was fetched so far is kept"),
    "denied": ("does not accept the key", "put a valid key that has not expired into {key}"),
    "not-allowed": ("does not let this key read costs", "use an admin key that may read costs and usage, in {key}"),
    "redirected": ("answers from another address, to which the key is not sent", "give the right --endpoint-url"),
    "not-found": ("has nothing there", "check --endpoint-url, and that this organization has the report"),
    "vendor-refused": ("refuses what was asked", "ask for something else, as the vendor's answer says"),
}


def endpoint(given: str | None, usual: str) -> str:
    """Return the address of an API, without a slash at its end.

    Args:
        given: `--endpoint-url`; None or empty for the vendor's own.
        usual: The vendor's own.

    Raises:
        BadInput: It is no address, holds a password, or would send the key in the clear over a network.

    >>> endpoint("http://127.0.0.1:8080/", "https://api.openai.com")
    'http://127.0.0.1:8080'
    """
    found = (given or usual).rstrip("/")
    try:
        parts = urlsplit(found)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host, parts = "", urlsplit("")
    plain = _HOST.fullmatch(host) and not (parts.username or parts.query or parts.fragment)
    if parts.scheme not in ("http", "https") or not plain:
        raise BadInput(
            "--endpoint-url is not the plain address of an API",
            fix="write it as https://host/path, without a name, a password or a query",
            code="bad-endpoint",
        )
    if parts.scheme == "http" and not _is_loopback(host):
        raise BadInput(
            f"--endpoint-url http://{host} would send the key in the clear",
            fix="use https; plain http is for this machine only",
            code="plain-http",
        )
    return found


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def key(environment: Mapping[str, str], names: Sequence[str], name: str) -> tuple[str, str]:
    """Return a key from the environment, and the name of the variable that held it.

    Args:
        environment: The process's own.
        names: The variables that may hold it, preferred first.
        name: Whose key, for messages.

    Raises:
        BadInput: None of them holds one, or it has spaces or line ends in it.
    """
    for variable in names:
        found = environment.get(variable, "").strip()
        if not found:
            continue
        if not (found.isascii() and found.isprintable()) or " " in found:
            raise BadInput(
                f"{variable} does not hold a key: it has spaces, line ends or signs that no key has",
                fix="copy the key again, without quotes",
                code="bad-key",
            )
        return found, variable
    raise BadInput(
        f"there is no key for {name}",
        fix=f"put one into the environment variable {names[0]}; Outlay neither stores nor shows it",
        code="no-key",
    )
