"""What certificates and keys say of themselves, and whether they belong together."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from dicfix.certificates import (
    CaMaterial,
    PrivateKey,
    issue_client,
    issue_verification,
    make_ca,
    make_ca_certificate,
    make_code_signing,
    make_private_key,
    make_rsa_private_key,
    make_signing_request,
    next_serial,
    require_ca,
    require_key_of,
    require_kind,
    require_signed_by,
    serial_file_text,
    sign_request,
)
from dicfix.certificates.version1 import as_version_1
from dicfix.errors import MaterialError

NOW = datetime(2026, 3, 4, 5, 6, 7, 891234, tzinfo=UTC)


@pytest.fixture(scope="module")
def ca() -> CaMaterial:
    return make_ca("/O=Acme/CN=DIC CA", now=NOW)


def test_ca_certificate_says_what_the_guide_asks_of_it(ca: CaMaterial) -> None:
    certificate = ca.certificate
    assert (certificate.version, certificate.is_ca, certificate.validity_days) == (3, True, 1826)
    assert certificate.not_before == NOW.replace(microsecond=0)
    assert certificate.is_self_signed()
    assert certificate.public_key_kind == "EC P-256"
    assert certificate.subject == certificate.issuer == "CN=DIC CA,O=Acme"
    assert 0 < certificate.serial < 2**159
    assert certificate.public_key_matches(ca.key)


def test_client_certificate_says_what_the_guide_asks_of_it(ca: CaMaterial) -> None:
    device = issue_client(ca, "/CN=SQA_DIC_C2", now=NOW, serial=0xBEEF)
    certificate = device.certificate
    assert (certificate.version, certificate.is_ca, certificate.validity_days) == (1, False, 360)
    assert (certificate.subject, certificate.issuer) == ("CN=SQA_DIC_C2", "CN=DIC CA,O=Acme")
    assert certificate.serial == 0xBEEF
    assert certificate.signed_by(ca.certificate)
    assert not certificate.is_self_signed()
    assert certificate.public_key_matches(device.key)
    assert device.request.public_key_matches(device.key)
    assert len(certificate.certificate_id) == 64


def test_certificate_of_a_stranger_with_the_same_name_is_not_signed_by_the_ca(ca: CaMaterial) -> None:
    stranger = make_ca("/O=Acme/CN=DIC CA", now=NOW)
    device = issue_client(stranger, "/CN=device", now=NOW)
    assert device.certificate.issuer == ca.certificate.subject
    assert not device.certificate.signed_by(ca.certificate)
    with pytest.raises(MaterialError, match=r"device\.crt was not signed by CA\.crt"):
        require_signed_by(device.certificate, ca.certificate, "device.crt", "CA.crt")


@pytest.mark.parametrize("version", [1, 3])
def test_rsa_ca_signs_both_versions(version: int) -> None:
    key = make_rsa_private_key()
    ca = CaMaterial(key, make_ca_certificate(key, "/CN=RSA CA", now=NOW))
    device = issue_client(ca, "/CN=device", now=NOW, version=3 if version == 3 else 1)
    assert device.certificate.signed_by(ca.certificate)
    assert device.certificate.version == version
    assert device.certificate.signature_algorithm == "sha256WithRSAEncryption"


def test_expired_and_not_yet_valid_certificates_come_from_the_clock(ca: CaMaterial) -> None:
    expired = issue_client(ca, "/CN=device", now=NOW - timedelta(days=361)).certificate
    early = issue_client(ca, "/CN=device", now=NOW + timedelta(days=1)).certificate
    short = issue_client(ca, "/CN=device", now=NOW, validity_days=1 / 24).certificate
    assert not expired.is_valid_at(NOW)
    assert not early.is_valid_at(NOW)
    assert short.is_valid_at(NOW)
    assert short.not_after - short.not_before == timedelta(hours=1)
    assert all(each.signed_by(ca.certificate) for each in (expired, early, short))


def test_verification_certificate_holds_the_registration_code(ca: CaMaterial) -> None:
    made = issue_verification(ca, "0123456789abcdef" * 4, now=NOW)
    assert made.certificate.common_name == made.request.common_name == "0123456789abcdef" * 4
    assert (made.certificate.validity_days, made.certificate.public_key_kind) == (500, "RSA 2048")
    assert made.certificate.signed_by(ca.certificate)


@pytest.mark.parametrize("code", ["", "  ", "x" * 65, "a\x00b"])
def test_registration_code_that_fits_no_common_name_is_refused(ca: CaMaterial, code: str) -> None:
    with pytest.raises(MaterialError, match="registration code"):
        issue_verification(ca, code, now=NOW)


def test_code_signing_certificate_is_a_leaf_of_a_year() -> None:
    made = make_code_signing("/CN=signer@example.com", now=NOW)
    assert (made.certificate.is_ca, made.certificate.validity_days) == (False, 365)
    assert made.certificate.is_self_signed()
    assert made.certificate.public_key_kind == "EC P-256"


@pytest.mark.parametrize("subject", ["/O=Acme/CN=DIC CA", "/O=ACME/CN=dic  ca"])
def test_subject_of_the_ca_is_refused_for_a_client_unless_asked_for(ca: CaMaterial, subject: str) -> None:
    with pytest.raises(MaterialError, match="is the CA's own"):
        issue_client(ca, subject, now=NOW)
    assert issue_client(ca, subject, now=NOW, same_subject=True).certificate.looks_self_signed()


@pytest.mark.parametrize("validity_days", [0, -1])
def test_validity_of_no_days_is_refused(validity_days: float) -> None:
    with pytest.raises(MaterialError, match="days cannot be made"):
        make_ca("/CN=CA", now=NOW, validity_days=validity_days)


def test_validity_beyond_the_calendar_is_refused() -> None:
    with pytest.raises(MaterialError, match="cannot be made"):
        make_ca("/CN=CA", now=NOW, validity_days=10_000_000)


def test_clock_without_time_zone_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="time zone"):
        make_ca("/CN=CA", now=NOW.replace(tzinfo=None))


def test_key_shows_itself_nowhere() -> None:
    key = make_private_key()
    material = make_ca("/CN=CA", now=NOW)
    secret_line = key.pem.splitlines()[1]
    for text in (repr(key), str(key), f"{key}", repr([key]), repr(material)):
        assert secret_line not in text
        assert "PRIVATE KEY" not in text
    assert repr(key) == "PrivateKey(EC P-256, hidden)"
    with pytest.raises(TypeError):
        pickle.dumps(key)


def test_leaf_given_as_ca_is_refused(ca: CaMaterial) -> None:
    leaf = make_ca_certificate(make_private_key(), "/CN=leaf", now=NOW, is_ca=False)
    device = issue_client(ca, "/CN=device", now=NOW, version=1).certificate
    for certificate in (leaf, device):
        assert not certificate.is_ca
        with pytest.raises(MaterialError, match=r"CA\.crt \(CN=\w+\) is a leaf"):
            require_ca(certificate, "CA.crt")
    require_ca(ca.certificate, "CA.crt")


def test_key_of_another_certificate_is_refused(ca: CaMaterial) -> None:
    device = issue_client(ca, "/CN=device", now=NOW)
    require_key_of(device.certificate, device.key, "device.crt", "device.key")
    with pytest.raises(MaterialError, match=r"device\.crt was not made from CA\.key"):
        require_key_of(device.certificate, ca.key, "device.crt", "CA.key")


def test_key_of_another_curve_is_refused() -> None:
    other = PrivateKey.of(ec.generate_private_key(ec.SECP384R1()))
    with pytest.raises(MaterialError, match=r"CA\.key is a key of kind EC P-384"):
        require_kind(other, "CA.key")


def test_serial_file_goes_up_by_one_and_keeps_even_digits() -> None:
    assert next_serial("0A0B\n") == 0x0A0C
    assert serial_file_text(0xABC) == "0ABC\n"
    assert serial_file_text(0xFF) == "FF\n"
    assert 0 < next_serial(None) < 2**159


@pytest.mark.parametrize("text", ["", "xyz", "-1", "0x10", "12 34", "F" * 40])
def test_damaged_serial_file_is_refused(text: str) -> None:
    with pytest.raises(MaterialError, match=r"^CA\.srl"):
        next_serial(text)


def test_version_1_is_made_only_of_a_version_3_certificate_without_extensions(ca: CaMaterial) -> None:
    with pytest.raises(ValueError, match="no extensions"):
        as_version_1(ca.certificate.parsed, ca.key.secret)
    request = make_signing_request(make_private_key(), "/CN=device")
    first = sign_request(request, ca, now=NOW)
    with pytest.raises(ValueError, match="no version 3"):
        as_version_1(first.parsed, ca.key.secret)
