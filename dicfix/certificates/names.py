"""Subjects and issuers: read from OpenSSL's and RFC 4514's notation, compared as OpenSSL compares them.

Imports `cryptography` and dicfix.errors only.
"""

from __future__ import annotations

from collections.abc import Iterator

from cryptography import x509
from cryptography.x509.oid import NameOID

from dicfix.errors import MaterialError

_ATTRIBUTES: dict[str, x509.ObjectIdentifier] = {
    **dict.fromkeys(("C", "countryName"), NameOID.COUNTRY_NAME),
    **dict.fromkeys(("ST", "S", "stateOrProvinceName"), NameOID.STATE_OR_PROVINCE_NAME),
    **dict.fromkeys(("L", "localityName"), NameOID.LOCALITY_NAME),
    **dict.fromkeys(("O", "organizationName"), NameOID.ORGANIZATION_NAME),
    **dict.fromkeys(("OU", "organizationalUnitName"), NameOID.ORGANIZATIONAL_UNIT_NAME),
    **dict.fromkeys(("CN", "commonName"), NameOID.COMMON_NAME),
    **dict.fromkeys(("emailAddress", "E"), NameOID.EMAIL_ADDRESS),
    **dict.fromkeys(("SN", "surname"), NameOID.SURNAME),
    **dict.fromkeys(("GN", "givenName"), NameOID.GIVEN_NAME),
    **dict.fromkeys(("street", "STREET", "streetAddress"), NameOID.STREET_ADDRESS),
    **dict.fromkeys(("DC", "domainComponent"), NameOID.DOMAIN_COMPONENT),
    **dict.fromkeys(("UID", "userId"), NameOID.USER_ID),
    "serialNumber": NameOID.SERIAL_NUMBER,
    "title": NameOID.TITLE,
    "initials": NameOID.INITIALS,
    "pseudonym": NameOID.PSEUDONYM,
    "dnQualifier": NameOID.DN_QUALIFIER,
    "postalCode": NameOID.POSTAL_CODE,
}
_EXAMPLE = "write it as /C=IN/O=Acme/CN=device or as CN=device,O=Acme,C=IN"


def parse_subject(text: str) -> x509.Name:
    """The name that ``/C=IN/CN=x`` (OpenSSL's -subj) or ``CN=x,C=IN`` (RFC 4514, last part first) writes.

    In OpenSSL's form a backslash takes the next character as it is and ``+`` joins the attributes of one RDN. Strings
    get the types that OpenSSL gives them: PrintableString for the country, IA5String for the e-mail address, else
    UTF8String. Anything else is a MaterialError. Source: openssl-req(1) -subj, RFC 4514.
    """
    if not text.strip():
        raise MaterialError("The subject is empty", remedy=_EXAMPLE)
    if any(ord(character) < 32 or ord(character) == 127 for character in text):
        raise MaterialError("The subject holds a control character", remedy=_EXAMPLE)
    try:
        name = _from_openssl(text) if text.startswith("/") else _from_rfc4514(text)
        name.public_bytes()
    except ValueError as error:
        raise MaterialError(f"The subject {text!r} cannot be used: {error}", remedy=_EXAMPLE) from None
    if not name.rdns:
        raise MaterialError(f"The subject {text!r} has no attributes", remedy=_EXAMPLE)
    return name


def name_text(name: x509.Name) -> str:
    """A name in RFC 4514's notation, the last RDN first; reads back through `parse_subject`."""
    return name.rfc4514_string({NameOID.EMAIL_ADDRESS: "emailAddress"})


def same_name(first: x509.Name, second: x509.Name) -> bool:
    """Whether OpenSSL takes both for one name: case of ASCII letters and amount of white space do not count.

    Source: X509_NAME_cmp(3); certificates whose subject and issuer compare equal are taken for self-signed.
    """
    return _canonical(first) == _canonical(second)


def common_name(name: x509.Name) -> str:
    """The last Common Name, or an empty text."""
    values = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(values[-1].value) if values else ""


def _canonical(name: x509.Name) -> list[frozenset[tuple[str, str]]]:
    def fold(value: str | bytes) -> str:
        text = value.hex() if isinstance(value, bytes) else value
        return "".join(c.lower() if c.isascii() else c for c in " ".join(text.split()))

    return [frozenset((each.oid.dotted_string, fold(each.value)) for each in rdn) for rdn in name.rdns]


def _from_rfc4514(text: str) -> x509.Name:
    try:
        return x509.Name.from_rfc4514_string(text, _ATTRIBUTES)
    except KeyError as error:
        raise ValueError(f"unknown attribute {error}") from None


def _from_openssl(text: str) -> x509.Name:
    rdns: list[list[x509.NameAttribute[str]]] = []
    for separator, kind, value in _openssl_parts(text):
        attribute = _attribute(kind, value)
        if separator == "+":
            rdns[-1].append(attribute)
        else:
            rdns.append([attribute])
    return x509.Name([x509.RelativeDistinguishedName(rdn) for rdn in rdns])


def _attribute(kind: str, value: str) -> x509.NameAttribute[str]:
    if not value:
        raise ValueError(f"{kind} has no value")
    oid = _ATTRIBUTES.get(kind)
    if oid is None:
        if not kind.replace(".", "").isdigit():
            raise ValueError(f"unknown attribute {kind!r}")
        oid = x509.ObjectIdentifier(kind)
    return x509.NameAttribute(oid, value)


def _openssl_parts(text: str) -> Iterator[tuple[str, str, str]]:
    separator, kind, part, escaped = text[0], "", "", False
    has_kind = False
    for character in [*text[1:], ""]:
        if escaped:
            if not character:
                raise ValueError("it ends with a backslash")
            part, escaped = part + character, False
        elif character == "\\":
            escaped = True
        elif character == "=" and not has_kind:
            kind, part, has_kind = part.strip(), "", True
        elif character in ("/", "", "+") and (has_kind or character != "+"):
            if not has_kind:
                raise ValueError(f"{part!r} has no '='")
            yield separator, kind, part
            separator, kind, part, has_kind = character, "", "", False
        else:
            part += character
