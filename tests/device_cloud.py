"""A device's OTA agent and the services it talks to, joined in memory: messages go round until nothing moves."""

from __future__ import annotations

import base64
import json
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cbor2
from ota_update_world import IMAGE, OtaWorld
from signing_world import ecdsa_key, materials

from dicfix.device.ota.actions import Action, Activate, Publish, Subscribe
from dicfix.device.ota_agent import STRICT, AgentSettings, OtaAgent, Progress, Version
from dicfix.images import gbl
from dicfix.offline.rules.signing_material import signer_of
from dicfix.offline.services import Reply, Request
from dicfix.offline.services.jobs_topics import notice_reply

THING = "T1"
NEWER = Version(0, 9, 3)


def image_of(version: Version, size: int = 30 * 1024) -> bytes:
    """A GBL image of exactly ``size`` bytes."""
    return gbl.make(bytes(n % 251 for n in range(size - len(gbl.make(b"", version=0)))), version=version.number)


def tampered(reply: Reply) -> Reply:
    """Flip a bit in block 3."""
    if "/data/" not in reply.topic:
        return reply
    body = cbor2.loads(reply.payload)
    if body["i"] == 3:
        body["p"] = bytes([body["p"][0] ^ 1]) + body["p"][1:]
    return replace(reply, payload=cbor2.dumps(body))


def losing(blocks: set[int]) -> Callable[[Reply], Reply | None]:
    """Lose each of these blocks once."""
    left = set(blocks)

    def drop(reply: Reply) -> Reply | None:
        if "/data/" in reply.topic:
            block = cbor2.loads(reply.payload)["i"]
            if block in left:
                left.discard(block)
                return None
        return reply

    return drop


class DeviceCloud(OtaWorld):
    """One agent in a world; ``drop`` may lose or change a reply, ``online`` cuts the device off."""

    def __init__(
        self,
        settings: AgentSettings = STRICT,
        *,
        version: Version = Version(0, 9, 2),  # noqa: B008
        image: bytes = IMAGE,
        things: tuple[str, ...] = (THING,),
    ) -> None:
        super().__init__(image=image, things=things)
        self.progress: list[Progress] = []
        self.agent = OtaAgent(
            THING,
            self.clock,
            settings=settings,
            version=version,
            certificate=materials()["ecdsa"].certificate,
            on_progress=self.progress.append,
        )
        self.online = True
        self.subscriptions: set[str] = set()
        self.published: list[Publish] = []
        self.activations: list[bytes] = []
        self.drop: Callable[[Reply], Reply | None] = lambda reply: reply
        self._inbox: deque[Reply] = deque()

    def update(self, update_id: str = "OTA_1", signed: bytes | None = None, **members: Any) -> None:
        """An OTA update signed by hand over ``signed`` (the image itself unless given)."""
        signature = signer_of(ecdsa_key())(self.image if signed is None else signed, "SHA256")
        file = self.signed_by_hand(base64.b64encode(signature), **members)
        assert self.run(file, update_id)["otaUpdateStatus"] == "CREATE_COMPLETE"
        self._deliver_notices()

    def do(self, actions: tuple[Action, ...]) -> None:
        """Carry the agent's wishes out and go on until nothing moves."""
        todo = deque(actions)
        while todo or self._inbox:
            if todo:
                self._carry_out(todo.popleft())
            else:
                reply = self._inbox.popleft()
                todo.extend(self.agent.receive(reply.topic, reply.payload))

    def start(self) -> None:
        self.do(self.agent.start())

    def flush(self) -> None:
        """Deliver what is waiting."""
        self._deliver_notices()
        self.do(())

    def reboot(self) -> None:
        self.subscriptions.clear()
        self.do(self.agent.rebooted())

    def go_offline(self) -> None:
        self.online = False
        self.subscriptions.clear()
        self._inbox.clear()
        self.do(self.agent.disconnected())

    def come_back(self) -> None:
        self.online = True
        self.do(self.agent.reconnected())

    def wait_out(self) -> None:
        """Let time pass to the agent's deadline."""
        deadline = self.agent.next_deadline()
        assert deadline is not None
        self.clock.now = deadline
        self.do(self.agent.tick())

    def updates_sent(self) -> list[tuple[str, dict[str, str], int]]:
        """Status, details and QoS of every job update that the agent published."""
        sent = []
        for message in self.published:
            if message.topic.endswith("/update"):
                body = json.loads(message.payload)
                sent.append((body["status"], body["statusDetails"], message.qos))
        return sent

    def raw_updates(self) -> list[bytes]:
        return [message.payload for message in self.published if message.topic.endswith("/update")]

    def execution(self, update_id: str = "OTA_1") -> tuple[str, dict[str, str]]:
        request = {"jobId": f"AFR_OTA-{update_id}", "thingName": THING}
        execution = self.jobs.describe_execution(request)["execution"]
        return execution["status"], execution["statusDetails"]["detailsMap"]

    def _carry_out(self, action: Action) -> None:
        if isinstance(action, Subscribe):
            self.subscriptions.add(action.topic_filter)
        elif isinstance(action, Activate):
            self.activations.append(action.image)
        elif self.online:
            self.published.append(action)
            request = Request(action.topic, action.payload, THING)
            service = self.jobs_topics if "/jobs/" in action.topic else self.streams_topics
            self._send(*service(request))
            self._deliver_notices()

    def _deliver_notices(self) -> None:
        notices, self.notices[:] = list(self.notices), []
        self._send(*(notice_reply(notice) for notice in notices if notice.thing_name == THING))

    def _send(self, *replies: Reply) -> None:
        for reply in replies:
            if self.online and (reply.direct or reply.topic in self.subscriptions):
                kept = self.drop(reply)
                if kept is not None:
                    self._inbox.append(kept)
