"""GetEffectivePolicies and TestAuthorization, answered by the evaluation that the data plane uses.

May import the rules; works on the backend that it is given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dicfix.offline.aws_api.iot.records import CertificateRecord, PolicyRecord
from dicfix.offline.registry import AttachedThing, PolicyText
from dicfix.offline.rules import RuleViolation, policy_evaluation, policy_variables
from dicfix.offline.rules.things import EXCLUSIVE

if TYPE_CHECKING:
    from dicfix.offline.aws_api.iot.models import EmbeddedIoTBackend

ACTIONS = {
    "CONNECT": policy_evaluation.CONNECT,
    "PUBLISH": policy_evaluation.PUBLISH,
    "SUBSCRIBE": policy_evaluation.SUBSCRIBE,
    "RECEIVE": policy_evaluation.RECEIVE,
}


def effective(backend: EmbeddedIoTBackend, principal: str | None, thing_name: str | None) -> list[PolicyRecord]:
    """The policies in effect for a principal, a thing, or both. Source: AWS API GetEffectivePolicies."""
    if not principal and not thing_name:
        raise RuleViolation("InvalidRequestException", "A principal or a thing name is required")
    if thing_name:
        backend.describe_thing(thing_name)
    if principal and ":thinggroup/" in principal:
        backend.check_target(principal)
        return [record for _, record in backend.inherited_policies(principal)]
    if principal:
        backend.principal(principal)
    return backend.effective_policies(principal, [thing_name] if thing_name else [])


def judge(
    backend: EmbeddedIoTBackend,
    *,
    principal: str | None,
    client_id: str | None,
    questions: Sequence[Mapping[str, Any]],
    add: Sequence[str],
    skip: Sequence[str],
) -> list[dict[str, Any]]:
    """One result per question and resource, in order. Source: AWS API TestAuthorization."""
    if not principal:
        raise RuleViolation("InvalidRequestException", "A principal is required")
    record = backend.principal(principal)
    things = list(backend.things_of.get(principal, ()))
    policies = {one.name: one for one in backend.effective_policies(principal, things)}
    policies.update({name: backend.iot_policy(name) for name in add})
    chosen = [one for name, one in policies.items() if name not in skip]
    values = _values(backend, record, client_id or "", things)
    return [
        _result(chosen, question["actionType"], resource, values)
        for question in questions
        for resource in question["resources"]
    ]


def _values(
    backend: EmbeddedIoTBackend, record: CertificateRecord, client_id: str, things: Sequence[str]
) -> Mapping[str, tuple[str, ...]]:
    attached = [_attached(backend, record.arn, name) for name in things]
    return {
        **policy_variables.certificate_values(record.certificate, record.certificate_id),
        **policy_variables.thing_values(policy_variables.connection_thing(client_id, attached)),
        **({"iot:clientid": (client_id,)} if client_id else {}),
    }


def _attached(backend: EmbeddedIoTBackend, principal: str, name: str) -> AttachedThing:
    thing = backend.describe_thing(name)
    return AttachedThing(
        name,
        thing.thing_type.thing_type_name if thing.thing_type else None,
        dict(thing.attributes),
        backend.things_of[principal][name][1] == EXCLUSIVE,
    )


def _result(
    policies: Sequence[PolicyRecord], action_type: str, resource: str, values: Mapping[str, tuple[str, ...]]
) -> dict[str, Any]:
    action = ACTIONS[action_type]
    effects = {record.name: _effects(record, action, resource, values) for record in policies}
    allowing = [record.summary() for record in policies if "Allow" in effects[record.name]]
    denying = [record.summary() for record in policies if "Deny" in effects[record.name]]
    texts = [PolicyText(record.name, record.in_effect.document) for record in policies]
    allowed = policy_evaluation.evaluate(texts, action, resource, values).allowed
    decision = "ALLOWED" if allowed else "EXPLICIT_DENY" if denying else "IMPLICIT_DENY"
    return {
        "authInfo": {"actionType": action_type, "resources": [resource]},
        "allowed": {"policies": allowing},
        "denied": {"explicitDeny": {"policies": denying}, "implicitDeny": {"policies": []}},
        "authDecision": decision,
        "missingContextValues": [],
    }


def _effects(record: PolicyRecord, action: str, resource: str, values: Mapping[str, tuple[str, ...]]) -> set[str]:
    statements = record.in_effect.document["Statement"]
    listed = statements if isinstance(statements, list) else [statements]
    return {one["Effect"] for one in listed if policy_evaluation.applies(one, action, resource, values)}
