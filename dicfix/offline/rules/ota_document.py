"""The job document of an OTA update, as AWS's agents read it.

Source: facts, OTA 1.3 (captures of real documents). Pure functions.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dicfix.offline.rules import Level, rule

TESTS = "tests/test_rules_ota_updates.py::"
FACTS = "facts, OTA 1.3: captures of real job documents"
UNSIGNED_KEY = "sig--"


@dataclass(frozen=True, slots=True)
class SignedBy:
    """The signature that goes into the document: its text (base64 of DER), its algorithms, the certificate's path."""

    text: str
    hash_name: str
    encryption: str
    certificate_path: str | None


@dataclass(frozen=True, slots=True)
class DocumentFile:
    """One file of the document; ``url`` is set for HTTP only."""

    path: str | None
    size_bytes: int
    file_id: int
    file_type: int | None = None
    signed_by: SignedBy | None = None
    url: str | None = None


def document(protocols: Sequence[str], stream_name: str | None, files: Sequence[DocumentFile]) -> str:
    """The document's text, without blanks."""
    body: dict[str, Any] = {"protocols": list(protocols)}
    if stream_name is not None:
        body["streamname"] = stream_name
    body["files"] = [_file(file) for file in files]
    return json.dumps({"afr_ota": body}, separators=(",", ":"), ensure_ascii=False)


@rule(
    "OTA-SIGNATURE-KEY",
    source=FACTS + "; aws/aws-sdk issue 180: AWS takes the algorithms' spelling as it comes",
    level=Level.PEER,
    held_by=(TESTS + "test_the_hash_algorithm_is_taken_as_it_is_spelt",),
    without=lambda _hash, _encryption: "sig-sha256-ecdsa",
)
def signature_key(hash_name: str, encryption: str) -> str:
    """The signature stands under ``sig-<hash>-<encryption>`` in lower case, the spelling being the caller's."""
    return f"sig-{hash_name.lower()}-{encryption.lower()}"


def _file(file: DocumentFile) -> dict[str, Any]:
    body: dict[str, Any] = {"filepath": file.path, "filesize": file.size_bytes, "fileid": file.file_id}
    signed = file.signed_by
    if signed is not None:
        body["certfile"] = signed.certificate_path
    if file.file_type is not None:
        body["fileType"] = file.file_type
    body["update_data_url"] = file.url
    body["auth_scheme"] = None if file.url is None else "aws.s3.presigned"
    if signed is None:
        body[UNSIGNED_KEY] = None
    else:
        body[signature_key(signed.hash_name, signed.encryption)] = signed.text
    return body
