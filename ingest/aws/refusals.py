"""What AWS refused, in words that say where and what to do.

The one place where botocore's errors become ours. Whether to try again, and whether a write may
have taken place after all, is the caller's to decide; `error_code` and `was_refused` help with it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ingest.errors import IngestError, StoreError

log = logging.getLogger(__name__)

_SIGN_IN = "sign in (aws sso login, aws configure), or name a profile with AWS_PROFILE"
_SIGN_IN_AGAIN = "sign in again, or renew AWS_SESSION_TOKEN, and run the command again"
_RIGHT_REGION = "set AWS_REGION to the region that it is in"
_GRANT = "give this role or user the right to it; docs/aws.md lists what each role needs"
_KEY = "give this role the use of the key in EVALLAKE_S3_KMS_KEY_ID, or correct its id"
_LATER = "run the command again in a while: it goes on where it stopped"
_REACH = "check the network, and AWS_ENDPOINT_URL if it is set"

_EXPIRED = ("the AWS credentials have expired", _SIGN_IN_AGAIN)
_STRANGE = ("AWS does not accept these credentials", _SIGN_IN)
_DENIED = ("access is denied", _GRANT)
_ELSEWHERE = ("it is in another region", _RIGHT_REGION)
_SLOW = ("AWS asks for fewer requests", _LATER)
_AILING = ("AWS could not answer", _LATER)
_KMS = ("the KMS key cannot be used", _KEY)
_ABSENT = ("there is no such object", "check the address")
_NO_BUCKET = ("there is no such bucket", "check its name, or make it: aws s3 mb s3://NAME")
_NO_ENTITY = ("there is no such database or table", "make it with: evallake register")

_BY_CODE: dict[str, tuple[str, str]] = {
    **dict.fromkeys(
        ("ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"),
        _EXPIRED,
    ),
    **dict.fromkeys(
        (
            "InvalidAccessKeyId",
            "InvalidClientTokenId",
            "InvalidToken",
            "SignatureDoesNotMatch",
            "UnrecognizedClientException",
            "IncompleteSignature",
            "AuthFailure",
        ),
        _STRANGE,
    ),
    **dict.fromkeys(
        (
            "403",
            "AccessDenied",
            "AccessDeniedException",
            "AllAccessDisabled",
            "UnauthorizedAccess",
            "UnauthorizedOperation",
        ),
        _DENIED,
    ),
    **dict.fromkeys(
        (
            "301",
            "PermanentRedirect",
            "AuthorizationHeaderMalformed",
            "IllegalLocationConstraintException",
        ),
        _ELSEWHERE,
    ),
    **dict.fromkeys(
        (
            "SlowDown",
            "Throttling",
            "ThrottlingException",
            "ThrottledException",
            "RequestLimitExceeded",
            "TooManyRequestsException",
            "RequestThrottled",
        ),
        _SLOW,
    ),
    **dict.fromkeys(
        (
            "500",
            "503",
            "InternalError",
            "InternalServiceException",
            "InternalFailure",
            "ServiceUnavailable",
            "RequestTimeout",
            "OperationTimeoutException",
        ),
        _AILING,
    ),
    **dict.fromkeys(("404", "NoSuchKey"), _ABSENT),
    "NoSuchBucket": _NO_BUCKET,
    "EntityNotFoundException": _NO_ENTITY,
    "ConcurrentModificationException": ("somebody else changed it meanwhile", _LATER),
    "ConditionalRequestConflict": ("somebody else writes it right now", _LATER),
    "RequestTimeTooSkewed": ("this machine's clock is wrong", "set the clock"),
    "ResourceNumberLimitExceededException": (
        "a quota of the account is used up",
        "ask AWS for a higher one, or remove what is not needed",
    ),
    "InvalidObjectState": ("the object is archived", "restore it from its storage class first"),
}

_UNREACHED = {"EndpointConnectionError", "ConnectTimeoutError", "ProxyConnectionError", "SSLError"}
_BROKEN = {
    "ReadTimeoutError",
    "ConnectionClosedError",
    "HTTPClientError",
    "IncompleteReadError",
    "ResponseStreamingError",
}

# By the name of botocore's class: it is not imported before something needs it.
_BY_CLASS: dict[str, tuple[str, str]] = {
    **dict.fromkeys(
        (
            "NoCredentialsError",
            "PartialCredentialsError",
            "CredentialRetrievalError",
            "MetadataRetrievalError",
            "NoAuthTokenError",
        ),
        ("there are no AWS credentials", _SIGN_IN),
    ),
    **dict.fromkeys(
        (
            "SSOTokenLoadError",
            "UnauthorizedSSOTokenError",
            "TokenRetrievalError",
            "RefreshWithMFAUnsupportedError",
            "LoginRefreshRequired",
            "LoginTokenLoadError",
        ),
        _EXPIRED,
    ),
    "ProfileNotFound": ("there is no such AWS profile", "correct AWS_PROFILE"),
    "NoRegionError": ("no AWS region is set", "set AWS_REGION"),
    "InvalidRegionError": ("this is no AWS region", "correct AWS_REGION"),
    **dict.fromkeys(
        _UNREACHED,
        ("AWS cannot be reached", _REACH),
    ),
    **dict.fromkeys(
        _BROKEN,
        ("the connection to AWS broke off", _LATER),
    ),
}


def refusal(error: BaseException, *, doing: str, where: str) -> IngestError:
    """The error to raise for one of botocore's: what happened, where, and what to do.

    Args:
        error: of botocore, or of the libraries on top of it.
        doing: a verb phrase after "cannot", e.g. "write this".
        where: an address, a table, a job.
    """
    code, message = _said(error)
    what, do = _meaning(error, code, message)
    detail = ": ".join(part for part in (code, message) if part)
    log.warning(
        "AWS refused",
        extra={"doing": doing, "where": where, "code": code or type(error).__name__},
    )
    return StoreError(f"cannot {doing}, {what} ({detail})", where=where, do=do)


@contextmanager
def refusals(*, doing: str, where: str) -> Iterator[None]:
    """Raise `refusal` for everything that botocore raises inside."""
    try:
        yield
    except botocore_errors() as error:
        raise refusal(error, doing=doing, where=where) from error


def botocore_errors() -> tuple[type[Exception], ...]:
    """What to catch around a call of a client; imported when asked."""
    from botocore.exceptions import BotoCoreError, ClientError

    return BotoCoreError, ClientError


def error_code(error: BaseException) -> str | None:
    """The code that the service answered with, e.g. `NoSuchKey`; None where it did not answer."""
    code = _answer(error).get("Error", {}).get("Code")
    return None if code is None else str(code)


def http_status(error: BaseException) -> int | None:
    """The status of the service's answer; None where it did not answer."""
    status = _answer(error).get("ResponseMetadata", {}).get("HTTPStatusCode")
    return status if isinstance(status, int) else None


