"""The session of a sweep: every call paced, counted, tried again where that helps, and never sent twice.

It stands in for the read-only session that it wraps, so that every reader of ``aws`` goes through it. May import
``aws``, ``pace`` and ``checkpoint``.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from typing import Any, Protocol

from dicfix.audit.pace import Pace
from dicfix.aws.bulk import EdgeApi
from dicfix.aws.failures import is_throttling, may_pass, shuts_out
from dicfix.aws.session import AwsSession
from dicfix.errors import AwsRefused, GuardRefused, Unreadable

THROTTLED_TRIES = 8
"""How often a call is made that is throttled each time, each time more slowly, before it is UNREADABLE."""
PASSING_TRIES = 3
"""How often a call is made that the network or the service fails."""
SHUT_OUT_IN_A_ROW = 10
"""After so many refusals of one operation, and no answer before, the caller is taken to have no right to it."""

ONE_BY_ONE = frozenset(
    {EdgeApi.V1.operation, EdgeApi.V2.operation, "iot:DescribeCertificate", "iot:ListPrincipalThings"}
)
"""Operations that a sweep calls once per resource by its own plan: their answers are not kept a second time here."""
ALWAYS_ASKED = frozenset({"sts:GetCallerIdentity"})
"""Never answered from an interrupted run: they tell whose account this is."""


class Answers(Protocol):
    """Where the answers of an interrupted run are kept."""

    def answer(self, key: str) -> Mapping[str, Any] | None:
        """The kept answer, or None."""

    def keep(self, key: str, answer: Mapping[str, Any]) -> None:
        """Keep an answer."""


def key_of(operation: str, parameters: Mapping[str, Any]) -> str:
    """What tells one call from another."""
    return f"{operation} {sorted(parameters.items())!r}"


class SweepSession(AwsSession):
    """A read-only session behind a pace; counts by operation are in ``sent``, ``throttles`` and ``replayed``.

    ``unread`` says of every operation that gave no answer at least once why.
    """

    def __init__(self, inner: AwsSession, pace: Pace, answers: Answers | None = None) -> None:
        if not inner.read_only:
            raise GuardRefused("a sweep was given a session that may write", expected="a read-only session")
        self.region = inner.region
        self.read_only = True
        self.calls = inner.calls
        self.pace = pace
        self.answers = answers
        self.sent: Counter[str] = Counter()
        self.throttles: Counter[str] = Counter()
        self.replayed: Counter[str] = Counter()
        self.unread: dict[str, str] = {}
        self._inner = inner
        self._memo: dict[str, Mapping[str, Any] | AwsRefused | Unreadable] = {}
        self._refusals: dict[str, tuple[int, Unreadable]] = {}
        self._answered: set[str] = set()
        self._guard = threading.Lock()

    def client(self, service: str) -> Any:
        """The inner session's client."""
        return self._inner.client(service)

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """As AwsSession.call; the same call again gives the same answer without being sent."""
        name = f"{service}:{operation}"
        if name in ONE_BY_ONE:
            return self._sent(name, service, operation, parameters)
        key = key_of(name, parameters)
        found = self._known(name, key)
        if found is None:
            found = self._tried(name, service, operation, parameters)
            self._keep(name, key, found)
        if isinstance(found, AwsRefused | Unreadable):
            raise found
        return dict(found)

    def _known(self, name: str, key: str) -> Mapping[str, Any] | AwsRefused | Unreadable | None:
        found = self._memo.get(key)
        if found is None and self.answers and name not in ALWAYS_ASKED:
            found = self.answers.answer(key)
            if found is not None:
                self.replayed[name] += 1
                self._memo[key] = found
        return found

    def _keep(self, name: str, key: str, found: Mapping[str, Any] | AwsRefused | Unreadable) -> None:
        self._memo[key] = found
        if self.answers and name not in ALWAYS_ASKED and not isinstance(found, AwsRefused | Unreadable):
            self.answers.keep(key, found)

    def _tried(
        self, name: str, service: str, operation: str, parameters: Mapping[str, Any]
    ) -> dict[str, Any] | AwsRefused | Unreadable:
        try:
            return self._sent(name, service, operation, parameters)
        except (AwsRefused, Unreadable) as error:
            return error

    def _sent(self, name: str, service: str, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        self._refuse_hopeless(name)
        throttled = failed = 0
        while True:
            self.pace.acquire(name)
            with self._guard:
                self.sent[name] += 1
            try:
                answer = self._inner.call(service, operation, **parameters)
            except Unreadable as error:
                throttled += is_throttling(error.code)
                failed += may_pass(error.code)
                if not self._again(name, error, throttled, failed):
                    self._refused(name, error)
                    raise
            else:
                self._arrived(name)
                answer.pop("ResponseMetadata", None)
                return answer

    def _again(self, name: str, error: Unreadable, throttled: int, failed: int) -> bool:
        if is_throttling(error.code):
            self.pace.throttled(name)
            with self._guard:
                self.throttles[name] += 1
            return throttled < THROTTLED_TRIES
        return may_pass(error.code) and failed < PASSING_TRIES

    def _arrived(self, name: str) -> None:
        self.pace.answered(name)
        with self._guard:
            self._answered.add(name)
            self._refusals.pop(name, None)

    def _refused(self, name: str, error: Unreadable) -> None:
        self.unread.setdefault(name, error.code + (f", needs {error.permission}" if error.permission else ""))
        if shuts_out(error.code):
            with self._guard:
                self._refusals[name] = (self._refusals.get(name, (0, error))[0] + 1, error)

    def _refuse_hopeless(self, name: str) -> None:
        count, error = self._refusals.get(name, (0, None))
        if error is not None and count >= SHUT_OUT_IN_A_ROW and name not in self._answered:
            raise Unreadable(
                name, error.code, f"refused {SHUT_OUT_IN_A_ROW} times in a row", permission=error.permission
            )
