"""The certificate directory as records: what lies there, and whether key, request and certificate fit together.

Key material is parsed here and never leaves. May import ``certificates``, ``firmware`` file names and ``records``.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from dicfix.certificates import read_certificate, read_private_key, read_request
from dicfix.errors import MaterialError
from dicfix.keystore import stems
from dicfix.records import ClientFiles, Field, LocalFiles, Unread

T = TypeVar("T")


def read_local_files(directory: Path, devices: Sequence[str], explorer: str) -> LocalFiles:
    """Everything that the guide's file names hold in ``directory``; what is not there is None."""
    return LocalFiles(
        ca=_client(directory, "CA", "CA"),
        clients={name: _client(directory, name, stem) for name, stem in stems(devices, explorer).items()},
        verification=_client(
            directory,
            "verification_cert",
            "verification_cert",
            certificate="verification_cert.pem",
            request="verification_cert_csr.csr",
        ),
        serial_file=_text(directory / "CA.srl"),
        server_certificate_pem=_text(directory / "AmazonRootCA1.pem"),
        header=_text(directory / "dic_config.h"),
        certificate_source=_text(directory / "dic_nvm_cert.cpp"),
    )


def _client(directory: Path, name: str, stem: str, *, certificate: str = "", request: str = "") -> ClientFiles:
    certificate_pem = _text(directory / (certificate or f"{stem}.crt"))
    key_path = directory / f"{stem}.key"
    key_pem, request_pem = _text(key_path), _text(directory / (request or f"{stem}.csr"))

    def fits(read: Callable[[str, str], bool], other: Field[str | None], what: str) -> Field[bool | None]:
        if isinstance(other, Unread) or isinstance(key_pem, Unread):
            return other if isinstance(other, Unread) else key_pem  # type: ignore[return-value]
        if other is None or key_pem is None:
            return None
        return _parsed(what, lambda: read(other, key_pem))

    return ClientFiles(
        name=name,
        certificate_pem=certificate_pem,
        key_kind=_of(key_pem, key_path.name, lambda text: read_private_key(text, key_path.name).kind),
        key_fits=fits(_certificate_fits, certificate_pem, f"{stem} certificate and key"),
        csr_fits=fits(_request_fits, request_pem, f"{stem} request and key"),
        key_mode=_mode(key_path),
        csr_common_name=_of(request_pem, f"{stem} request", lambda text: read_request(text, stem).common_name),
    )


def _certificate_fits(certificate_pem: str, key_pem: str) -> bool:
    return read_certificate(certificate_pem).public_key_matches(read_private_key(key_pem))


def _request_fits(request_pem: str, key_pem: str) -> bool:
    return read_request(request_pem).public_key_matches(read_private_key(key_pem))


def _of(text: Field[str | None], what: str, read: Callable[[str], T]) -> Field[T | None]:
    if text is None or isinstance(text, Unread):
        return text
    return _parsed(what, lambda: read(text))


def _parsed(what: str, read: Callable[[], T]) -> Field[T]:
    try:
        return read()
    except MaterialError as error:
        return Unread(what, "NotUsable", error.observed)


def _text(path: Path) -> Field[str | None]:
    try:
        return path.read_bytes().decode("utf-8", errors="replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        return Unread(path.name, "NotReadable", error.strerror or "the file cannot be read")


def _mode(path: Path) -> Field[int | None]:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return None
    except OSError as error:
        return Unread(path.name, "NotReadable", error.strerror or "the file cannot be read")
