"""Controls of the OTA half beyond the named defects: choices, groups, deviations, reasons, and the fit axis."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from defects import spoil_inline, spoil_ota, spoil_ota_file, spoil_signing_job
from onboarded import ACCOUNT, DEVICE, GROUP, NOW, PREFIX, REGION, SECOND, good_inventory, good_settings
from ota_onboarded import (
    BUCKET,
    IMAGE,
    JOB,
    KEY,
    ROLE_ARN,
    UPDATE,
    WAYS,
    allow,
    good_document,
    managed_policy,
    pass_role_policy,
    policy_text,
    signature,
    signer,
    trust_text,
)

from dicfix.controls import CONTROLS, controls_of, run_control
from dicfix.findings import Axis, Finding, Status, worst
from dicfix.guide import CLAUSES, EDITIONS
from dicfix.ota_records import FoundIdentity, Image, OtaFile, ThingGroup
from dicfix.records import Inventory, OperatorRights, Unread, known

OTA_CLAUSES = [one.id for one in CLAUSES if one.id.startswith(("OTA-", "PRE-")) or one.id == "E2E-3"]
GUIDE = [
    one.id
    for one in CONTROLS.values()
    if one.axis is Axis.GUIDE and any(clause in OTA_CLAUSES for clause in one.clauses)
]
FIT = ("DIC-FIT-05", "DIC-FIT-06", "DIC-FIT-07", "DIC-FIT-11", "DIC-FIT-13", "DIC-FIT-16")
SIGNS = {"new": "DIC-OTA-05", "previous": "DIC-OTA-13", "custom": "DIC-OTA-14"}
WITHOUT_AWS_SIGNER = {f"DIC-{one}" for one in ["OTA-07", "OTA-08", "OTP-11", "OTP-12", "OTP-13", "OTP-14"]}
NOT_GIVEN = Unread("dic.toml", "NotGiven", "none is given")


def judged(control: str, inventory: Inventory, mode: str = "onboard", **settings: Any) -> tuple[Finding, ...]:
    """The findings of a control."""
    return run_control(control, inventory, good_settings(mode=mode, **settings), NOW)


def status(control: str, inventory: Inventory, mode: str = "onboard", **settings: Any) -> Status:
    """What they amount to."""
    return worst(judged(control, inventory, mode, **settings))


@pytest.mark.parametrize("clause", OTA_CLAUSES)
def test_every_clause_of_the_ota_half_has_a_guide_control(clause):
    assert [one.id for one in controls_of(clause) if one.axis is Axis.GUIDE]


@pytest.mark.parametrize("mode", ["onboard", "audit"])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("control", GUIDE)
def test_a_good_update_passes_whatever_way_it_is_signed(control, way, mode):
    """The two ways that are not chosen are NOT_APPLICABLE; so is AWS Signer's part with a custom signature."""
    findings = judged(control, good_inventory("2023-08", way), mode, signing_choice=way)
    elsewhere = control in set(SIGNS.values()) - {SIGNS[way]} or (way == "custom" and control in WITHOUT_AWS_SIGNER)
    if elsewhere or (mode == "audit" and control == "DIC-E2E-03"):
        assert {one.status for one in findings} == {Status.NOT_APPLICABLE}
    else:
        assert {one.status for one in findings} == {Status.PASS}, [one.sentence() for one in findings]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("control", FIT)
def test_a_good_update_fits_whatever_way_it_is_signed(control, way):
    assert status(control, good_inventory("2023-08", way), signing_choice=way) is Status.PASS


@pytest.mark.parametrize("edition", EDITIONS)
@pytest.mark.parametrize("control", [*GUIDE, *FIT])
def test_ota_is_not_asked_for_before_edition_2023_08(control, edition):
    """Login and Region are asked for in every edition."""
    expected = EDITIONS if control in ("DIC-ACC-01", "DIC-ACC-02") else ("2023-08", "2024-04")
    assert (edition in CONTROLS[control].editions) is (edition in expected)


@pytest.mark.parametrize("way", WAYS)
def test_an_onboarding_judges_the_way_that_is_configured(way):
    """A file that is signed another way than chosen is a FAIL that names both ways."""
    other = "custom" if way != "custom" else "new"
    (finding,) = judged(SIGNS[way], good_inventory("2023-08", other), signing_choice=way)
    assert (finding.status, finding.reason) == (Status.FAIL, "differs")
    assert finding.expected != finding.observed
    assert finding.observed.startswith('"')


