"""Files that are about to be flashed, read for the identity in them: an image, a header, a certificate source.

Belongs here: what kind a file is, and which values it gives. No account is looked at. Never gives a key to be shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dicfix.certificates import Certificate, read_certificate
from dicfix.errors import MaterialError, UsageError
from dicfix.firmware import (
    CERTIFICATE_SOURCE,
    HEADER,
    FirmwareProfile,
    FirmwareText,
    read_certificate_source,
    read_header,
)
from dicfix.images import gbl, kind_of, rps
from dicfix.images.identity import scan
from dicfix.trust import AMAZON_ROOT_CA_1

LARGEST_FILE_BYTES = 64 * 1024 * 1024
"""Beyond any flash that the firmware's boards have."""
FIELDS = ("server_host", "client_id", "ca_certificate", "device_certificate", "device_key")
_IMAGE_SUFFIXES = (".gbl", ".rps")
_HOST = re.compile(rb"(?<![A-Za-z0-9.-])[a-z0-9]+(?:-ats)?\.iot\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?(?![A-Za-z0-9.-])")
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\\\s]{40,8192}?-----END CERTIFICATE-----")
_KINDS = f"a .gbl or .rps image, a {HEADER} or a {CERTIFICATE_SOURCE}"
_NAME_ANOTHER = "name the image, or the files that the firmware is built with"


@dataclass(frozen=True, slots=True)
class Build:
    """The values that files give for one device; ``missing`` says of each that they do not give why not.

    ``image`` are the bytes of an image, None for the firmware's own files.
    """

    names: tuple[str, ...]
    found: FirmwareText
    missing: Mapping[str, str]
    image: bytes | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """The files in words."""
        return ", ".join(self.names)


def read_builds(paths: Sequence[Path], profile: FirmwareProfile, client_ids: tuple[str, ...] = ()) -> tuple[Build, ...]:
    """The builds in these files: header and certificate source together are one, each image is one.

    ``client_ids`` are the client IDs that are looked for in an image. Raises UsageError (or its MaterialError) for
    a file that cannot be read or is none of these, and for two of one kind.
    """
    contents = [(path.name, _bytes_of(path)) for path in paths]
    texts = [(name, _text(name, data)) for name, data in contents if not _is_image(name, data)]
    images = [(name, data) for name, data in contents if _is_image(name, data)]
    sources = [_of_texts(texts, profile)] if texts else []
    return (*sources, *(_of_image(name, data, client_ids) for name, data in images))


def _bytes_of(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST_FILE_BYTES:
            raise UsageError(
                f"{path.name} has more than {LARGEST_FILE_BYTES:,} bytes", expected=_KINDS, remedy=_NAME_ANOTHER
            )
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path.name} cannot be read: {error.strerror}", remedy="name a readable file") from error


def _is_image(name: str, data: bytes) -> bool:
    return name.lower().endswith(_IMAGE_SUFFIXES) or data[:4] == gbl.MAGIC or rps.starts_like_rps(data)


def _text(name: str, data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise MaterialError(f"{name} is neither an image nor text", expected=_KINDS, remedy=_NAME_ANOTHER) from None


# The firmware's own files


def _of_texts(texts: Sequence[tuple[str, str]], profile: FirmwareProfile) -> Build:
    headers = [(name, text) for name, text in texts if _is_header(name)]
    sources = [(name, text) for name, text in texts if not _is_header(name)]
    for kind in (headers, sources):
        if len(kind) > 1:
            raise UsageError(
                f"{' and '.join(name for name, _ in kind)} are of one kind",
                expected="the files of one build",
                remedy="check one build after the other",
            )
    header = read_header(headers[0][1], headers[0][0]) if headers else None
    found = header or FirmwareText()
    if sources:
        found = read_certificate_source(sources[0][1], header, sources[0][0])
    names = tuple(name for name, _ in texts)
    if not any(getattr(found, one) for one in FIELDS):
        raise MaterialError(
            f"{' and '.join(names)}: no value of a device inside", expected=_KINDS, remedy=_NAME_ANOTHER
        )
    return Build(names, found, _missing_in_texts(found, names, bool(headers), bool(sources), profile))


def _is_header(name: str) -> bool:
    return name.lower().endswith((".h", ".hpp"))


def _missing_in_texts(
    found: FirmwareText, names: tuple[str, ...], header: bool, source: bool, profile: FirmwareProfile
) -> dict[str, str]:
    other = profile.certificate_source if header and not source else profile.header if not header else None
    hint = f"; give {other} beside it" if other else ""
    return {one: f"not in {' and '.join(names)}{hint}" for one in FIELDS if not getattr(found, one)}


# Images


def _of_image(name: str, data: bytes, client_ids: tuple[str, ...]) -> Build:
    if data[:4] != gbl.MAGIC and not rps.starts_like_rps(data):
        kind_of(data, name)  # raises: it is named as an image and is none
    identity = scan(data, client_ids)
    contents = b"\0".join(_readable(data))
    certificates = tuple(_certificates(contents))
    values = {
        "server_host": sorted({match[0].decode() for match in _HOST.finditer(contents)}),
        "client_id": sorted({one.detail for one in scan(contents, client_ids).found if one.kind == "client ID"}),
        "ca_certificate": _roots(certificates),
        "device_certificate": sorted({one.pem for one in certificates if not one.is_ca}),
    }
    # Of contents that are hidden in part nothing is taken: another value may stand where nobody can look.
    sure = {key: one[0] for key, one in values.items() if len(one) == 1 and not identity.unseen}
    found = FirmwareText(
        server_host=sure.get("server_host"),
        client_id=sure.get("client_id"),
        ca_certificate=sure.get("ca_certificate"),
        device_certificate=sure.get("device_certificate"),
    )
    return Build((name,), found, dict(_missing_in_image(values, identity.unseen)), data)


def _readable(data: bytes) -> Iterator[bytes]:
    """The file as it is and, of a GBL, its program without the tags in between."""
    yield data
    if data[:4] == gbl.MAGIC:
        try:
            yield gbl.read(data).program()
        except MaterialError:
            return


def _certificates(contents: bytes) -> Iterator[Certificate]:
    for pem in {match[0].replace(b"\\n", b"\n") for match in _PEM.finditer(contents)}:
        try:
            yield read_certificate(pem)
        except MaterialError:
            continue


def _roots(certificates: Iterable[Certificate]) -> list[str]:
    """The root that the firmware takes: AmazonRootCA1 where it is there, else every CA certificate inside."""
    roots = {one.certificate_id: one.pem for one in certificates if one.is_ca}
    return [roots[AMAZON_ROOT_CA_1]] if AMAZON_ROOT_CA_1 in roots else sorted(roots.values())


def _missing_in_image(values: Mapping[str, Sequence[str]], unseen: str) -> Iterator[tuple[str, str]]:
    for name in FIELDS:
        seen = values.get(name, ())
        if unseen:
            yield name, unseen
        elif len(seen) > 1:
            shown = f": {', '.join(seen)}" if name in ("server_host", "client_id") else ""
            yield name, f"{len(seen)} inside, and which of them is used cannot be seen{shown}"
        elif not seen:
            yield name, "not found in the image: the firmware may read it from elsewhere"
