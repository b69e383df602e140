"""Operations on policies, their versions and attachments, and the two that tell what they come to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from moto.core.responses import ActionResult, EmptyResult

from dicfix.offline.aws_api.iot import authorization
from dicfix.offline.aws_api.iot.operation import Operation, by_position
from dicfix.offline.aws_api.iot.records import PolicyRecord, PolicyVersion


class PolicyResponses(Operation):
    """The operations of AWS-3 and what belongs to them."""

    def create_policy(self) -> ActionResult:
        record = self.iot_backend.create_iot_policy(self.params["policyName"], self.params["policyDocument"])
        self.iot_backend.put_tags(record.arn, self.given("tags", []))
        return ActionResult(
            {**record.summary(), "policyDocument": record.in_effect.text, "policyVersionId": str(record.default)}
        )

    def get_policy(self) -> ActionResult:
        record = self.iot_backend.iot_policy(self.params["policyName"])
        return ActionResult(
            {
                **record.summary(),
                "policyDocument": record.in_effect.text,
                "defaultVersionId": str(record.default),
                "creationDate": record.created,
                "lastModifiedDate": record.modified,
                "generationId": record.generation,
            }
        )

    def list_policies(self) -> ActionResult:
        records = list(self.iot_backend.policies.values())
        page, more = self.marked(records, lambda record: record.position)
        return ActionResult({"policies": [record.summary() for record in page], **more})

    def delete_policy(self) -> ActionResult:
        self.iot_backend.delete_iot_policy(self.params["policyName"])
        return EmptyResult()

    def create_policy_version(self) -> ActionResult:
        name = self.params["policyName"]
        version = self.iot_backend.create_version(
            name, self.params["policyDocument"], as_default=self.given("setAsDefault", False)
        )
        answer = _version(self.iot_backend.iot_policy(name), version)
        return ActionResult({key: answer[key] for key in answer if key not in ("policyName", *_DATED)})

    def get_policy_version(self) -> ActionResult:
        name = self.params["policyName"]
        version = self.iot_backend.iot_policy_version(name, self.params["policyVersionId"])
        return ActionResult(_version(self.iot_backend.iot_policy(name), version))

    def list_policy_versions(self) -> ActionResult:
        record = self.iot_backend.iot_policy(self.params["policyName"])
        versions = [
            {
                "versionId": str(version.number),
                "isDefaultVersion": version.number == record.default,
                "createDate": version.created,
            }
            for version in sorted(record.versions.values(), key=lambda version: -version.number)
        ]
        return ActionResult({"policyVersions": versions})

    def set_default_policy_version(self) -> ActionResult:
        self.iot_backend.set_default_version(self.params["policyName"], self.params["policyVersionId"])
        return EmptyResult()

    def delete_policy_version(self) -> ActionResult:
        self.iot_backend.delete_version(self.params["policyName"], self.params["policyVersionId"])
        return EmptyResult()

    def attach_policy(self) -> ActionResult:
        self.iot_backend.attach(self.params["policyName"], self.params["target"])
        return EmptyResult()

    def detach_policy(self) -> ActionResult:
        self.iot_backend.detach(self.params["policyName"], self.params["target"])
        return EmptyResult()

    def attach_principal_policy(self) -> ActionResult:
        self.iot_backend.attach(self.params["policyName"], self.params["principal"])
        return EmptyResult()

    def detach_principal_policy(self) -> ActionResult:
        self.iot_backend.detach(self.params["policyName"], self.params["principal"])
        return EmptyResult()

    def list_attached_policies(self) -> ActionResult:
        target = self.params["target"]
        self.iot_backend.check_target(target)
        found = list(self.iot_backend.attached_policies(target))
        if self.given("recursive", False) and ":thinggroup/" in target:
            found = list(
                {record.name: (at, record) for at, record in self.iot_backend.inherited_policies(target)}.values()
            )
        return self._policy_page(found)

    def list_principal_policies(self) -> ActionResult:
        self.iot_backend.check_target(self.params["principal"])
        return self._policy_page(list(self.iot_backend.attached_policies(self.params["principal"])))

    def _policy_page(self, found: Sequence[tuple[int, PolicyRecord]]) -> ActionResult:
        page, more = self.marked(sorted(found, key=by_position), by_position)
        return ActionResult({"policies": [record.summary() for _, record in page], **more})

    def list_targets_for_policy(self) -> ActionResult:
        self.iot_backend.iot_policy(self.params["policyName"])
        page, more = self._target_page()
        return ActionResult({"targets": page, **more})

    def list_policy_principals(self) -> ActionResult:
        self.iot_backend.iot_policy(self.params["policyName"])
        page, more = self._target_page()
        return ActionResult({"principals": page, **more})

    def _target_page(self) -> tuple[list[str], dict[str, str]]:
        targets = self.iot_backend.targets_of.get(self.params["policyName"], {})
        found = [(position, target) for target, position in targets.items()]
        page, more = self.marked(found, by_position)
        return [target for _, target in page], more

    def get_effective_policies(self) -> ActionResult:
        found = authorization.effective(self.iot_backend, self.given("principal"), self.given("thingName"))
        policies = [{**record.summary(), "policyDocument": record.in_effect.text} for record in found]
        return ActionResult({"effectivePolicies": policies})

    def test_authorization(self) -> ActionResult:
        results = authorization.judge(
            self.iot_backend,
            principal=self.given("principal"),
            client_id=self.given("clientId"),
            questions=self.params["authInfos"],
            add=self.given("policyNamesToAdd", []),
            skip=self.given("policyNamesToSkip", []),
        )
        return ActionResult({"authResults": results})


_DATED = ("creationDate", "lastModifiedDate", "generationId")


def _version(record: PolicyRecord, version: PolicyVersion) -> dict[str, Any]:
    return {
        "policyName": record.name,
        "policyArn": record.arn,
        "policyDocument": version.text,
        "policyVersionId": str(version.number),
        "isDefaultVersion": version.number == record.default,
        "creationDate": version.created,
        "lastModifiedDate": version.created,
        "generationId": record.generation,
    }
