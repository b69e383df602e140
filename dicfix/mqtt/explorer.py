"""MQTT Explorer as the guide uses it: a profile, checked first, becomes a connection with its subscriptions.

Imports this package only.
"""

from __future__ import annotations

from collections.abc import Callable

from dicfix.errors import DicfixError
from dicfix.mqtt.connection import Connection, connect
from dicfix.mqtt.parameters import Deadlines
from dicfix.mqtt.profile import ExplorerProfile
from dicfix.mqtt.route import Route
from dicfix.mqtt.transcript import Transcript


def open_explorer(
    profile: ExplorerProfile,
    *,
    route: Route | None = None,
    deadlines: Deadlines | None = None,
    before_connect: Callable[[str], None] | None = None,
    server_reason: Callable[[str], str] | None = None,
    on_transcript: Callable[[Transcript], None] | None = None,
) -> Connection:
    """Connect with ``profile`` as it is and subscribe to its topics one by one, as MQTT Explorer does.

    A right profile is the caller's business (``profile.validate``), so that a wrong one can be shown to fail. The
    arguments and errors are those of ``connection.connect``; a refused subscription is an error too.
    """
    connection = connect(
        profile.parameters(),
        route=route,
        deadlines=deadlines,
        before_connect=before_connect,
        server_reason=server_reason,
        on_transcript=on_transcript,
    )
    try:
        for one in profile.subscriptions:
            connection.subscribe(one.topic, qos=one.qos)
    except DicfixError:
        connection.disconnect()
        raise
    return connection
