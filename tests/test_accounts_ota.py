"""OTA prerequisites and updates in an account: made once, ours alone altered, killed anywhere, taken apart again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from accounts_world import World

from dicfix.accounts import How, offboarding, ota_job, ota_prerequisites
from dicfix.accounts.auditor import Auditor
from dicfix.accounts.builder import Builder
from dicfix.accounts.ota_job import OtaPlan, OtaUpdateFailed, plan_of, synthetic_image
from dicfix.accounts.ota_reading import image_record, read_image_file
from dicfix.aws import buckets, code_signing, jobs, ota, roles, signing
from dicfix.aws.session import AwsSession
from dicfix.certificates import make_private_key
from dicfix.errors import AwsRefused, GuardRefused, MaterialError, UsageError
from dicfix.guide.ota_rights import OtaPlace
from dicfix.images import gbl, inspect
from dicfix.keystore.code_signing import CERTIFICATE, KEY, ensure_code_signing
from dicfix.records import known
from dicfix.settings import Deadlines, ota_bucket

pytest_plugins = ["accounts_fixtures"]

PLACE = OtaPlace("123456789012", "eu-west-1", "b-1", "arn:aws-cn:iam::123456789012:role/r", "p_1", "aws-cn")


@pytest.fixture
def world(accounts_world: World) -> World:
    return accounts_world


class Interrupted:
    """A session that ends the work at the nth call of an operation, before it is sent or after its answer."""

    def __init__(self, builder: Builder, operation: str, *, after: bool) -> None:
        self._session = builder.site.session
        self._operation, self._after = operation, after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        hit = f"{service}:{operation}" == self._operation
        if hit and not self._after:
            raise KeyboardInterrupt
        answer = self._session.call(service, operation, **parameters)
        if hit:
            raise KeyboardInterrupt
        return answer


def left(builder: Builder) -> list[str]:
    """What is left of the OTA half, as words."""
    session = builder.site.session
    bucket = ota_bucket(builder.settings, builder.site.caller.account)
    profile = signing.read_signing_profile(session, builder.settings.signing_profile)
    return [
        *ota.read_ota_update_ids(session),
        *jobs.read_jobs(session),
        *ota.stream_ids(session),
        *code_signing.code_signing_arns(session),
        *(["bucket"] if buckets.read_bucket(session, bucket) else []),
        *(["role"] if roles.read_role(session, builder.settings.ota_role) else []),
        *(["profile"] if profile and profile.status == "Active" else []),
    ]


# Documents


def test_the_role_is_trusted_to_aws_iot_for_this_account_and_region_alone() -> None:
    (statement,) = ota_prerequisites.trust_policy(PLACE)["Statement"]
    assert statement["Principal"] == {"Service": "iot.amazonaws.com"}
    assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": "123456789012"}
    assert statement["Condition"]["ArnLike"] == {"aws:SourceArn": "arn:aws-cn:iot:eu-west-1:123456789012:*"}


def test_the_roles_own_statements_name_itself_and_the_buckets_objects() -> None:
    documents = ota_prerequisites.inline_policies(PLACE)
    (passing,) = documents[ota_prerequisites.PASS_ROLE_POLICY]["Statement"]
    (objects,) = documents[ota_prerequisites.OBJECTS_POLICY]["Statement"]
    assert (passing["Action"], passing["Resource"]) == (["iam:GetRole", "iam:PassRole"], PLACE.role_arn)
    assert objects["Resource"] == "arn:aws-cn:s3:::b-1/*"
    assert set(objects["Action"]) == {"s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"}


def test_the_managed_policy_is_that_of_the_partition() -> None:
    arn = "arn:aws-cn:iam::aws:policy/service-role/AmazonFreeRTOSOTAUpdate"
    assert ota_prerequisites.managed_policy_arn(PLACE) == arn


# Prerequisites


def test_the_prerequisites_are_made_once_and_then_found(world: World) -> None:
    assert world.builder().ensure_ota_prerequisites().how is How.PERFORMED
    again = world.builder().ensure_ota_prerequisites()
    assert {how for _, how in again.parts} == {How.FOUND}


def test_no_user_is_ever_created(world: World) -> None:
    builder = world.builder()
    builder.ensure_ota_update()
    assert not [one for one in builder.site.session.calls if "User" in one]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    "operation",
    [
        "s3:CreateBucket",
        "s3:PutBucketVersioning",
        "iam:CreateRole",
        "iam:AttachRolePolicy",
        "iam:PutRolePolicy",
        "acm:ImportCertificate",
        "signer:PutSigningProfile",
        "s3:PutObject",
        "iot:CreateOTAUpdate",
    ],
)
def test_an_update_that_was_killed_is_made_to_the_end_and_taken_apart(
    world: World, operation: str, after: bool
) -> None:
    killed = world.builder()
    killed.site.session = Interrupted(killed, operation, after=after)  # type: ignore[assignment]
    with pytest.raises(KeyboardInterrupt):
        killed.ensure_ota_update()
    builder = world.builder()
    builder.ensure_ota_update()
    assert ota.read_ota_update_ids(builder.site.session) == (builder.ota_update_id,)
    world.builder().clean_up()
    assert left(builder) == []
    assert len(world.builder().site.journal) == 0


def test_a_clean_up_that_was_killed_within_an_update_is_taken_up(world: World) -> None:
    builder = world.builder()
    builder.ensure_ota_update()
    builder.site.session = Interrupted(builder, "iot:DeleteOTAUpdate", after=True)  # type: ignore[assignment]
    with pytest.raises(KeyboardInterrupt):
        builder.clean_up()
    world.builder().clean_up()
    assert left(world.builder()) == []


def test_the_clean_up_of_an_update_goes_before_its_profile_bucket_and_role(world: World) -> None:
    builder = world.builder()
    builder.ensure_ota_update()
    kinds = [name.partition(" ")[0] for name, _ in builder.clean_up().parts]
    assert kinds[0] == "OTA"
    order = [kinds.index(one) for one in ("signing", "code-signing", "objects", "bucket", "role", "thing")]
    assert order == sorted(order)


def test_what_somebody_else_made_is_neither_altered_nor_removed(world: World) -> None:
    world.builder().ensure_ota_prerequisites()
    stranger = world.stranger()
    stranger.ensure_ota_update()
    stranger.clean_up()
    assert left(stranger)[1:] == ["bucket", "role", "profile"]
    place = ota_prerequisites.place_of(stranger.site)
    assert list(buckets.object_versions(stranger.site.session, place.bucket, "")) == []


def test_a_bucket_of_somebody_else_is_brought_in_line_with_leave_to_adopt(world: World) -> None:
    builder = world.builder()
    builder.ensure_bucket()
    name = ota_prerequisites.place_of(builder.site).bucket
    buckets.set_versioning(builder.site.session, name, "Suspended")
    with pytest.raises(GuardRefused, match=r"bucket .* was not made by this project.*versioning Suspended"):
        world.stranger().ensure_bucket()
    adopting = world.builder(adopt=True)
    adopting.site.journal = type(adopting.site.journal)()
    assert adopting.ensure_bucket().how is How.PERFORMED
    found = buckets.read_bucket(builder.site.session, name)
    assert found is not None
    assert found.versioning == "Enabled"


def test_a_bucket_elsewhere_is_one_clear_error(world: World) -> None:
    builder = world.builder(bucket="somewhere-else")
    elsewhere = AwsSession({**world.surroundings.client_kwargs, "region_name": "eu-central-1"}, max_attempts=1)
    buckets.create_bucket(elsewhere, "somewhere-else")
    with pytest.raises(UsageError, match=r"somewhere-else is in eu-central-1.*a bucket in eu-west-1"):
        builder.ensure_bucket()


def test_a_role_with_every_right_in_other_words_is_found(world: World) -> None:
    builder = world.builder()
    place = ota_prerequisites.place_of(builder.site)
    roles.create_role(builder.site.session, "ota_demo", ota_prerequisites.trust_policy(place))
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [everything]}
    roles.put_inline_policy(builder.site.session, "ota_demo", "all", document)
    assert builder.ensure_ota_role().how is How.FOUND


def test_a_role_of_ours_that_lost_a_right_gets_it_back(world: World) -> None:
    builder = world.builder()
    builder.ensure_ota_role()
    roles.delete_inline_policy(builder.site.session, "ota_demo", ota_prerequisites.PASS_ROLE_POLICY)
    builder.site.reader.changed()
    assert builder.ensure_ota_role().how is How.PERFORMED
    assert ota_prerequisites.PASS_ROLE_POLICY in roles.inline_policy_names(builder.site.session, "ota_demo")


def test_a_cancelled_profile_is_one_clear_error(world: World) -> None:
    builder = world.builder()
    builder.ensure_signing_profile()
    signing.cancel_signing_profile(builder.site.session, "dic_ota_codesign")
    with pytest.raises(UsageError, match=r"is Canceled.*AWS keeps the name.*\[ota\] signing_profile"):
        builder.ensure_signing_profile()


def test_the_code_signing_key_is_its_owners_alone_and_a_half_set_is_told(world: World, tmp_path: Path) -> None:
    keystore = world.builder().site.keystore
    now = world.builder().site.now()
    first = ensure_code_signing(keystore, now=now)
    assert (keystore.directory / KEY).stat().st_mode & 0o777 == 0o600
    again = ensure_code_signing(keystore, now=now)
    assert again.found == (KEY, CERTIFICATE)
    assert again.material.certificate == first.material.certificate
    (keystore.directory / CERTIFICATE).unlink()
    assert ensure_code_signing(keystore, now=now).made == (KEY, CERTIFICATE)
    (keystore.directory / KEY).unlink()
    with pytest.raises(MaterialError, match=f"{CERTIFICATE} is there, but {KEY} is not"):
        ensure_code_signing(keystore, now=now)


# The image and the plan


def test_the_synthetic_image_is_well_formed_and_always_the_same() -> None:
    image = synthetic_image()
    assert image == synthetic_image()
    application = gbl.read(image).app
    assert application is not None
    assert application.version == 0x00090003
    assert inspect(image, client_ids=("DIC_2",)).identity.found == ()


def test_the_same_thing_done_has_the_same_name_and_another_another(world: World) -> None:
    site = world.builder().site
    name = plan_of(site, "a.gbl", b"1").update_id
    assert plan_of(world.builder().site, "b.gbl", b"1").update_id == name
    assert plan_of(site, "a.gbl", b"2").update_id != name
    assert plan_of(world.builder(signing_choice="custom").site, "a.gbl", b"1").update_id != name
    assert plan_of(world.builder(ota_update_id="mine").site, "a.gbl", b"1").update_id == "mine"
    assert len(f"AFR_OTA-{name}") <= 64
    assert " " not in name


def test_the_configured_image_is_taken_and_a_missing_one_is_one_clear_error(world: World, tmp_path: Path) -> None:
    path = tmp_path / "light.gbl"
    path.write_bytes(synthetic_image(version=0x01000000))
    builder = world.builder(image=str(path))
    assert builder.ota_image() == ("light.gbl", path.read_bytes())
    (record,) = known(builder.read(["images"]).images).values()
    assert (record.name, record.version, record.problem) == ("light.gbl", 0x01000000, "")
    with pytest.raises(UsageError, match=r"the image none.gbl cannot be read"):
        read_image_file(str(tmp_path / "none.gbl"))


def test_what_is_no_image_is_recorded_with_what_is_wrong_and_what_is_inside() -> None:
    record = image_record("x.gbl", b"nothing DIC_2 ", ("DIC_2",))
    assert record.kind == ""
    assert "begins with" in record.problem  # type: ignore[operator]
    assert [(one.kind, one.detail) for one in record.identities] == [("client ID", "DIC_2")]  # type: ignore[union-attr]


def test_an_image_that_the_published_agent_cannot_track_is_not_uploaded(world: World) -> None:
    builder = world.builder()
    builder.ensure_ota_devices()
    builder.ensure_ota_prerequisites()
    plan = plan_of(builder.site, "big.gbl", synthetic_image(size_bytes=1024 * 1024 + 1))
    with pytest.raises(MaterialError, match="1,048,576"):
        builder.make_ota_update(plan)
    place = ota_prerequisites.place_of(builder.site)
    assert list(buckets.object_versions(builder.site.session, place.bucket, "")) == []


def test_an_image_with_an_identity_is_not_uploaded_for_several_devices_nor_a_key_for_one(world: World) -> None:
    builder = world.builder()
    builder.ensure_ota_prerequisites()
    named = gbl.make(b"\0DIC_2\0" * 9, version=1)
    with pytest.raises(MaterialError, match=r"light\.gbl carries client ID DIC_2\. .*clones"):
        ota_job.upload_image(builder.site, plan_of(builder.site, "light.gbl", named))
    place = ota_prerequisites.place_of(builder.site)
    assert list(buckets.object_versions(builder.site.session, place.bucket, "")) == []
    builder.choose(ota_devices=("DIC_2",))
    assert ota_job.upload_image(builder.site, plan_of(builder.site, "light.gbl", named)).key.endswith("light.gbl")
    builder.choose(ota_thing_groups=("fleet",))
    with pytest.raises(MaterialError, match="client ID DIC_2"):
        ota_job.upload_image(builder.site, plan_of(builder.site, "light.gbl", named))
    key = make_private_key().pem.encode()
    builder.choose(ota_thing_groups=())
    with pytest.raises(MaterialError, match=r"carries private key") as refused:
        ota_job.upload_image(builder.site, plan_of(builder.site, "k.gbl", gbl.make(key, version=1)))
    assert key.decode().splitlines()[1] not in str(refused.value)


# The update


@pytest.mark.parametrize("choice", ["new", "previous", "custom"])
def test_an_update_is_made_once_and_its_document_is_the_same_however_it_was_signed(world: World, choice: str) -> None:
    builder = world.builder(signing_choice=choice)
    assert builder.ensure_ota_update().how is How.PERFORMED
    assert world.builder(signing_choice=choice).ensure_ota_update().how is How.FOUND
    document = json.loads(jobs.read_document(builder.site.session, f"AFR_OTA-{builder.ota_update_id}"))["afr_ota"]
    (file,) = document["files"]
    assert document["protocols"] == ["MQTT"]
    assert (file["filepath"], file["certfile"]) == ("file.txt", "ecdsasigner.crt")
    assert file["filesize"] == len(synthetic_image())
    assert file["sig-sha256-ecdsa"]


def test_targets_are_the_arns_of_things_and_groups_and_missing_ones_are_told(world: World) -> None:
    builder = world.builder(ota_devices=("DIC_2",), ota_thing_groups=("fleet",))
    with pytest.raises(UsageError, match="there is no thing DIC_2"):
        ota_job.target_arns(builder.site)
    builder.ensure_ota_devices()
    with pytest.raises(UsageError, match="there is no thing group fleet"):
        ota_job.target_arns(builder.site)
    jobs.create_thing_group(builder.site.session, "fleet")
    kinds = [arn.rsplit(":", 1)[1] for arn in ota_job.target_arns(builder.site)]
    assert kinds == ["thing/DIC_2", "thinggroup/fleet"]


def test_a_real_board_is_not_onboarded_and_left_out_until_it_is_asked_for(world: World) -> None:
    builder = world.builder(real_boards=("DIC_2",))
    assert builder.boards == ("DIC_2",)
    assert builder.settings.ota_targets == ("SQA_DIC_C2", "SQA_DIC_C3")
    builder.choose(ota_devices=builder.boards)
    assert builder.ensure_ota_devices().parts == ()
    with pytest.raises(UsageError, match="there is no thing DIC_2"):
        ota_job.target_arns(builder.site)


def broken_role(world: World, **deadlines: float) -> Builder:
    """A Builder over prerequisites whose role may not pass itself."""
    builder = world.builder(deadlines=replace(world.settings.deadlines, **deadlines))
    builder.ensure_ota_devices()
    builder.ensure_ota_prerequisites()
    roles.delete_inline_policy(builder.site.session, "ota_demo", ota_prerequisites.PASS_ROLE_POLICY)
    builder.site.reader.changed()
    return builder


def test_an_update_that_fails_says_why_and_what_to_do(world: World) -> None:
    builder = broken_role(world)
    with pytest.raises(OtaUpdateFailed) as failed:
        builder.make_ota_update(builder.ota_plan())
    assert "iam:PassRole" in failed.value.observed
    assert "let the role pass itself" in failed.value.remedy
    assert "CREATE_FAILED" in {known(builder.read(["ota_update"]).ota_update).status}


def test_an_update_of_ours_that_failed_in_a_run_before_is_made_anew(world: World) -> None:
    builder = broken_role(world)
    with pytest.raises(OtaUpdateFailed):
        builder.make_ota_update(builder.ota_plan())
    stranger = world.stranger()
    with pytest.raises(OtaUpdateFailed, match="iam:PassRole"):
        stranger.make_ota_update(stranger.ota_plan())
    again = world.builder()
    again.ensure_ota_role()
    assert again.make_ota_update(again.ota_plan()).how is How.PERFORMED
    assert ota.read_ota_update_ids(again.site.session) == (again.ota_update_id,)


@pytest.mark.parametrize("chosen", ["", "my_update"])
def test_with_a_fresh_role_a_failed_update_is_made_again_under_a_new_id(
    world: World, monkeypatch: pytest.MonkeyPatch, chosen: str
) -> None:
    builder = broken_role(world, role_effect_s=30.0)
    builder.choose(ota_update_id=chosen)
    first = builder.ota_plan().update_id
    removed: list[str] = []

    def mend(site: Any, update_id: str) -> None:
        removed.append(update_id)
        remove(site, update_id)
        place = ota_prerequisites.place_of(site)
        for name, document in ota_prerequisites.inline_policies(place).items():
            roles.put_inline_policy(site.session, "ota_demo", name, document)

    remove = ota_job.remove_update
    monkeypatch.setattr(ota_job, "remove_update", mend)
    builder.make_ota_update(builder.ota_plan())
    assert removed == [first]
    assert builder.ota_update_id == (chosen or f"{first}-2")
    assert ota.read_ota_update_ids(builder.site.session) == (builder.ota_update_id,)
    again = world.builder(ota_update_id=chosen)
    before = known(again.read(["ota_update"]).ota_update)
    assert before is not None
    assert before.update_id == builder.ota_update_id
    assert again.make_ota_update(again.ota_plan()).how is How.FOUND
    assert again.ota_update_id == builder.ota_update_id
    assert again.remove_other_updates().parts == ()
    place = ota_prerequisites.place_of(again.site)
    assert list(buckets.object_versions(again.site.session, place.bucket, ""))


def test_the_other_updates_of_ours_are_removed_with_their_objects_and_jobs(world: World) -> None:
    builder = world.builder()
    builder.ensure_ota_update()
    kept = builder.ota_update_id
    builder.choose(signing_choice="custom")
    builder.ensure_ota_update()
    builder.choose(signing_choice="new")
    how = dict(builder.remove_other_updates().parts)
    session = builder.site.session
    assert set(how.values()) == {How.PERFORMED}
    assert ota.read_ota_update_ids(session) == (kept,)
    assert tuple(jobs.read_jobs(session)) == (f"AFR_OTA-{kept}",)
    place = ota_prerequisites.place_of(builder.site)
    keys = {one.key for one in buckets.object_versions(session, place.bucket, "")}
    assert keys
    assert {key.rpartition("dicfix/")[2].split("/")[0] for key in keys} == {kept}


def test_an_update_of_somebody_else_is_not_removed_for_ours(world: World) -> None:
    builder = world.builder(signing_choice="custom")
    builder.ensure_ota_update()
    theirs = builder.ota_update_id
    world.stranger().remove_other_updates()
    assert ota.read_ota_update_ids(builder.site.session) == (theirs,)


def test_a_role_that_was_there_before_is_not_waited_for(world: World) -> None:
    broken_role(world)
    builder = world.builder(deadlines=replace(Deadlines(), poll_s=0.01))
    with pytest.raises(OtaUpdateFailed):
        builder.make_ota_update(builder.ota_plan())


@pytest.mark.parametrize(
    ("reason", "remedy"),
    [
        ("AWSIotException User may not iam:PassRole on x", "pass itself"),
        ("AccessDenied sts:AssumeRole", "assume the role"),
        ("S3 bucket does not have versioning enabled", "versioning on"),
        ("S3 object k not accessible", "read and write the bucket"),
        ("something else", "read AWS's reason"),
    ],
)
def test_the_remedy_follows_from_the_reason(reason: str, remedy: str) -> None:
    assert remedy in OtaUpdateFailed("u", "Code", reason).remedy


def test_an_unknown_way_to_sign_is_one_clear_error(world: World) -> None:
    builder = world.builder()
    builder.ensure_ota_devices()
    builder.ensure_ota_prerequisites()
    with pytest.raises(UsageError, match=r"'by hand' is no way to sign.*new, previous or custom"):
        builder.make_ota_update(OtaPlan("u", "a.gbl", synthetic_image(), "by hand"))


def test_a_second_update_of_the_same_name_is_refused_by_aws(world: World) -> None:
    builder = world.builder()
    builder.ensure_ota_update()
    with pytest.raises(AwsRefused, match="ResourceAlreadyExistsException"):
        ota_job.create_update(builder.site, builder.ota_plan(), builder.ota_update_id)
    builder.clean_up()
    assert left(builder) == []


# Reading


def test_every_ota_part_is_read_and_nothing_is_written_for_it(world: World) -> None:
    builder = world.builder()
    builder.ensure_ota_update()
    session = builder.site.session
    begin = len(session.calls)
    parts = list(builder.site.reader.ota.readers())
    inventory = builder.read(parts)
    for part in parts:
        known(getattr(inventory, part))
    from dicfix.aws.operations import READ_OPERATIONS

    assert set(session.calls[begin:]) <= READ_OPERATIONS


def test_in_an_empty_account_every_ota_part_says_so(world: World) -> None:
    inventory = world.builder().read(
        ["ota_update", "ota_jobs", "signing_profile", "bucket", "ota_role", "signing_jobs"]
    )
    assert (inventory.ota_update, inventory.signing_profile, inventory.bucket, inventory.ota_role) == (None,) * 4
    assert (inventory.ota_jobs, inventory.signing_jobs) == ({}, {})


def test_an_audit_looks_and_knows_nobody_who_makes_jobs(world: World) -> None:
    from dicfix import wiring

    builder = world.builder()
    builder.ensure_ota_update()
    settings = replace(world.settings, mode="audit")
    auditor: Auditor = wiring.audit(world.surroundings, settings, builder.site.keystore.directory)
    for step in (
        auditor.ensure_bucket(),
        auditor.ensure_ota_role(),
        auditor.ensure_code_signing_certificate(),
        auditor.ensure_signing_profile(),
        auditor.choose_signing("custom"),
        auditor.ensure_ota_update(),
        auditor.ensure_ota_run(),
    ):
        assert step.how is How.LOOKED_FOR
    inventory = auditor.read(["ota_update", "operator_rights"])
    assert known(inventory.ota_update).update_id == builder.ota_update_id
    assert inventory.operator_rights.code == "NotGiven"  # type: ignore[union-attr]


def test_resources_of_the_ota_half_are_named_in_full(world: World) -> None:
    entry = world.builder().site.entry("role policy attachment", "ota_demo", "arn:aws:iam::aws:policy/service-role/X")
    assert offboarding.label(entry) == "role policy attachment ota_demo: service-role/X"
