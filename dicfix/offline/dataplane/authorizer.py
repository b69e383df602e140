"""What one connection may do: its policies with its variables, decisions kept until the registry changes.

Imports the registry's Protocol and the rules; knows no sockets.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cryptography import x509

from dicfix.offline.dataplane.packets import Connect
from dicfix.offline.registry import AttachedThing, PolicyText, Registry
from dicfix.offline.rules import policy_evaluation as policy
from dicfix.offline.rules import policy_variables as variables
from dicfix.offline.rules.refusals import Refusal
from dicfix.offline.rules.retained import retain_on_reserved_topic
from dicfix.offline.rules.topics import reserved_publish_refusal, topic_too_deep, topic_too_long

_KEPT_DECISIONS = 1024
_OPEN = object()


class _Values(dict[str, tuple[str, ...]]):
    """Values of policy variables; those of the certificate are read when a policy first asks for one."""

    __slots__ = ("_certificate", "_certificate_id")

    def __init__(self, certificate: x509.Certificate, certificate_id: str) -> None:
        super().__init__()
        self._certificate: x509.Certificate | None = certificate
        self._certificate_id = certificate_id

    def get(self, key: str, default: Any = None) -> Any:
        """The values of a variable."""
        if self._certificate is not None and key.startswith("iot:certificate"):
            self.update(variables.certificate_values(self._certificate, self._certificate_id))
            self._certificate = None
        return super().get(key, default)


class Authorizer:
    """The decisions for one connection; ``plain`` leaves AWS's topic rules out, never the policies."""

    __slots__ = (
        "_certificate_id", "_client_id", "_plain", "_policies", "_publishes", "_receives", "_registry", "_values",
        "thing", "version",
    )  # fmt: skip

    def __init__(
        self,
        registry: Registry,
        *,
        certificate: x509.Certificate,
        certificate_id: str,
        connect: Connect,
        client_id: str,
        source_ip: str,
        plain: bool,
    ) -> None:
        self._registry = registry
        self._certificate_id = certificate_id
        self._client_id = client_id
        self._plain = plain
        self._values = _Values(certificate, certificate_id)
        self._values["iot:clientid"] = (client_id,)
        self._values["aws:sourceip"] = (source_ip,)
        attributes = [] if connect.clean_session else ["PersistentConnect"]
        if connect.will is not None:
            attributes.append("LastWill")
            self._values["iot:lastwilltopic"] = (connect.will.topic,)
        if attributes:
            self._values["iot:connectattributes"] = tuple(attributes)
        self._publishes: dict[tuple[str, bool], object] = {}
        self._receives: dict[str, bool] = {}
        self.version = -1
        self._policies: Sequence[PolicyText] = ()
        self.thing: AttachedThing | None = None

    def refresh(self, version: int) -> None:
        """Read policies and things anew if the registry's version moved."""
        if version == self.version:
            return
        self.version = version
        self._publishes.clear()
        self._receives.clear()
        self._policies = self._registry.policies(self._certificate_id)
        self.thing = variables.connection_thing(self._client_id, self._registry.things(self._certificate_id))
        for name in [name for name in self._values if name.startswith("iot:connection.")]:
            del self._values[name]
        self._values.update(variables.thing_values(self.thing))

    def decide(self, action: str, name: str) -> policy.Decision:
        """The decision on a client ID, topic or topic filter."""
        arn = policy.resource_arn(action, name, region=self._registry.region, account_id=self._registry.account_id)
        return policy.evaluate(self._policies, action, arn, self._values)

    def publish_refusal(self, topic: str, *, retain: bool) -> Refusal | None:
        """Why a publish to ``topic`` is refused, if it is."""
        key = (topic, retain)
        known = self._publishes.get(key)
        if known is None:
            known = self._publish_refusal(topic, retain=retain) or _OPEN
            if len(self._publishes) >= _KEPT_DECISIONS:
                self._publishes.clear()
            self._publishes[key] = known
        return known if isinstance(known, Refusal) else None

    def _publish_refusal(self, topic: str, *, retain: bool) -> Refusal | None:
        refusal = None if self._plain else _topic_refusal(topic, retain=retain)
        refusal = refusal or policy.denied_publish(self.decide(policy.PUBLISH, topic))
        if refusal is None and retain:
            refusal = policy.denied_retain(self.decide(policy.RETAIN_PUBLISH, topic))
        return refusal

    def receives(self, topic: str) -> tuple[bool, str]:
        """Whether a message on ``topic`` may be delivered, and why not if that is decided for the first time."""
        known = self._receives.get(topic)
        if known is not None:
            return known, ""
        decision = self.decide(policy.RECEIVE, topic)
        if len(self._receives) >= _KEPT_DECISIONS:
            self._receives.clear()
        self._receives[topic] = allowed = policy.may_receive(decision)
        return allowed, "" if allowed else decision.text


def _topic_refusal(topic: str, *, retain: bool) -> Refusal | None:
    refusal = topic_too_long(topic) or topic_too_deep(topic) or reserved_publish_refusal(topic)
    return refusal or (retain_on_reserved_topic(topic) if retain else None)