@pytest.mark.parametrize("way", WAYS)
def test_an_audit_judges_the_way_that_the_update_shows(way):
    """The guide allows all three, and nobody has to tell the audit which it was."""
    other = "custom" if way != "custom" else "new"
    inventory = good_inventory("2023-08", way)
    assert status(SIGNS[way], inventory, "audit", signing_choice=other) is Status.PASS
    assert status(SIGNS[other], inventory, "audit", signing_choice=other) is Status.NOT_APPLICABLE


def test_the_bucket_that_stands_for_ota_demo_is_a_recorded_deviation():
    """PASS, and it says why the guide's name cannot be."""
    (finding,) = judged("DIC-OTA-09", good_inventory())
    assert finding.status is Status.PASS
    assert BUCKET in finding.deviation
    assert "ota_demo" in finding.deviation


def test_http_beside_mqtt_is_a_recorded_deviation():
    inventory = spoil_ota("ota_update", protocols=("MQTT", "HTTP"))(good_inventory())
    (finding,) = judged("DIC-OTA-04", inventory)
    assert finding.status is Status.PASS
    assert "HTTP" in finding.deviation


def test_an_rps_image_is_a_recorded_deviation():
    good = good_inventory()
    (image,) = known(good.images).values()
    findings = judged("DIC-OTA-06", replace(good, images={image.name: replace(image, kind="rps")}))
    assert {one.status for one in findings} == {Status.PASS}
    assert ["SiWx917" in one.deviation for one in findings].count(True) == 1


def test_rights_equal_to_the_managed_policy_are_a_recorded_deviation():
    by_another_name = spoil_inline(own=managed_policy())(spoil_ota("ota_role", attached_policies={})(good_inventory()))
    (finding,) = judged("DIC-OTP-05", by_another_name)
    assert finding.status is Status.PASS
    assert "AmazonFreeRTOSOTAUpdate" in finding.deviation
    (finding,) = judged("DIC-OTP-05", good_inventory())
    assert finding.deviation == ""


def test_the_managed_policy_is_enough_for_a_bucket_named_afr_ota():
    """And for no other: the finding says so."""
    inventory = spoil_inline(bucket="")(good_inventory())
    assert status("DIC-OTP-07", inventory, bucket="afr-ota-demo") is Status.PASS
    (finding,) = judged("DIC-OTP-07", inventory)
    assert finding.status is Status.FAIL
    assert f"s3:PutObject on arn:aws:s3:::{BUCKET}/*" in finding.observed
    assert "afr-ota" in finding.observed


@pytest.mark.parametrize(
    ("message", "pointer"),
    [
        ("iam:PassRole is not authorized", "DIC-OTP-06"),
        ("Cannot assume role", "DIC-OTP-04"),
        ("Signing profile is not Active", "DIC-OTA-07"),
        ("Access denied by S3", "DIC-OTP-07"),
        ("Version of the object", "DIC-OTP-02"),
    ],
)
def test_a_failed_creation_gives_its_reason_and_where_to_look(message, pointer):
    failed = spoil_ota("ota_update", status="CREATE_FAILED", error_code="Oops", error_message=message)(good_inventory())
    (finding,) = judged("DIC-OTA-12", failed)
    assert finding.status is Status.FAIL
    for text in ("CREATE_FAILED", f"Oops: {message}", pointer):
        assert text in finding.observed


def test_a_failed_creation_without_a_reason_is_told_as_it_is():
    (finding,) = judged("DIC-OTA-12", spoil_ota("ota_update", status="CREATE_FAILED")(good_inventory()))
    assert finding.observed == "CREATE_FAILED"


def test_a_failed_execution_shows_what_the_device_said():
    good = good_inventory()
    job = known(good.ota_jobs)[JOB]
    executions = dict(known(job.executions))
    executions[SECOND] = replace(executions[SECOND], status="FAILED", details={"reason": "0x000000e3: 0x00000000"})
    findings = judged("DIC-OTA-15", replace(good, ota_jobs={JOB: replace(job, executions=executions)}))
    (failed,) = [one for one in findings if one.status is Status.FAIL]
    assert (failed.resource, failed.observed) == (SECOND, "FAILED (reason 0x000000e3: 0x00000000)")


