"""AWS through boto3: a client from AWS's own credential chain, and its errors in our words.

Comes in: the name of a service and options. Goes out: a client, and what to raise when it fails. boto3 is the extra
`outlay[aws]`; it is loaded when a client is made and not before.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from http import HTTPStatus
from typing import Any, NamedTuple, TypeVar

from outlay.errors import BadConfig, OutlayError, SourceFailed, Unreadable
from outlay.fetching.patience import UNREACHED, Busy, Patience
from outlay.fetching.web import endpoint

Answer = TypeVar("Answer")
_KEYLIKE = re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{4,}|[A-Za-z0-9/+=]{40,}")
_SHOWN = 300
_SKEWED = ("RequestTimeTooSkewed", "RequestExpired")
_BUSY = (
    "LimitExceededException Throttling ThrottlingException ThrottledException TooManyRequestsException SlowDown"
    " RequestLimitExceeded RequestThrottled RequestThrottledException ServiceUnavailable InternalFailure"
    " InternalServerError InternalError"
)
#: By our own code: AWS's codes, what we say, and what mends it.
_MEANS = {
    "expired-token": (
        "ExpiredToken ExpiredTokenException TokenRefreshRequired",
        "the credentials have expired",
        "sign in to AWS again (aws sso login, or a new session token)",
    ),
    "denied": (
        "UnrecognizedClientException InvalidClientTokenId InvalidSignatureException SignatureDoesNotMatch AuthFailure",
        "AWS does not accept the credentials",
        "look at which credentials AWS's chain finds: aws sts get-caller-identity",
    ),
    "not-allowed": (
        "AccessDenied AccessDeniedException UnauthorizedOperation",
        "AWS does not allow it to these credentials",
        "allow this action in a policy of the role or user",
    ),
    "bill-expired": (
        "BillExpirationException",
        "AWS does not keep the bill of this period any more",
        "ask for a later month: Cost Explorer keeps 13 months and the current one",
    ),
    "data-unavailable": (
        "DataUnavailableException BillingViewHealthStatusException",
        "AWS has no such data for this period, or not yet",
        "ask for a later period, or switch the detail on in the settings of Cost Explorer",
    ),
    "page-expired": (
        "InvalidNextTokenException RequestChangedException",
        "AWS does not know its own page token any more",
        "import again; the pages before it are kept",
    ),
}
_BY_CODE = {code: name for name, (codes, _, _) in _MEANS.items() for code in codes.split()}


def client(service: str, options: Mapping[str, str], *, region: str = "us-east-1") -> Any:  # noqa: ANN401 - boto3 ships no types
    """Return a client with credentials from AWS's own chain, that never tries again by itself.

    Args:
        service: As boto3 names it: `ce`, `sts`, `s3`.
        options: `endpoint-url`, `region` and `profile` are read.
        region: Used when no option names one.

    Raises:
        BadConfig: boto3 is not installed, or there is no such profile.
        BadInput: The endpoint is no address, or plain http to another machine.
    """
    library, given = _library(), options.get("endpoint-url")
    settings = library.Config(
        connect_timeout=15, read_timeout=60, retries={"total_max_attempts": 1, "mode": "standard"}
    )
    try:
        core = library.Core(profile=options.get("profile"))
        core.register_component("data_loader", _descriptions())
        session = library.Session(region_name=options.get("region") or region, botocore_session=core)
        return session.client(
            service, endpoint_url=endpoint(given, "https://unused") if given else None, config=settings
        )
    except library.BotoCoreError as error:
        raise BadConfig(
            f"AWS {service}: {_clean(str(error))}", fix="mend it in AWS's own settings", code="aws"
        ) from error


class _Library(NamedTuple):
    """What of boto3 is used; it ships no types."""

    Config: Any
    Core: Any
    Session: Any
    create_loader: Any
    BotoCoreError: type[Exception]
    ClientError: type[Exception]
    ResponseParserError: type[Exception]


@cache
def _library() -> _Library:
    """Load boto3: an extra, and half a second.

    Raises:
        BadConfig: It is not installed.
    """
    try:
        from boto3.session import Session  # noqa: PLC0415 - see above
        from botocore.config import Config  # noqa: PLC0415 - see above
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - see above
        from botocore.loaders import create_loader  # noqa: PLC0415 - see above
        from botocore.parsers import ResponseParserError  # noqa: PLC0415 - see above
        from botocore.session import Session as Core  # noqa: PLC0415 - see above
    except ModuleNotFoundError as error:
        raise BadConfig(
            "AWS is asked through boto3, which is not installed", fix="pip install 'outlay[aws]'", code="no-boto3"
        ) from error
    return _Library(Config, Core, Session, create_loader, BotoCoreError, ClientError, ResponseParserError)


@cache
def _descriptions() -> Any:  # noqa: ANN401 - botocore ships no types
    """Return what reads the descriptions of AWS's APIs; read once a process, they take half a second each time."""
    return _library().create_loader()


