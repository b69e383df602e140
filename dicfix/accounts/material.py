"""What the certificates are put into: MQTT Explorer's profile and the firmware's header and certificate source.

May import ``mqtt.profile``, ``firmware``, ``guide`` and the site.
"""

from __future__ import annotations

from dicfix.accounts.site import Site
from dicfix.aws import registry
from dicfix.guide import edition
from dicfix.mqtt.profile import ExplorerProfile, validate


def explorer_topics(site: Site) -> tuple[str, ...]:
    """The topic filters of the edition, with ``#`` where the guide prints ``*``. Source: EXP-4."""
    return tuple(one.replace("*", "#") for one in edition(site.settings.edition).explorer_topics)


def explorer_profile(site: Site, server_root_pem: str) -> ExplorerProfile:
    """MQTT Explorer's connection as the guide fills it in, checked. Raises UsageError for the first wrong field."""
    name = site.settings.explorer_name
    client = site.client(name)
    endpoint = registry.read_endpoint(site.session)
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
