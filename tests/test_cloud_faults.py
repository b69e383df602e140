"""Injected faults: what a client sees of each, in-process and over HTTP, and that nothing has happened behind them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from cloud_account import code_of

from dicfix.offline.faults import FaultKind

if TYPE_CHECKING:
    from cloud_account import Account

pytest_plugins = ["cloud_fixtures"]


@pytest.mark.parametrize(
    ("kind", "code", "status"),
    [
        (FaultKind.ACCESS_DENIED, "AccessDeniedException", 403),
        (FaultKind.THROTTLED, "ThrottlingException", 400),
        (FaultKind.UNAVAILABLE, "ServiceUnavailableException", 503),
        (FaultKind.INTERNAL_FAILURE, "InternalFailureException", 500),
        (FaultKind.EXPIRED_TOKEN, "ExpiredTokenException", 403),
    ],
)
def test_a_fault_is_answered_in_place_of_the_operation(
    empty_account: Account, kind: FaultKind, code: str, status: int
) -> None:
    with empty_account.cloud.faults.inject("iot:CreateThing", kind):
        assert code_of(lambda: empty_account.iot.create_thing(thingName="t")) == (code, status)
        assert empty_account.iot.list_things()["things"] == []
    assert code_of(lambda: empty_account.iot.create_thing(thingName="t")) == ("", 200)


@pytest.mark.parametrize(
    ("service", "operation"), [("s3", "list_buckets"), ("sts", "get_caller_identity"), ("iam", "list_roles")]
)
def test_services_with_xml_answers_have_faults_too(empty_account: Account, service: str, operation: str) -> None:
    with empty_account.cloud.faults.inject(f"{service}:*", FaultKind.ACCESS_DENIED):
        assert code_of(getattr(empty_account.client(service), operation)) == ("AccessDeniedException", 403)


def test_a_time_out_is_botocores_own(empty_account: Account) -> None:
    delay_s = 3.0 if empty_account.cloud.http_url else 0.0
    with (
        empty_account.cloud.faults.inject("iot:ListThings", FaultKind.TIMEOUT, delay_s=delay_s),
        pytest.raises((ReadTimeoutError, ConnectionClosedError)),
    ):
        empty_account.iot.list_things()
    assert empty_account.iot.list_things()["things"] == []


def test_a_reset_connection_is_botocores_own(empty_account: Account) -> None:
    with (
        empty_account.cloud.faults.inject("iot:ListThings", FaultKind.CONNECTION_RESET),
        pytest.raises(ConnectionClosedError),
    ):
        empty_account.iot.list_things()
    assert empty_account.iot.list_things()["things"] == []


def test_a_slow_answer_comes_all_the_same(empty_account: Account) -> None:
    with empty_account.cloud.faults.inject("iot:CreateThing", FaultKind.SLOW, delay_s=0.15):
        begin = time.perf_counter()
        empty_account.iot.create_thing(thingName="t")
        assert time.perf_counter() - begin >= 0.15
    assert len(empty_account.iot.list_things()["things"]) == 1


def test_a_fault_strikes_as_often_and_as_late_as_it_is_told(empty_account: Account) -> None:
    empty_account.cloud.faults.add("iot:List*", FaultKind.THROTTLED, after=1, times=2)
    codes = [code_of(empty_account.iot.list_things)[0] for _ in range(5)]
    assert codes == ["", "ThrottlingException", "ThrottlingException", "", ""]


def test_a_fault_of_one_operation_leaves_others_alone(empty_account: Account) -> None:
    number = empty_account.cloud.faults.add("iot:DescribeCACertificate", FaultKind.ACCESS_DENIED)
    assert code_of(empty_account.iot.list_ca_certificates) == ("", 200)
    empty_account.cloud.faults.remove(number)
    assert (
        code_of(lambda: empty_account.iot.describe_ca_certificate(certificateId="0" * 64))[0]
        == "ResourceNotFoundException"
    )


def test_a_reset_of_the_account_ends_its_faults(empty_account: Account) -> None:
    empty_account.cloud.faults.add("*", FaultKind.UNAVAILABLE)
    assert code_of(empty_account.iot.list_things)[1] == 503
    empty_account.cloud.reset()
    assert code_of(empty_account.iot.list_things) == ("", 200)
