"""Operations on certificates: registration code, CA certificates, device certificates."""

from __future__ import annotations

from moto.core.responses import ActionResult, EmptyResult

from dicfix.offline.aws_api.binding import bound
from dicfix.offline.aws_api.iot.issuing import issue_for_request, issue_with_keys
from dicfix.offline.aws_api.iot.operation import Operation
from dicfix.offline.aws_api.iot.records import CertificateRecord
from dicfix.offline.rules import endpoints


class CertificateResponses(Operation):
    """The operations of AWS-2, AWS-5 and what belongs to them."""

    def get_registration_code(self) -> ActionResult:
        return ActionResult({"registrationCode": self.iot_backend.get_registration_code()})

    def delete_registration_code(self) -> ActionResult:
        self.iot_backend.delete_registration_code()
        return EmptyResult()

    def register_ca_certificate(self) -> ActionResult:
        record = self.iot_backend.register_ca(
            self.params["caCertificate"],
            verification_pem=self.given("verificationCertificate"),
            mode=self.given("certificateMode", "DEFAULT"),
            active=self.given("setAsActive", False),
            auto_registration=self.given("allowAutoRegistration", False),
            config=self.given("registrationConfig"),
        )
        self.iot_backend.put_tags(record.arn, self.given("tags", []))
        return ActionResult({"certificateArn": record.arn, "certificateId": record.certificate_id})

    def describe_ca_certificate(self) -> ActionResult:
        record = self.iot_backend.ca(self.params["certificateId"])
        answer = {"certificateDescription": record.description()}
        if record.registration_config:
            answer["registrationConfig"] = record.registration_config
        return ActionResult(answer)

    def list_ca_certificates(self) -> ActionResult:
        template = self.given("templateName")
        records = [
            record
            for record in self.iot_backend.ca_certificates.values()
            if template is None or record.registration_config.get("templateName") == template
        ]
        page, more = self.marked(records, lambda record: record.position)
        return ActionResult({"certificates": [record.summary() for record in page], **more})

    def update_ca_certificate(self) -> ActionResult:
        self.iot_backend.update_ca(
            self.params["certificateId"],
            status=self.given("newStatus"),
            auto_registration=self.given("newAutoRegistrationStatus"),
            config=self.given("registrationConfig"),
            remove_auto_registration=self.given("removeAutoRegistration", False),
        )
        return EmptyResult()

    def delete_ca_certificate(self) -> ActionResult:
        self.iot_backend.delete_ca(self.params["certificateId"])
        return EmptyResult()

    def register_certificate(self) -> ActionResult:
        record = self.iot_backend.register_device_certificate(
            self.params["certificatePem"],
            ca_pem=self.given("caCertificatePem"),
            status=self.given("status"),
            set_as_active=self.given("setAsActive", False),
        )
        return ActionResult({"certificateArn": record.arn, "certificateId": record.certificate_id})

    def register_certificate_without_ca(self) -> ActionResult:
        record = self.iot_backend.register_without_ca(self.params["certificatePem"], status=self.given("status"))
        return ActionResult({"certificateArn": record.arn, "certificateId": record.certificate_id})

    def create_keys_and_certificate(self) -> ActionResult:
        certificate, keys = issue_with_keys(self.iot_backend.now())
        record = self.iot_backend.keep_issued(certificate, active=self.given("setAsActive", False))
        return ActionResult({**_issued(record), "keyPair": keys})

    def create_certificate_from_csr(self) -> ActionResult:
        certificate = issue_for_request(self.params["certificateSigningRequest"], self.iot_backend.now())
        record = self.iot_backend.keep_issued(certificate, active=self.given("setAsActive", False))
        return ActionResult(_issued(record))

    def describe_certificate(self) -> ActionResult:
        record = self.iot_backend.certificate(self.params["certificateId"])
        return ActionResult({"certificateDescription": record.description()})

    def list_certificates(self) -> ActionResult:
        records = list(self.iot_backend.certificates.values())
        page, more = self.marked(records, lambda record: record.position)
        return ActionResult({"certificates": [record.summary() for record in page], **more})

    def list_certificates_by_ca(self) -> ActionResult:
        records = self.iot_backend.certificates_by_ca(self.params["caCertificateId"])
        page, more = self.marked(records, lambda record: record.position)
        return ActionResult({"certificates": [record.summary() for record in page], **more})

    def update_certificate(self) -> ActionResult:
        self.iot_backend.update_device_certificate(self.params["certificateId"], self.params["newStatus"])
        return EmptyResult()

    def delete_certificate(self) -> ActionResult:
        self.iot_backend.delete_device_certificate(self.params["certificateId"], force=self.given("forceDelete", False))
        return EmptyResult()

    def describe_endpoint(self) -> ActionResult:
        choices = bound().choices
        address = endpoints.host(
            self.given("endpointType"),
            self.current_account,
            self.region,
            legacy_data=choices.legacy_data_endpoint,
            jobs=choices.jobs_endpoint,
        )
        return ActionResult({"endpointAddress": address})


def _issued(record: CertificateRecord) -> dict[str, str]:
    return {"certificateArn": record.arn, "certificateId": record.certificate_id, "certificatePem": record.pem}
