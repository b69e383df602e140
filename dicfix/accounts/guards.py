"""What must be so before a run touches an account that is not embedded: who is logged in, and which rules would fire.

May import ``aws``, ``guide`` and the topic filters of ``mqtt``.
"""

from __future__ import annotations

from dicfix.aws import connectivity, registry
from dicfix.aws.session import AwsSession
from dicfix.errors import AwsRefused, GuardRefused, Unreadable
from dicfix.guide import APPLICATIONS
from dicfix.guide.applications import COMMAND_TOPIC
from dicfix.mqtt.topics import matches
from dicfix.records import Caller
from dicfix.settings import Settings

EVENT_TOPICS = (
    "$aws/events/presence/connected/client",
    "$aws/events/presence/disconnected/client",
    "$aws/events/certificates/registered/ca",
)
"""What AWS IoT itself publishes about a connection. Source: developerguide reserved-topics, life-cycle-events."""


def require_account(caller: Caller, settings: Settings) -> Caller:
    """The caller, if logged in to the account that the run is meant for; else GuardRefused. Source: AWS-3."""
    wanted = settings.account
    if wanted and caller.account != wanted:
        raise GuardRefused(
            f"logged in to account {caller.account}",
            expected=f"account {wanted}, which this run is meant for",
            remedy="log in to that account, or name this one with --dicfix-account (pytest) or --account (dicfix)",
        )
    return caller


def require_login(session: AwsSession, settings: Settings) -> Caller:
    """Who is logged in; GuardRefused when nobody is, when AWS does not answer, or when it is another account."""
    if settings.mode == "onboard" and not settings.account:
        raise GuardRefused(
            "no account is named for a run that writes to AWS",
            expected="the twelve digits of the account that may be changed",
            remedy="name it with --dicfix-account (pytest), --account (dicfix) or in dic.toml ([aws] account)",
        )
    try:
        caller = registry.read_caller(session)
    except (Unreadable, AwsRefused) as error:
        raise GuardRefused(
            f"it cannot be known who is logged in: {error.observed}",
            expected="an answer to sts:GetCallerIdentity",
            remedy="check the credentials, the Region and the network",
        ) from error
    return require_account(caller, settings)


def require_no_rules(session: AwsSession, settings: Settings) -> None:
    """Raise GuardRefused when a topic rule of the account would fire on a topic of this run, or when nobody knows.

    Source: AWS IoT ListTopicRules, whose rows name each rule's topic filter.
    """
    if settings.allow_rules:
        return
    try:
        rows = list(session.pages("iot", "ListTopicRules", "rules"))
    except (Unreadable, AwsRefused) as error:
        raise GuardRefused(
            f"it cannot be known which topic rules would fire: {error.observed}",
            remedy="allow iot:ListTopicRules for this caller, or run with --dicfix-allow-rules",
        ) from error
    firing = [str(row.get("ruleName")) for row in rows if not row.get("ruleDisabled") and _fires(row)]
    if firing:
        raise GuardRefused(
            f"topic rules of this account would fire on this run's messages: {', '.join(sorted(firing))}",
            expected="an account whose rules do not listen to the guide's topics",
            remedy="disable them, or accept that they fire with --dicfix-allow-rules",
        )


def _fires(row: dict[str, str]) -> bool:
    pattern = row.get("topicPattern")
    return bool(pattern) and any(matches(str(pattern), topic) for topic in run_topics())


def run_topics() -> tuple[str, ...]:
    """Every topic on which an onboarding publishes, or makes AWS IoT publish. Source: E2E-1, E2E-2, EVENT_TOPICS."""
    states = (topic for application in APPLICATIONS.values() for topic in application.state_topics)
    return tuple(dict.fromkeys((COMMAND_TOPIC, *states, *EVENT_TOPICS)))


def require_not_connected(session: AwsSession, settings: Settings, client_id: str) -> None:
    """Raise GuardRefused for the client ID of a real board, one that is connected now, and one that nobody can know."""
    if client_id in settings.real_boards:
        raise GuardRefused(f"{client_id} is a real board", expected="a client ID that no board uses")
    try:
        connected = connectivity.is_connected(session, client_id)
    except (Unreadable, AwsRefused) as error:
        raise GuardRefused(
            f"it cannot be known whether client ID {client_id} is connected: {error.observed}",
            expected="an answer to iot-data:GetConnection",
            remedy="allow iot:GetConnection for this caller",
        ) from error
    if connected:
        raise GuardRefused(
            f"client ID {client_id} is connected right now",
            expected="a client ID that nobody uses: a published board never reconnects once it is dropped",
            remedy="switch that client off, or name another thing in dic.toml",
        )


def require_exclusive(settings: Settings) -> None:
    """Raise GuardRefused for a message on ``command`` in an account where boards may obey it too. Source: E2E-2."""
    if settings.target == "aws" and not settings.exclusive_account:
        raise GuardRefused(
            "every board of an account obeys the topic command, and this account is not said to be ours alone",
            expected="exclusive_account = true under [aws] in dic.toml",
            remedy="run against an account without boards and say so there",
        )
