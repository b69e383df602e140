"""Ours against the real openssl: the same TBSCertificate byte for byte, and each accepts the other's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dicfix.certificates import (
    CaMaterial,
    issue_client,
    issue_verification,
    make_ca,
    make_ca_certificate,
    make_code_signing,
    make_private_key,
    make_rsa_private_key,
    make_signing_request,
    next_serial,
    read_certificate,
    read_private_key,
    read_request,
    serial_file_text,
    sign_request,
)
from tests.tools import openssl, openssl_makes_the_guides_files, run_tool

NOW = datetime(2026, 3, 4, 5, 6, 7, 891234, tzinfo=UTC)
CA_SUBJECT = "/C=IN/ST=Telangana/L=Hyderabad/O=Acme, Inc./OU=IoT/CN=DIC CA/emailAddress=ca@example.com"
CLIENT_SUBJECT = "/C=IN/ST=Telangana/O=Acme+OU=IoT/CN=SQA_DIC_C2/emailAddress=dev@example.com"
CODE = "1c2f4e0f8a" * 6 + "abcd"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The guide's files, made by the real openssl."""
    directory = tmp_path_factory.mktemp("openssl")
    openssl_makes_the_guides_files(
        directory, ca_subject=CA_SUBJECT, clients={"device": CLIENT_SUBJECT}, registration_code=CODE
    )
    return directory


def ca_of(directory: Path) -> CaMaterial:
    return CaMaterial(
        read_private_key((directory / "CA.key").read_bytes(), "CA.key"),
        read_certificate((directory / "CA.crt").read_bytes(), "CA.crt"),
    )


def is_openssl_3_0() -> bool:
    return run_tool("openssl", "version").startswith("OpenSSL 3.0.")


def text_of(pem: str, directory: Path, *options: str) -> str:
    (directory / "shown.pem").write_text(pem)
    return run_tool("openssl", "x509", "-in", "shown.pem", "-noout", "-text", *options, cwd=directory)


def test_ca_certificate_has_every_field_that_openssl_gives_it(made: Path) -> None:
    theirs = ca_of(made)
    ours = make_ca_certificate(
        theirs.key, CA_SUBJECT, now=theirs.certificate.not_before, serial=theirs.certificate.serial
    )
    assert ours.parsed.tbs_certificate_bytes == theirs.certificate.parsed.tbs_certificate_bytes
    assert (ours.version, ours.validity_days, ours.signature_algorithm) == (3, 1826, "ecdsa-with-SHA256")


def test_signing_request_has_every_field_that_openssl_gives_it(made: Path) -> None:
    key = read_private_key((made / "device.key").read_bytes())
    theirs = read_request((made / "device.csr").read_bytes())
    ours = make_signing_request(key, CLIENT_SUBJECT)
    assert ours.parsed.tbs_certrequest_bytes == theirs.parsed.tbs_certrequest_bytes


def test_client_certificate_has_every_field_that_openssl_gives_it(made: Path) -> None:
    theirs = read_certificate((made / "device.crt").read_bytes())
    request = read_request((made / "device.csr").read_bytes())
    version = 1 if is_openssl_3_0() else 3
    ours = sign_request(request, ca_of(made), now=theirs.not_before, serial=theirs.serial, version=version)
    assert ours.parsed.tbs_certificate_bytes == theirs.parsed.tbs_certificate_bytes
    assert (ours.version, ours.validity_days) == (version, 360)


def test_client_certificate_of_version_3_has_what_openssl_writes_with_key_identifiers(made: Path) -> None:
    (made / "ids.ext").write_text("subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid,issuer\n")
    command = "x509 -req -in device.csr -CA CA.crt -CAkey CA.key -CAserial v3.srl -CAcreateserial -out v3.crt"
    openssl(command, "-days", "360", "-extfile", "ids.ext", cwd=made)
    theirs = read_certificate((made / "v3.crt").read_bytes())
    request = read_request((made / "device.csr").read_bytes())
    ours = sign_request(request, ca_of(made), now=theirs.not_before, serial=theirs.serial, version=3)
    assert ours.parsed.tbs_certificate_bytes == theirs.parsed.tbs_certificate_bytes


