"""Defects of keys, certificates, the firmware's files and MQTT Explorer's profile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from dicfix.certificates import (
    CaMaterial,
    issue_verification,
    make_ca,
    make_ca_certificate,
    make_private_key,
    make_rsa_private_key,
)
from dicfix.mqtt.profile import Subscription
from dicfix.offline.defects.definition import API, FILES, PROFILE, STATE, Defect, Plant
from dicfix.offline.defects.planting import Planting

_CA = "/O=dicfix/CN=DIC CA"


def _now() -> datetime:
    return datetime.now(UTC)


def _ca_key(key: Callable[[], Any]) -> Plant:
    return lambda planting: planting.write("CA.key", key().pem)


def _rsa_ca(planting: Planting) -> None:
    key = make_rsa_private_key()
    planting.replace_ca(CaMaterial(key, make_ca_certificate(key, _CA, now=_now())))


def _short_ca(planting: Planting) -> None:
    planting.replace_ca(make_ca(_CA, now=_now(), validity_days=365))


def _dying_ca(planting: Planting) -> None:
    ca = make_ca(_CA, now=_now() - timedelta(days=1826 - 300))
    planting.replace_ca(ca)


def _client(explorer: bool = False, **choices: Any) -> Plant:
    def plant(planting: Planting) -> None:
        name = planting.settings.explorer_name if explorer else planting.device
        key = choices.get("key")
        given = {**choices, "key": key()} if key else dict(choices)
        planting.replace_client(name, planting.issue(name, **given))

    return plant


def _one_key(planting: Planting) -> None:
    key = planting.local_key(planting.settings.explorer_name)
    planting.replace_client(planting.device, planting.issue(planting.device, key=key))


def _strangers(planting: Planting) -> None:
    _, client = planting.stranger(planting.device)
    planting.replace_client(planting.device, client, with_ca=False)


def _expired(planting: Planting) -> None:
    planting.replace_client(planting.device, planting.issue(planting.device, now=_now() - timedelta(days=361)))


def _other_key(name: str) -> Plant:
    return lambda planting: planting.write(name, make_private_key().pem)


def _other_request(planting: Planting) -> None:
    planting.write("device.csr", planting.issue(planting.device).request.pem)


def _month(planting: Planting) -> None:
    _client(explorer=True, validity_days=30)(planting)


def _build(**changes: Any) -> Plant:
    def plant(planting: Planting) -> None:
        given = {name: value(planting) if callable(value) else value for name, value in changes.items()}
        client = planting.issue(planting.device) if given.pop("another_set", False) else _own(planting)
        planting.build(client, **given)

    return plant


def _own(planting: Planting) -> Any:
    from dicfix.certificates import ClientMaterial, read_certificate, read_request

    files = planting.directory
    return ClientMaterial(
        planting.local_key(planting.device),
        read_request((files / "device.csr").read_bytes()),
        read_certificate((files / "device.crt").read_bytes()),
    )


def _another_root(planting: Planting) -> str:
    return planting.stranger()[0].certificate.pem


def _large_root(planting: Planting) -> None:
    key = make_rsa_private_key(4096)
    planting.write("AmazonRootCA1.pem", make_ca_certificate(key, "/CN=a large root", now=_now()).pem)


def _profile(**changes: Any) -> Plant:
    def plant(planting: Planting) -> None:
        given = {name: value(planting) if callable(value) else value for name, value in changes.items()}
        planting.change_profile(**given)

    return plant


def _also_system_topics(planting: Planting) -> tuple[Subscription, ...]:
    own = planting.profile.subscriptions if planting.profile else ()
    return (*own, Subscription("$SYS/#"))


def _ec_verification(planting: Planting) -> None:
    planting.write("verification_cert.key", make_private_key().pem)


def _strange_verification(planting: Planting) -> None:
    code = planting.call("iot:GetRegistrationCode")["registrationCode"]
    made = issue_verification(planting.stranger()[0], code, now=_now())
    for name, text in (
        ("verification_cert.key", made.key.pem),
        ("verification_cert_csr.csr", made.request.pem),
        ("verification_cert.pem", made.certificate.pem),
    ):
        planting.write(name, text)


def _multi_account(planting: Planting) -> None:
    with planting.state() as backend:
        backend.ca_certificates[planting.ca_id].mode = "SNI_ONLY"
        for record in backend.certificates.values():
            record.mode = "SNI_ONLY"


MATERIAL = (
    Defect("CA.key is RSA", "step 1", FILES, _ca_key(make_rsa_private_key), guide=("PKI-01", "PKI-02")),
    Defect("CA.key is of another CA", "step 1", FILES, _ca_key(make_private_key), guide=("PKI-02",)),
    Defect("the CA is RSA altogether", "step 1", API, _rsa_ca, guide=("PKI-01",)),
    Defect("the CA lasts a year", "step 1", API, _short_ca, guide=("PKI-06",)),
    Defect("the CA has 300 days left", "step 1", API, _dying_ca, hardening=("HRD-04",)),
    Defect(
        "a device's key is RSA",
        "step 1 of a device",
        API,
        _client(key=make_rsa_private_key),
        guide=("PKI-03",),
        fit=("FIT-03",),
    ),
    Defect(
        "device.key is another key", "step 1 of a device", FILES, _other_key("device.key"), guide=("PKI-04", "PKI-08")
    ),
    Defect("device.csr is of another key", "step 1 of a device", FILES, _other_request, guide=("PKI-08",)),
    Defect(
        "a device's certificate is of another CA",
        "step 1 of a device",
        API,
        _strangers,
        guide=("PKI-04", "CRT-02"),
        hardening=("HRD-15",),
    ),
    Defect(
        "a device's certificate lasts a month",
        "step 1 of a device",
        API,
        _client(validity_days=30),
        guide=("PKI-07",),
        hardening=("HRD-03",),
    ),
    Defect("a device's certificate has expired", "a device", API, _expired, fit=("FIT-14",), hardening=("HRD-03",)),
    Defect("a device's certificate is of version 1", "a device", API, _client(version=1), hardening=("HRD-16",)),
    Defect("a device has the Explorer's key", "a device", API, _one_key, hardening=("HRD-05",)),
    Defect(
        "CA.srl holds no number", "step 1", FILES, lambda one: one.write("CA.srl", "not a number\n"), guide=("PKI-09",)
    ),
    Defect(
        "MQTT Explorer's certificate lasts a month",
        "step 1 of the Explorer",
        API,
        _month,
        guide=("PKI-10",),
        hardening=("HRD-03",),
    ),
    Defect("the verification key is EC", "step 1", FILES, _ec_verification, guide=("PKI-11",), edition="2024-04"),
    Defect(
        "the verification certificate is of another CA",
        "step 1",
        FILES,
        _strange_verification,
        guide=("PKI-13",),
        edition="2024-04",
    ),
    Defect(
        "the CA of edition 2024-04 is in multi-account mode",
        "the CA's mode",
        STATE,
        _multi_account,
        guide=("CA-02", "PKI-05"),
        fit=("FIT-08",),
        edition="2024-04",
    ),
    Defect("the build has another client ID", "step 6", FILES, _build(client_id="another"), guide=("THG-02", "MAT-01")),
    Defect(
        "the build calls another server", "step 6", FILES, _build(server_host="x-ats.iot.example"), guide=("MAT-01",)
    ),
    Defect("the build has another root", "step 8", FILES, _build(ca_certificate=_another_root), guide=("MAT-01",)),
    Defect(
        "AmazonRootCA1.pem is another root",
        "step 8",
        FILES,
        lambda one: one.write("AmazonRootCA1.pem", _another_root(one)),
        guide=("SRV-01",),
    ),
    Defect(
        "AmazonRootCA1.pem is a root of RSA 4096",
        "step 8",
        FILES,
        _large_root,
        guide=("SRV-01",),
        fit=("FIT-04",),
    ),
    Defect("the Explorer's host is wrong", "EXP-1", PROFILE, _profile(host="broker.example"), guide=("EXP-04",)),
    Defect("the Explorer's port is 1883", "EXP-2", PROFILE, _profile(port=1883), guide=("SRV-03",)),
    Defect(
        "the Explorer validates no certificate",
        "EXP-3",
        PROFILE,
        _profile(validate_certificate=False),
        guide=("SRV-04",),
    ),
    Defect(
        "the Explorer subscribes light/*",
        "EXP-4",
        PROFILE,
        _profile(subscriptions=(Subscription("light/*"),)),
        guide=("EXP-05",),
    ),
    Defect(
        "the Explorer subscribes $SYS/#",
        "EXP-4",
        PROFILE,
        _profile(subscriptions=_also_system_topics),
        fit=("FIT-15",),
    ),
    Defect(
        "the Explorer's client ID is its own",
        "EXP-5",
        PROFILE,
        _profile(client_id="mqtt-explorer-1"),
        guide=("EXP-06",),
    ),
    Defect(
        "the Explorer's client key is another's",
        "EXP-6",
        PROFILE,
        _profile(client_key=lambda _one: make_private_key().pem),
        guide=("EXP-07",),
    ),
)
