"""Policy variables as pure functions."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from dataplane_registry import issue
from hypothesis import given
from hypothesis import strategies as st

from dicfix.offline.registry import AttachedThing
from dicfix.offline.rules import policy_variables as variables

VALUES = {"iot:clientid": ("dev*ice",), "iot:connection.thing.thingname": ("lamp",)}


@pytest.mark.parametrize(
    ("template", "text", "matched"),
    [
        ("topic/a*", "topic/a/b/c", True),
        ("topic/a?", "topic/ab", True),
        ("topic/a?", "topic/abc", False),
        ("topic/+/x", "topic/+/x", True),
        ("topic/+/x", "topic/y/x", False),
        ("topic/#", "topic/#", True),
        ("topic/#", "topic/y", False),
        ("topic/a.c", "topic/abc", False),
        ("*", "", True),
        ("topic/*", "topic/line\nbreak", True),
    ],
)
def test_a_star_and_a_question_mark_are_wildcards_and_plus_and_hash_are_not(
    template: str, text: str, *, matched: bool
) -> None:
    assert variables.matches(template, text, {}) is matched


def test_a_value_is_put_in_as_literal_text() -> None:
    assert variables.matches("client/${iot:ClientId}", "client/dev*ice", VALUES)
    assert not variables.matches("client/${iot:ClientId}", "client/devXice", VALUES)
    assert not variables.matches("client/${iot:ClientId}*", "client/devXice2", VALUES)
    assert variables.matches("client/${iot:ClientId}*", "client/dev*ice2", VALUES)
    assert variables.text_of("${IOT:connection.thing.THINGNAME}/x", VALUES) == "lamp/x"


def test_special_characters_can_be_written_as_variables() -> None:
    assert variables.matches("topic/${*}${?}${$}", "topic/*?$", {})
    assert not variables.matches("topic/${*}", "topic/x", {})


def test_a_variable_without_a_value_matches_nothing() -> None:
    assert variables.matches("topic/${iot:Certificate.Subject.Title}*", "topic/", VALUES) is None
    assert variables.matches("topic/${unknown}", "topic/${unknown}", VALUES) is None
    assert variables.text_of("${unknown}", VALUES) is None


def test_a_certificate_value_with_a_special_character_is_not_substituted() -> None:
    for special in "*$+?#":
        certificate = issue(f"a{special}b").certificate
        assert "iot:certificate.subject.commonname" not in variables.certificate_values(certificate, "id")
    assert variables.certificate_values(issue("ab").certificate, "id")["iot:certificate.subject.commonname"] == ("ab",)


def test_a_name_with_several_values_is_numbered_and_listed() -> None:
    units = [x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit) for unit in ("first", "second")]
    issued = issue("device", issue("CA"), extra=units)
    values = variables.certificate_values(issued.certificate, issued.certificate_id)
    name = "iot:certificate.subject.organizationalunit"
    assert values[name] == ("first",)
    assert values[f"{name}.1"] == ("second",)
    assert values[f"{name}.list"] == ("first", "second")
    assert values["iot:certificate.issuer.commonname"] == ("CA",)
    assert values["iot:certificateid"] == (issued.certificate_id,)
    assert int(values["iot:certificate.serialnumber"][0], 16) == issued.certificate.serial_number


def test_alternative_names_are_variables() -> None:
    names = x509.SubjectAlternativeName([x509.DNSName("lamp.example"), x509.RFC822Name("a@lamp.example")])
    values = variables.certificate_values(issue("device", extensions=[names]).certificate, "id")
    assert values["iot:certificate.subject.alternativename.dnsname"] == ("lamp.example",)
    assert values["iot:certificate.subject.alternativename.rfc822name"] == ("a@lamp.example",)


def test_a_connection_stands_for_the_thing_of_its_client_id_or_the_exclusive_one() -> None:
    lamp, plug, lock = AttachedThing("lamp"), AttachedThing("plug"), AttachedThing("lock", exclusive=True)
    assert variables.connection_thing("plug", [lamp, plug]) is plug
    assert variables.connection_thing("other", [lamp, plug]) is None
    assert variables.connection_thing("other", [lock]) is lock
    assert variables.connection_thing("lock", [lock]) is lock


def test_thing_variables_tell_type_attributes_and_attachment() -> None:
    thing = AttachedThing("lamp", "light", {"Room": "kitchen"})
    assert variables.thing_values(thing) == {
        "iot:connection.thing.isattached": ("true",),
        "iot:connection.thing.thingname": ("lamp",),
        "iot:connection.thing.thingtypename": ("light",),
        "iot:connection.thing.attributes[room]": ("kitchen",),
    }
    assert variables.thing_values(None) == {"iot:connection.thing.isattached": ("false",)}


@given(st.text(max_size=30), st.text(max_size=30))
def test_a_value_never_works_as_a_wildcard_or_variable(value: str, other: str) -> None:
    values = {"iot:clientid": (value,)}
    assert variables.matches("x/${iot:ClientId}/*", f"x/{value}/y", values)
    if not f"x/{other}/y".startswith(f"x/{value}/"):
        assert not variables.matches("x/${iot:ClientId}/*", f"x/{other}/y", values)


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_template_is_judged_without_an_error(template: str, text: str) -> None:
    assert variables.matches(template, text, VALUES) in (True, False, None)