def test_verification_certificate_has_every_field_that_openssl_gives_it(made: Path) -> None:
    theirs = read_certificate((made / "verification_cert.pem").read_bytes())
    key = read_private_key((made / "verification_cert.key").read_bytes())
    ours = issue_verification(ca_of(made), CODE, now=theirs.not_before, serial=theirs.serial, key=key)
    if theirs.version == 1:
        assert ours.certificate.parsed.tbs_certificate_bytes == theirs.parsed.tbs_certificate_bytes
    assert (ours.certificate.common_name, ours.certificate.validity_days) == (CODE, 500)
    assert ours.certificate.public_key_kind == theirs.public_key_kind == "RSA 2048"


def test_code_signing_certificate_has_every_field_that_openssl_gives_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "signer.cnf").write_text(
        "[ req ]\nprompt = no\ndistinguished_name = my_dn\n[ my_dn ]\ncommonName = test_signer@amazon.com\n"
        "[ my_exts ]\nkeyUsage = digitalSignature\nextendedKeyUsage = codeSigning\n"
    )
    key = make_private_key()
    (tmp_path / "signer.key").write_text(key.pem)
    command = "req -new -x509 -config signer.cnf -extensions my_exts -nodes -days 365 -key signer.key -out signer.crt"
    openssl(command, cwd=tmp_path)
    theirs = read_certificate((tmp_path / "signer.crt").read_bytes())
    monkeypatch.setattr("dicfix.certificates.issuing.make_private_key", lambda: key)
    monkeypatch.setattr("dicfix.certificates.issuing.random_serial", lambda: theirs.serial)
    ours = make_code_signing(now=theirs.not_before)
    assert ours.certificate.parsed.tbs_certificate_bytes == theirs.parsed.tbs_certificate_bytes


def test_keys_are_written_as_openssl_writes_them(made: Path) -> None:
    for name in ("CA.key", "device.key", "verification_cert.key"):
        data = (made / name).read_text()
        assert read_private_key(data, name).pem == data
    assert make_private_key().pem.startswith("-----BEGIN EC PRIVATE KEY-----\n")
    assert len(make_private_key().pem) == 227


def test_certificates_and_requests_are_written_as_openssl_writes_them(made: Path) -> None:
    for name in ("CA.crt", "device.crt", "verification_cert.pem"):
        assert read_certificate((made / name).read_bytes()).pem == (made / name).read_text()
    assert read_request((made / "device.csr").read_bytes()).pem == (made / "device.csr").read_text()


