"""Which records the settings mean: our CA, a client's certificate, its thing, the policy, the local files.

Each gives the record or raises Absent; nothing here judges. May import certificates, records and the registry.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import lru_cache
from itertools import islice

from dicfix.certificates import REMEMBERED, Certificate, read_certificate
from dicfix.controls.registry import Absent, Look
from dicfix.errors import Unreadable
from dicfix.records import CaCertificate, ClientFiles, DeviceCertificate, LocalFiles, Policy, Thing, Unread, known

CA_NEEDS = ("ca_certificates", "local", "things", "certificates")
"""What it takes to tell which registered CA is ours."""
CERTIFICATE_NEEDS = ("certificates", "local", "things")
"""What it takes to tell which registered certificate is a client's."""
CA_OPERATIONS = ("iot:ListCACertificates", "iot:DescribeCACertificate")
CERTIFICATE_OPERATIONS = ("iot:ListThingPrincipals", "iot:DescribeCertificate")

ACTIVE = "ACTIVE"
OTHERS_TOLD = 3
"""How many of those who share a key or a certificate are named in each one's finding."""


def local_files(look: Look) -> LocalFiles:
    """The certificate directory; empty in an audit that was given none."""
    return look.once("local files", lambda: look.given(look.inventory.local) or LocalFiles())


def client_files(look: Look, name: str) -> ClientFiles:
    """The local files of one client; all None when there are none."""
    return local_files(look).clients.get(name) or _no_files(name)


@lru_cache(maxsize=REMEMBERED)
def _no_files(name: str) -> ClientFiles:
    return ClientFiles(name)


def local_ca(look: Look) -> Certificate | None:
    """CA.crt, or None without the file."""
    return _read(known(local_files(look).ca.certificate_pem), "CA.crt")


def local_certificate(look: Look, name: str) -> Certificate | None:
    """A client's certificate file, or None without it."""
    return _read(known(client_files(look, name).certificate_pem), f"the certificate file of {name}")


def _read(pem: str | None, what: str) -> Certificate | None:
    return None if pem is None else read_certificate(pem, what)


def registered_ca(look: Look) -> CaCertificate:
    """The registered CA that is ours: CA.crt's, else the configured one, else (in an audit) the devices' signer.

    While onboarding, CA.crt alone decides unless an id is configured: another CA of the account is never taken for it.
    Raises Absent when there is none or when several could be meant.
    """
    return look.once("registered CA", lambda: _registered_ca(look))


def _registered_ca(look: Look) -> CaCertificate:
    registered = known(look.inventory.ca_certificates)
    local = local_ca(look)
    if local and local.certificate_id in registered:
        return registered[local.certificate_id]
    if not registered:
        raise Absent("CA certificate", "a registered CA certificate", "none registered in this account and Region")
    if local and not look.auditing:
        raise Absent("CA certificate", f"CA.crt registered ({local.certificate_id[:12]})", "CA.crt is not registered")
    if look.settings.ca_certificate_id:
        return _configured_ca(look, look.settings.ca_certificate_id)
    if not look.auditing:
        raise Absent("CA certificate", "CA.crt, registered", "no CA.crt, and no CA certificate id is configured")
    return _ca_by_use(look)


def _configured_ca(look: Look, certificate_id: str) -> CaCertificate:
    found = known(look.inventory.ca_certificates).get(certificate_id)
    if not found:
        raise Absent(certificate_id, "the configured CA certificate, registered", "no CA certificate of this id")
    return found


def _ca_by_use(look: Look) -> CaCertificate:
    registered = known(look.inventory.ca_certificates)
    signers = {known(one.ca_certificate_id) for one in _certificates_in_use(look)} & set(registered)
    candidates = sorted(signers or registered)
    if len(candidates) > 1:
        why = "signed the devices' certificates" if signers else "are registered and none signed a device's certificate"
        raise Absent(
            "CA certificate",
            "one CA certificate that is ours; name it with ca.certificate_id",
            f"{len(candidates)} CAs {why}",
            reason="ambiguous",
        )
    return registered[candidates[0]]


def _certificates_in_use(look: Look) -> Iterator[DeviceCertificate]:
    things = known(look.inventory.things)
    certificates = known(look.inventory.certificates)
    for name in look.settings.devices:
        if name in things:
            ids = (one for one in attached_ids(things[name]) if one in certificates)
            yield from (certificates[one] for one in ids)


def ca_pem(ca: CaCertificate) -> Certificate:
    """The registered CA's certificate, parsed."""
    return read_certificate(known(ca.pem), f"the registered CA certificate {ca.certificate_id[:12]}")


def find_thing(look: Look, name: str) -> Thing:
    """The thing of this name; raises Absent."""
    found = known(look.inventory.things).get(name)
    if not found:
        raise Absent(name, f"a thing named {name}", "no such thing")
    return found


def attached_ids(thing: Thing) -> tuple[str, ...]:
    """Ids of the certificates among a thing's principals."""
    return tuple(arn.rsplit("/", 1)[1] for arn in known(thing.principals) if ":cert/" in arn)


def registered_certificate(look: Look, name: str) -> DeviceCertificate:
    """The registered certificate that is a client's: its file's, else the one attached to its thing.

    Of several attached the first ACTIVE one. Raises Absent when there is none.
    """
    return look.once(f"certificate of {name}", lambda: _registered_certificate(look, name))


def _registered_certificate(look: Look, name: str) -> DeviceCertificate:
    certificates = known(look.inventory.certificates)
    local = local_certificate(look, name)
    if local and local.certificate_id in certificates:
        return certificates[local.certificate_id]
    if local and not look.auditing:
        raise Absent(name, f"its certificate registered ({local.certificate_id[:12]})", "it is not registered")
    ids = attached_ids(find_thing(look, name))
    if not ids:
        raise Absent(name, "a certificate attached to the thing", "none attached")
    missing = [one for one in ids if one not in certificates]
    if missing:
        raise Unreadable("iot:DescribeCertificate", "NotRead", f"certificate {missing[0][:12]} of {name}")
    attached = [certificates[one] for one in ids]
    if len(attached) == 1:
        return attached[0]
    return next((one for one in attached if known(one.status) == ACTIVE), attached[0])


def certificate_pem(record: DeviceCertificate, name: str) -> Certificate:
    """A registered certificate, parsed."""
    return read_certificate(known(record.pem), f"the registered certificate of {name}")


def find_policy(look: Look) -> Policy:
    """The policy of the configured name; raises Absent."""
    name = look.settings.policy_name
    found = known(look.inventory.policies).get(name)
    if not found:
        raise Absent(name, f"a policy named {name}", "no such policy")
    return found


def onboarded_devices(look: Look) -> tuple[str, ...]:
    """The devices; in an audit also the devices to update that are things beside them.

    That a device to update is no thing at all is told where its update is judged.
    """
    devices = look.settings.devices
    if not (look.auditing and look.edition.ota and look.settings.ota_devices):
        return devices
    things = look.inventory.things
    if isinstance(things, Unread):
        return devices
    return tuple(dict.fromkeys((*devices, *(one for one in look.settings.ota_devices if one in things))))


def others_of(names: Collection[str], name: str) -> str:
    """The first few of the others who share something, and how many more: short whatever the size of a fleet."""
    first = list(islice((one for one in names if one != name), OTHERS_TOLD))
    more = len(names) - (name in names) - len(first)
    return ", ".join(first) + (f" and {more:,} more" if more > 0 else "")


def all_clients(look: Look) -> tuple[str, ...]:
    """Thing names of the devices and of MQTT Explorer."""
    return (*look.settings.devices, look.settings.explorer_name)
