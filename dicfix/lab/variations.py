"""Variations of MQTT Explorer's connection, by name: one thing about it is wrong, the rest is as the guide says.

A variation may first bring the account into the state that its name tells. May import ``accounts`` and the lab's rooms.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from dicfix.accounts import lifecycle
from dicfix.aws import registry
from dicfix.certificates import ClientMaterial
from dicfix.errors import UsageError
from dicfix.lab import Lab, stranger
from dicfix.mqtt.parameters import ConnectionParameters
from dicfix.trust import amazon_root_ca_1

FOREIGN_HOST = "a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com"
"""An endpoint in the form of another account's."""


@dataclass(frozen=True, slots=True)
class Variation:
    """``change`` gives the connection to try; ``late`` names the deadline of what AWS does late, if anything."""

    change: Callable[[Lab], ConnectionParameters]
    late: str = ""


def variation(name: str) -> Variation:
    """The variation of this name; raises UsageError that names the others."""
    found = VARIATIONS.get(name)
    if found is None:
        raise UsageError(f"{name!r} is no variation of a connection", expected="one of " + ", ".join(VARIATIONS))
    return found


def _as_the_guide_says(lab: Lab) -> ConnectionParameters:
    return lab.parameters(lab.settings.explorer_name)


def _tls(lab: Lab, **changes: object) -> ConnectionParameters:
    parameters = _as_the_guide_says(lab)
    if parameters.tls is None:
        raise UsageError("a connection without TLS has no TLS to vary")
    return replace(parameters, tls=replace(parameters.tls, **changes))  # type: ignore[arg-type]


def _without_sni(lab: Lab) -> ConnectionParameters:
    return _tls(lab, sends_server_name=False, checks_host_name=False)


def _stranger(lab: Lab) -> ConnectionParameters:
    return stranger.with_client(_as_the_guide_says(lab), stranger.strangers_client(lab.account.site))


def _of_status(status: str) -> Callable[[Lab], ConnectionParameters]:
    def change(lab: Lab) -> ConnectionParameters:
        lifecycle.set_status(lab.account.site, lab.settings.explorer_name, status)
        return _as_the_guide_says(lab)

    return change


def _registered(make: Callable[..., ClientMaterial]) -> Callable[[Lab], ConnectionParameters]:
    def change(lab: Lab) -> ConnectionParameters:
        site, client = lab.account.site, make(lab.account.site)
        with site.making("certificate", client.certificate.certificate_id):
            registry.register_certificate(site.session, client.certificate.pem, site.keystore.ca().certificate.pem)
        return stranger.with_client(_as_the_guide_says(lab), client)

    return change


def _without_policy(lab: Lab) -> ConnectionParameters:
    lifecycle.detach_policy(lab.account.site, lab.settings.explorer_name)
    return _as_the_guide_says(lab)


VARIATIONS: dict[str, Variation] = {
    "as the guide says": Variation(_as_the_guide_says),
    "without a client certificate": Variation(lambda lab: _tls(lab, certificate_pem=None, key_pem=None)),
    "with a stranger's certificate": Variation(_stranger),
    "with its certificate INACTIVE": Variation(_of_status("INACTIVE"), late="deactivation_s"),
    "with its certificate REVOKED": Variation(_of_status("REVOKED"), late="deactivation_s"),
    "with an expired certificate": Variation(_registered(stranger.expired_client)),
    "with a certificate of the future": Variation(_registered(stranger.future_client)),
    "with no policy on its certificate": Variation(_without_policy, late="policy_effect_s"),
    "with a stranger's root": Variation(
        lambda lab: _tls(lab, root_pem=stranger.strangers_ca(lab.account.site).certificate.pem)
    ),
    "with the real AmazonRootCA1": Variation(lambda lab: _tls(lab, root_pem=amazon_root_ca_1().pem)),
    "to another account's host": Variation(lambda lab: replace(_as_the_guide_says(lab), host=FOREIGN_HOST)),
    "without SNI": Variation(_without_sni),
    "under the device's client ID": Variation(
        lambda lab: replace(_as_the_guide_says(lab), client_id=lab.settings.devices[0]), late="policy_effect_s"
    ),
}
