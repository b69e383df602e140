"""Subjects in both notations."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from dicfix.certificates import name_text, parse_subject, same_name
from dicfix.errors import MaterialError

_TYPES = ["O", "OU", "CN", "L", "ST"]
_VALUES = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_categories=("Cs", "Cc")), min_size=1, max_size=30
)
_RDNS = st.lists(st.tuples(st.sampled_from(_TYPES), _VALUES), min_size=1, max_size=5)


def openssl_text(parts: list[tuple[str, str]]) -> str:
    def escape(value: str) -> str:
        return "".join("\\" + c if c in "/\\+" else c for c in value)

    return "".join(f"/{kind}={escape(value)}" for kind, value in parts)


@given(_RDNS)
def test_every_subject_written_for_openssl_is_read_back(parts: list[tuple[str, str]]) -> None:
    name = parse_subject(openssl_text(parts))
    assert [str(each.value) for each in name] == [value for _, value in parts]


@given(_RDNS)
def test_every_subject_shown_in_rfc_4514_is_read_back(parts: list[tuple[str, str]]) -> None:
    name = parse_subject(openssl_text(parts))
    shown = name_text(name)
    if not shown.startswith("/"):
        assert parse_subject(shown) == name


def test_both_notations_give_the_same_name() -> None:
    assert parse_subject("/C=IN/O=Acme/CN=device") == parse_subject("CN=device,O=Acme,C=IN")
    assert name_text(parse_subject("/C=IN/O=Acme, Inc./CN=device")) == "CN=device,O=Acme\\, Inc.,C=IN"


def test_long_names_and_dotted_oids_are_attributes_too() -> None:
    assert parse_subject("/commonName=x/2.5.4.10=Acme") == parse_subject("/CN=x/O=Acme")


def test_email_address_survives_both_notations() -> None:
    name = parse_subject("/CN=x/emailAddress=a@example.com")
    assert name_text(name) == "emailAddress=a@example.com,CN=x"
    assert parse_subject(name_text(name)) == name


def test_plus_joins_attributes_of_one_rdn_and_a_backslash_keeps_it() -> None:
    assert [len(rdn) for rdn in parse_subject("/O=Acme+OU=IoT/CN=x").rdns] == [2, 1]
    assert name_text(parse_subject("/CN=a\\+b\\/c")) == "CN=a\\+b/c"


def test_string_types_are_those_of_openssl() -> None:
    der = parse_subject("/C=IN/O=Acme/CN=x/emailAddress=a@b.c").public_bytes()
    assert b"\x13\x02IN" in der
    assert b"\x0c\x04Acme" in der
    assert b"\x0c\x01x" in der
    assert b"\x16\x05a@b.c" in der


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "The subject is empty"),
        ("   ", "The subject is empty"),
        ("/", "has no '='"),
        ("//CN=x", "has no '='"),
        ("device", "cannot be used"),
        ("/device", "'device' has no '='"),
        ("/CN=", "CN has no value"),
        ("/XY=a", "unknown attribute 'XY'"),
        ("XY=a", "cannot be used"),
        ("/C=IND/CN=x", "cannot be used"),
        ("/CN=" + "x" * 65, "cannot be used"),
        ("/CN=x\\", "ends with a backslash"),
        ("/CN=x\x00y", "control character"),
        ("/CN=x\n", "control character"),
    ],
    ids=lambda value: repr(value)[:30] if isinstance(value, str) else None,
)
def test_subject_that_cannot_be_read_is_refused_with_one_sentence(text: str, words: str) -> None:
    with pytest.raises(MaterialError) as refused:
        parse_subject(text)
    assert words in refused.value.observed
    assert refused.value.remedy.startswith("write it as")


def test_names_compare_as_openssl_compares_them() -> None:
    assert same_name(parse_subject("/CN=Acme  Root"), parse_subject("/CN= acme root"))
    assert not same_name(parse_subject("/CN=Acme"), parse_subject("/CN=Acme2"))
    assert not same_name(parse_subject("/O=a/CN=b"), parse_subject("/CN=b/O=a"))
    printable = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Acme", x509.name._ASN1Type.PrintableString)])
    assert same_name(printable, parse_subject("/CN=Acme"))
