"""LookupEvents, newest first. Source: AWS API LookupEvents (50 events a page, management events of 90 days)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from moto.cloudtrail.responses import CloudTrailResponse
from moto.core.exceptions import JsonRESTError

from dicfix.offline.aws_api.account.state import Event, account_state
from dicfix.offline.rules import RuleViolation, paging

PAGE = 50
_OPERATION = "LookupEvents"
_RESOURCES = {
    "certificateId": "AWS::IoT::Certificate",
    "caCertificateId": "AWS::IoT::CACertificate",
    "thingName": "AWS::IoT::Thing",
    "policyName": "AWS::IoT::Policy",
    "principal": "AWS::IoT::Certificate",
    "target": "AWS::IoT::Certificate",
}


class EmbeddedCloudTrailResponse(CloudTrailResponse):
    """moto's trails, and the events of this account's AWS IoT."""

    def lookup_events(self) -> str:
        asked = json.loads(self.body or "{}")
        state = account_state(self.current_account, self.region)
        found = [one for one in state.events if _asked_for(one, asked)]
        try:
            page, token = paging.page(
                found,
                lambda event: event.position,
                operation=_OPERATION,
                marker=asked.get("NextToken"),
                size=min(int(asked.get("MaxResults") or PAGE), PAGE),
                ascending=False,
            )
        except RuleViolation as violation:
            raise JsonRESTError("InvalidNextTokenException", violation.message) from violation
        rows = [_row(event, self.current_account, self.region) for event in page]
        return json.dumps({"Events": rows, **({"NextToken": token} if token else {})})


def _asked_for(event: Event, asked: Mapping[str, Any]) -> bool:
    start, end = asked.get("StartTime"), asked.get("EndTime")
    wanted = {one["AttributeKey"]: one["AttributeValue"] for one in asked.get("LookupAttributes", ())}
    names = {row["ResourceName"] for row in _resources(event)}
    values = {"EventName": {event.name}, "EventSource": {"iot.amazonaws.com"}, "ReadOnly": {"false"}}
    return (
        (start is None or datetime.fromtimestamp(float(start), UTC) <= event.time)
        and (end is None or event.time <= datetime.fromtimestamp(float(end), UTC))
        and all(value in values.get(key, names) for key, value in wanted.items())
    )


def _resources(event: Event) -> list[dict[str, str]]:
    return [
        {"ResourceType": kind, "ResourceName": str(event.request[name])}
        for name, kind in _RESOURCES.items()
        if event.request.get(name)
    ]


def _row(event: Event, account_id: str, region: str) -> dict[str, Any]:
    whole = {
        "eventVersion": "1.08",
        "eventTime": event.time.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": "iot.amazonaws.com",
        "eventName": event.name,
        "awsRegion": region,
        "recipientAccountId": account_id,
        "readOnly": False,
        "eventID": event.event_id,
        "requestParameters": dict(event.request),
    }
    return {
        "EventId": event.event_id,
        "EventName": event.name,
        "ReadOnly": "false",
        "EventTime": event.time.timestamp(),
        "EventSource": "iot.amazonaws.com",
        "Username": "tester",
        "Resources": _resources(event),
        "CloudTrailEvent": json.dumps(whole, default=str),
    }
