"""ListServiceQuotas of AWS IoT Core. Source: AWS API ListServiceQuotas (100 a page)."""

from __future__ import annotations

import json
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.servicequotas.responses import ServiceQuotasResponse

from dicfix.offline.aws_api.account.state import account_state
from dicfix.offline.rules import RuleViolation, paging

SERVICE = "iotcore"
PAGE = 100


class EmbeddedServiceQuotasResponse(ServiceQuotasResponse):
    """moto's quotas of other services, and those of AWS IoT Core."""

    def list_service_quotas(self) -> str:
        asked = json.loads(self.body or "{}")
        if asked.get("ServiceCode") != SERVICE:
            raise JsonRESTError("NoSuchResourceException", f"There is no service {asked.get('ServiceCode')}")
        quotas = sorted(account_state(self.current_account, self.region).quotas.items())
        try:
            page, token = paging.page(
                list(enumerate(quotas, 1)),
                lambda item: item[0],
                operation="ListServiceQuotas",
                marker=asked.get("NextToken"),
                size=min(int(asked.get("MaxResults") or PAGE), PAGE),
            )
        except RuleViolation as violation:
            raise JsonRESTError("InvalidPaginationTokenException", violation.message) from violation
        rows = [self._row(code, name, value) for _, (code, (name, value)) in page]
        return json.dumps({"Quotas": rows, **({"NextToken": token} if token else {})})

    def _row(self, code: str, name: str, value: float) -> dict[str, Any]:
        return {
            "ServiceCode": SERVICE,
            "ServiceName": "AWS IoT Core",
            "QuotaArn": f"arn:aws:servicequotas:{self.region}:{self.current_account}:{SERVICE}/{code}",
            "QuotaCode": code,
            "QuotaName": name,
            "Value": value,
            "Unit": "None",
            "Adjustable": True,
            "GlobalQuota": False,
        }
