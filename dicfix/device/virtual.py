"""A virtual device: a board on a real MQTT connection, served by a thread of its own.

Imports ``dicfix.mqtt`` and the board.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from dicfix.device.board import MAX_CLIENT_ID_BYTES, Board
from dicfix.errors import DeadlineExceeded, DicfixError, UsageError
from dicfix.guide.applications import COMMAND_TOPIC
from dicfix.mqtt.connection import Connection, connect
from dicfix.mqtt.parameters import ConnectionParameters, Deadlines, TlsMaterial
from dicfix.mqtt.route import Route
from dicfix.mqtt.transcript import Transcript


class VirtualDevice:
    """A board that is connected; a context manager that switches it off.

    ``connection`` is its MQTT connection, ``failure`` the error that stopped it, if one did.
    """

    def __init__(self, board: Board, connection: Connection) -> None:
        self.board = board
        self.connection = connection
        self.failure: DicfixError | None = None
        self._thread = threading.Thread(
            target=self._serve, name=f"dic-device-{connection.parameters.client_id}", daemon=True
        )

    def start(self) -> None:
        """Subscribe as the firmware does and begin to obey."""
        if self.board.subscribes:
            self.connection.subscribe(COMMAND_TOPIC, qos=0)
        self._thread.start()

    def _serve(self) -> None:
        try:
            for message in self.connection.messages(COMMAND_TOPIC):
                self.board.command(message.payload, self.connection)
        except DicfixError as error:
            self.failure = error

    def operate(self, attribute: str, value: int | str) -> None:
        """Change an attribute at the device itself; its state is published."""
        self.board.operate(attribute, value, self.connection)

    def wait_for(self, condition: Callable[[Board], bool], what: str, *, timeout_s: float | None = None) -> None:
        """Wait until ``condition(board)`` holds; raises DeadlineExceeded (``message_s``)."""
        limit_s = self.connection.deadlines.message_s if timeout_s is None else timeout_s
        if not self.board.wait_for(condition, limit_s):
            raise DeadlineExceeded("message_s", limit_s, what)

    def switch_off(self) -> None:
        """Disconnect and end the thread."""
        self.connection.disconnect()
        self._join()

    def lose_power(self) -> None:
        """End without DISCONNECT."""
        self.connection.drop()
        self._join()

    def _join(self) -> None:
        if self._thread.is_alive():
            self._thread.join(self.connection.deadlines.end_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.switch_off()


def device_parameters(
    board: Board, *, host: str, client_id: str, root_pem: str, certificate_pem: str, key_pem: str, port: int = 8883
) -> ConnectionParameters:
    """The connection of ``board`` as its profile makes it; raises UsageError for a client ID without room."""
    size = len(client_id.encode())
    if not 0 < size <= MAX_CLIENT_ID_BYTES:
        raise UsageError(
            f"the client ID {client_id!r} is {size} bytes long",
            expected=f"1 to {MAX_CLIENT_ID_BYTES} bytes, the firmware's room",
            remedy="give the thing a shorter name",
        )
    tls = TlsMaterial(
        root_pem,
        certificate_pem,
        key_pem,
        sends_server_name=board.profile.sends_server_name,
        checks_host_name=board.profile.checks_host_name,
    )
    return ConnectionParameters(host, port, client_id, tls, keep_alive_s=board.profile.keep_alive_s)


def switch_on(
    board: Board,
    parameters: ConnectionParameters,
    *,
    route: Route | None = None,
    deadlines: Deadlines | None = None,
    before_connect: Callable[[str], None] | None = None,
    server_reason: Callable[[str], str] | None = None,
    on_transcript: Callable[[Transcript], None] | None = None,
) -> VirtualDevice:
    """Connect ``board`` and begin to obey; the arguments and errors are those of ``dicfix.mqtt.connection.connect``."""
    connection = connect(
        parameters,
        route=route,
        deadlines=deadlines,
        before_connect=before_connect,
        server_reason=server_reason,
        on_transcript=on_transcript,
    )
    device = VirtualDevice(board, connection)
    try:
        device.start()
    except DicfixError:
        connection.disconnect()
        raise
    return device
