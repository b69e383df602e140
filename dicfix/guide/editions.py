"""The editions of the guide and in what they differ. Imports ``errors`` and the guide's values only."""

from __future__ import annotations

from dataclasses import dataclass

from dicfix.errors import UsageError
from dicfix.guide.values import MULTI_ACCOUNT, SINGLE_ACCOUNT


@dataclass(frozen=True, slots=True)
class Edition:
    """One edition: ``published`` is its month, ``ca_mode`` the API's word for the registration mode of the CA.

    ``automatic_registration`` is None where the edition does not speak of it. ``applications`` are those whose state
    reaches the Explorer (E2E-1), ``commanded`` those that obey ``command`` (E2E-2). ``explorer_topics`` stand as
    printed; with ``topics_by_application`` one of them is subscribed, as the application asks, else all.
    """

    name: str
    published: str
    ca_mode: str
    ca_mode_printed: str
    automatic_registration: bool | None
    verification_certificate: bool
    applications: tuple[str, ...]
    commanded: tuple[str, ...]
    explorer_topics: tuple[str, ...]
    topics_by_application: bool
    ota: bool
    pages: tuple[str, ...]
    notes: tuple[str, ...] = ()


OPENSSL_PAGE = "OpenSSL certificate creation"
REGISTRATION_PAGE = "AWS CA certificate registration"
EXPLORER_PAGE = "Set up MQTT Explorer"
DIC_PAGE = "Direct Internet Connectivity"
OTA_PAGE = "How to create AWS OTA job"
OTA_PREREQUISITES_PAGE = "AWS OTA prerequisites"

_ONBOARDING_PAGES = (OPENSSL_PAGE, REGISTRATION_PAGE, EXPLORER_PAGE, DIC_PAGE)
_ALL_PAGES = (*_ONBOARDING_PAGES, OTA_PAGE, OTA_PREREQUISITES_PAGE)

EDITIONS: dict[str, Edition] = {
    one.name: one
    for one in (
        Edition(
            name="2023-06",
            published="June 2023",
            ca_mode=MULTI_ACCOUNT,
            ca_mode_printed="Multi-account mode",
            automatic_registration=True,
            verification_certificate=False,
            applications=("lighting",),
            commanded=(),
            explorer_topics=("#", "light/*", "test_publish"),
            topics_by_application=False,
            ota=False,
            pages=_ONBOARDING_PAGES,
            notes=("its firmware subscribes to nothing, so no command reaches the device",),
        ),
        Edition(
            name="2023-08",
            published="August 2023",
            ca_mode=MULTI_ACCOUNT,
            ca_mode_printed="Multi-account mode",
            automatic_registration=True,
            verification_certificate=False,
            applications=("lighting", "plug", "lock"),
            commanded=("lighting", "plug", "lock"),
            explorer_topics=("light/*", "lock/*"),
            topics_by_application=True,
            ota=True,
            pages=_ALL_PAGES,
        ),
        Edition(
            name="2024-04",
            published="April 2024",
            ca_mode=SINGLE_ACCOUNT,
            ca_mode_printed="Single account mode",
            automatic_registration=None,
            verification_certificate=True,
            applications=("lighting", "plug", "lock", "window", "thermostat"),
            commanded=("lighting", "plug", "lock", "window", "thermostat"),
            explorer_topics=("light/*", "lock/*"),
            topics_by_application=True,
            ota=True,
            pages=_ALL_PAGES,
            notes=(
                "a still later page counts nine steps, says dic_nvm_cert.cpp where this one says dic_config.h, and "
                "names .rps images for SiWx917 beside .gbl for EFR32",
            ),
        ),
    )
}

DEFAULT_EDITION = "2023-08"


def edition(name: str) -> Edition:
    """The edition of this name; raises UsageError that names the right ones."""
    try:
        return EDITIONS[name]
    except KeyError:
        raise UsageError(
            f"{name!r} is no edition of the guide",
            expected="one of " + ", ".join(EDITIONS),
            remedy="name one of these, or leave it out",
        ) from None
