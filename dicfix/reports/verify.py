"""Checks frozen sign-offs: nothing added, taken away or changed, and signed by whom.

May import the records and ``errors``; reads files only.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from dicfix.errors import MaterialError, UsageError
from dicfix.reports.changes import RECORDS, SEAL, TWIN
from dicfix.reports.digest import SUMS, sha256_of
from dicfix.reports.release import SEALED, SIGNATURE, SIGNER, UNSUMMED

_FINGERPRINT_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Checked:
    """One record: ``troubles`` is empty when it is as it was frozen; ``said`` tells what it is."""

    release: str
    said: str
    troubles: tuple[str, ...]


def verify(reports: Path, names: tuple[str, ...] = (), public_key: Path | None = None) -> tuple[Checked, ...]:
    """Check the records of these releases, all where none is named; with ``public_key`` each must be signed by it.

    Raises UsageError when there is no record of that name, or none at all.
    """
    records = reports / RECORDS
    known = sorted(path.name for path in records.glob("*") if path.is_dir() and not path.name.startswith("."))
    unknown = [one for one in names if one not in known]
    if unknown or not known:
        raise UsageError(
            f"there is no sign-off of release {unknown[0]}" if unknown else "there is no sign-off",
            expected=f"one of {', '.join(known)}" if known else "a folder under reports/signoff",
            remedy="dicfix signoff --release NAME makes one",
        )
    wanted = _public_bytes(public_key.read_bytes(), public_key.name) if public_key else None
    return tuple(_checked(records / name, wanted) for name in names or known)


def _checked(folder: Path, wanted: bytes | None) -> Checked:
    troubles = [*_sums_troubles(folder)]
    said, signature_troubles = _signature(folder, wanted)
    verdict, more = _seal(folder)
    return Checked(folder.name, f"{verdict}, {said}", (*troubles, *signature_troubles, *more))


def _sums_troubles(folder: Path) -> list[str]:
    try:
        lines = (folder / SUMS).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return [f"{SUMS} is missing"]
    told = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    there = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
    kept = {name: path for name, path in there.items() if name not in UNSUMMED}
    found = [f"{name} was taken away" for name in told if name not in kept]
    found += [f"{name} was added" for name in kept if name not in told]
    return found + [f"{name} was changed" for name in kept if name in told and sha256_of(kept[name]) != told[name]]


def _seal(folder: Path) -> tuple[str, list[str]]:
    """The verdict as the seal has it, and where seal and twin differ."""
    try:
        seal = json.loads((folder / SEAL).read_text(encoding="utf-8"))
        twin = json.loads((folder / TWIN).read_text(encoding="utf-8"))
        differ = [one for one in ("release", "verdict", "digest", "created") if seal[one] != twin[one]]
        stripped = seal["signed"] and not (folder / SIGNATURE).exists()
        troubles = [f"{SEAL} and {TWIN} differ in {one}" for one in differ]
        return str(seal["verdict"]), [*troubles, *(["its signature was taken away"] if stripped else [])]
    except (OSError, ValueError, KeyError, TypeError):
        return "verdict unknown", [f"{SEAL} or {TWIN} cannot be read"]


def _signature(folder: Path, wanted: bytes | None) -> tuple[str, list[str]]:
    if not (folder / SIGNATURE).exists():
        return SEALED, ["it is not signed"] if wanted else []
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        raw = _public_bytes((folder / SIGNER).read_bytes(), SIGNER)
        signature, signed = (folder / SIGNATURE).read_bytes(), (folder / SUMS).read_bytes()
        Ed25519PublicKey.from_public_bytes(raw).verify(signature, signed)
    except (OSError, MaterialError):
        return "signed", [f"{SIGNER} or {SUMS} cannot be read"]
    except InvalidSignature:
        return "signed", [f"the signature is not one of this {SUMS}"]
    said = f"signed with the key {hashlib.sha256(raw).hexdigest()[:_FINGERPRINT_DIGITS]}"
    return said, ["it is signed with another key"] if wanted not in (None, raw) else []


def _public_bytes(pem: bytes, name: str) -> bytes:
    """The 32 bytes of an Ed25519 public key; raises MaterialError for anything else."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    expected = "a PEM file of an Ed25519 public key"
    remedy = "name one with --public-key, such as `openssl pkey -in KEY -pubout` writes"
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise MaterialError(f"{name} holds no public key", expected=expected, remedy=remedy) from error
    if not isinstance(key, Ed25519PublicKey):
        raise MaterialError(f"{name} is no Ed25519 key", expected=expected, remedy=remedy)
    return key.public_bytes_raw()
