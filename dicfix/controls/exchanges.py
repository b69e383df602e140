"""Controls of device and Explorer together: what each said and the other saw. An audit never makes them talk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dicfix.controls.registry import Look, control
from dicfix.findings import Finding, Severity
from dicfix.guide import APPLICATIONS
from dicfix.guide.applications import COMMAND_TOPIC
from dicfix.records import Exchange

STATE = "state"
COMMAND = "command"
OTA = "ota"
_ARTICLES = {STATE: "a", COMMAND: "a", OTA: "an"}


def _of(
    look: Look, direction: str, applications: tuple[str, ...], topics: dict[str, tuple[str, ...]]
) -> Iterator[Finding]:
    if look.auditing:
        yield look.not_applicable("an audit opens no MQTT session and publishes nothing")
        return
    seen = [one for one in look.given(look.inventory.exchanges) or () if one.direction == direction]
    if not seen:
        yield look.absent(
            "device and Explorer", f"{_ARTICLES[direction]} {direction} message seen at the other end", "no message"
        )
    for one in seen:
        if one.application not in applications:
            yield look.not_applicable(
                f"edition {look.edition.name} has no application {one.application} here", _name(one)
            )
        else:
            yield _exchange(look, one, topics[one.application])


def _name(exchange: Exchange) -> str:
    return f"{exchange.application}: {exchange.payload} on {exchange.topic}"


def _exchange(look: Look, exchange: Exchange, topics: Iterable[str]) -> Finding:
    expected = f"{exchange.expected} seen at the other end, on {' or '.join(topics)}"
    if exchange.observed is None:
        return look.absent(_name(exchange), expected, "nothing arrived")
    return look.judge(
        _name(exchange),
        exchange.observed == exchange.expected and exchange.topic in topics,
        expected=expected,
        observed=f"{exchange.observed} on {exchange.topic}",
    )


@control(
    "DIC-E2E-01",
    clauses=("E2E-1",),
    severity=Severity.BLOCKER,
    title="The device's state reaches the Explorer",
    rationale="The Explorer is the remote user: what it does not see, nobody sees.",
    remedy="look at the transcript of both connections: the topic subscribed, the policy, the device's own message",
    needs=("exchanges",),
)
def state_reaches_the_explorer(look: Look) -> Iterator[Finding]:
    """E2E-1: state published by the device is seen by the Explorer, on the application's own topic."""
    topics = {name: one.state_topics for name, one in APPLICATIONS.items()}
    yield from _of(look, STATE, look.edition.applications, topics)


@control(
    "DIC-E2E-02",
    clauses=("E2E-2",),
    severity=Severity.BLOCKER,
    title="A command reaches the device and acts",
    rationale="Controlling the device from outside its network is what direct connectivity is for.",
    remedy="publish on the topic command itself, in less than 30 bytes, and look at the transcript of both connections",
    needs=("exchanges",),
)
def commands_reach_the_device(look: Look) -> Iterator[Finding]:
    """E2E-2: what the Explorer publishes on ``command`` changes the device's state."""
    yield from _of(look, COMMAND, look.edition.commanded, dict.fromkeys(APPLICATIONS, (COMMAND_TOPIC,)))


@control(
    "DIC-E2E-03",
    clauses=("E2E-3",),
    severity=Severity.BLOCKER,
    title="The command ota starts the OTA agent",
    rationale="The published firmware looks for an OTA update only once it was told to, and once per boot.",
    remedy="publish ota on the topic command while the device is connected; after an update attempt restart the device",
    needs=("exchanges",),
)
def command_starts_the_ota_agent(look: Look) -> Iterator[Finding]:
    """E2E-3: ``ota`` on the topic ``command``, and the device shows that its agent started."""
    yield from _of(look, OTA, look.edition.commanded, dict.fromkeys(APPLICATIONS, (COMMAND_TOPIC,)))
