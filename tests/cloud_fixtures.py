"""Fixtures of the embedded cloud's tests: one running cloud per module and way in, emptied before each test."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import pytest
from cloud_account import Account

from dicfix.offline.cloud import EmbeddedCloud


@pytest.fixture(scope="module", params=["in-process", "http"])
def cloud_account(request: pytest.FixtureRequest) -> Iterator[Account]:
    """A running cloud, reached in-process or over HTTP."""
    with EmbeddedCloud(http=request.param == "http") as cloud:
        yield Account(cloud)


@pytest.fixture
def empty_account(cloud_account: Account) -> Account:
    """The account, empty."""
    cloud_account.cloud.reset()
    return cloud_account


@pytest.fixture
def quiet_cloud() -> Iterator[Callable[..., EmbeddedCloud]]:
    """Makes clouds that are stopped at the end of the test."""
    with contextlib.ExitStack() as stack:
        yield lambda **options: stack.enter_context(EmbeddedCloud(**options))
