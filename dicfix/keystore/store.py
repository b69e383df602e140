"""Finds or makes the guide's files in the certificate directory.

May import dicfix.certificates, dicfix.trust, the guide's values, dicfix.errors and this package.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Generic, TypeVar

from cryptography import x509

from dicfix.certificates import (
    CaMaterial,
    Certificate,
    ClientMaterial,
    PrivateKey,
    SigningRequest,
    X509Version,
    common_name,
    make_ca_certificate,
    make_private_key,
    make_rsa_private_key,
    make_signing_request,
    next_serial,
    parse_subject,
    require_different_subject,
    require_key_of,
    require_kind,
    require_signed_by,
    serial_file_text,
    sign_request,
    verification_subject,
)
from dicfix.errors import MaterialError
from dicfix.guide.values import CLIENT_VALIDITY_DAYS, KEY_KIND, VERIFICATION_KEY_KIND, VERIFICATION_VALIDITY_DAYS
from dicfix.keystore import files, names
from dicfix.keystore.directory import CertificateDirectory, fitting_ca
from dicfix.keystore.names import ClientFiles, client_files
from dicfix.trust import amazon_root_ca_1, require_amazon_root_ca_1

M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class Kept(Generic[M]):
    """What an ``ensure_`` call came back with: file names found as they were, file names made, and remarks on both."""

    material: M
    found: tuple[str, ...]
    made: tuple[str, ...]
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Journal:
    found: list[str] = field(default_factory=list)
    made: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def kept(self, material: M) -> Kept[M]:
        return Kept(material, tuple(self.found), tuple(self.made), tuple(self.notes))


@dataclass(frozen=True, slots=True)
class _KeyOrder:
    """The key of a set: ``key`` and ``certificate`` are file names, ``kind`` what the guide asks for."""

    key: str
    certificate: str
    make: Callable[[], PrivateKey] = make_private_key
    kind: str = KEY_KIND


@dataclass(frozen=True, slots=True)
class _Order:
    """What a client or verification set is to be, where it has to be made."""

    files: ClientFiles
    key: _KeyOrder
    subject: x509.Name
    validity_days: int
    version: X509Version = 1
    same_subject: bool = False
    code: str | None = None  # of a verification set: no other Common Name will do


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Keystore(CertificateDirectory):
    """The certificate directory of one CA.

    Each ``ensure_`` call reuses what is there, makes what is missing and checks that all of it belongs together; called
    again after a run was killed it goes on where that one stopped. Only ``overwrite`` replaces files.
    ``verification_key`` gives the key of a verification set that has to be made, a new one unless said otherwise.
    """

    def __init__(
        self,
        directory: Path,
        *,
        clock: Callable[[], datetime] = _utc_now,
        verification_key: Callable[[], PrivateKey] | None = None,
    ) -> None:
        super().__init__(directory)
        self._clock = clock
        self._verification_key = verification_key

    def ensure_ca(self, subject: str | x509.Name = "/CN=DIC CA", *, overwrite: bool = False) -> Kept[CaMaterial]:
        """CA.key and CA.crt. Overwriting them leaves client certificates that no longer fit: overwrite those too.

        Source: SSL-1, SSL-2.
        """
        name = _name(subject)
        with files.locked(self.directory):
            journal = _Journal()
            if overwrite:
                files.remove(self.path(names.CA_CERTIFICATE))
            order = _KeyOrder(names.CA_KEY, names.CA_CERTIFICATE)
            key = self._ensure_key(order, journal, overwrite=overwrite)
            certificate = self.certificate(names.CA_CERTIFICATE)
            if certificate is None:
                certificate = make_ca_certificate(key, name, now=self._clock())
                self._write(names.CA_CERTIFICATE, certificate.pem, journal)
            else:
                self._found_certificate(names.CA_CERTIFICATE, certificate, name, journal)
            return journal.kept(fitting_ca(key, certificate))

    def ensure_client(
        self,
        stem: str,
        subject: str | x509.Name | None = None,
        *,
        version: X509Version = 1,
        same_subject: bool = False,
        overwrite: bool = False,
    ) -> Kept[ClientMaterial]:
        """Key, CSR and certificate of ``device``, ``explorer`` or a thing; the subject is /CN=stem unless given.

        Source: SSL-3, SSL-4.1, SSL-4.2, SSL-5.
        """
        of = client_files(stem)
        name = _name(f"/CN={stem}" if subject is None else subject)
        key = _KeyOrder(of.key, of.certificate)
        order = _Order(of, key, name, CLIENT_VALIDITY_DAYS, version, same_subject)
        return self._ensure_signed(order, overwrite=overwrite)

    def ensure_verification(self, registration_code: str, *, overwrite: bool = False) -> Kept[ClientMaterial]:
        """The verification set for this registration code; one made for another code is a MaterialError.

        Source: SSL-V1 to SSL-V3.
        """
        of = names.VERIFICATION
        subject = verification_subject(registration_code)
        make = self._verification_key or make_rsa_private_key
        key = _KeyOrder(of.key, of.certificate, make, VERIFICATION_KEY_KIND)
        order = _Order(of, key, subject, VERIFICATION_VALIDITY_DAYS, code=common_name(subject))
        return self._ensure_signed(order, overwrite=overwrite)

    def ensure_server_root(self, *, overwrite: bool = False) -> Kept[Certificate]:
        """AmazonRootCA1.pem, told by its fingerprint; another certificate of that name is a MaterialError.

        Source: AWS-8.1.
        """
        with files.locked(self.directory):
            journal = _Journal()
            data = None if overwrite else files.read_if_there(self.path(names.SERVER_ROOT))
            if data is not None:
                journal.found.append(names.SERVER_ROOT)
                return journal.kept(require_amazon_root_ca_1(data, names.SERVER_ROOT))
            root = amazon_root_ca_1()
            self._write(names.SERVER_ROOT, root.pem, journal, overwrite=overwrite)
            return journal.kept(root)

    def ensure_text(self, file_name: str, text: str, *, holds_key: bool, overwrite: bool = False) -> Kept[Path]:
        """A generated text (firmware header or source), 0600 if it holds a key; a different one is a MaterialError."""
        path = self.path(file_name)
        with files.locked(self.directory):
            journal = _Journal()
            if not overwrite and files.read_if_there(path) == text.encode():
                journal.found.append(file_name)
            else:
                mode = files.KEY_MODE if holds_key else files.PUBLIC_MODE
                self._write(file_name, text, journal, mode=mode, overwrite=overwrite)
            return journal.kept(path)

    def _ensure_signed(self, order: _Order, *, overwrite: bool) -> Kept[ClientMaterial]:
        of = order.files
        with files.locked(self.directory):
            ca, journal = self.ca(), _Journal()
            if overwrite:
                files.remove(self.path(of.certificate))
                files.remove(self.path(of.request))
            certificate = self.certificate(of.certificate)
            if certificate is None and not order.same_subject:
                require_different_subject(order.subject, ca.certificate)
            key = self._ensure_key(order.key, journal, overwrite=overwrite)
            request = self._ensure_request(order, key, certificate, journal)
            if certificate is None:
                certificate = self._sign(order, request, ca, journal)
            else:
                require_key_of(certificate, key, of.certificate, of.key)
                require_signed_by(certificate, ca.certificate, of.certificate, names.CA_CERTIFICATE)
                _require_code(order, certificate, of.certificate)
                self._found_certificate(of.certificate, certificate, order.subject, journal)
            return journal.kept(ClientMaterial(key, request, certificate))

    def _ensure_key(self, order: _KeyOrder, journal: _Journal, *, overwrite: bool) -> PrivateKey:
        key = None if overwrite else self.key(order.key)
        if key is None:
            if files.read_if_there(self.path(order.certificate)) is not None:
                raise MaterialError(
                    f"{order.certificate} is there, but {order.key} is not",
                    expected="both files of the set",
                    remedy=f"bring {order.key}, or have the set made anew (dicfix certs --overwrite)",
                )
            key = order.make()
            self._write(order.key, key.pem, journal, mode=files.KEY_MODE, overwrite=overwrite)
            return key
        require_kind(key, order.key, order.kind)
        journal.found.append(order.key)
        if files.open_to_others(self.path(order.key)):
            journal.notes.append(f"{order.key} is open to others than its owner: chmod 600 {order.key}")
        return key

    def _ensure_request(
        self, order: _Order, key: PrivateKey, certificate: Certificate | None, journal: _Journal
    ) -> SigningRequest:
        of = order.files
        request = self.request(of, key)
        if request is None:
            request = make_signing_request(key, certificate.parsed.subject if certificate else order.subject)
            self._write(of.request, request.pem, journal)
            return request
        _require_code(order, request, of.request)
        journal.found.append(of.request)
        if certificate is None and request.parsed.subject != order.subject:
            journal.notes.append(f"{of.request} keeps its subject {request.subject}")
        return request

    def _sign(self, order: _Order, request: SigningRequest, ca: CaMaterial, journal: _Journal) -> Certificate:
        last = files.read_if_there(self.path(names.CA_SERIAL))
        serial = next_serial(None if last is None else last.decode("ascii", "replace"), names.CA_SERIAL)
        certificate = sign_request(
            request,
            ca,
            now=self._clock(),
            serial=serial,
            validity_days=order.validity_days,
            version=order.version,
            same_subject=order.same_subject,
        )
        # The serial is written first: a run killed in between wastes a number instead of giving it out twice.
        files.write(self.path(names.CA_SERIAL), serial_file_text(serial).encode(), overwrite=True)
        if last is None:
            journal.made.append(names.CA_SERIAL)
        self._write(order.files.certificate, certificate.pem, journal)
        return certificate

    def _found_certificate(
        self, file_name: str, certificate: Certificate, wanted: x509.Name, journal: _Journal
    ) -> None:
        journal.found.append(file_name)
        now = self._clock()
        if now > certificate.not_after:
            journal.notes.append(f"{file_name} expired on {certificate.not_after:%Y-%m-%d}")
        if now < certificate.not_before:
            journal.notes.append(f"{file_name} is not valid before {certificate.not_before:%Y-%m-%d %H:%M} UTC")
        if not certificate.is_ca and certificate.looks_self_signed():
            journal.notes.append(f"{file_name} has the CA's own subject: openssl verify takes it for self-signed")
        elif certificate.parsed.subject != wanted:
            journal.notes.append(f"{file_name} keeps its subject {certificate.subject}")

    def _write(
        self, name: str, text: str, journal: _Journal, *, mode: int = files.PUBLIC_MODE, overwrite: bool = False
    ) -> None:
        files.write(self.path(name), text.encode(), mode, overwrite=overwrite)
        journal.made.append(name)


def _name(subject: str | x509.Name) -> x509.Name:
    return parse_subject(subject) if isinstance(subject, str) else subject


def _require_code(order: _Order, of: Certificate | SigningRequest, file_name: str) -> None:
    if order.code is not None and of.common_name != order.code:
        raise MaterialError(
            f"{file_name} was made for another registration code",
            expected="the registration code of this account and Region as Common Name",
            remedy="have the verification set made anew (dicfix certs --overwrite)",
        )