def test_only_the_chosen_devices_are_targets_when_some_are_chosen():
    """ota.devices narrows the fleet; a device outside of it that is updated all the same is a FAIL."""
    inventory = spoil_ota("ota_update", targets=(f"{PREFIX}:thing/{DEVICE}",))(good_inventory())
    only_one = {"ota_devices": (DEVICE,), "ota_thing_groups": ()}
    assert status("DIC-OTA-03", inventory, **only_one) is Status.PASS
    findings = judged("DIC-OTA-03", good_inventory(), **only_one)
    (stranger,) = [one for one in findings if one.status is Status.FAIL]
    assert stranger.resource == f"thinggroup/{GROUP}"
    assert SECOND in stranger.observed


def test_a_thing_group_of_another_account_is_no_target():
    arn = f"arn:aws:iot:{REGION}:210987654321:thinggroup/{GROUP}"
    inventory = spoil_ota("ota_update", targets=(f"{PREFIX}:thing/{DEVICE}", arn))(good_inventory())
    findings = judged("DIC-OTA-03", inventory)
    assert [one.resource for one in findings if one.status is Status.FAIL] == [arn]


def test_a_targeted_device_without_a_thing_is_a_fail():
    good = good_inventory()
    things = {name: one for name, one in known(good.things).items() if name != DEVICE}
    (finding,) = [one for one in judged("DIC-OTA-03", replace(good, things=things)) if one.status is not Status.PASS]
    assert (finding.status, finding.reason, finding.resource) == (Status.FAIL, "absent", DEVICE)


def test_members_of_a_configured_group_must_end_succeeded_too():
    good = good_inventory()
    group = ThingGroup(GROUP, f"{PREFIX}:thinggroup/{GROUP}", (SECOND, "DIC_2"))
    findings = judged("DIC-OTA-15", replace(good, thing_groups={GROUP: group}))
    assert {one.resource: one.status for one in findings}["DIC_2"] is Status.FAIL


def test_a_thousand_targets_are_judged_once_each():
    """One finding for a target and one for a device."""
    names = tuple(f"device-{number}" for number in range(1000))
    good = good_inventory()
    (thing,) = [one for name, one in known(good.things).items() if name == DEVICE]
    things = {name: replace(thing, name=name, arn=f"{PREFIX}:thing/{name}") for name in names}
    update = replace(known(good.ota_update), targets=tuple(str(one.arn) for one in things.values()))
    inventory = replace(good, things=things, ota_update=update)
    findings = judged("DIC-OTA-03", inventory, devices=names, ota_thing_groups=())
    assert len(findings) == 2000
    assert worst(findings) is Status.PASS


def test_the_configured_update_is_the_one_that_is_judged():
    assert status("DIC-OTA-02", good_inventory(), ota_update_id=UPDATE) is Status.PASS
    assert status("DIC-OTA-02", good_inventory(), ota_update_id="another") is Status.FAIL


def test_an_update_that_is_missing_is_named():
    (finding,) = judged("DIC-OTA-01", replace(good_inventory(), ota_update=None), ota_update_id="light-2")
    assert (finding.status, finding.resource, finding.reason) == (Status.FAIL, "light-2", "absent")


def test_a_new_file_may_be_told_by_its_signing_job_alone():
    """AWS may show no S3 location any more once the file is signed."""
    inventory = spoil_ota_file(bucket="", key="", version="", size_bytes=None)(good_inventory())
    for control in ("DIC-OTA-06", "DIC-OTA-09", "DIC-FIT-07"):
        assert status(control, inventory) is Status.PASS


def test_a_file_without_location_and_signing_job_is_absent():
    spoil = spoil_ota_file({"signer_job_id": ""}, bucket="", key="", version="", size_bytes=None)
    (finding,) = judged("DIC-OTA-09", spoil(good_inventory()))
    assert (finding.status, finding.reason) == (Status.FAIL, "absent")


