"""What the running embedded cloud lends to the API: account, clock, choices, and the data planes by Region.

moto's classes are made by moto, so this is the one place where they find their cloud. May import the standard library.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

DEFAULT_ACCOUNT_ID = "123456789012"


@dataclass(frozen=True, slots=True)
class ApiChoices:
    """Behaviour of the API that no page settles; each is a choice with its source.

    ``legacy_data_endpoint``: DescribeEndpoint without type or with iot:Data is answered with the host without
    ``-ats`` (AWS API DescribeEndpoint) or refused (facts, moto 1.1, a peer's live capture). ``jobs_endpoint``: the same
    for iot:Jobs.
    """

    legacy_data_endpoint: bool = True
    jobs_endpoint: bool = False


@dataclass(slots=True)
class Binding:
    """The running cloud as the API sees it; ``data_planes`` maps a Region to its data plane."""

    account_id: str = DEFAULT_ACCOUNT_ID
    now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000
    choices: ApiChoices = field(default_factory=ApiChoices)
    data_planes: dict[str, Any] = field(default_factory=dict)

    def now(self) -> datetime:
        """The time now, in UTC, by the cloud's clock."""
        return datetime.fromtimestamp(self.now_ms() / 1000, UTC)


_current = Binding()


def bind(binding: Binding) -> None:
    """Make ``binding`` the running cloud's."""
    global _current
    _current = binding


def bound() -> Binding:
    """The binding of the running cloud, or one of defaults when moto runs alone."""
    return _current