def asked(ask: Callable[[], Answer], what: str, patience: Patience) -> Answer:
    """Return what AWS answers, asked again while it throttles.

    Args:
        ask: Sends the request.
        what: Is asked, for messages: `ce:GetCostAndUsage`.
        patience: How often and how long.

    Raises:
        SourceFailed: AWS refuses, cannot be reached, or has nothing. No message holds a key, a token or an identity.
    """
    library = _library()

    def once() -> Answer:
        try:
            return ask()
        except library.ClientError as error:
            raise _refusal(error.response, what) from error  # type: ignore[attr-defined]
        except (library.BotoCoreError, library.ResponseParserError) as error:
            raise _failure(error, what) from error

    return patience.until(once)


def _refusal(response: Mapping[str, Any], what: str) -> Exception:
    """Return what to raise for an error that AWS answered."""
    code = str(response.get("Error", {}).get("Code", ""))
    message = str(response.get("Error", {}).get("Message", ""))
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _SKEWED or "Signature expired" in message or "Signature not yet current" in message:
        said, fix = "AWS does not agree with this machine's clock", "set the clock of this machine, and import again"
        return SourceFailed(f"{what}: {said}", fix=fix, code="clock-skew")
    if code in _BY_CODE:
        _, said, fix = _MEANS[_BY_CODE[code]]
        return SourceFailed(f"{what}: {said} ({code})", fix=fix, code=_BY_CODE[code])
    if code in _BUSY.split() or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        said, fix = f"AWS asks to be left alone ({code or status})", "wait and import again; what was fetched is kept"
        return Busy(SourceFailed(f"{what}: {said}", fix=fix, code="throttled"))
    return SourceFailed(
        f"{what}: AWS refuses what was asked ({code}: {_clean(message)})",
        fix="ask for something else, as AWS's answer says",
        code="vendor-refused",
    )


def _failure(error: Exception, what: str) -> OutlayError | Busy:
    """Return what to raise when there is no answer."""
    name = type(error).__name__
    if name in ("NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError"):
        fix = "sign in (aws configure, aws sso login), or set AWS_PROFILE"
        return BadConfig(f"{what}: there are no AWS credentials", fix=fix, code="no-key")
    if name in ("UnauthorizedSSOTokenError", "SSOTokenLoadError", "TokenRetrievalError", "LoginRefreshRequired"):
        return SourceFailed(f"{what}: the credentials have expired", fix="aws sso login", code="expired-token")
    if name == "ParamValidationError":
        return SourceFailed(f"{what}: boto3 does not know this question", fix="upgrade boto3", code="not-as-documented")
    if name == "ResponseParserError":
        return garbled(what)
    fix = "check the network, and the proxy if there is one"
    failed = SourceFailed(f"{what}: AWS cannot be reached ({name})", fix=fix, code="unreachable")
    return Busy(failed, tries=UNREACHED)


def garbled(what: str) -> Busy:
    """Return what to raise for an answer that is not AWS's, or ends too early: asked again, and then given up."""
    fix = "check --endpoint-url, and that nothing between here and AWS answers in its place"
    return Busy(Unreadable(f"{what}: the answer is not AWS's, or ends too early", fix=fix, code="not-as-documented"))


def _clean(text: str) -> str:
    return " ".join(_KEYLIKE.sub("[key]", text).split())[:_SHOWN]
