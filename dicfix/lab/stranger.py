"""Certificates that a refused connection shows: a stranger's, a further one of the guide's CA, one outside its dates.

Made in memory, never written to the certificate directory. May import ``certificates`` and the account's site.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from dicfix.accounts.site import Site
from dicfix.certificates import CaMaterial, ClientMaterial, issue_client, make_ca
from dicfix.errors import UsageError
from dicfix.guide.values import CLIENT_VALIDITY_DAYS
from dicfix.mqtt.parameters import ConnectionParameters

STRANGERS_CA = "/O=stranger/CN=Stranger CA"
FURTHER_CLIENT = "/O=dicfix/CN=further client"
_MARGIN = timedelta(days=2)


def strangers_ca(site: Site) -> CaMaterial:
    """A CA that nobody registered anywhere."""
    return make_ca(STRANGERS_CA, now=site.now())


def strangers_client(site: Site) -> ClientMaterial:
    """A client certificate of a CA that nobody registered."""
    return issue_client(strangers_ca(site), "/O=stranger/CN=stranger", now=site.now())


def further_client(site: Site) -> ClientMaterial:
    """A client certificate of the guide's own CA that nobody registered."""
    return issue_client(site.keystore.ca(), FURTHER_CLIENT, now=site.now())


def expired_client(site: Site) -> ClientMaterial:
    """A client certificate of the guide's own CA whose last day is past."""
    began = site.now() - timedelta(days=CLIENT_VALIDITY_DAYS) - _MARGIN
    return issue_client(site.keystore.ca(), FURTHER_CLIENT, now=began)


def future_client(site: Site) -> ClientMaterial:
    """A client certificate of the guide's own CA whose first day has not come."""
    return issue_client(site.keystore.ca(), FURTHER_CLIENT, now=site.now() + _MARGIN)


def with_client(parameters: ConnectionParameters, client: ClientMaterial) -> ConnectionParameters:
    """The same connection with another client certificate and its key."""
    if parameters.tls is None:
        raise UsageError("a connection without TLS takes no client certificate")
    tls = replace(parameters.tls, certificate_pem=client.certificate.pem, key_pem=client.key.pem)
    return replace(parameters, tls=tls)
