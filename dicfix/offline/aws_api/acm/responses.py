"""What ACM tells of certificates: their usages, real algorithms and serial numbers, and lists by key type."""

from __future__ import annotations

from typing import Any

from moto.acm.models import AWS_ROOT_CA
from moto.acm.responses import AWSCertificateManagerResponse
from moto.core.responses import ActionResult

from dicfix.offline.rules.imported_certificates import details, is_listed
from dicfix.offline.rules.paging import page

PAGE_DEFAULT = 100


class EmbeddedACMResponse(AWSCertificateManagerResponse):
    """moto's operations, with AWS's answers."""

    def describe_certificate(self) -> ActionResult:
        bundle = self.acm_backend.describe_certificate(self._get_param("CertificateArn"))
        return ActionResult({"Certificate": _described(bundle)})

    def get_certificate(self) -> ActionResult:
        bundle = self.acm_backend.get_certificate(self._get_param("CertificateArn"))
        answer = {"Certificate": bundle.cert.decode()}
        if bundle.type != "IMPORTED" or bundle.chain.strip() != AWS_ROOT_CA.strip():
            answer["CertificateChain"] = bundle.chain.decode()
        return ActionResult(answer)

    def list_certificates(self) -> ActionResult:
        statuses, includes = self._get_param("CertificateStatuses"), self._get_param("Includes") or {}
        told = {"exportOption": includes["exportOption"]} if "exportOption" in includes else {}
        found = [_summary(bundle) for bundle in self.acm_backend.list_certificates(statuses, told)]
        rows, token = page(
            list(enumerate(row for row in found if is_listed(row, includes))),
            lambda row: row[0],
            operation="ListCertificates",
            marker=self._get_param("NextToken"),
            size=int(self._get_param("MaxItems") or PAGE_DEFAULT),
        )
        more = {"NextToken": token} if token else {}
        return ActionResult({"CertificateSummaryList": [row for _, row in rows], **more})


def _described(bundle: Any) -> dict[str, Any]:
    return {**bundle.describe()["Certificate"], **details(bundle._cert)}


def _summary(bundle: Any) -> dict[str, Any]:
    found = _described(bundle)
    usages = {name: [one["Name"] for one in found[name]] for name in ("KeyUsages", "ExtendedKeyUsages")}
    exported = bundle.cert_options["Export"] == "ENABLED"
    return {**found, **usages, "InUse": bool(found["InUseBy"]), "Exported": exported}
