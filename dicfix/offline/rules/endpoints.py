"""The hosts of an account and Region, as DescribeEndpoint tells them. Pure standard library."""

from __future__ import annotations

import base64
import hashlib
import secrets

from dicfix.offline.rules import Level, RuleViolation, rule

TESTS = "tests/test_rules_names.py::"
PREFIX_CHARACTERS = 14
DATA_ATS = "iot:Data-ATS"
DATA = "iot:Data"
CREDENTIALS = "iot:CredentialProvider"
JOBS = "iot:Jobs"


@rule(
    "ENDPOINT-STABLE",
    source="AWS API DescribeEndpoint: all subsequent calls return the same endpoint; facts, moto 3.3: one host per "
    "account and Region",
    level=Level.DOCUMENTED,
    held_by=(f"{TESTS}test_the_endpoint_of_an_account_and_region_stays_the_same",),
    without=lambda _account_id, _region: secrets.token_hex(PREFIX_CHARACTERS // 2),
)
def prefix(account_id: str, region: str) -> str:
    """The first label of an account's endpoint in a Region is always the same."""
    digest = hashlib.sha256(f"{account_id}/{region}".encode()).digest()
    return "a" + base64.b32encode(digest).decode().lower()[: PREFIX_CHARACTERS - 1]


def ats_host(account_id: str, region: str) -> str:
    """The host of ``iot:Data-ATS``: the one that devices and the Explorer connect to. Source: AWS-8."""
    return f"{prefix(account_id, region)}-ats.iot.{region}.amazonaws.com"


def host(endpoint_type: str | None, account_id: str, region: str, *, legacy_data: bool, jobs: bool) -> str:
    """The host of an endpoint type; ``legacy_data`` and ``jobs`` say whether iot:Data and iot:Jobs are answered."""
    first = prefix(account_id, region)
    if endpoint_type == DATA_ATS:
        return ats_host(account_id, region)
    if endpoint_type in (None, "", DATA) and legacy_data:
        return f"{first}.iot.{region}.amazonaws.com"
    if endpoint_type == CREDENTIALS:
        return f"{first}.credentials.iot.{region}.amazonaws.com"
    if endpoint_type == JOBS and jobs:
        return f"{first}.jobs.iot.{region}.amazonaws.com"
    raise RuleViolation("InvalidRequestException", f"{endpoint_type or DATA} is not supported. Please use {DATA_ATS}")
