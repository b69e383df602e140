"""The rules of a connection as pure functions."""

from __future__ import annotations

import pytest

from dicfix.offline.rules import connection as rules
from dicfix.offline.rules.refusals import THROTTLED


@pytest.mark.parametrize(
    ("keep_alive_s", "timeout_s"),
    [(0, 1200), (1, 45), (29, 45), (30, 45), (31, 46.5), (60, 90), (1200, 1800), (1201, 1800), (65535, 1800)],
)
def test_keep_alive_is_clamped_to_30_and_1200_seconds(keep_alive_s: int, timeout_s: float) -> None:
    assert rules.keep_alive_timeout_s(keep_alive_s) == timeout_s


def test_a_connection_sends_at_most_100_messages_and_512_kib_a_second() -> None:
    assert rules.publish_rate_exceeded(100, 512 * 1024) is None
    for messages, size_bytes, reason in ((101, 0, "PUBLISH_RATE"), (1, 512 * 1024 + 1, "BYTES_RATE")):
        refusal = rules.publish_rate_exceeded(messages, size_bytes)
        assert refusal is not None
        assert (refusal.reason, refusal.disconnect_reason) == (reason, THROTTLED)


def test_a_client_id_connects_once_a_second() -> None:
    assert rules.connect_rate_exceeded(None) is None
    assert rules.connect_rate_exceeded(1.0) is None
    assert rules.connect_rate_exceeded(0.99) is not None


@pytest.mark.parametrize(
    ("mode", "server_name", "refused"),
    [("SNI_ONLY", None, True), ("SNI_ONLY", "x", False), ("DEFAULT", None, False), ("DEFAULT", "x", False)],
)
def test_only_sni_only_certificates_need_sni(mode: str, server_name: str | None, *, refused: bool) -> None:
    assert (rules.sni_missing(mode, server_name) is not None) == refused


def test_a_will_is_kept_back_only_for_the_clients_own_goodbye() -> None:
    assert not rules.will_is_published("CLIENT_INITIATED_DISCONNECT")
    for reason in ("CONNECTION_LOST", "AUTH_ERROR", "CLIENT_ERROR", "DUPLICATE_CLIENTID", "API_INITIATED_DISCONNECT"):
        assert rules.will_is_published(reason)
