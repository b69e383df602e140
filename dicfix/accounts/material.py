"""What the certificates are put into: MQTT Explorer's profile and the firmware's header and certificate source.

May import ``mqtt.profile``, ``firmware``, ``guide`` and the site.
"""

from __future__ import annotations

from dicfix.accounts import Done, How
from dicfix.accounts.site import Site
from dicfix.firmware import FirmwareMaterial, firmware_files, profile
from dicfix.guide import edition
from dicfix.mqtt.profile import ExplorerProfile, validate


def explorer_topics(site: Site) -> tuple[str, ...]:
    """The topic filters of the edition, with ``#`` where the guide prints ``*``. Source: EXP-4."""
    return tuple(one.replace("*", "#") for one in edition(site.settings.edition).explorer_topics)


def explorer_profile(site: Site, server_root_pem: str) -> ExplorerProfile:
    """MQTT Explorer's connection as the guide fills it in, checked. Raises UsageError for the first wrong field."""
    name = site.settings.explorer_name
    client = site.client(name)
    endpoint = site.endpoint
    profile = ExplorerProfile.of_guide(
        endpoint=endpoint,
        thing_name=name,
        server_certificate=server_root_pem,
        client_certificate=client.certificate.pem,
        client_key=client.key.pem,
        topics=explorer_topics(site),
    )
    validate(
        profile,
        thing_name=name,
        endpoint=endpoint,
        expected_root=server_root_pem,
        custom_endpoint=bool(site.settings.endpoint_url),
    )
    return profile


def ensure_firmware_material(site: Site, thing_name: str, ca_pem: str) -> Done:
    """Header and certificate source of one device, for its firmware profile, in the certificate directory.

    The first device's files bear the firmware's own names; another device's lie in a directory of its thing name.
    Raises MaterialError with the number of bytes too many where the firmware has no room. Source: AWS-6.7.
    """
    client = site.client(thing_name)
    files = firmware_files(
        profile(site.settings.firmware_profile),
        FirmwareMaterial(
            server_host=site.endpoint,
            client_id=thing_name,
            ca_certificate=ca_pem,
            device_certificate=client.certificate.pem,
            device_key=client.key.pem,
        ),
    )
    keystore = site.firmware_store(thing_name)
    parts: list[tuple[str, How]] = []
    for name, text in files.items():
        kept = keystore.ensure_text(name, text, holds_key=client.key.pem.splitlines()[1] in text)
        parts += [(one, How.FOUND) for one in kept.found] + [(one, How.PERFORMED) for one in kept.made]
    return Done.of(f"firmware material of {thing_name}", parts)
