"""Weak keys and revocation lists are told, at their limits."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from account_onboarded import revoking
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519
from onboarded import DEVICE, NOW, good_inventory, good_settings, material

from dicfix.certificates import make_ca_certificate, make_rsa_private_key
from dicfix.certificates.revocations import read_revocation_list
from dicfix.controls import run_control
from dicfix.controls.key_quality import is_roca, weakness_of
from dicfix.errors import MaterialError
from dicfix.findings import Status


def test_a_modulus_of_the_broken_generator_is_told_from_a_random_one():
    """A product of powers of 65537 modulo every small prime is marked; the product of two common primes is not."""
    product = 1
    for prime in (3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97):
        product *= prime
    for prime in (101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167):
        product *= prime
    marked = pow(65537, 12345, product) + product
    assert is_roca(marked)
    assert not is_roca(make_rsa_private_key().secret.public_key().public_numbers().n)


@pytest.mark.parametrize(("size_bits", "weak"), [(1024, "RSA key of 1024 bits"), (2048, "")])
def test_an_rsa_key_below_2048_bits_is_weak(size_bits: int, weak: str):
    """The limit is AWS's own for a certificate."""
    certificate = make_ca_certificate(make_rsa_private_key(size_bits), "/CN=x", now=NOW)
    assert weakness_of(certificate.parsed) == weak


def test_the_guides_keys_are_strong_and_other_kinds_are_named():
    """P-256 is strong enough; a key of a kind that AWS IoT does not take is told by its kind."""
    assert weakness_of(material().device.certificate.parsed) == ""
    key = ed25519.Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "x")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(NOW).not_valid_after(NOW + timedelta(days=1))
    assert "Ed25519" in weakness_of(builder.sign(key, None))


def test_a_revocation_list_is_read_as_pem_and_as_der():
    """Both forms hold the same serials and are issued by the CA that signed them."""
    serial = material().device.certificate.serial
    pem = revoking(serial).pem
    found = read_revocation_list(pem)
    der = read_revocation_list(found.parsed.public_bytes(serialization_der()))
    assert found.serials == der.serials == {serial}
    assert found.issued_by(material().ca.certificate)
    assert not found.issued_by(material().other_ca.certificate)
    assert isinstance(found.parsed.signature_hash_algorithm, hashes.SHA256)


def serialization_der():
    """DER, as cryptography names it."""
    from cryptography.hazmat.primitives.serialization import Encoding

    return Encoding.DER


@pytest.mark.parametrize("text", ["", "no list", material().device.certificate.pem])
def test_what_is_no_revocation_list_is_refused(text: str):
    """One sentence, with the command that makes one."""
    with pytest.raises(MaterialError, match="revocation list"):
        read_revocation_list(text)


@pytest.mark.parametrize(
    ("days_before_the_end", "status", "words"),
    [
        (91, Status.PASS, "91 days left"),
        (90, Status.FAIL, "window of 90 days"),
        (60, Status.FAIL, "window of 60 days"),
        (7, Status.FAIL, "window of 7 days"),
        (-1, Status.FAIL, "expired 1 days ago"),
    ],
)
def test_the_days_that_are_left_name_their_window(days_before_the_end: int, status: Status, words: str):
    """DIC-HRD-03 tells how pressing it is."""
    end = material().device.certificate.not_after
    now = end - timedelta(days=days_before_the_end)
    found = {one.resource: one for one in run_control("DIC-HRD-03", good_inventory(), good_settings(mode="audit"), now)}
    assert found[DEVICE].status is status
    assert words in found[DEVICE].observed


def test_two_certificates_of_one_key_are_told_by_each_others_name():
    """DIC-HRD-05 names the other holder of the key."""
    from dicfix.certificates import make_signing_request, sign_request

    made = material()
    good = good_inventory()
    request = make_signing_request(made.second.key, f"/O=dicfix/CN={DEVICE}")
    twin = sign_request(request, made.ca, now=NOW, version=3)
    certificates = dict(good.certificates)
    own = made.device.certificate.certificate_id
    certificates[own] = replace(certificates[own], pem=twin.pem)
    findings = run_control("DIC-HRD-05", replace(good, certificates=certificates), good_settings(mode="audit"), NOW)
    failed = {one.resource: one.observed for one in findings if one.status is Status.FAIL}
    assert failed == {DEVICE: "the key of SQA_DIC_C3 too", "SQA_DIC_C3": f"the key of {DEVICE} too"}
