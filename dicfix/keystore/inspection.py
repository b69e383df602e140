"""What each file of the certificate directory is, and whether it fits the others; never writes.

Unlike a run, which stops at the first file that does not fit, this tells of every one. May import
dicfix.certificates, dicfix.trust, the guide's values, dicfix.errors and this package.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from dicfix.certificates import (
    Certificate,
    PrivateKey,
    next_serial,
    require_ca,
    require_key_of,
    require_kind,
    require_signed_by,
)
from dicfix.errors import MaterialError
from dicfix.guide.values import KEY_KIND, VERIFICATION_KEY_KIND
from dicfix.keystore import files, names
from dicfix.keystore.directory import CertificateDirectory
from dicfix.keystore.names import ClientFiles
from dicfix.trust import require_amazon_root_ca_1

_CA_FILES = ClientFiles("CA", names.CA_KEY, "", names.CA_CERTIFICATE)
_SUFFIXES = (".key", ".csr", ".crt", ".pem", ".srl")
_MAY_BE_ABSENT = (".csr", ".srl")  # nobody needs them again once the certificate is signed
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Seen:
    """One file: ``there`` or not, what it is (``facts``), and what is wrong with it (``problems``), a sentence each."""

    file_name: str
    there: bool
    facts: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


class Inspector:
    """Looks at one directory; ``stems`` name the client sets that are expected there."""

    def __init__(
        self, directory: Path, stems: Iterable[str], *, now: Callable[[], datetime], verification: bool = False
    ) -> None:
        self._files = CertificateDirectory(directory)
        self._now = now
        self._expected = [_CA_FILES, *map(names.client_files, stems), *([names.VERIFICATION] if verification else [])]

    def everything(self) -> Iterator[Seen]:
        """Every file that is expected, there or not, then every other one of such a kind."""
        expected = [name for of in self._expected for name in (of.key, of.request, of.certificate) if name]
        expected += [names.CA_SERIAL, names.SERVER_ROOT]
        yield from map(self.seen, expected)
        yield from map(self.seen, sorted(self._names() - set(expected)))

    def seen(self, file_name: str) -> Seen:
        """One file; what cannot be read as what its name says has that as its problem."""
        try:
            mode = files.mode_if_there(self._files.path(file_name))
            if mode is None:
                return Seen(file_name, False, problems=_absent(file_name))
            facts, problems = self._told(file_name)
        except MaterialError as error:
            return Seen(file_name, True, ("not usable, see below",), (str(error),))
        return Seen(file_name, True, (facts[0], f"mode {mode:04o}", *facts[1:]), tuple(problems))

    def _names(self) -> set[str]:
        try:
            return {one.name for one in self._files.directory.iterdir() if one.suffix in _SUFFIXES}
        except OSError as error:
            raise MaterialError(
                f"the directory {self._files.directory.name} cannot be read: {error.strerror}",
                expected="a directory with the guide's files",
                remedy="name another one with --dir",
            ) from None

    def _told(self, file_name: str) -> tuple[Sequence[str], Sequence[str]]:
        if file_name == names.SERVER_ROOT:
            return self._root(file_name)
        if file_name.endswith(".srl"):
            return self._serial(file_name)
        if file_name.endswith(".key"):
            return self._key(file_name)
        if file_name.endswith(".csr"):
            return self._request(file_name)
        return self._certificate(file_name)

    def _root(self, file_name: str) -> tuple[Sequence[str], Sequence[str]]:
        data = files.read_if_there(self._files.path(file_name)) or b""
        root = require_amazon_root_ca_1(data, file_name)
        return [root.public_key_kind, f"subject {root.subject}", _validity(root), "Amazon's own by its fingerprint"], ()

    def _serial(self, file_name: str) -> tuple[Sequence[str], Sequence[str]]:
        text = (files.read_if_there(self._files.path(file_name)) or b"").decode("ascii", "replace")
        next_serial(text, file_name)
        return [f"last serial number used {text.strip()}"], ()

    def _key(self, file_name: str) -> tuple[Sequence[str], Sequence[str]]:
        key = _there(self._files.key(file_name))
        wanted = VERIFICATION_KEY_KIND if file_name == names.VERIFICATION.key else KEY_KIND
        problems = _problems(lambda: require_kind(key, file_name, wanted))
        if files.open_to_others(self._files.path(file_name)):
            problems.append(f"{file_name} is open to others than its owner. Do: chmod 600 {file_name}.")
        return [key.kind], problems

    def _request(self, file_name: str) -> tuple[Sequence[str], Sequence[str]]:
        of = self._set_of(file_name)
        key = self._key_of(of)
        request = _there(self._files.request(of, key)) if key else None
        if request is None:
            return [f"not compared: there is no usable {of.key}"], ()
        return [request.public_key_kind, f"subject {request.subject}", f"made from {of.key}"], ()

    def _certificate(self, file_name: str) -> tuple[Sequence[str], Sequence[str]]:
        certificate = _there(self._files.certificate(file_name))
        of = self._set_of(file_name)
        issuer = "its own issuer" if certificate.is_self_signed() else f"issuer {certificate.issuer}"
        facts = [
            f"{certificate.public_key_kind}, version {certificate.version}",
            f"subject {certificate.subject}",
            issuer,
            _validity(certificate),
        ]
        key = self._key_of(of)
        matches = key is not None and certificate.public_key_matches(key)
        facts += [f"matches {of.key}"] if matches else []
        facts.append(f"certificate ID {certificate.certificate_id}")
        return facts, self._certificate_problems(certificate, of, key)

    def _certificate_problems(self, certificate: Certificate, of: ClientFiles, key: PrivateKey | None) -> list[str]:
        name = of.certificate
        problems = [] if certificate.is_valid_at(self._now()) else [f"{name} is not valid today."]
        if key is not None:
            problems += _problems(lambda: require_key_of(certificate, key, name, of.key))
        if of == _CA_FILES:
            return problems + _problems(lambda: require_ca(certificate, name))
        ca = self._ca()
        if ca is not None:
            problems += _problems(lambda: require_signed_by(certificate, ca, name, names.CA_CERTIFICATE))
        if certificate.looks_self_signed():
            problems.append(f"{name} has its issuer's own subject: openssl verify takes it for self-signed.")
        return problems

    def _ca(self) -> Certificate | None:
        try:
            return self._files.certificate(names.CA_CERTIFICATE)
        except MaterialError:  # told where CA.crt itself is looked at
            return None

    def _key_of(self, of: ClientFiles) -> PrivateKey | None:
        try:
            return self._files.key(of.key)
        except MaterialError:  # told where the key itself is looked at
            return None

    def _set_of(self, file_name: str) -> ClientFiles:
        for of in (*self._expected, names.VERIFICATION):
            if file_name in (of.request, of.certificate):
                return of
        stem = file_name.rpartition(".")[0]
        return ClientFiles(stem, f"{stem}.key", f"{stem}.csr", file_name)


def _absent(file_name: str) -> tuple[str, ...]:
    if file_name.endswith(_MAY_BE_ABSENT) or file_name == names.CA_KEY:
        return ()
    return (f"{file_name} is not there. Do: make it with dicfix certs.",)


def _problems(check: Callable[[], None]) -> list[str]:
    try:
        check()
    except MaterialError as error:
        return [str(error)]
    return []


def _validity(certificate: Certificate) -> str:
    start, end = certificate.not_before, certificate.not_after
    return f"{start:%Y-%m-%d} to {end:%Y-%m-%d} ({certificate.validity_days} days)"


def _there(value: T | None) -> T:
    if value is None:
        raise MaterialError("a file went away while it was looked at", remedy="run again")
    return value
