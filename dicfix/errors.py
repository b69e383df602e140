"""Every error that dicfix raises on purpose: one sentence each for what was seen, expected and to be done.

    DicfixError
    |-- UsageError            wrong options, dic.toml, names, files given            exit code 2
    |   `-- MaterialError     a PEM, key or header that cannot be used as what it is meant to be
    |-- GuardRefused          no or wrong account, or a safety guard said no         exit code 4
    |-- Unreadable            the account could not be read: denied, throttled, timed out, unsupported
    |-- AwsRefused            AWS (or the embedded cloud) answered an operation with an error code
    |-- ConnectionRefused     an MQTT connection was not made, or was ended by the other side
    |-- DeadlineExceeded      a named deadline passed while waiting
    `-- ToolMissing           a program that this action needs is not on the machine

Imports nothing of dicfix.
"""

from __future__ import annotations

from typing import ClassVar


class DicfixError(Exception):
    """An error with its three parts: ``observed``, ``expected`` and ``remedy``, each one sentence or empty."""

    exit_code: ClassVar[int] = 1

    def __init__(self, observed: str, *, expected: str = "", remedy: str = "") -> None:
        self.observed = observed
        self.expected = expected
        self.remedy = remedy
        super().__init__(observed)

    def __str__(self) -> str:
        parts = [self.observed.rstrip(".") + "."]
        if self.expected:
            parts.append(f"Expected: {self.expected.rstrip('.')}.")
        if self.remedy:
            parts.append(f"Do: {self.remedy.rstrip('.')}.")
        return " ".join(parts)


class UsageError(DicfixError):
    """What the user gave (option, dic.toml, name, file) cannot be used."""

    exit_code = 2


class MaterialError(UsageError):
    """A PEM text, key, certificate or header that cannot be what it is meant to be."""


class GuardRefused(DicfixError):
    """A safety guard stopped the run before anything was touched: no account, the wrong one, or a live device."""

    exit_code = 4


class Unreadable(DicfixError):
    """The account could not be read.

    ``operation`` is the API operation (``iot:DescribeCACertificate``), ``code`` the error code that came back or a
    word for what happened (``Timeout``), ``permission`` the IAM action that would allow the call, if that is what
    is missing.
    """

    exit_code = 3

    def __init__(self, operation: str, code: str, message: str = "", *, permission: str = "") -> None:
        self.operation = operation
        self.code = code
        self.message = message
        self.permission = permission
        detail = f" ({message.rstrip('.')})" if message else ""
        remedy = f"allow {permission} for this caller" if permission else "read the cause above, then run again"
        super().__init__(f"{operation} could not be read: {code}{detail}", remedy=remedy)


class AwsRefused(DicfixError):
    """AWS answered ``operation`` with the error ``code``; ``extra`` holds its further members (resourceArn, ...)."""

    def __init__(
        self, operation: str, code: str, message: str, *, extra: dict[str, str] | None = None, remedy: str = ""
    ) -> None:
        self.operation = operation
        self.code = code
        self.message = message
        self.extra = dict(extra or {})
        super().__init__(f"{operation} was refused with {code}: {message or 'no message'}", remedy=remedy)


class ConnectionRefused(DicfixError):
    """An MQTT connection could not be made or was ended; ``stage`` is tcp, tls, connect, subscribe or session.

    ``reason`` is one word or phrase for the cause as far as the client can see it; ``server_reason`` what the
    embedded cloud kept about the same refusal (empty on AWS).
    """

    def __init__(
        self, observed: str, *, stage: str, reason: str, server_reason: str = "", expected: str = "", remedy: str = ""
    ) -> None:
        self.stage = stage
        self.reason = reason
        self.server_reason = server_reason
        text = observed.rstrip(".") + (f"; the server's reason: {server_reason}" if server_reason else "")
        super().__init__(text, expected=expected, remedy=remedy)


class DeadlineExceeded(DicfixError):
    """The deadline ``name`` (``timeout_s`` seconds) passed before what was waited for came true."""

    def __init__(self, name: str, timeout_s: float, waiting_for: str, *, remedy: str = "") -> None:
        self.name = name
        self.timeout_s = timeout_s
        super().__init__(f"{waiting_for} did not happen within {timeout_s:g} s (deadline {name!r})", remedy=remedy)


class ToolMissing(DicfixError):
    """The program ``tool`` is not on this machine; ``remedy`` names the command that would add it."""

    def __init__(self, tool: str, needed_for: str, remedy: str) -> None:
        self.tool = tool
        super().__init__(f"{tool} is not on this machine; {needed_for} needs it", remedy=remedy)