def was_refused(error: BaseException) -> bool:
    """Whether this one request surely did nothing: refused by name, or never sent."""
    status = http_status(error)
    if status is not None:
        return 400 <= status < 500 or error_code(error) == "SlowDown"
    return not is_silence(error) or bool(_UNREACHED & _classes(error))


def is_silence(error: BaseException) -> bool:
    """Whether the network failed: nothing was reached, or no answer came back."""
    return bool((_UNREACHED | _BROKEN) & _classes(error))


def _meaning(error: BaseException, code: str | None, message: str) -> tuple[str, str]:
    if code is not None:
        if code.startswith("KMS.") or (_BY_CODE.get(code) == _DENIED and "kms:" in message.lower()):
            return _KMS
        if code in _BY_CODE:
            return _BY_CODE[code]
    for name in (kind.__name__ for kind in type(error).__mro__):
        if name in _BY_CLASS:
            return _BY_CLASS[name]
    return "AWS refused", "correct what it names and run the command again"


def _said(error: BaseException) -> tuple[str | None, str]:
    """The service's code and its words on one line, or what botocore says itself."""
    answer = _answer(error).get("Error")
    if answer is None:
        return None, " ".join(str(error).split())
    return error_code(error), " ".join(str(answer.get("Message") or "").split())


def _answer(error: BaseException) -> dict[str, Any]:
    response = getattr(error, "response", None)
    return response if isinstance(response, dict) else {}


def _classes(error: BaseException) -> set[str]:
    return {kind.__name__ for kind in type(error).__mro__}
