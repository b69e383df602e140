"""moto's IAM with the AWS managed policies of the guide and with trust policies that are checked.

Named ``models`` because moto finds ``urls`` beside it by that name.
"""

from __future__ import annotations

from typing import Any

from moto.iam.models import AWSManagedPolicy, IAMBackend, iam_backends
from moto.iam.policy_validation import IAMTrustPolicyDocumentValidator
from moto.settings import load_iam_aws_managed_policies

from dicfix.offline.aws_api.iam.managed import MANAGED_POLICIES

__all__ = ["EmbeddedIAMBackend", "iam_backends"]


class EmbeddedIAMBackend(IAMBackend):
    """moto's backend; ``revision`` grows with every change."""

    def __init__(self, region_name: str, account_id: str) -> None:
        self.revision = 0
        super().__init__(region_name, account_id)

    def _init_aws_policies(self) -> list[Any]:
        if load_iam_aws_managed_policies():
            return list(super()._init_aws_policies())
        return [
            AWSManagedPolicy.from_data(name, self.account_id, self.region_name, data)
            for name, data in MANAGED_POLICIES.items()
        ]

    def create_role(self, role_name: str, assume_role_policy_document: str, *more: Any, **members: Any) -> Any:
        IAMTrustPolicyDocumentValidator(assume_role_policy_document).validate()
        return super().create_role(role_name, assume_role_policy_document, *more, **members)
