"""The code-signing set in the certificate directory: made once, then found. Source: PRE-4.

May import dicfix.certificates, dicfix.errors and this package.
"""

from __future__ import annotations

from datetime import datetime

from dicfix.certificates import CaMaterial, make_code_signing, require_key_of
from dicfix.errors import MaterialError
from dicfix.keystore import files
from dicfix.keystore.directory import CertificateDirectory
from dicfix.keystore.store import Kept

KEY = "ecdsasigner.key"
CERTIFICATE = "ecdsasigner.crt"
"""The file names of the page that the guide links. Source: FreeRTOS user guide, ota-code-sign-cert."""


def ensure_code_signing(directory: CertificateDirectory, *, now: datetime) -> Kept[CaMaterial]:
    """Key and self-signed certificate for code signing, reused when both lie there and fit; half a set is refused."""
    with files.locked(directory.directory):
        key, certificate = directory.key(KEY), directory.certificate(CERTIFICATE)
        if key is not None and certificate is not None:
            require_key_of(certificate, key, CERTIFICATE, KEY)
            return Kept(CaMaterial(key, certificate), (KEY, CERTIFICATE), ())
        if certificate is not None:
            raise MaterialError(f"{CERTIFICATE} is there, but {KEY} is not", expected="both files of the set")
        if key is not None:
            # A run that was killed between the two left a key that signed nothing yet.
            files.remove(directory.path(KEY))
        made = make_code_signing(now=now)
        files.write(directory.path(KEY), made.key.pem.encode(), files.KEY_MODE)
        files.write(directory.path(CERTIFICATE), made.certificate.pem.encode())
        return Kept(made, (), (KEY, CERTIFICATE))