def test_the_custom_signature_is_verified_over_the_image():
    """The finding names the signer."""
    findings = judged("DIC-OTA-14", good_inventory("2023-08", "custom"), signing_choice="custom")
    (told,) = [one for one in findings if "light.gbl" in one.resource and one.resource.startswith("the signature")]
    assert told.status is Status.PASS
    assert signer().certificate.subject in told.expected


def test_a_chain_of_several_certificates_is_judged_by_its_first():
    chain = signer().certificate.pem * 2
    inventory = spoil_ota_file({"certificate_chain": chain})(good_inventory("2023-08", "custom"))
    assert status("DIC-OTA-14", inventory, signing_choice="custom") is Status.PASS


def test_a_custom_signature_without_the_image_at_hand_is_judged_by_its_form():
    """In an audit without the file nothing is verified, and nothing is claimed of it."""
    inventory = replace(good_inventory("2023-08", "custom"), images=NOT_GIVEN)
    findings = judged("DIC-OTA-14", inventory, "audit", signing_choice="custom")
    assert worst(findings) is Status.PASS
    assert not [one for one in findings if one.resource.startswith("the signature")]


def test_a_signature_encoded_twice_is_no_signature():
    """boto3 encodes once more by itself: what lands in the document then decodes to text, not to DER."""
    import base64

    twice = base64.b64encode(signature().encode()).decode()
    inventory = spoil_ota_file({"signature": twice})(good_inventory("2023-08", "custom"))
    findings = judged("DIC-OTA-14", inventory, signing_choice="custom")
    (failed,) = [one for one in findings if one.status is Status.FAIL]
    assert "no base64 text of a DER signature" in failed.observed


def test_a_signing_certificate_for_any_use_is_accepted():
    inventory = spoil_ota("code_signing_certificate", extended_key_usages=("ANY",))(good_inventory())
    assert status("DIC-OTP-13", inventory) is Status.PASS


def test_the_certificate_is_judged_before_there_is_a_profile():
    assert status("DIC-OTP-11", replace(good_inventory(), signing_profile=None)) is Status.PASS


def test_the_callers_rights_are_for_a_person_in_an_audit_that_was_given_no_caller():
    """Nobody makes a user: MANUAL in an audit, UNREADABLE while onboarding."""
    inventory = replace(good_inventory(), operator_rights=NOT_GIVEN)
    for control in ("DIC-OTP-09", "DIC-OTP-10"):
        assert status(control, inventory, "audit") is Status.MANUAL
        assert status(control, inventory) is Status.UNREADABLE


def test_a_right_that_was_not_asked_for_is_unreadable():
    rights = OperatorRights("arn", {"iam:PassRole": True})
    findings = judged("DIC-OTP-09", replace(good_inventory(), operator_rights=rights))
    assert {one.resource: one.status for one in findings if one.resource == "iam:PassRole"} == {
        "iam:PassRole": Status.PASS
    }
    assert worst(findings) is Status.UNREADABLE


def test_a_missing_right_names_the_action_and_its_resource():
    good = good_inventory()
    allowed = {**known(known(good.operator_rights).allowed), "iam:PassRole": False}
    findings = judged("DIC-OTP-09", spoil_ota("operator_rights", allowed=allowed)(good))
    (failed,) = [one for one in findings if one.status is Status.FAIL]
    assert failed.resource == "iam:PassRole"
    assert ROLE_ARN in failed.observed


@pytest.mark.parametrize(
    ("trust", "ota_may", "for_us_alone"),
    [
        (trust_text(), Status.PASS, Status.PASS),
        (
            trust_text({"ArnLike": {"aws:SourceArn": f"arn:aws:iot:{REGION}:{ACCOUNT}:*"}}),
            Status.PASS,
            Status.PASS,
        ),
        (trust_text({"ArnLike": {"aws:SourceArn": f"arn:aws:iot:{REGION}:*:*"}}), Status.PASS, Status.FAIL),
        (trust_text({}), Status.PASS, Status.FAIL),
        (trust_text(Principal="*"), Status.FAIL, Status.PASS),
        (trust_text({}, Principal={"AWS": "*"}), Status.FAIL, Status.FAIL),
        (trust_text(Effect="Deny"), Status.FAIL, Status.PASS),
    ],
)
def test_the_trust_is_judged_for_our_account_and_for_another(trust, ota_may, for_us_alone):
    inventory = spoil_ota("ota_role", trust=trust)(good_inventory())
    assert status("DIC-OTP-04", inventory) is ota_may
    assert status("DIC-OTP-08", inventory) is for_us_alone


