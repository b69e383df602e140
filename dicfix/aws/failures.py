"""What a failed call amounts to in our words: refused, unreadable, or nobody logged in. Imports botocore's errors."""

from __future__ import annotations

import os

import botocore.exceptions as botocore_errors

from dicfix.aws.operations import permission_for
from dicfix.aws.remedies import remedy_for
from dicfix.errors import AwsRefused, DicfixError, GuardRefused, Unreadable

# Codes that say nothing about the resource: the caller, the network or the service stood in the way.
_DENIED = frozenset(
    {
        "401",
        "403",
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "Forbidden",
        "ForbiddenException",
        "NotAuthorized",
        "UnauthorizedException",
        "UnauthorizedOperation",
    }
)
_NOT_LET_IN = frozenset(
    {
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "OptInRequired",
        "RequestExpired",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_THROTTLED = frozenset(
    {
        "BandwidthLimitExceeded",
        "PriorRequestNotComplete",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
_OUT_OF_ORDER = frozenset(
    {
        "InternalError",
        "InternalFailure",
        "InternalFailureException",
        "InternalServerError",
        "InternalServerException",
        "NotImplemented",
        "NotImplementedException",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "UnknownOperationException",
    }
)
_UNREADABLE = _DENIED | _NOT_LET_IN | _THROTTLED | _OUT_OF_ORDER
"""Source: AWS's lists of common errors, botocore's standard retry mode, errors of the service model of iot."""

_PASSING = (_OUT_OF_ORDER - {"NotImplemented", "NotImplementedException", "UnknownOperationException"}) | {
    "ConnectTimeoutError",
    "ConnectionClosedError",
    "ConnectionError",
    "EndpointConnectionError",
    "HTTPClientError",
    "IncompleteReadError",
    "ReadTimeoutError",
    "ResponseStreamingError",
}


def is_throttling(code: str) -> bool:
    """Whether an Unreadable's code says that the caller asked too fast."""
    return code in _THROTTLED


def may_pass(code: str) -> bool:
    """Whether an Unreadable's code is a trouble of network or service that another try may not meet."""
    return code in _PASSING


def shuts_out(code: str) -> bool:
    """Whether an Unreadable's code is about the caller: denied, or not let in at all."""
    return code in _DENIED or code in _NOT_LET_IN


_NO_LOGIN = (
    botocore_errors.NoCredentialsError,
    botocore_errors.PartialCredentialsError,
    botocore_errors.CredentialRetrievalError,
    botocore_errors.NoAuthTokenError,
    botocore_errors.SSOError,
    botocore_errors.LoginError,
    botocore_errors.TokenRetrievalError,
    botocore_errors.ProfileNotFound,
    botocore_errors.ConfigParseError,
    botocore_errors.NoRegionError,
)


def no_login(error: Exception) -> GuardRefused:
    """The refusal for a caller who cannot log in from this machine."""
    if isinstance(error, botocore_errors.NoCredentialsError):
        return GuardRefused("no AWS credentials were found", remedy="log in, for example with: aws configure sso")
    return GuardRefused(
        f"the AWS configuration of this machine cannot be used: {_one_line(error)}",
        expected="credentials that are found and valid",
        remedy="log in again (aws sso login), or correct the profile",
    )


def _one_line(error: Exception) -> str:
    """The error's text without the user's folder."""
    home = os.path.expanduser("~")
    text = " ".join(str(error).split())
    return text.replace(home, "~") if home.strip("/") else text


def translate(service: str, operation: str, error: Exception) -> DicfixError:
    """The error of ours that a failed call amounts to; anything that is no failure of the call is raised again."""
    name = f"{service}:{operation}"
    if isinstance(error, botocore_errors.ClientError):
        return _translate_answer(name, error)
    if isinstance(error, _NO_LOGIN):
        return no_login(error)
    if isinstance(error, botocore_errors.ParamValidationError):
        return AwsRefused(name, "ParamValidationError", _one_line(error))
    if isinstance(error, botocore_errors.BotoCoreError):
        return Unreadable(name, type(error).__name__, _one_line(error))
    raise error


def _translate_answer(name: str, error: botocore_errors.ClientError) -> DicfixError:
    detail = error.response.get("Error", {})
    code, message = str(detail.get("Code", "")), str(detail.get("Message", "") or error.response.get("message", ""))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _UNREADABLE or not code or status >= 500 or (code == "404" and not name.startswith("s3:")):
        permission = permission_for(name) if code in _DENIED else ""
        return Unreadable(name, code or "NoErrorCode", message, permission=permission)
    known = {"Error", "ResponseMetadata", "message"}
    extra = {key: str(value) for key, value in error.response.items() if key not in known}
    return AwsRefused(name, code, message, extra=extra, remedy=remedy_for(name, code))
