"""AWS IoT's policy variables: which there are, what they stand for on one connection, how they go into a template.

Values are keyed by the variable's lower-case name. Pure functions; imports cryptography for names in certificates.
Source: developerguide iot-policy-variables, thing-policy-variables, cert-policy-variables, connect-policy.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from cryptography import x509
from cryptography.x509.oid import NameOID

from dicfix.offline.registry import AttachedThing
from dicfix.offline.rules import Level, rule

Values = Mapping[str, tuple[str, ...]]

_PURE = "tests/test_rules_policy_variables.py::"
_LIVE = "tests/test_dataplane_policy.py::"
_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_LITERALS = {"*": "*", "?": "?", "$": "$"}

_NAME_ATTRIBUTES = {
    "DistinguishedNameQualifier": NameOID.DN_QUALIFIER,
    "Country": NameOID.COUNTRY_NAME,
    "Organization": NameOID.ORGANIZATION_NAME,
    "OrganizationalUnit": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "State": NameOID.STATE_OR_PROVINCE_NAME,
    "CommonName": NameOID.COMMON_NAME,
    "SerialNumber": NameOID.SERIAL_NUMBER,
    "Title": NameOID.TITLE,
    "Surname": NameOID.SURNAME,
    "GivenName": NameOID.GIVEN_NAME,
    "Initials": NameOID.INITIALS,
    "Pseudonym": NameOID.PSEUDONYM,
    "GenerationQualifier": NameOID.GENERATION_QUALIFIER,
}
_GENERAL_NAMES: dict[str, type[x509.RFC822Name] | type[x509.DNSName] | type[x509.UniformResourceIdentifier]] = {
    "RFC822Name": x509.RFC822Name,
    "DNSName": x509.DNSName,
    "UniformResourceIdentifier": x509.UniformResourceIdentifier,
}


@rule(
    "POLICY-THING-BY-CLIENT-ID",
    source="developerguide thing-policy-variables",
    level=Level.DOCUMENTED,
    held_by=(_LIVE + "test_thing_variables_need_a_thing_of_the_client_ids_name",),
    without=lambda _client_id, things: next((t for t in things if not t.exclusive), None),
)
def thing_by_client_id(client_id: str, things: Sequence[AttachedThing]) -> AttachedThing | None:
    """Thing variables stand for the thing named as the client ID, and only if the certificate is attached to it."""
    return next((thing for thing in things if thing.thing_name == client_id), None)


@rule(
    "POLICY-EXCLUSIVE-THING",
    source="developerguide exclusive-thing",
    level=Level.DOCUMENTED,
    held_by=(_LIVE + "test_an_exclusive_thing_is_meant_whatever_the_client_id",),
)
def exclusive_thing(things: Sequence[AttachedThing]) -> AttachedThing | None:
    """A certificate attached as EXCLUSIVE_THING stands for its thing, whatever the client ID."""
    return next((thing for thing in things if thing.exclusive), None)


def connection_thing(client_id: str, things: Sequence[AttachedThing]) -> AttachedThing | None:
    """The thing that a connection stands for, if any."""
    return thing_by_client_id(client_id, things) or exclusive_thing(things)


@rule(
    "POLICY-UNSAFE-VALUE",
    source="developerguide cert-policy-variables",
    level=Level.DOCUMENTED,
    held_by=(_PURE + "test_a_certificate_value_with_a_special_character_is_not_substituted",),
    without=lambda _value: True,
)
def substitutable(value: str) -> bool:
    """A value from a certificate that holds one of ``* $ + ? #`` is not put in a policy."""
    return not any(character in "*$+?#" for character in value)


def thing_values(thing: AttachedThing | None) -> dict[str, tuple[str, ...]]:
    """The thing variables of a connection."""
    values: dict[str, tuple[str, ...]] = {"iot:connection.thing.isattached": ("true" if thing else "false",)}
    if thing is None:
        return values
    values["iot:connection.thing.thingname"] = (thing.thing_name,)
    if thing.thing_type:
        values["iot:connection.thing.thingtypename"] = (thing.thing_type,)
    for name, value in thing.attributes.items():
        values[f"iot:connection.thing.attributes[{name.lower()}]"] = (value,)
    return values