def test_a_condition_on_the_service_that_gets_the_role_is_understood():
    passed = (
        allow(["iam:GetRole"], ROLE_ARN),
        allow(["iam:PassRole"], ROLE_ARN, Condition={"StringEquals": {"iam:PassedToService": "iot.amazonaws.com"}}),
    )
    assert status("DIC-OTP-06", spoil_inline(pass_role=policy_text(*passed))(good_inventory())) is Status.PASS


def test_a_role_with_a_path_is_judged_on_its_own_arn():
    arn = f"arn:aws:iam::{ACCOUNT}:role/service-role/ota_demo"
    inline = {"pass_role": pass_role_policy().replace(ROLE_ARN, arn)}
    inventory = spoil_inline(**inline)(spoil_ota("ota_role", arn=arn)(good_inventory()))
    assert status("DIC-OTP-06", inventory) is Status.PASS
    assert status("DIC-OTA-11", spoil_ota("ota_update", role_arn=arn)(inventory)) is Status.PASS


def test_a_policy_for_the_ota_topics_of_the_thing_alone_is_enough():
    """PRE-6: the minimum of the guide's prerequisites, with the thing's name as a variable."""
    root = "$aws/things/${iot:Connection.Thing.ThingName}"
    topics = [f"{PREFIX}:topic/{root}/{rest}" for rest in ("jobs/*", "streams/*")]
    filters = [f"{PREFIX}:topicfilter/{root}/{rest}" for rest in ("jobs/*", "streams/*")]
    minimum = policy_text(allow(["iot:Publish", "iot:Receive"], topics), allow(["iot:Subscribe"], filters))
    good = good_inventory()
    (policy,) = known(good.policies).values()
    narrowed = replace(good, policies={policy.name: replace(policy, document=minimum)})
    assert status("DIC-OTP-15", narrowed) is Status.PASS
    without_streams = minimum.replace("/streams/*", "/none/*")
    spoilt = replace(good, policies={policy.name: replace(policy, document=without_streams)})
    (finding,) = judged("DIC-OTP-15", spoilt)
    assert finding.status is Status.FAIL
    assert "streams" in finding.observed


def fit(control: str, inventory: Inventory, **settings: Any) -> tuple[Status, str]:
    """The status of a fit control and what it observed first."""
    findings = judged(control, inventory, **settings)
    return worst(findings), findings[0].observed


@pytest.mark.parametrize(("length", "expected"), [(56, Status.PASS), (57, Status.FAIL), (128, Status.FAIL)])
def test_the_updates_name_fits_with_its_prefix_into_a_job_id(length, expected):
    inventory = spoil_ota("ota_update", update_id="x" * length)(good_inventory())
    assert fit("DIC-FIT-05", inventory) == (expected, f"{length} characters")


@pytest.mark.parametrize(
    ("path", "expected"), [("x" * 259, Status.PASS), ("x" * 260, Status.FAIL), ("ü" * 130, Status.FAIL)]
)
def test_the_path_fits_with_its_terminating_zero(path, expected):
    assert fit("DIC-FIT-06", spoil_ota_file(path_on_device=path)(good_inventory()))[0] is expected


@pytest.mark.parametrize(("size", "expected"), [(1_048_576, Status.PASS), (1_048_577, Status.FAIL)])
@pytest.mark.parametrize("way", WAYS)
def test_the_image_fits_the_bitmap_whatever_way_it_is_signed(way, size, expected):
    good = good_inventory("2023-08", way)
    inventory = (
        spoil_signing_job(source_size_bytes=size)(good) if way == "previous" else spoil_ota_file(size_bytes=size)(good)
    )
    assert fit("DIC-FIT-07", inventory, signing_choice=way) == (expected, f"{size:,} bytes")


def test_an_image_that_is_not_there_does_not_fit():
    (finding,) = judged("DIC-FIT-07", spoil_ota_file(size_bytes=None)(good_inventory()))
    assert (finding.status, finding.reason) == (Status.FAIL, "absent")


