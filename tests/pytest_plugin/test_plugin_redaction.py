"""Secrets and absolute paths do not leave a run."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from dicfix.pytest_plugin.redaction import PRIVATE_KEY, REDACTED, Redactor


def a_private_key(fmt=serialization.PrivateFormat.PKCS8):
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(serialization.Encoding.PEM, fmt, serialization.NoEncryption()).decode()


@pytest.fixture
def redactor():
    return Redactor({Path("/srv/qa/project"): "", Path("/tmp"): "<tmp>", Path("/home/qa"): "~", Path("/"): "never"})


@pytest.mark.parametrize("fmt", [serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL])
def test_a_whole_private_key_goes_and_the_text_around_it_stays(redactor, fmt):
    assert redactor.text(f"before\n{a_private_key(fmt)}after") == f"before\n{PRIVATE_KEY}\nafter"


def test_a_key_in_a_repr_in_json_and_in_a_traceback_goes(redactor):
    pem = a_private_key()
    body = pem.splitlines()[1]
    for text in (repr(pem), repr(pem.encode()), "\n".join(f"E    {line}" for line in pem.splitlines())):
        assert body not in redactor.text(text)
        assert "PRIVATE KEY-----" not in redactor.text(text)


def test_half_a_key_goes_too(redactor):
    pem = a_private_key()
    head, tail = pem[:100], pem[-100:]
    assert redactor.text(head + "...") == PRIVATE_KEY
    assert redactor.text(tail).strip() == PRIVATE_KEY


def test_a_certificate_and_a_public_key_stay(redactor):
    pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n-----BEGIN PUBLIC KEY-----\nMFkw\n"
    assert redactor.text(pem) == pem


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("key AKIAIOSFODNN7EXAMPLE.", f"key {REDACTED}."),
        ("ASIAIOSFODNN7EXAMPL1", REDACTED),
        ("AKIATOOSHORT", "AKIATOOSHORT"),
        ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG", f"aws_secret_access_key = {REDACTED}"),
        ("{'SecretAccessKey': 'wJalr/+=x', 'a': 1}", f"{{'SecretAccessKey': '{REDACTED}', 'a': 1}}"),
        ('"SessionToken": "FwoGZ//abc="', f'"SessionToken": "{REDACTED}"'),
        ("AWS_SESSION_TOKEN=FwoGZXIv", f"AWS_SESSION_TOKEN={REDACTED}"),
        ("?X-Amz-Security-Token=abc%2F&X-Amz-Date=1", f"?X-Amz-Security-Token={REDACTED}&X-Amz-Date=1"),
        ("SignedHeaders=host, Signature=0abc12", f"SignedHeaders=host, Signature={REDACTED}"),
        ("the signature is valid: yes", "the signature is valid: yes"),
        ("clientToken: abc", "clientToken: abc"),
    ],
)
def test_aws_credentials_go_and_look_alikes_stay(redactor, text, redacted):
    assert redactor.text(text) == redacted


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("/srv/qa/project/steps/things.py:3", "steps/things.py:3"),
        ("in /srv/qa/project", "in ."),
        ("/srv/qa/project2/x", "/srv/qa/project2/x"),
        ("/tmp/pytest-of-qa/x", "<tmp>/pytest-of-qa/x"),
        ("file:///tmp/x", "file://<tmp>/x"),
        ("'/home/qa/.aws/config'", "'~/.aws/config'"),
        ("https://example.org/tmp/x", "https://example.org/tmp/x"),
        ("topic $aws/things/home/qa", "topic $aws/things/home/qa"),
        ("light/#", "light/#"),
    ],
)
def test_known_folders_are_shown_without_their_place(redactor, text, redacted):
    assert redactor.text(text) == redacted


def test_the_deepest_folder_wins():
    redactor = Redactor({Path("/tmp"): "<tmp>", Path("/tmp/run/project"): ""})
    assert redactor.text("/tmp/run/project/a.py /tmp/run/b") == "a.py <tmp>/run/b"


def test_a_registered_secret_goes_wherever_it_stands_and_a_short_one_is_left():
    redactor = Redactor({}, secrets=["hunter2-hunter2", "", "ON"])
    assert redactor.text("is hunter2-hunter2 ON?") == f"is {REDACTED} ON?"


def test_bytes_are_redacted_whether_or_not_they_are_text(redactor):
    pem = a_private_key().encode()
    assert redactor.body(pem).strip() == PRIVATE_KEY.encode()
    mixed = redactor.body(b"\xff\xfe\x00" + pem + b"\xff")
    assert mixed == b"\xff\xfe\x00" + PRIVATE_KEY.encode() + b"\n\xff"
    binary = bytes(range(256))
    assert redactor.body(binary) == binary


def test_nested_values_are_redacted_and_other_values_stay(redactor):
    value = {"a": ["AKIAIOSFODNN7EXAMPLE", 1, None, {"b": "/tmp/x"}], "c": True}
    assert redactor.value(value) == {"a": [REDACTED, 1, None, {"b": "<tmp>/x"}], "c": True}
