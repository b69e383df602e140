"""One sentence for each kind of wrong PEM."""

from __future__ import annotations

import base64
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from dicfix.certificates import (
    issue_client,
    make_ca,
    make_private_key,
    make_signing_request,
    read_certificate,
    read_private_key,
    read_request,
)
from dicfix.errors import MaterialError

NOW = datetime(2026, 3, 4, tzinfo=UTC)
CA = make_ca("/CN=CA", now=NOW)
CLIENT = issue_client(CA, "/CN=device", now=NOW)
CERTIFICATE, KEY, REQUEST = CLIENT.certificate.pem, CLIENT.key.pem, CLIENT.request.pem
_SECRET = CLIENT.key.secret
ENCRYPTED = _SECRET.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"pass")).decode()
ENCRYPTED_OLD = _SECRET.private_bytes(
    Encoding.PEM, PrivateFormat.TraditionalOpenSSL, BestAvailableEncryption(b"pass")
).decode()
PUBLIC = _SECRET.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
ED25519 = ed25519.Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def pem(label: str, body: bytes) -> str:
    return f"-----BEGIN {label}-----\n{base64.b64encode(body).decode()}\n-----END {label}-----\n"


def cut(text: str) -> str:
    return text[: len(text) // 2]


def broken(text: str) -> str:
    lines = text.splitlines()
    lines[2] = lines[2][:-5] + "*" + lines[2][-4:]
    return "\n".join(lines) + "\n"


CERTIFICATE_CASES: dict[str, tuple[str | bytes, str]] = {
    "empty": ("", "CA.crt is empty"),
    "only white space": (" \n\r\n", "CA.crt is empty"),
    "not PEM": ("hello\n", "CA.crt is not PEM"),
    "binary rubbish": (b"\x00\x01\x02", "CA.crt is not PEM"),
    "DER": (CLIENT.certificate.der, "CA.crt is DER (binary), not PEM"),
    "UTF-16": (CERTIFICATE.encode("utf-16"), "CA.crt is UTF-16 text"),
    "several certificates": (CERTIFICATE + CA.certificate.pem, "CA.crt holds 2 blocks: a certificate more than once"),
    "key": (KEY, "CA.crt holds a private key"),
    "encrypted key": (ENCRYPTED, "CA.crt holds a private key"),
    "signing request": (REQUEST, "CA.crt holds a certificate signing request"),
    "public key": (PUBLIC, "CA.crt holds a public key"),
    "other block": (pem("PKCS7", b"x"), "CA.crt holds a block of kind 'PKCS7'"),
    "certificate and key": (CERTIFICATE + KEY, "CA.crt holds a certificate and a private key"),
    "cut off": (cut(CERTIFICATE), "CA.crt is cut off: it has no line -----END CERTIFICATE-----"),
    "base64 damaged": (broken(CERTIFICATE), "CA.crt is damaged: the text between BEGIN and END is not base64"),
    "nothing inside": (pem("CERTIFICATE", b""), "CA.crt is damaged: there is nothing between BEGIN and END"),
    "no certificate inside": (pem("CERTIFICATE", b"rubbish"), "what it holds is no X.509 certificate"),
    "key inside": (pem("CERTIFICATE", _SECRET.private_bytes(
        Encoding.DER, PrivateFormat.PKCS8, NoEncryption())), "what it holds is no X.509 certificate"),
    "bytes after the DER": (pem("CERTIFICATE", CLIENT.certificate.der + b"\x00"), "is no X.509 certificate"),
    "text after": (CERTIFICATE + "garbage", "CA.crt has more text after its last END line"),
}  # fmt: skip


@pytest.mark.parametrize("case", CERTIFICATE_CASES)
def test_certificate_that_cannot_be_read_is_refused_by_its_own_sentence(case: str) -> None:
    data, words = CERTIFICATE_CASES[case]
    with pytest.raises(MaterialError) as refused:
        read_certificate(data, "CA.crt")
    assert words in refused.value.observed
    assert refused.value.exit_code == 2


KEY_CASES: dict[str, tuple[str, str]] = {
    "empty": ("", "device.key is empty"),
    "certificate": (CERTIFICATE, "device.key holds a certificate"),
    "signing request": (REQUEST, "device.key holds a certificate signing request"),
    "public key": (PUBLIC, "device.key holds a public key"),
    "OpenSSH": (pem("OPENSSH PRIVATE KEY", b"x"), "device.key holds an OpenSSH private key"),
    "encrypted PKCS#8": (ENCRYPTED, "device.key is encrypted with a passphrase"),
    "encrypted SEC1": (ENCRYPTED_OLD, "device.key is encrypted with a passphrase"),
    "two keys": (KEY + KEY, "device.key holds 2 blocks"),
    "damaged": (broken(KEY), "device.key is damaged"),
    "rubbish inside": (pem("EC PRIVATE KEY", b"rubbish"), "no private key that can be used"),
    "Ed25519": (ED25519, "device.key is a key of another kind"),
    "parameters alone": (pem("EC PARAMETERS", b"x"), "device.key holds only EC parameters"),
}


@pytest.mark.parametrize("case", KEY_CASES)
def test_key_that_cannot_be_read_is_refused_without_showing_it(case: str) -> None:
    data, words = KEY_CASES[case]
    with pytest.raises(MaterialError) as refused:
        read_private_key(data, "device.key")
    assert words in refused.value.observed
    assert not any(len(line) > 30 and line in str(refused.value) for line in data.splitlines())


REQUEST_CASES: dict[str, tuple[str, str]] = {
    "certificate": (CERTIFICATE, "device.csr holds a certificate"),
    "key": (KEY, "device.csr holds a private key"),
    "rubbish inside": (pem("CERTIFICATE REQUEST", b"rubbish"), "no certificate signing request"),
    "altered": (
        pem("CERTIFICATE REQUEST", CLIENT.request.der.replace(b"device", b"dev1ce")),
        "device.csr was altered",
    ),
}


@pytest.mark.parametrize("case", REQUEST_CASES)
def test_request_that_cannot_be_read_is_refused_by_its_own_sentence(case: str) -> None:
    data, words = REQUEST_CASES[case]
    with pytest.raises(MaterialError, match="^" + "device.csr") as refused:
        read_request(data, "device.csr")
    assert words in refused.value.observed


def test_what_is_written_is_read_back() -> None:
    assert read_certificate(CERTIFICATE) == CLIENT.certificate
    assert read_private_key(KEY) == CLIENT.key
    assert read_request(REQUEST) == CLIENT.request


def test_key_of_another_curve_is_read_and_says_so() -> None:
    text = ec.generate_private_key(ec.SECP384R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    assert read_private_key(text).kind == "EC P-384"


@given(st.binary(max_size=200), st.integers(0, len(CERTIFICATE)))
def test_any_bytes_put_into_a_pem_give_a_certificate_or_one_clear_error(noise: bytes, position: int) -> None:
    data = CERTIFICATE.encode()
    for read in (read_certificate, read_private_key, read_request):
        with suppress(MaterialError):
            read(data[:position] + noise + data[position:], "device.crt")


@given(st.binary(min_size=1, max_size=300))
def test_any_der_in_a_pem_gives_one_clear_error(der: bytes) -> None:
    for label, read in (
        ("CERTIFICATE", read_certificate),
        ("PRIVATE KEY", read_private_key),
        ("CERTIFICATE REQUEST", read_request),
    ):
        with pytest.raises(MaterialError):
            read(pem(label, der), "a file")


def test_same_key_and_request_are_parsed_once_and_another_one_is_not_taken_for_them() -> None:
    first, second = make_private_key(), make_private_key()
    assert read_private_key(first.pem).secret is read_private_key(first.pem.encode()).secret
    assert read_private_key(second.pem) == second != read_private_key(first.pem)
    requests = [make_signing_request(key, "/CN=SQA_DIC_C1") for key in (first, second)]
    assert read_request(requests[0].pem) is read_request(requests[0].pem)
    assert [read_request(one.pem).public_key_matches(second) for one in requests] == [False, True]
