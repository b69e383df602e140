"""What lies in the certificate directory, read and held to fit together; never writes.

May import dicfix.certificates, dicfix.errors and this package.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from dicfix.certificates import (
    CaMaterial,
    Certificate,
    ClientMaterial,
    PrivateKey,
    SigningRequest,
    make_signing_request,
    read_certificate,
    read_private_key,
    read_request,
    require_ca,
    require_key_of,
    require_kind,
)
from dicfix.errors import MaterialError
from dicfix.keystore import files, names
from dicfix.keystore.names import ClientFiles, client_files


class CertificateDirectory:
    """The guide's files in one directory. A file that cannot be what its name says is a MaterialError."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def path(self, file_name: str) -> Path:
        """Where a file of the directory lies or would lie."""
        return self.directory / file_name

    def ca(self) -> CaMaterial:
        """The CA certificate with its key; missing or not fitting is a MaterialError. Source: SSL-1, SSL-2."""
        return fitting_ca(_there(self.key(names.CA_KEY), names.CA_KEY), self.ca_certificate())

    def ca_certificate(self) -> Certificate:
        """The CA certificate alone. Source: SSL-2."""
        certificate = _there(self.certificate(names.CA_CERTIFICATE), names.CA_CERTIFICATE)
        require_ca(certificate, names.CA_CERTIFICATE)
        return certificate

    def client(self, stem: str) -> ClientMaterial:
        """A client's set, its key held to fit; a missing CSR is made again in memory."""
        return self._set(client_files(stem))

    def verification(self) -> ClientMaterial:
        """The verification set, its key held to fit. Source: SSL-V1 to SSL-V3."""
        return self._set(names.VERIFICATION)

    def key(self, file_name: str) -> PrivateKey | None:
        """The key in a file, None when there is no file."""
        data = files.read_if_there(self.path(file_name))
        return None if data is None else read_private_key(data, file_name)

    def certificate(self, file_name: str) -> Certificate | None:
        """The certificate in a file, None when there is no file."""
        data = files.read_if_there(self.path(file_name))
        return None if data is None else read_certificate(data, file_name)

    def request(self, of: ClientFiles, key: PrivateKey) -> SigningRequest | None:
        """The CSR of a set, held to be of ``key``; None when there is no file."""
        data = files.read_if_there(self.path(of.request))
        if data is None:
            return None
        request = read_request(data, of.request)
        require_key_of(request, key, of.request, of.key)
        return request

    def _set(self, of: ClientFiles) -> ClientMaterial:
        key = _there(self.key(of.key), of.key)
        certificate = _there(self.certificate(of.certificate), of.certificate)
        require_key_of(certificate, key, of.certificate, of.key)
        request = self.request(of, key) or make_signing_request(key, certificate.parsed.subject)
        return ClientMaterial(key, request, certificate)


def fitting_ca(key: PrivateKey, certificate: Certificate) -> CaMaterial:
    """Both as one, or a MaterialError for what does not fit. Source: SSL-1, SSL-2."""
    require_ca(certificate, names.CA_CERTIFICATE)
    require_kind(key, names.CA_KEY)
    require_key_of(certificate, key, names.CA_CERTIFICATE, names.CA_KEY)
    return CaMaterial(key, certificate)


_T = TypeVar("_T")


def _there(value: _T | None, file_name: str) -> _T:
    if value is None:
        raise MaterialError(f"{file_name} is not in the certificate directory", remedy="make the set: dicfix certs")
    return value
