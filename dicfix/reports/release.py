"""Freezes a sign-off under ``reports/signoff/NAME``: results, page, twin and sums, signed where a key is given.

Belongs here: what a record holds and how it is signed. The sums are in the format of sha256sum, the signature is a raw
Ed25519 signature over that file, so that ``sha256sum -c`` and ``openssl pkeyutl -verify -rawin`` can check both.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from dicfix.audit.identity import safe
from dicfix.errors import MaterialError, UsageError
from dicfix.reports.changes import RECORDS, SEAL
from dicfix.reports.digest import SUMS, digest_of, kept_name, sums_of_folder
from dicfix.reports.gather import RESULTS
from dicfix.reports.publish import HISTORY, numbered, publish, write
from dicfix.reports.signoff import Choices, SignOff

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SIGNATURE = "SHA256SUMS.sig"
SIGNER = "signer.pub.pem"
UNSUMMED = (SUMS, SIGNATURE)
"""The files of a record that its sums cannot cover."""
INPUTS = "inputs"
"""Where the files of waivers and evidence are kept, without private keys and the user's folder."""
SEALED = "sealed, not signed"
FORMAT = 1

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_SECRETS = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----|(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])")


def check_name(name: str) -> None:
    """Raise UsageError for a release name that cannot be a folder's."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} cannot name a release",
            expected="up to 64 letters, digits, '.', '_' or '-', a letter or digit first",
            remedy="correct --release",
        )


def read_signing_key(path: Path) -> Ed25519PrivateKey:
    """The Ed25519 key of a PEM file (PKCS#8 or OpenSSH, no passphrase); raises MaterialError for anything else."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_ssh_private_key

    expected = "a PEM file as `openssl genpkey -algorithm ed25519` writes it"
    remedy = "name such a key with --key, or leave --key out: the record is then sealed and not signed"
    try:
        raw = path.read_bytes()
        load = load_ssh_private_key if b"OPENSSH" in raw[:64] else load_pem_private_key
        key = load(raw, password=None)
    except OSError as error:
        raise UsageError(f"{path.name} cannot be read: {error.strerror}", expected=expected, remedy=remedy) from error
    except TypeError as error:
        raise MaterialError(f"{path.name} is protected by a passphrase", expected=expected, remedy=remedy) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise MaterialError(
            f"{path.name} holds no private key that can be read", expected=expected, remedy=remedy
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise MaterialError(f"{path.name} is no Ed25519 key", expected=expected, remedy=remedy)
    return key


def freeze(signoff: SignOff, choices: Choices, key: Ed25519PrivateKey | None) -> tuple[Path, list[str]]:
    """Make the record of a release; gives its folder and what is to be said, line by line.

    A release is signed off once: raises UsageError when its record exists.
    """
    check_name(signoff.release)
    folder = choices.reports / RECORDS / signoff.release
    if folder.exists():
        raise UsageError(
            f"release {signoff.release} was signed off before", remedy="choose another name; a record is never changed"
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{signoff.release}-"))
    try:
        lines = _fill(unfinished, signoff, choices, key)
        unfinished.chmod(0o755)
        os.replace(unfinished, folder)
    except BaseException:
        shutil.rmtree(unfinished)
        raise
    return folder, lines


def _fill(folder: Path, signoff: SignOff, choices: Choices, key: Ed25519PrivateKey | None) -> list[str]:
    for number, run in enumerate(signoff.runs, 1):
        for name, source in run.files:
            copy = folder / kept_name(number, name)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, copy)
    for source_file in (choices.waivers, choices.evidence):
        if source_file:
            (folder / INPUTS).mkdir(exist_ok=True)
            write(folder / INPUTS / source_file.name, _redacted(source_file))
    results = [folder / kept_name(number, RESULTS) for number, _ in enumerate(choices.runs, 1)]
    lines = publish(signoff, folder, results=results)
    for number, _ in enumerate(results):
        (folder / numbered(HISTORY, number)).unlink(missing_ok=True)
    _refuse_secrets(folder)
    return [*lines, seal(folder, signoff, key)]


def _redacted(path: Path) -> str:
    return "".join(f"{safe(line)}\n" for line in path.read_text(encoding="utf-8").splitlines())


def seal(folder: Path, signoff: SignOff, key: Ed25519PrivateKey | None) -> str:
    """Write seal, sums and signature of a filled folder; gives the sentence about it."""
    told = {
        "format": FORMAT,
        "release": signoff.release,
        "created": signoff.created.isoformat(timespec="seconds"),
        "verdict": signoff.decision.verdict.value,
        "digest": signoff.digest,
        "signed": key is not None,
        "label": "signed with Ed25519" if key else SEALED,
    }
    write(folder / SEAL, json.dumps(told, indent=2) + "\n")
    if key:
        write(folder / SIGNER, public_pem(key))
    lines = sums_of_folder(folder, UNSUMMED)
    write(folder / SUMS, lines)
    if key:
        (folder / SIGNATURE).write_bytes(key.sign(lines.encode()))
    return f"{told['label']}: {SUMS} {digest_of(lines)}"


def public_pem(key: Ed25519PrivateKey) -> str:
    """The public half of a key, as PEM."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _refuse_secrets(folder: Path) -> None:
    """A record leaves the house: nothing in it may hold a private key or an access key."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and _SECRETS.search(path.read_bytes()):
            raise UsageError(
                f"{path.relative_to(folder).as_posix()} holds a private key or an access key",
                expected="results as a run leaves them, redacted",
                remedy="find out how it came there; nothing was frozen",
            )
