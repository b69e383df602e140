"""Reads the parts of the inventory that are of the account as a whole, from the operations ``account_records`` names.

For an account of some dozens of devices; the sweep of an audit reads the same parts within the quotas. May import
``aws``, ``records`` and ``settings``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dicfix.account_records import (
    WRITES_NOT_WANTED,
    AccountCertificate,
    AccountThing,
    BucketProtection,
    Connectivity,
    Edges,
    Revocations,
    things_by_certificate,
)
from dicfix.aws import account_settings, bucket_protection, bulk, policies, roles
from dicfix.aws.answers import tried
from dicfix.aws.session import AwsSession
from dicfix.certificates.revocations import read_revocation_list, revocation_pem
from dicfix.errors import UsageError
from dicfix.fields import Field, Unread
from dicfix.guide.ota_rights import Right
from dicfix.ota_records import OperatorRights
from dicfix.records import Caller, Policy, known
from dicfix.settings import Settings, ota_bucket

Part = Callable[[str], Any]


class AccountReading:
    """The account-wide parts; ``part`` gives another part of the same inventory."""

    def __init__(
        self, session: AwsSession, settings: Settings, part: Part, now: Callable[[], datetime] | None = None
    ) -> None:
        self.settings = settings
        self._session = session
        self._part = part
        self._now = now or (lambda: datetime.now(UTC))

    def readers(self) -> dict[str, tuple[str, Callable[[], Any]]]:
        """How each part is read, and the operation that stands for it when that fails."""
        session = self._session
        return {
            "account_certificates": ("iot:ListCertificates", self._certificates),
            "account_policies": ("iot:ListPolicies", self._policies),
            "account_things": ("iot:ListThings", self._things),
            "thing_edges": ("iot:ListThingPrincipals", self._thing_edges),
            "certificate_edges": ("iot:ListThingPrincipals", self._certificate_edges),
            "topic_rules": ("iot:ListTopicRules", lambda: account_settings.read_topic_rules(session)),
            "provisioning_templates": (
                "iot:ListProvisioningTemplates",
                lambda: account_settings.read_provisioning_templates(session),
            ),
            "logging": ("iot:GetV2LoggingOptions", lambda: account_settings.read_logging(session)),
            "defender_audit": (
                "iot:DescribeAccountAuditConfiguration",
                lambda: account_settings.read_defender_audit(session),
            ),
            "scheduled_audits": ("iot:ListScheduledAudits", lambda: account_settings.read_scheduled_audits(session)),
            "defender_findings": (
                "iot:ListAuditFindings",
                lambda: account_settings.read_defender_findings(session, self._now()),
            ),
            "indexing": ("iot:GetIndexingConfiguration", lambda: account_settings.read_indexing(session)),
            "connectivity": ("iot:SearchIndex", self._connectivity),
            "account_jobs": ("iot:ListJobs", lambda: account_settings.read_jobs_in_progress(session)),
            "bucket_protection": ("s3:GetBucketLocation", self._bucket_protection),
            "quotas": ("service-quotas:ListServiceQuotas", lambda: account_settings.read_quotas(session)),
            "domain_configurations": (
                "iot:ListDomainConfigurations",
                lambda: account_settings.read_domain_configurations(session),
            ),
            "signing_permissions": (
                "signer:ListProfilePermissions",
                lambda: bucket_protection.read_signing_permissions(session, self.settings.signing_profile),
            ),
            "caller_rights": ("iam:SimulatePrincipalPolicy", self._caller_rights),
            "revocations": ("the revocation list", lambda: read_revocation_file(self.settings.crl)),
        }

    def _of(self, part: str) -> Any:
        return known(self._part(part))

    def _certificates(self) -> dict[str, AccountCertificate]:
        rows = {one.certificate_id: replace(one, ca_certificate_id="") for one in bulk.list_certificates(self._session)}
        signed: dict[str, str] = {}
        unread: Unread | None = None
        for ca in self._of("ca_certificates"):
            found: Field[list[str]] = tried(
                "iot:ListCertificatesByCA",
                lambda ca=ca: [  # type: ignore[misc]
                    row.certificate_id for row in bulk.list_certificates_by_ca(self._session, ca)
                ],
            )
            if isinstance(found, Unread):
                unread = found
            else:
                signed |= dict.fromkeys(found, ca)
        none_known: Field[str] = unread or ""
        return {one: replace(row, ca_certificate_id=signed.get(one, none_known)) for one, row in rows.items()}

    def _policies(self) -> dict[str, Policy]:
        found = ((name, policies.read_policy(self._session, name)) for name in bulk.list_policy_names(self._session))
        return {name: policy for name, policy in found if policy}

    def _things(self) -> dict[str, AccountThing]:
        return {one.name: one for one in bulk.list_things(self._session)}

    def _thing_edges(self) -> Edges:
        return {
            name: tried("iot:ListThingPrincipals", lambda name=name: bulk.read_principals(self._session, name))  # type: ignore[misc]
            for name in self._of("account_things")
        }

    def _certificate_edges(self) -> Edges:
        return things_by_certificate(self._of("thing_edges"), self._of("account_certificates"))

    def _connectivity(self) -> dict[str, Connectivity]:
        if known(self._of("indexing").connectivity) == "OFF":
            return {}
        return account_settings.read_connectivity(self._session)

    def _bucket_protection(self) -> BucketProtection | None:
        caller: Caller = self._of("caller")
        return bucket_protection.read_bucket_protection(self._session, ota_bucket(self.settings, caller.account))

    def _caller_rights(self) -> OperatorRights | Unread:
        caller: Caller = self._of("caller")
        if self.settings.mode != "audit" or is_root(caller.arn):
            # Who onboards has to write, and root may do everything.
            return Unread("iam:SimulatePrincipalPolicy", "NotGiven", "the rights of this caller are not asked for")
        wanted = [Right(action, "*") for action in WRITES_NOT_WANTED]
        return roles.read_operator_rights(self._session, caller.arn, wanted)


def is_root(arn: str) -> bool:
    """Whether a caller is the account's root user."""
    return arn.endswith(":root")


def read_revocation_file(path: str) -> Revocations | None:
    """The revocation list in a file, None where no file is named; UsageError when it cannot be read."""
    if not path:
        return None
    file = Path(path)
    try:
        data = file.read_bytes()
    except OSError as error:
        raise UsageError(
            f"the revocation list {file.name} cannot be read: {error.strerror}", remedy="correct [ca] crl in dic.toml"
        ) from error
    return Revocations(revocation_pem(read_revocation_list(data, file.name)))
