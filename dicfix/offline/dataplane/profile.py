"""How strictly the data plane follows AWS IoT: profiles of switches. Pure data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Profile:
    """Switches of the data plane; every default is AWS IoT Core's behaviour as far as it is known.

    ``plain`` gives MQTT 3.1.1 as written (admission and policy stay; QoS is capped at 1 all the same).
    ``refuse_dates`` refuses a client certificate outside its validity dates; AWS's pages do not say what happens.
    ``jitr_without_sni`` registers an unknown certificate of a DEFAULT CA without SNI, as a peer's live capture reports;
    the guide asks for SNI. ``rate_limits`` turns on the limits per connection and client ID.
    """

    name: str
    plain: bool = False
    refuse_dates: bool = True
    jitr_without_sni: bool = False
    rate_limits: bool = False
    connect_timeout_s: float = 30.0


AWS_IOT = Profile("AWS IoT Core")
PLAIN_MQTT = Profile("MQTT 3.1.1", plain=True)
