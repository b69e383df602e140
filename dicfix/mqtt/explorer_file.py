"""MQTT Explorer's own JSON for a connection: read into a profile, and written without key and password.

Source: MQTT Explorer, app/src/model/ConnectionOptions.ts (configVersion 1); its settings file keeps connections by id
under ``ConnectionManager_connections``. Files are PEM in base64 there. Imports errors and the profile.
"""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from collections.abc import Mapping
from typing import Any, TypeVar

from dicfix.errors import UsageError
from dicfix.mqtt.profile import ExplorerProfile, Subscription

CONNECTIONS_KEY = "ConnectionManager_connections"

T = TypeVar("T")

_FILE_FIELDS = {
    "selfSignedCertificate": "server_certificate",
    "clientCertificate": "client_certificate",
    "clientKey": "client_key",
}


def read_profile(text: str, *, name: str | None = None) -> ExplorerProfile:
    """The profile in MQTT Explorer's JSON: one connection, or its settings with several, chosen by ``name``.

    Raises UsageError for what MQTT Explorer could not have written.
    """
    try:
        document = json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        raise UsageError("the MQTT Explorer file is not JSON", expected="MQTT Explorer's settings") from None
    return _profile(_choose(_connections(document), name))


def write_profile(profile: ExplorerProfile) -> str:
    """One connection as MQTT Explorer keeps it; client key and password are left for the user to enter."""
    document: dict[str, Any] = {
        "configVersion": 1,
        "type": "mqtt",
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"mqtts://{profile.client_id}@{profile.host}:{profile.port}")),
        "name": profile.name,
        "protocol": profile.protocol.removesuffix("://"),
        "host": profile.host,
        "port": profile.port,
        "encryption": profile.encryption,
        "certValidation": profile.validate_certificate,
        "clientId": profile.client_id,
        "subscriptions": [{"topic": one.topic, "qos": one.qos} for one in profile.subscriptions],
    }
    if profile.username:
        document["username"] = profile.username
    for key, pem, file_name in (
        ("selfSignedCertificate", profile.server_certificate, "server certificate"),
        ("clientCertificate", profile.client_certificate, "client certificate"),
    ):
        if pem:
            document[key] = {"name": file_name, "data": base64.b64encode(pem.encode()).decode()}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _connections(document: object) -> dict[str, Mapping[str, Any]]:
    if isinstance(document, dict) and isinstance(document.get(CONNECTIONS_KEY), dict):
        document = document[CONNECTIONS_KEY]
    if isinstance(document, dict) and "host" in document:
        return {str(document.get("name", "")): document}
    if isinstance(document, dict):
        found: dict[str, Mapping[str, Any]] = {
            str(one.get("name", "")): one for one in document.values() if isinstance(one, dict) and "host" in one
        }
        if found:
            return found
    raise UsageError("the MQTT Explorer file holds no connection", expected="a connection with a host")


def _choose(connections: dict[str, Mapping[str, Any]], name: str | None) -> Mapping[str, Any]:
    names = ", ".join(repr(one) for one in connections)
    if name is None and len(connections) == 1:
        return next(iter(connections.values()))
    if name is None:
        raise UsageError(
            f"the MQTT Explorer file holds {len(connections)} connections", expected=f"the name of one of {names}"
        )
    if name not in connections:
        raise UsageError(f"the MQTT Explorer file holds no connection {name!r}", expected=f"one of {names}")
    return connections[name]


def _profile(one: Mapping[str, Any]) -> ExplorerProfile:
    files = {field: _file(one.get(key), key) for key, field in _FILE_FIELDS.items()}
    return ExplorerProfile(
        name=_typed(one, "name", str, ""),
        host=_typed(one, "host", str, ""),
        port=_typed(one, "port", int, 0),
        client_id=_typed(one, "clientId", str, ""),
        subscriptions=_subscriptions(one.get("subscriptions", [])),
        protocol=f"{_typed(one, 'protocol', str, 'mqtt')}://",
        encryption=_typed(one, "encryption", bool, False),
        validate_certificate=_typed(one, "certValidation", bool, True),
        username=_typed(one, "username", str, ""),
        password=_typed(one, "password", str, ""),
        **files,
    )


def _typed(one: Mapping[str, Any], key: str, kind: type[T], default: T) -> T:
    value = one.get(key)
    if value is None:
        return default
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise UsageError(
            f"the MQTT Explorer file has a wrong value for {key}", expected=f"a value of type {kind.__name__}"
        )
    return value


def _subscriptions(listed: object) -> tuple[Subscription, ...]:
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise UsageError(
            "the MQTT Explorer file has a wrong value for subscriptions", expected="a list of topic and qos"
        )
    return tuple(Subscription(_typed(one, "topic", str, ""), _typed(one, "qos", int, 0)) for one in listed)


def _file(value: object, key: str) -> str:
    if value is None:
        return ""
    data = value.get("data") if isinstance(value, dict) else None
    try:
        return base64.b64decode(data if isinstance(data, str) else "?", validate=True).decode("ascii")
    except (ValueError, binascii.Error):
        raise UsageError(
            f"the MQTT Explorer file has a wrong value for {key}", expected="a PEM file in base64"
        ) from None
