"""The certificate directory: the guide's file names, found or made, keys readable by their owner alone.

May import dicfix.certificates, dicfix.trust, the guide's values and dicfix.errors.
"""

from dicfix.keystore.directory import CertificateDirectory
from dicfix.keystore.files import KEY_MODE, PUBLIC_MODE
from dicfix.keystore.inspection import Inspector, Seen
from dicfix.keystore.names import (
    CA_CERTIFICATE,
    CA_KEY,
    CA_SERIAL,
    DEVICE,
    EXPLORER,
    SERVER_ROOT,
    VERIFICATION,
    ClientFiles,
    client_files,
    stems,
)
from dicfix.keystore.store import Kept, Keystore

__all__ = [
    "CA_CERTIFICATE",
    "CA_KEY",
    "CA_SERIAL",
    "DEVICE",
    "EXPLORER",
    "KEY_MODE",
    "PUBLIC_MODE",
    "SERVER_ROOT",
    "VERIFICATION",
    "CertificateDirectory",
    "ClientFiles",
    "Inspector",
    "Kept",
    "Keystore",
    "Seen",
    "client_files",
    "stems",
]