def test_openssl_verifies_our_chain_and_reads_our_keys(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    ca = make_ca(CA_SUBJECT, now=now)
    (tmp_path / "CA.crt").write_text(ca.certificate.pem)
    for name, material in (
        ("v1", issue_client(ca, CLIENT_SUBJECT, now=now)),
        ("v3", issue_client(ca, CLIENT_SUBJECT, now=now, version=3)),
        ("verification", issue_verification(ca, CODE, now=now)),
    ):
        (tmp_path / f"{name}.crt").write_text(material.certificate.pem)
        (tmp_path / f"{name}.key").write_text(material.key.pem)
        (tmp_path / f"{name}.csr").write_text(material.request.pem)
        assert "OK" in run_tool("openssl", "verify", "-CAfile", "CA.crt", f"{name}.crt", cwd=tmp_path)
        run_tool("openssl", "pkey", "-in", f"{name}.key", "-check", "-noout", cwd=tmp_path)
        run_tool("openssl", "req", "-in", f"{name}.csr", "-verify", "-noout", cwd=tmp_path)
        public = run_tool("openssl", "pkey", "-in", f"{name}.key", "-pubout", cwd=tmp_path)
        assert run_tool("openssl", "x509", "-in", f"{name}.crt", "-noout", "-pubkey", cwd=tmp_path) == public


def test_openssl_shows_version_1_without_extensions_and_version_3_with_key_identifiers(tmp_path: Path) -> None:
    ca = make_ca("/CN=CA", now=NOW)
    first = text_of(issue_client(ca, "/CN=device", now=NOW).certificate.pem, tmp_path)
    third = text_of(issue_client(ca, "/CN=device", now=NOW, version=3).certificate.pem, tmp_path)
    assert "Version: 1 (0x0)" in first
    assert "X509v3" not in first
    assert "Not Before: Mar  4 05:06:07 2026 GMT" in first
    assert "Version: 3 (0x2)" in third
    assert "X509v3 Subject Key Identifier" in third
    assert "X509v3 Authority Key Identifier" in third
    assert "Basic Constraints" not in third


def test_openssl_takes_the_same_subject_twice_for_self_signed(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    ca = make_ca("/CN=Acme", now=now)
    client = issue_client(ca, "/CN=ACME", now=now, same_subject=True)
    (tmp_path / "CA.crt").write_text(ca.certificate.pem)
    (tmp_path / "device.crt").write_text(client.certificate.pem)
    with pytest.raises(AssertionError, match="error 18 at 0 depth lookup: self-signed certificate"):
        run_tool("openssl", "verify", "-CAfile", "CA.crt", "device.crt", cwd=tmp_path)
    assert client.certificate.looks_self_signed()
    assert not client.certificate.is_self_signed()
    assert client.certificate.signed_by(ca.certificate)


def test_openssl_goes_on_with_our_serial_file_and_we_with_its(made: Path, tmp_path: Path) -> None:
    last = serial_file_text(0x0A0B)
    assert last == "0A0B\n"
    for name in ("CA.key", "CA.crt", "device.csr"):
        (tmp_path / name).write_bytes((made / name).read_bytes())
    (tmp_path / "CA.srl").write_text(last)
    command = "x509 -req -in device.csr -CA CA.crt -CAkey CA.key -CAcreateserial -out device.crt -days 360"
    openssl(command, cwd=tmp_path)
    theirs = read_certificate((tmp_path / "device.crt").read_bytes())
    assert next_serial(last) == theirs.serial
    assert serial_file_text(theirs.serial) == (tmp_path / "CA.srl").read_text()


def test_a_new_serial_file_holds_the_serial_of_the_certificate_just_made(made: Path) -> None:
    last = read_certificate((made / "verification_cert.pem").read_bytes())
    assert (made / "CA.srl").read_text() == serial_file_text(last.serial)
    assert last.serial == read_certificate((made / "device.crt").read_bytes()).serial + 1


def test_pem_with_text_before_it_and_crlf_is_read(made: Path) -> None:
    plain = read_certificate((made / "CA.crt").read_bytes())
    shown = run_tool("openssl", "x509", "-in", "CA.crt", "-text", cwd=made)
    assert read_certificate(shown) == plain
    assert read_certificate(shown.replace("\n", "\r\n")) == plain
    assert read_certificate(b"\xef\xbb\xbf" + (made / "CA.crt").read_bytes()) == plain


def test_key_with_its_parameters_block_before_it_is_read(tmp_path: Path) -> None:
    openssl("ecparam -genkey -name prime256v1 -out with.key", cwd=tmp_path)
    assert read_private_key((tmp_path / "with.key").read_bytes()).kind == "EC P-256"


def test_pkcs8_and_rsa_keys_of_openssl_are_read(tmp_path: Path) -> None:
    key = make_rsa_private_key()
    (tmp_path / "key.pem").write_text(key.pem)
    openssl("rsa -in key.pem -traditional -out pkcs1.pem", cwd=tmp_path)
    assert (tmp_path / "pkcs1.pem").read_text().startswith("-----BEGIN RSA PRIVATE KEY-----")
    assert read_private_key((tmp_path / "pkcs1.pem").read_bytes()) == key


def test_certificates_beyond_2049_have_generalized_time_as_openssl_writes_it(tmp_path: Path) -> None:
    key = make_private_key()
    (tmp_path / "CA.key").write_text(key.pem)
    openssl("req -new -x509 -days 20000 -key CA.key -out CA.crt -subj /CN=CA", cwd=tmp_path)
    theirs = read_certificate((tmp_path / "CA.crt").read_bytes())
    ours = make_ca_certificate(key, "/CN=CA", now=theirs.not_before, validity_days=20000)
    assert ours.not_after == theirs.not_after == theirs.not_before + timedelta(days=20000)
    assert ours.not_after.strftime("%Y%m%d%H%M%SZ").encode() in ours.der
