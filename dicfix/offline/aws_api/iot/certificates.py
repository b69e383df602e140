"""CA certificates and device certificates: registration, status, deletion.

The rules decide; this mixin asks them in AWS's order and keeps the records. May import the rules and ``state``.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from dicfix.offline.aws_api.iot.records import CaRecord, CertificateRecord
from dicfix.offline.aws_api.iot.state import State, new_generation, not_found
from dicfix.offline.rules import ca_admission, certificate_admission
from dicfix.offline.rules.certificate_reading import certificate_id, read_certificate, supported_key


class Certificates(State):
    """The operations on certificates."""

    def get_registration_code(self) -> str:
        """The account's registration code, made when first asked for. Source: AWS API GetRegistrationCode."""
        if self.registration_code is None:
            self.registration_code = secrets.token_hex(32)
        return self.registration_code

    def delete_registration_code(self) -> None:
        """Forget the registration code; the next one is another."""
        if self.registration_code is None:
            raise not_found("There is no registration code")
        self.registration_code = None

    def register_ca(
        self,
        pem: str,
        *,
        verification_pem: str | None,
        mode: str,
        active: bool,
        auto_registration: bool,
        config: dict[str, str] | None,
    ) -> CaRecord:
        """Register a CA certificate. Source: AWS-2, AWS API RegisterCACertificate."""
        ca_admission.sni_only_takes_no_verification(mode, verification_pem)
        ca_admission.default_needs_verification(mode, verification_pem)
        certificate = read_certificate(pem, "caCertificate")
        ca_admission.certificate_is_a_ca(certificate)
        supported_key(certificate, "caCertificate")
        if mode == "DEFAULT" and verification_pem:
            self._check_possession(certificate, verification_pem)
        name = certificate_id(certificate)
        known = self.ca_certificates.get(name)
        ca_admission.not_registered_before(name, known.arn if known else None)
        ca_admission.room_for_subject(certificate.subject, [ca.certificate for ca in self.ca_certificates.values()])
        return self._keep_ca(certificate, name, mode, active, auto_registration, config or {})

    def _check_possession(self, ca: x509.Certificate, verification_pem: str) -> None:
        verification = read_certificate(verification_pem, "verificationCertificate")
        ca_admission.verification_is_signed(verification, ca)
        ca_admission.verification_names_the_code(verification, self.registration_code)

    def _keep_ca(
        self,
        certificate: x509.Certificate,
        name: str,
        mode: str,
        active: bool,
        auto_registration: bool,
        config: dict[str, str],
    ) -> CaRecord:
        der = certificate.public_bytes(Encoding.DER)
        now = self.now()
        record = CaRecord(
            certificate_id=name,
            arn=self.arn(f"cacert/{name}"),
            pem=certificate.public_bytes(Encoding.PEM).decode(),
            certificate=certificate,
            der=der,
            status="ACTIVE" if active else "INACTIVE",
            mode=mode,
            owner=self.account_id,
            auto_registration=auto_registration,
            registration_config=config,
            created=now,
            modified=now,
            generation=new_generation(),
            position=self.next_position(),
        )
        self.ca_certificates[name] = record
        self.feed.changed()
        return record

    def ca(self, ca_certificate_id: str) -> CaRecord:
        """The registered CA certificate of this ID."""
        record = self.ca_certificates.get(ca_certificate_id)
        if record is None:
            raise not_found(f"CA certificate {ca_certificate_id} does not exist")
        return record

    def update_ca(
        self,
        ca_certificate_id: str,
        *,
        status: str | None,
        auto_registration: str | None,
        config: dict[str, str] | None,
        remove_auto_registration: bool,
    ) -> None:
        """Change status, automatic registration or template of a CA certificate."""
        record = self.ca(ca_certificate_id)
        record.status = status or record.status
        if auto_registration is not None:
            record.auto_registration = auto_registration == "ENABLE"
        if config is not None:
            record.registration_config = config
        if remove_auto_registration:
            record.auto_registration = False
            record.registration_config = {}
        self._touch(record)

    def _touch(self, record: CaRecord | CertificateRecord) -> None:
        record.modified = self.now()
        record.version += 1
        record.generation = new_generation()
        self.feed.changed(*([record.certificate_id] if isinstance(record, CertificateRecord) else []))

    def delete_ca(self, ca_certificate_id: str) -> None:
        """Delete a CA certificate; the device certificates that it signed stay registered."""
        record = self.ca(ca_certificate_id)
        ca_admission.may_be_deleted(ca_certificate_id, record.status)
        del self.ca_certificates[ca_certificate_id]
        self.tags.pop(record.arn, None)
        self.feed.changed()

    def register_device_certificate(
        self, pem: str, *, ca_pem: str | None, status: str | None, set_as_active: bool
    ) -> CertificateRecord:
        """Register a device certificate with its CA certificate. Source: AWS-5, AWS API RegisterCertificate."""
        status = certificate_admission.status_at_registration(status, set_as_active=set_as_active)
        certificate = read_certificate(pem, "certificatePem")
        ca = certificate_admission.choose_ca(
            certificate.issuer,
            self._given_ca(ca_pem),
            list(self.ca_certificates.values()),
            lambda registered: registered.certificate.subject,
        )
        certificate_admission.certificate_is_signed(certificate, ca.certificate)
        certificate_admission.ca_is_active(ca.status)
        return self._admit(certificate, status, ca.mode, ca.certificate_id)

    def _given_ca(self, ca_pem: str | None) -> CaRecord | None:
        if not ca_pem:
            return None
        name = certificate_id(read_certificate(ca_pem, "caCertificatePem"))
        if name not in self.ca_certificates:
            raise certificate_admission.ca_not_registered()
        return self.ca_certificates[name]

    def register_without_ca(self, pem: str, *, status: str | None) -> CertificateRecord:
        """Register a device certificate whose CA stays unknown; its mode is SNI_ONLY. Source: facts, moto 1.1."""
        status = certificate_admission.status_at_registration(status, set_as_active=False)
        return self._admit(read_certificate(pem, "certificatePem"), status, "SNI_ONLY", None)

    def register_just_in_time(self, der: bytes, ca_certificate_id: str) -> CertificateRecord:
        """Register a certificate that a device has just presented, as PENDING_ACTIVATION."""
        certificate = x509.load_der_x509_certificate(der)
        ca = self.ca(ca_certificate_id)
        certificate_admission.certificate_is_signed(certificate, ca.certificate)
        return self._admit(certificate, "PENDING_ACTIVATION", ca.mode, ca_certificate_id)

    def _admit(
        self, certificate: x509.Certificate, status: str, mode: str, ca_certificate_id: str | None
    ) -> CertificateRecord:
        supported_key(certificate, "certificatePem")
        name = certificate_id(certificate)
        known = self.certificates.get(name)
        certificate_admission.not_registered_before(name, known.arn if known else None)
        return self.keep_certificate(certificate, name, status, mode, ca_certificate_id)

    def keep_certificate(
        self, certificate: x509.Certificate, name: str, status: str, mode: str, ca_certificate_id: str | None
    ) -> CertificateRecord:
        """Keep a certificate that was admitted."""
        der = certificate.public_bytes(Encoding.DER)
        now = self.now()
        record = CertificateRecord(
            certificate_id=name,
            arn=self.arn(f"cert/{name}"),
            pem=certificate.public_bytes(Encoding.PEM).decode(),
            certificate=certificate,
            der=der,
            status=status,
            mode=mode,
            owner=self.account_id,
            ca_certificate_id=ca_certificate_id,
            created=now,
            modified=now,
            generation=new_generation(),
            position=self.next_position(),
        )
        self.certificates[name] = record
        if ca_certificate_id:
            self.issued_by.setdefault(ca_certificate_id, {})[name] = record.position
        self.feed.changed()
        return record

    def keep_issued(self, certificate: x509.Certificate, *, active: bool) -> CertificateRecord:
        """Keep a certificate that the service itself issued; its mode is DEFAULT."""
        status = "ACTIVE" if active else "INACTIVE"
        return self.keep_certificate(certificate, certificate_id(certificate), status, "DEFAULT", None)

    def certificate(self, name: str) -> CertificateRecord:
        """The registered certificate of this ID."""
        record = self.certificates.get(name)
        if record is None:
            raise not_found(f"Certificate {name} does not exist")
        return record

    def certificates_by_ca(self, ca_certificate_id: str) -> Sequence[CertificateRecord]:
        """The certificates registered with a CA certificate, in the order of registration."""
        return [self.certificates[name] for name in self.issued_by.get(ca_certificate_id, ())]

    def update_device_certificate(self, name: str, new_status: str) -> None:
        """Change the status of a certificate; the same status again changes nothing."""
        record = self.certificate(name)
        certificate_admission.settable_status(new_status)
        certificate_admission.revoked_stays(record.status, new_status)
        if record.status != new_status:
            record.status = new_status
            self._touch(record)

    def delete_device_certificate(self, name: str, *, force: bool) -> None:
        """Delete a certificate that is not ACTIVE and has nothing attached; ``force`` detaches its policies."""
        record = self.certificate(name)
        certificate_admission.inactive_before_deletion(name, record.status)
        certificate_admission.things_detached(record.arn, len(self.things_of.get(record.arn, ())))
        certificate_admission.policies_detached(record.arn, len(self.policies_of.get(record.arn, ())), force=force)
        for policy_name in self.policies_of.pop(record.arn, {}):
            self.targets_of.get(policy_name, {}).pop(record.arn, None)
        for thing_name in self.things_of.pop(record.arn, {}):
            self.principals_of.get(thing_name, {}).pop(record.arn, None)
        if record.ca_certificate_id:
            self.issued_by.get(record.ca_certificate_id, {}).pop(name, None)
        del self.certificates[name]
        self.feed.changed(name)

    def registry_dump(self) -> dict[str, Any]:
        """The certificates as JSON-able values, for comparing an account before and after."""
        return {
            "registrationCode": self.registration_code,
            "caCertificates": {ca.certificate_id: plain(ca.description()) for ca in self.ca_certificates.values()},
            "certificates": {one.certificate_id: plain(one.description()) for one in self.certificates.values()},
        }


def plain(value: Any) -> Any:
    """``value`` with its dates as text."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value.isoformat() if hasattr(value, "isoformat") else value
