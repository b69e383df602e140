"""The operations of the ``iot-data`` service; whatever concerns messages and connections is asked of the data plane.

Those operations do not hold the state lock, since the data plane takes it itself. May import moto and the rules.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from moto.core.responses import ActionResult, EmptyResult
from moto.iotdata.responses import IoTDataPlaneResponse

from dicfix.offline.aws_api.binding import bound
from dicfix.offline.aws_api.modelled import ModelledResponse, OperationMissing
from dicfix.offline.rules import RuleViolation, data_requests, paging

if TYPE_CHECKING:
    from dicfix.offline.cloud import RegionPlane

NO_VALUE_WHEN_NONE = ("thingName", "connectedSince", "disconnectedSince", "disconnectReason")


class EmbeddedIoTDataResponse(ModelledResponse, IoTDataPlaneResponse):
    """moto's shadows; messages, connections and retained messages through the data plane."""

    lockless = frozenset(
        {
            "Publish",
            "GetRetainedMessage",
            "ListRetainedMessages",
            "GetConnection",
            "ListSubscriptions",
            "DeleteConnection",
            "SendDirectMessage",
        }
    )

    @property
    def plane(self) -> RegionPlane:
        """The Region that the request is for; one without data plane has no messages."""
        plane = bound().data_planes.get(self.region)
        if plane is None:
            raise OperationMissing(f"{self._get_action()} in {self.region}, which has no data plane here")
        return plane  # type: ignore[no-any-return]

    def publish(self) -> ActionResult:  # type: ignore[override]
        topic, payload, retain = self.params["topic"], self._payload(), bool(self.params.get("retain"))
        data_requests.check_publish(topic, len(payload), retain=retain)
        self.plane.data_plane.publish(topic, payload, qos=int(self.params.get("qos") or 0), retain=retain)
        return EmptyResult()

    def _payload(self) -> bytes:
        payload = self.params.get("payload") or b""
        return payload.encode() if isinstance(payload, str) else bytes(payload)

    def get_retained_message(self) -> ActionResult:
        message = self.plane.registry.retained_store().get(self.params["topic"])
        if message is None:
            raise RuleViolation("ResourceNotFoundException", "No retained message for this topic")
        return ActionResult(
            {
                "topic": message.topic,
                "payload": message.payload,
                "qos": message.qos,
                "lastModifiedTime": message.stored_at_ms,
            }
        )

    def list_retained_messages(self) -> ActionResult:
        messages = sorted(dict(self.plane.registry.retained_store()).values(), key=lambda one: one.topic)
        page, more = self._page(messages, data_requests.RETAINED_DEFAULT)
        topics = [
            {
                "topic": message.topic,
                "payloadSize": len(message.payload),
                "qos": message.qos,
                "lastModifiedTime": message.stored_at_ms,
            }
            for message in page
        ]
        return ActionResult({"retainedTopics": topics, **more})

    def get_connection(self) -> ActionResult:
        state = self.plane.data_plane.connection(self.params["clientId"])
        if state is None:
            raise _no_client(self.params["clientId"])
        answer: dict[str, Any] = {
            "clientId": state.client_id,
            "connected": state.connected,
            "thingName": state.thing_name,
            "cleanSession": state.clean_session,
            "keepAliveDuration": state.keep_alive_s,
            "sessionExpiry": state.session_expiry_s,
            "connectedSince": state.connected_since_ms,
            "disconnectedSince": state.disconnected_since_ms,
            "disconnectReason": state.disconnect_reason,
        }
        if self.params.get("includeSocketInformation"):
            answer |= {
                "sourceIp": state.source_ip,
                "sourcePort": state.source_port,
                "targetIp": state.target_ip,
                "targetPort": state.target_port,
            }
        absent = [name for name in NO_VALUE_WHEN_NONE if answer[name] is None]
        return ActionResult({name: value for name, value in answer.items() if name not in absent})

    def list_subscriptions(self) -> ActionResult:
        found = self.plane.data_plane.subscriptions(self.params["clientId"])
        if found is None:
            raise _no_client(self.params["clientId"])
        page, more = self._page(list(found), data_requests.SUBSCRIPTIONS_DEFAULT)
        subscriptions = [{"topicFilter": one.topic_filter, "qos": one.qos} for one in page]
        return ActionResult({"subscriptions": subscriptions, **more})

    def delete_connection(self) -> ActionResult:
        client_id = self.params["clientId"]
        found = self.plane.data_plane.disconnect(
            client_id,
            clean_session=bool(self.params.get("cleanSession")),
            prevent_will=bool(self.params.get("preventWillMessage")),
        )
        if not found:
            raise _no_client(client_id)
        return EmptyResult()

    def send_direct_message(self) -> ActionResult:
        if self.params.get("confirmation"):
            raise OperationMissing("SendDirectMessage with confirmation")
        client_id, topic, payload = self.params["clientId"], self.params["topic"], self._payload()
        data_requests.check_publish(topic, len(payload), retain=False)
        if not self.plane.data_plane.send_direct(client_id, topic, payload):
            raise _no_client(client_id)
        return ActionResult({"message": "OK", "traceId": str(uuid.uuid4())})

    def _page(self, items: list[Any], default: int) -> tuple[list[Any], dict[str, str]]:
        numbered = list(enumerate(items))
        page, token = paging.page(
            numbered,
            lambda item: item[0],
            operation=self._get_action(),
            marker=self.params.get("nextToken"),
            size=self.params.get("maxResults") or default,
        )
        return [item for _, item in page], {"nextToken": token} if token else {}


def _no_client(client_id: str) -> RuleViolation:
    return RuleViolation("ResourceNotFoundException", f"No client {client_id} is known")
