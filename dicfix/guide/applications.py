"""What each DIC application publishes and which commands it obeys. Imports nothing of dicfix.

Source: Direct Internet Connectivity page and the published firmware (E2E-1, E2E-2).
"""

from __future__ import annotations

from dataclasses import dataclass

COMMAND_TOPIC = "command"
"""The one topic that every device of an account subscribes to."""


@dataclass(frozen=True, slots=True)
class Application:
    """One DIC application: the topics of its state and the forms of its commands (``N`` stands for a number)."""

    name: str
    state_topics: tuple[str, ...]
    commands: tuple[str, ...]


APPLICATIONS: dict[str, Application] = {
    one.name: one
    for one in (
        Application("lighting", ("light/state",), ("on", "off", "toggle")),
        Application("plug", ("light/state",), ("on", "off", "toggle")),
        Application("lock", ("lock/state",), ("lock", "unlock")),
        Application("window", ("lift/position set", "tilt/position set"), ("Lift/N", "Tilt/N")),
        Application(
            "thermostat",
            (
                "thermostat/systemMode",
                "thermostat/currentTemp",
                "LocalTemperature/Temp",
                "OccupiedCoolingSetpoint/coolingTemp",
                "OccupiedHeatingSetpoint/heatingTemp",
            ),
            ("SetMode/N", "Heating/N", "Cooling/N"),
        ),
    )
}
