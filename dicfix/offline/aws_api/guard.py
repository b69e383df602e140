"""Everything on the way of a request before and after moto: faults, the state lock, refusals, missing operations.

Both ways in, in-process and over HTTP, go through ``guarded``. May import moto, ``faults`` and the rules.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from dicfix.offline.aws_api.modelled import NOT_IMPLEMENTED, OperationMissing
from dicfix.offline.aws_api.requests import Answer, Target, error_answer, target_of
from dicfix.offline.aws_api.state_lock import STATE_LOCK
from dicfix.offline.faults import ERRORS, Fault, FaultKind, Faults
from dicfix.offline.rules import RuleViolation
from dicfix.offline.rules.bucket_names import bucket_name

log = logging.getLogger("dicfix.offline")
NOT_YET = ("Not yet implemented", b"Not yet implemented", "", b"")
"""moto's bodies for a host or path that none of its services answers."""
_WITHOUT_LOCK = frozenset({"iot-data"})
"""Services whose operations ask the data plane; their responses take the lock where they need it."""

faults = Faults()
"""The faults in force in this process."""


class NetworkFault(Exception):
    """A fault that is no answer: the way in turns it into its own kind of broken connection."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__(fault.kind.value)


def guarded(request: Any, service: str, call: Callable[[], Any]) -> Any:
    """moto's answer to ``call``, or the typed error that takes its place; ``service`` may be empty."""
    if faults and (answer := _struck(request, service)) is not None:
        return answer
    lock: AbstractContextManager[Any] = nullcontext() if service in _WITHOUT_LOCK else STATE_LOCK
    try:
        if service == "s3" and str(request.method) == "PUT":
            _check_bucket(target_of(request, service))
        with lock:
            answer = call()
    except RuleViolation as violation:
        return error_answer(service, 400, violation.code, violation.message)
    except (OperationMissing, NotImplementedError):
        return missing(target_of(request, service))
    except Exception:
        target = target_of(request, service)
        log.exception("%s failed inside the embedded cloud", target)
        return error_answer(service, 500, "InternalFailure", f"{target} failed inside the embedded cloud")
    if isinstance(answer, tuple) and answer[0] == 404 and answer[2] in NOT_YET:
        target = target_of(request, service)
        if answer[2] or not target.operation:
            return missing(target)
    return answer


def missing(target: Target) -> Answer:
    """The answer for an operation that the embedded cloud does not have."""
    log.info("%s is not implemented by the embedded cloud", target)
    return error_answer(target.service, 501, NOT_IMPLEMENTED, f"{target} is not implemented by the embedded cloud")


def _check_bucket(target: Target) -> None:
    if target.operation == "CreateBucket":
        bucket_name(str(target.members.get("Bucket", "")))


def _struck(request: Any, service: str) -> Answer | None:
    target = target_of(request, service)
    fault = faults.due(str(target))
    if fault is None:
        return None
    if fault.kind is FaultKind.SLOW:
        faults.stopped.wait(fault.delay_s)
        return None
    if fault.kind not in ERRORS:
        raise NetworkFault(fault)
    status, code, message = ERRORS[fault.kind]
    return error_answer(service, status, code, message.format(action=target))
