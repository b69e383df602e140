"""An identity inside an image: keys, device certificates, client IDs; and what is none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from dicfix.images import gbl, inspect
from dicfix.images.identity import scan

FILLER = bytes(n % 251 for n in range(2000))


def key_pem(kind: serialization.PrivateFormat) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption())


def certificate_pem(*, ca: bool | None) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "SQA_DIC_C2")])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
    )
    if ca is not None:
        builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@pytest.mark.parametrize("kind", [serialization.PrivateFormat.TraditionalOpenSSL, serialization.PrivateFormat.PKCS8])
def test_a_private_key_is_found_and_not_shown(kind: serialization.PrivateFormat) -> None:
    pem = key_pem(kind)
    image = gbl.make(FILLER + pem + b"\0" + FILLER, version=1)
    (found,) = inspect(image).identity.found
    assert (found.kind, found.offset) == ("private key", image.index(pem))
    assert pem.splitlines()[1].decode() not in repr(found)


def test_a_private_key_with_escaped_line_ends_is_found() -> None:
    pem = key_pem(serialization.PrivateFormat.PKCS8).replace(b"\n", b"\\n")
    assert [found.kind for found in scan(FILLER + pem + FILLER).found] == ["private key"]


@pytest.mark.parametrize("ca", [None, False])
def test_a_device_certificate_is_found_with_its_subject(ca: bool | None) -> None:
    (found,) = scan(FILLER + certificate_pem(ca=ca)).found
    assert (found.kind, found.detail) == ("device certificate", "CN=SQA_DIC_C2")


def test_the_root_of_the_server_is_no_identity() -> None:
    assert scan(FILLER + certificate_pem(ca=True)).found == ()


def test_the_bare_marks_of_a_tls_library_are_no_identity() -> None:
    marks = b"-----BEGIN EC PRIVATE KEY-----\0-----END EC PRIVATE KEY-----\0-----BEGIN CERTIFICATE-----\0"
    assert scan(FILLER + marks).found == ()


def test_a_certificate_that_cannot_be_read_counts_as_one() -> None:
    broken = b"-----BEGIN CERTIFICATE-----\n" + b"A" * 64 + b"\n-----END CERTIFICATE-----\n"
    assert scan(broken).found[0].detail == "not readable"


def test_a_client_id_is_found_as_a_whole_word() -> None:
    data = FILLER + b"\0SQA_DIC_C2\0" + FILLER
    (found,) = scan(data, ("SQA_DIC_C2", "SQA_DIC_C3")).found
    assert (found.kind, found.detail, found.offset) == ("client ID", "SQA_DIC_C2", 2001)
    assert scan(FILLER + b"XSQA_DIC_C2\0", ("SQA_DIC_C2",)).found == ()
    assert scan(FILLER + b"\0SQA_DIC_C22\0", ("SQA_DIC_C2",)).found == ()


def test_an_image_without_identity_has_none_and_everything_was_seen() -> None:
    result = inspect(gbl.make(FILLER, version=1), client_ids=("SQA_DIC_C2",)).identity
    assert (result.found, result.unseen) == ((), "")


@pytest.mark.parametrize("tag_id", [gbl.PROGRAM_LZ4, gbl.PROGRAM_LZMA, gbl.ENCRYPTED_DATA, gbl.DELTA])
def test_compressed_and_encrypted_contents_cannot_be_seen(tag_id: int) -> None:
    header = gbl.tag_bytes(gbl.HEADER, (gbl.VERSION_3).to_bytes(4, "little") + bytes(4))
    image = gbl.closed(header + gbl.tag_bytes(tag_id, FILLER))
    assert "cannot be seen" in inspect(image).identity.unseen


def test_a_key_split_over_two_program_tags_is_found() -> None:
    pem = key_pem(serialization.PrivateFormat.PKCS8)
    header = gbl.tag_bytes(gbl.HEADER, (gbl.VERSION_3).to_bytes(4, "little") + bytes(4))
    parts = [gbl.tag_bytes(gbl.PROGRAM, bytes(4) + part) for part in (FILLER + pem[:90], pem[90:] + FILLER)]
    assert [found.kind for found in inspect(gbl.closed(header + b"".join(parts))).identity.found] == ["private key"]
