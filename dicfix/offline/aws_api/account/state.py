"""The settings, findings and events of one account and Region. They live on moto's IoT backend: a reset forgets them.

Callers hold the state lock. May import moto's IoT backends, ``binding`` and the state lock.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from moto.iot.models import iot_backends

from dicfix.offline.aws_api.account.quotas import DEFAULT_QUOTAS
from dicfix.offline.aws_api.binding import bound
from dicfix.offline.aws_api.state_lock import STATE_LOCK

_ATTRIBUTE = "account_state"
_LONG = 200
"""Values of a request that are longer (PEM texts, documents) are left out of an event."""


@dataclass(frozen=True, slots=True)
class Event:
    """A management event, as CloudTrail keeps it; ``position`` is its place in the order of happening."""

    position: int
    event_id: str
    name: str
    time: datetime
    request: Mapping[str, Any]


@dataclass(slots=True)
class AccountState:
    """Everything here is in the shape in which the API answers it; None and empty mean never configured."""

    logging: dict[str, Any] | None = None
    audit_configuration: dict[str, Any] = field(default_factory=dict)
    scheduled_audits: dict[str, dict[str, Any]] = field(default_factory=dict)
    audit_findings: list[dict[str, Any]] = field(default_factory=list)
    indexing: dict[str, dict[str, Any]] = field(default_factory=dict)
    templates: dict[str, dict[str, Any]] = field(default_factory=dict)
    tls_configs: dict[str, dict[str, Any]] = field(default_factory=dict)
    quotas: dict[str, tuple[str, float]] = field(default_factory=lambda: dict(DEFAULT_QUOTAS))
    events: list[Event] = field(default_factory=list)
    profile_permissions: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    disconnect_reasons: dict[str, str] = field(default_factory=dict)
    client_ids: dict[str, str] = field(default_factory=dict)
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    def record(self, name: str, request: Mapping[str, Any]) -> None:
        """Keep a management event; texts that are too long to tell resources apart are left out."""
        kept = {key: value for key, value in request.items() if not isinstance(value, str) or len(value) <= _LONG}
        self.events.append(Event(next(self.numbers), str(uuid.uuid4()), name, bound().now(), kept))

    def add_finding(self, check: str, severity: str, resource_type: str, identifier: Mapping[str, Any]) -> str:
        """Keep a finding of Device Defender as a scheduled audit of now makes it; gives its id."""
        finding_id, now = str(uuid.uuid4()), bound().now()
        self.audit_findings.append(
            {
                "findingId": finding_id,
                "taskId": uuid.uuid4().hex,
                "checkName": check,
                "taskStartTime": now,
                "findingTime": now,
                "severity": severity,
                "nonCompliantResource": {"resourceType": resource_type, "resourceIdentifier": dict(identifier)},
                "relatedResources": [],
                "reasonForNonCompliance": f"{check} found this resource at fault",
                "reasonForNonComplianceCode": check,
                "isSuppressed": False,
            }
        )
        return finding_id


def account_state(account_id: str, region: str) -> AccountState:
    """The state of an account and Region, made when first asked for."""
    with STATE_LOCK:
        backends: Any = iot_backends
        backend = backends[account_id][region]
        if getattr(backend, _ATTRIBUTE, None) is None:
            setattr(backend, _ATTRIBUTE, AccountState())
        state: AccountState = getattr(backend, _ATTRIBUTE)
        return state
