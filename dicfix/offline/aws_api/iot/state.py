"""The state that the mixins of the backend share: the records and the indices that keep each look-up O(1).

May import ``records`` and ``changes``; knows nothing of requests.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from dicfix.offline.aws_api.binding import bound
from dicfix.offline.aws_api.changes import ChangeFeed, feed_of
from dicfix.offline.aws_api.iot.records import CaRecord, CertificateRecord, PolicyRecord
from dicfix.offline.rules import RuleViolation


class State:
    """Everything registered in one account and Region.

    An attachment is kept from both ends; its value is its place in the order of attaching. ``things_of`` holds per
    principal the thing names with their attachment type, ``principals_of`` the same from the thing's end.
    """

    account_id: str
    region_name: str
    partition: str
    certificates: dict[str, CertificateRecord]
    ca_certificates: dict[str, CaRecord]
    policies: dict[str, PolicyRecord]
    things: dict[str, Any]
    thing_groups: dict[str, Any]
    thing_types: dict[str, Any]

    def start_empty(self, region_name: str, account_id: str) -> None:
        """Begin with nothing registered."""
        self.certificates = {}
        self.ca_certificates = {}
        self.policies = {}
        self.registration_code: str | None = None
        self.issued_by: dict[str, dict[str, int]] = {}
        self.policies_of: dict[str, dict[str, int]] = {}
        self.targets_of: dict[str, dict[str, int]] = {}
        self.things_of: dict[str, dict[str, tuple[int, str]]] = {}
        self.principals_of: dict[str, dict[str, tuple[int, str]]] = {}
        self.tags: dict[str, dict[str, str]] = {}
        self.feed: ChangeFeed = feed_of(account_id, region_name)
        self._positions = itertools.count(1)

    def next_position(self) -> int:
        """A number greater than any given before."""
        return next(self._positions)

    def now(self) -> datetime:
        """The time now by the cloud's clock."""
        return bound().now()

    def arn(self, resource: str) -> str:
        """The ARN of ``resource`` (``policy/x``) in this account and Region."""
        return f"arn:{self.partition}:iot:{self.region_name}:{self.account_id}:{resource}"

    def principal(self, arn: str) -> CertificateRecord:
        """The certificate of a principal ARN."""
        record = self.certificates.get(arn.rpartition("/")[2])
        if record is None or record.arn != arn:
            raise not_found(f"The principal {arn} does not exist")
        return record

    def certificates_of_thing(self, thing_name: str) -> Iterable[str]:
        """The IDs of the certificates attached to a thing."""
        return [arn.rpartition("/")[2] for arn in self.principals_of.get(thing_name, ())]


def not_found(message: str = "The specified resource does not exist") -> RuleViolation:
    """The refusal of an operation on something that is not there."""
    return RuleViolation("ResourceNotFoundException", message)


def new_generation() -> str:
    """A value for generationId, new with each change."""
    return str(uuid.uuid4())