def test_two_files_are_one_too_many():
    good = good_inventory()
    (file,) = known(known(good.ota_update).files)
    second: OtaFile = replace(file, key=f"{KEY}.2")
    assert fit("DIC-FIT-11", spoil_ota("ota_update", files=(file, second))(good)) == (Status.FAIL, "2 files")
    assert status("DIC-FIT-11", spoil_ota("ota_update", files=())(good)) is Status.FAIL


def with_image(**changes: Any) -> Inventory:
    """The good inventory with another local image."""
    good = good_inventory()
    (image,) = known(good.images).values()
    changed: Image = replace(image, **changes)
    return replace(good, images={image.name: changed})


KEY_INSIDE = FoundIdentity("private key", "EC PRIVATE KEY")
CLIENT_ID_INSIDE = FoundIdentity("client ID", DEVICE)


@pytest.mark.parametrize(
    ("identities", "devices", "expected"),
    [
        ((KEY_INSIDE,), (DEVICE, SECOND), Status.FAIL),
        ((KEY_INSIDE,), (DEVICE,), Status.FAIL),
        ((CLIENT_ID_INSIDE,), (DEVICE, SECOND), Status.FAIL),
        ((CLIENT_ID_INSIDE,), (DEVICE,), Status.PASS),
        ((), (DEVICE, SECOND), Status.PASS),
    ],
)
def test_an_identity_in_the_image_makes_clones(identities, devices, expected):
    """A key never belongs there; a client ID or certificate is right in an image for that one device."""
    inventory = with_image(identities=identities)
    found, observed = fit("DIC-FIT-13", inventory, ota_devices=devices, ota_thing_groups=())
    assert found is expected
    assert (expected is Status.PASS) or identities[0].kind in observed


def test_an_image_that_cannot_be_searched_is_for_a_person():
    (finding,) = judged("DIC-FIT-13", with_image(unseen="encrypted GBL tags"))
    assert finding.status is Status.MANUAL
    assert "encrypted GBL tags" in finding.observed
    found = with_image(unseen="encrypted GBL tags", identities=(KEY_INSIDE,))
    assert status("DIC-FIT-13", found) is Status.FAIL


def test_an_audit_without_the_image_leaves_identities_to_a_person():
    for images in ({}, NOT_GIVEN):
        assert status("DIC-FIT-13", replace(good_inventory(), images=images), "audit") is Status.MANUAL
    assert status("DIC-FIT-13", replace(good_inventory(), images={})) is Status.FAIL


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"sig-sha256-ecdsa": None, "sig-sha-256-ecdsa": "MEUC"}, "sig-sha256-ecdsa"),
        ({"sig-sha256-ecdsa": None, "sig--": None, "certfile": None}, "certfile, sig-sha256-ecdsa"),
        ({"filepath": None}, "filepath"),
    ],
)
def test_the_document_has_what_the_agent_reads(changes, missing):
    good = good_inventory()
    job = replace(known(good.ota_jobs)[JOB], document=good_document(**changes))
    found, observed = fit("DIC-FIT-16", replace(good, ota_jobs={JOB: job}))
    assert (found, observed) == (Status.FAIL, f"without {missing}")


@pytest.mark.parametrize(
    "document", ["", "{", "[]", "{}", '{"afr_ota": 1}', '{"afr_ota": {"files": 1}}', '{"afr_ota": {"files": ["x"]}}']
)
def test_a_document_of_another_job_is_a_fail(document):
    good = good_inventory()
    job = replace(known(good.ota_jobs)[JOB], document=document)
    (finding,) = judged("DIC-FIT-16", replace(good, ota_jobs={JOB: job}))
    assert finding.status is Status.FAIL
    assert JOB in finding.observed


def test_firmware_without_an_ota_agent_has_no_ota_limits():
    for control in set(FIT) - {"DIC-FIT-05", "DIC-FIT-13"}:
        assert status(control, good_inventory(), firmware_profile="2023-06") is Status.NOT_APPLICABLE


def test_the_good_document_is_the_one_that_facts_describe():
    """One file, its size, its signature, under afr_ota."""
    update = json.loads(good_document())["afr_ota"]
    assert [one["filesize"] for one in update["files"]] == [len(IMAGE)]
    assert update["protocols"] == ["MQTT"]