def certificate_values(certificate: x509.Certificate, certificate_id: str) -> dict[str, tuple[str, ...]]:
    """The certificate variables: id, serial number, and the attributes of subject, issuer and alternative names."""
    values: dict[str, tuple[str, ...]] = {
        "iot:certificateid": (certificate_id,),
        "iot:certificate.serialnumber": (f"{certificate.serial_number:x}",),
    }
    for side, name in (("subject", certificate.subject), ("issuer", certificate.issuer)):
        for attribute, oid in _NAME_ATTRIBUTES.items():
            found = [str(entry.value) for entry in name.get_attributes_for_oid(oid)]
            values.update(_numbered(f"iot:certificate.{side}.{attribute}", found))
    for side, extension in (
        ("subject", x509.SubjectAlternativeName),
        ("issuer", x509.IssuerAlternativeName),
    ):
        for attribute, found in _alternative_names(certificate, extension):
            values.update(_numbered(f"iot:certificate.{side}.alternativename.{attribute}", found))
    return values


def _numbered(name: str, found: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The first value under the plain name, each under ``.n``, all under ``.List``."""
    safe = [value for value in found if substitutable(value)]
    if not safe or len(safe) != len(found):
        return
    key = name.lower()
    yield key, (safe[0],)
    yield f"{key}.list", tuple(safe)
    for number, value in enumerate(safe):
        yield f"{key}.{number}", (value,)


def _alternative_names(
    certificate: x509.Certificate,
    extension: type[x509.SubjectAlternativeName] | type[x509.IssuerAlternativeName],
) -> Iterable[tuple[str, list[str]]]:
    try:
        names = certificate.extensions.get_extension_for_class(extension).value
    except (x509.ExtensionNotFound, ValueError):
        return ()
    return [(name, list(names.get_values_for_type(kind))) for name, kind in _GENERAL_NAMES.items()]


_KNOWN = frozenset(
    {
        "iot:clientid",
        "iot:certificateid",
        "iot:certificate.serialnumber",
        "iot:connectattributes",
        "iot:lastwilltopic",
        "iot:domainname",
        "iot:connection.thing.thingname",
        "iot:connection.thing.thingtypename",
        "iot:connection.thing.isattached",
        "aws:sourceip",
    }
)
_KNOWN_FAMILIES = ("iot:connection.thing.attributes[", "iot:certificate.subject.", "iot:certificate.issuer.")


def is_known(name: str) -> bool:
    """Whether AWS IoT knows a variable or condition key of this name, in any case."""
    lower = name.lower()
    return lower in _KNOWN or lower.startswith(_KNOWN_FAMILIES)


@functools.lru_cache(maxsize=4096)
def _segments(template: str) -> tuple[tuple[bool, str], ...]:
    """``template`` cut into ``(is a variable, text or name)``."""
    segments: list[tuple[bool, str]] = []
    position = 0
    for variable in _VARIABLE.finditer(template):
        segments += ((False, template[position : variable.start()]), (True, variable[1]))
        position = variable.end()
    segments.append((False, template[position:]))
    return tuple(segment for segment in segments if segment[0] or segment[1])


def text_of(template: str, values: Values) -> str | None:
    """``template`` with its variables put in; None if one has no value on this connection."""
    parts = [_literal(text, values) if is_variable else text for is_variable, text in _segments(template)]
    return None if None in parts else "".join(part for part in parts if part is not None)


def matches(template: str, text: str, values: Values) -> bool | None:
    """Whether ``template`` with its variables put in matches ``text``: ``*`` and ``?`` outside variables are wildcards.

    None if a variable has no value on this connection.
    """
    segments = _segments(template)
    if not any("*" in part or "?" in part for is_variable, part in segments if not is_variable):
        literal = text_of(template, values)
        return None if literal is None else literal == text
    pattern: list[str] = []
    for is_variable, part in segments:
        literal = _literal(part, values) if is_variable else part
        if literal is None:
            return None
        pattern.append(re.escape(literal) if is_variable else _wildcards(part))
    return re.fullmatch("".join(pattern), text, re.DOTALL) is not None


def _literal(name: str, values: Values) -> str | None:
    if name in _LITERALS:
        return _LITERALS[name]
    found = values.get(name.strip().lower(), ())
    return found[0] if len(found) == 1 else None


@rule(
    "POLICY-WILDCARDS",
    source="developerguide pub-sub-policy: * and ? are wildcards, + and # are not",
    level=Level.DOCUMENTED,
    held_by=(_PURE + "test_a_star_and_a_question_mark_are_wildcards_and_plus_and_hash_are_not",),
    without=re.escape,
)
def _wildcards(text: str) -> str:
    """In a policy ``*`` and ``?`` are wildcards, while ``+`` and ``#`` stand for themselves."""
    return re.escape(text).replace(r"\*", ".*").replace(r"\?", ".")
