"""Builds checked against an onboarded account: each wrong value is named, nothing is ok unseen, no key is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from client_world import DEVICE, ELSEWHERE, SECOND, ClientWorld
from onboarded import material

from dicfix.audit.build_files import Build, read_builds
from dicfix.audit.device import Link, State
from dicfix.audit.preflight import NEEDS, exit_code_of, local_of, preflight
from dicfix.aws.operations import permission_for
from dicfix.certificates import issue_client
from dicfix.firmware import profile
from dicfix.images import gbl, rps
from dicfix.offline.faults import FaultKind
from dicfix.trust import amazon_root_ca_1

pytest_plugins = ["client_fixtures"]

FIRMWARE = profile("2023-08")
VERSION = 0x01000000


def build_of(world: ClientWorld, folder: Path, name: str = DEVICE, **changes: str) -> Build:
    """The build whose header and certificate source are written so."""
    (found,) = read_builds(world.files(folder, name, **changes), FIRMWARE)
    return found


def wrong(links: dict[str, Link]) -> set[str]:
    return {name for name, one in links.items() if one.state is State.BROKEN}


def unseen(links: dict[str, Link]) -> set[str]:
    return {name for name, one in links.items() if one.state is State.UNREADABLE}


def test_the_build_of_a_good_onboarding_is_ok_and_nothing_is_written(client_world: ClientWorld, tmp_path: Path) -> None:
    build = build_of(client_world, tmp_path / "build")
    before = client_world.cloud.dump()
    links = client_world.preflight(build)
    assert {one.state for one in links.values()} == {State.OK}
    assert exit_code_of(links.values()) == 0
    assert {"host", "port", "root", "client ID is a thing", "certificate registered", "certificate of the thing"} < set(
        links
    )
    assert {"key", "room in the firmware", "policy allows client ID and topics", "certificate dates"} < set(links)
    assert client_world.cloud.dump() == before


VALUES: dict[str, tuple[dict[str, str], set[str]]] = {
    "another account's host": ({"server_host": "a2m21kovu9tcsh-ats.iot.eu-west-1.amazonaws.com"}, {"host"}),
    "the host of another Region": ({"server_host": "a2m21kovu9tcsh-ats.iot.us-east-1.amazonaws.com"}, {"host"}),
    "the endpoint without ATS": ({"server_host": "a2m21kovu9tcsh.iot.eu-west-1.amazonaws.com"}, {"host"}),
    "a client ID without a thing": (
        {"client_id": "NOBODY"},
        {"client ID is a thing", "certificate of the thing"},
    ),
}


@pytest.mark.parametrize("what", VALUES)
def test_a_wrong_value_is_told_by_its_own_check(client_world: ClientWorld, tmp_path: Path, what: str) -> None:
    changes, expected = VALUES[what]
    links = client_world.preflight(build_of(client_world, tmp_path / "build", **changes))
    assert wrong(links) == expected, links
    assert all(links[one].remedy for one in expected)


def test_another_root_is_told_by_its_name(client_world: ClientWorld, tmp_path: Path) -> None:
    links = client_world.preflight(build_of(client_world, tmp_path / "b", ca_certificate=material().ca.certificate.pem))
    assert wrong(links) == {"root"}
    assert links["root"].expected == "AmazonRootCA1"


def test_amazons_own_root_is_ok(client_world: ClientWorld, tmp_path: Path) -> None:
    links = client_world.preflight(build_of(client_world, tmp_path / "b", ca_certificate=amazon_root_ca_1().pem))
    assert links["root"] == Link("root", State.OK, "AmazonRootCA1")


def test_the_client_id_of_another_device_is_told(client_world: ClientWorld, tmp_path: Path) -> None:
    links = client_world.preflight(build_of(client_world, tmp_path / "b", client_id=SECOND))
    assert wrong(links) == {"certificate of the thing"}
    assert client_world.certificate_id(SECOND)[:12] in links["certificate of the thing"].observed


def test_a_certificate_that_is_not_registered_is_told_and_nothing_of_another_is_ok(
    client_world: ClientWorld, tmp_path: Path
) -> None:
    stranger = material().stranger
    changes = {"device_certificate": stranger.certificate.pem, "device_key": stranger.key.pem}
    links = client_world.preflight(build_of(client_world, tmp_path / "b", **changes))
    assert wrong(links) == {"certificate registered", "certificate of the thing"}
    assert "certificate status" not in links
    assert "policy allows client ID and topics" not in links


def test_the_certificate_of_another_region_is_not_registered_here(client_world: ClientWorld, tmp_path: Path) -> None:
    client_world.cloud.other_region(ELSEWHERE)
    build = build_of(client_world, tmp_path / "b")
    inventory, settings = client_world.read(DEVICE, NEEDS, local=local_of(build), region=ELSEWHERE)
    from datetime import UTC, datetime

    links = {one.name: one for one in preflight(build, inventory, settings, datetime.now(UTC))}
    assert {"host", "client ID is a thing", "certificate registered"} <= wrong(links)


def test_a_key_of_another_is_told_and_never_shown(client_world: ClientWorld, tmp_path: Path) -> None:
    other = client_world.builder.site.client(SECOND).key.pem
    build = build_of(client_world, tmp_path / "b", device_key=other)
    links = client_world.preflight(build)
    assert wrong(links) == {"key"}
    assert links["key"].observed == "another key"
    assert "PRIVATE KEY" not in f"{links} {build!r}"
    assert other.splitlines()[1] not in f"{links} {build!r}"


def test_a_certificate_that_is_none_is_told(client_world: ClientWorld, tmp_path: Path) -> None:
    links = client_world.preflight(build_of(client_world, tmp_path / "b", device_certificate="nonsense\n"))
    assert "certificate" in wrong(links)
    assert "certificate registered" not in links


def test_a_key_that_is_none_is_told(client_world: ClientWorld, tmp_path: Path) -> None:
    assert "key" in wrong(client_world.preflight(build_of(client_world, tmp_path / "b", device_key="nonsense\n")))


def inactive(world: ClientWorld) -> None:
    world.call("UpdateCertificate", certificateId=world.certificate_id(), newStatus="INACTIVE")


def disabled_ca(world: ClientWorld) -> None:
    ca = world.builder.site.keystore.ca().certificate.certificate_id
    world.call("UpdateCACertificate", certificateId=ca, newStatus="INACTIVE")


def detached(world: ClientWorld) -> None:
    world.call("DetachThingPrincipal", thingName=DEVICE, principal=world.arn())


def no_policy(world: ClientWorld) -> None:
    world.call("DetachPolicy", policyName="DIC_POLICY", target=world.arn())


SPOILT: dict[str, tuple[Callable[[ClientWorld], None], set[str]]] = {
    "INACTIVE": (inactive, {"certificate status"}),
    "disabled CA": (disabled_ca, {"CA certificate"}),
    "not attached": (detached, {"certificate of the thing"}),
    "no policy": (no_policy, {"policy on the certificate", "policy allows client ID and topics"}),
}


@pytest.mark.parametrize("what", SPOILT)
def test_an_account_that_is_wrong_is_told_by_its_own_check(
    client_world: ClientWorld, tmp_path: Path, what: str
) -> None:
    spoil, expected = SPOILT[what]
    build = build_of(client_world, tmp_path / "b")
    spoil(client_world)
    assert wrong(client_world.preflight(build)) == expected


def test_an_expired_certificate_is_told(client_world: ClientWorld, tmp_path: Path) -> None:
    build = build_of(client_world, tmp_path / "b")
    assert wrong(client_world.preflight(build, days=800)) == {"certificate dates"}


def test_multi_account_mode_is_told_before_a_fleet_is_flashed(sni_world: ClientWorld, tmp_path: Path) -> None:
    links = sni_world.preflight(build_of(sni_world, tmp_path / "b"))
    assert wrong(links) == {"server name (SNI) and CA mode"}


def test_a_client_id_that_overruns_its_buffer_is_told(client_world: ClientWorld, tmp_path: Path) -> None:
    files = client_world.files(tmp_path / "b")
    header = files[0].read_text().replace(f'"{DEVICE}"', f'"{"D" * 30}"')
    files[0].write_text(header)
    (build,) = read_builds(files, FIRMWARE)
    links = client_world.preflight(build)
    assert "room in the firmware" in wrong(links)
    assert "client_id needs 31 bytes, has 30" in links["room in the firmware"].observed


# What is not there or cannot be read


def test_a_header_alone_leaves_host_root_certificate_and_key_unseen(client_world: ClientWorld, tmp_path: Path) -> None:
    header, _ = client_world.files(tmp_path / "b")
    (build,) = read_builds([header], FIRMWARE)
    links = client_world.preflight(build)
    assert unseen(links) == {"host", "root", "certificate", "key"}
    assert exit_code_of(links.values()) == 3
    assert "give dic_nvm_cert.cpp beside it" in links["host"].observed
    assert wrong(links) == set()


def test_a_certificate_source_alone_leaves_the_client_id_unseen(client_world: ClientWorld, tmp_path: Path) -> None:
    _, source = client_world.files(tmp_path / "b")
    (build,) = read_builds([source], FIRMWARE)
    links = client_world.preflight(build)
    assert unseen(links) == {"client ID is a thing", "certificate of the thing", "policy allows client ID and topics"}
    assert links["certificate registered"].state is State.OK
    assert links["certificate status"].state is State.OK


@pytest.mark.parametrize("operation", ["iot:DescribeEndpoint", "iot:DescribeCertificate", "iot:ListCACertificates",
    "iot:ListThingPrincipals", "iot:ListPolicies", "iot:GetPolicy", "iot:ListTargetsForPolicy"])  # fmt: skip
def test_a_denied_operation_is_unreadable_with_its_permission(
    client_world: ClientWorld, tmp_path: Path, operation: str
) -> None:
    build = build_of(client_world, tmp_path / "b")
    client_world.cloud.faults.add(operation, FaultKind.ACCESS_DENIED)
    links = client_world.preflight(build)
    assert wrong(links) == set(), links
    assert exit_code_of(links.values()) == 3
    assert permission_for(operation) in " ".join(one.observed + one.remedy for one in links.values())


def test_everything_denied_is_ok_only_in_the_files(client_world: ClientWorld, tmp_path: Path) -> None:
    build = build_of(client_world, tmp_path / "b")
    client_world.cloud.faults.add("iot*", FaultKind.ACCESS_DENIED)
    links = client_world.preflight(build)
    ok = {name for name, one in links.items() if one.state is State.OK}
    assert ok <= {"port", "root", "key", "room in the firmware"}
    assert wrong(links) == set()


# Images


def image_of(
    world: ClientWorld, make: Callable[[bytes], bytes], folder: Path, suffix: str = ".gbl", **leave: bool
) -> Build:
    """An image that carries host, client ID, root and certificate of the first device."""
    material_ = world.material()
    parts = {
        "server_host": material_.server_host,
        "client_id": material_.client_id,
        "ca_certificate": material_.ca_certificate,
        "device_certificate": material_.device_certificate,
    }
    program = b"\0".join([b"code", *(text.encode() for name, text in parts.items() if leave.get(name, True)), b"end"])
    path = folder / f"build{suffix}"
    path.write_bytes(make(program))
    (found,) = read_builds([path], FIRMWARE, (DEVICE, SECOND))
    return found


def as_gbl(program: bytes) -> bytes:
    return gbl.make(program, version=VERSION)


def as_rps(program: bytes) -> bytes:
    return rps.make(program, version=VERSION)


@pytest.mark.parametrize(("make", "suffix"), [(as_gbl, ".gbl"), (as_rps, ".rps")])
def test_what_is_built_into_an_image_is_checked_against_the_account(
    client_world: ClientWorld, tmp_path: Path, make: Callable[[bytes], bytes], suffix: str
) -> None:
    links = client_world.preflight(image_of(client_world, make, tmp_path, suffix))
    assert wrong(links) == {"no identity inside"}, "one image for two devices makes clones"
    assert unseen(links) == set()
    for name in ("format and size", "host", "root", "client ID is a thing", "certificate registered"):
        assert links[name].state is State.OK, links[name]
    assert links["host"].observed == client_world.cloud.endpoint


def test_an_image_for_one_device_may_carry_its_identity(client_world: ClientWorld, tmp_path: Path) -> None:
    client_world.settings = replace(client_world.settings, devices=(DEVICE,), ota_devices=(DEVICE,))
    links = client_world.preflight(image_of(client_world, as_gbl, tmp_path))
    assert exit_code_of(links.values()) == 0, links


def test_a_private_key_in_an_image_is_told_and_not_shown(client_world: ClientWorld, tmp_path: Path) -> None:
    client_world.settings = replace(client_world.settings, devices=(DEVICE,), ota_devices=(DEVICE,))
    key = client_world.material().device_key
    links = client_world.preflight(
        image_of(client_world, lambda program: as_gbl(program + b"\0" + key.encode()), tmp_path)
    )
    assert wrong(links) == {"no identity inside"}
    assert key.splitlines()[1] not in str(links)


def test_the_silicon_labs_host_in_an_image_is_told(client_world: ClientWorld, tmp_path: Path) -> None:
    sample = b"\0a2m21kovu9tcsh-ats.iot.us-west-2.amazonaws.com"
    alone = image_of(client_world, lambda program: as_gbl(program + sample), tmp_path, server_host=False)
    assert "host" in wrong(client_world.preflight(alone))
    both = image_of(client_world, lambda program: as_gbl(program + sample), tmp_path)
    links = client_world.preflight(both)
    assert links["host"].state is State.UNREADABLE
    assert "2 inside, and which of them is used cannot be seen" in links["host"].observed


def test_what_an_image_does_not_hold_is_unseen_and_never_ok(client_world: ClientWorld, tmp_path: Path) -> None:
    none = dict.fromkeys(("server_host", "client_id", "ca_certificate", "device_certificate"), False)
    links = client_world.preflight(image_of(client_world, as_gbl, tmp_path, **none))
    assert unseen(links) == {"host", "root", "client ID is a thing", "certificate"}
    assert links["no identity inside"].state is State.OK
    assert "read it from elsewhere" in links["host"].observed


def compressed(program: bytes) -> bytes:
    return gbl.closed(gbl.tag_bytes(gbl.HEADER, b"\0\0\0\x03\0\0\0\0") + gbl.tag_bytes(gbl.PROGRAM_LZMA, program))


def encrypted(program: bytes) -> bytes:
    return rps.make(program, version=VERSION, control_flags=rps.M4_IMAGE | rps.ENCRYPTED)


@pytest.mark.parametrize(("make", "suffix", "words"), [
    (compressed, ".gbl", "compressed or encrypted GBL tags"), (encrypted, ".rps", "encrypted RPS image")])  # fmt: skip
def test_a_compressed_or_encrypted_image_is_never_ok_inside(
    client_world: ClientWorld, tmp_path: Path, make: Callable[[bytes], bytes], suffix: str, words: str
) -> None:
    none = dict.fromkeys(("server_host", "client_id", "ca_certificate", "device_certificate"), False)
    for leave in (none, {"client_id": False, "device_certificate": False}):
        links = client_world.preflight(image_of(client_world, make, tmp_path, suffix, **leave))
        assert {name for name, one in links.items() if one.state is State.OK} == {"format and size"}
        assert all(words in one.observed for name, one in links.items() if name != "format and size")
        assert exit_code_of(links.values()) == 3


def test_an_image_that_the_agent_overruns_is_told(client_world: ClientWorld, tmp_path: Path) -> None:
    links = client_world.preflight(image_of(client_world, lambda p: as_gbl(p + bytes(1_048_576)), tmp_path))
    assert "format and size" in wrong(links)
    assert "1,048,576" in links["format and size"].expected


@pytest.mark.parametrize(
    "spoil", [lambda data: data[:-9], lambda data: data[:40] + b"\xff" + data[41:]], ids=["cut", "bit"]
)
def test_a_damaged_image_is_told(client_world: ClientWorld, tmp_path: Path, spoil: Callable[[bytes], bytes]) -> None:
    links = client_world.preflight(image_of(client_world, lambda program: spoil(as_gbl(program)), tmp_path))
    assert "format and size" in wrong(links)
    assert "unchanged" in links["format and size"].remedy


def test_a_certificate_of_the_account_that_is_of_no_thing_is_told(client_world: ClientWorld, tmp_path: Path) -> None:
    site = client_world.builder.site
    second = issue_client(site.keystore.ca(), "/CN=second", now=site.now())
    client_world.call("RegisterCertificate", certificatePem=second.certificate.pem, status="ACTIVE")
    changes = {"device_certificate": second.certificate.pem, "device_key": second.key.pem}
    links = client_world.preflight(build_of(client_world, tmp_path / "b", **changes))
    assert {"certificate of the thing", "policy on the certificate"} <= wrong(links)
    assert links["certificate registered"].state is State.OK
