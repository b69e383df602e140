"""Reading an account: each part once, what could not be read in its place, and an Auditor that cannot write."""

from __future__ import annotations

import pytest
from account_world import World, fresh

from dicfix.accounts import Account, How
from dicfix.accounts.auditor import Auditor
from dicfix.accounts.local import read_local_files
from dicfix.accounts.reading import attempt
from dicfix.accounts.waiting import wait_until
from dicfix.errors import DeadlineExceeded, GuardRefused, UsageError
from dicfix.offline.cloud import EmbeddedCloud
from dicfix.offline.faults import FaultKind
from dicfix.records import NOT_ASKED, Unread

PARTS = {
    "caller": "sts:GetCallerIdentity",
    "endpoint": "iot:DescribeEndpoint",
    "ca_certificates": "iot:ListCACertificates",
    "certificates": "iot:DescribeCertificate",
    "policies": "iot:GetPolicy",
    "things": "iot:DescribeThing",
    "sessions": "iot-data:GetConnection",
}


@pytest.fixture(scope="module")
def cloud():
    with EmbeddedCloud() as running:
        yield running


@pytest.fixture
def world(cloud, tmp_path):
    with fresh(cloud, tmp_path) as made:
        yield made


def test_a_part_is_read_once_until_something_is_written(world: World):
    builder = world.builder()
    builder.onboard()
    builder.read(PARTS)
    sent = len(world.session.calls)
    builder.read(PARTS)
    assert len(world.session.calls) == sent
    builder.site.reader.changed()
    builder.read(["policies"])
    assert "iot:GetPolicy" in world.session.calls[sent:]


def test_what_nobody_asks_for_is_not_read(world: World):
    sent = len(world.session.calls)
    inventory = world.builder().read(["endpoint"])
    assert world.session.calls[sent:] == ["iot:DescribeEndpoint"]
    assert inventory.things is NOT_ASKED


@pytest.mark.parametrize("part", PARTS)
def test_a_denied_part_is_unread_with_its_permission_and_the_others_are_there(world: World, part):
    world.builder().onboard()
    world.faults.add(PARTS[part], FaultKind.ACCESS_DENIED)
    inventory = world.auditor().read(PARTS)
    found = getattr(inventory, part)
    assert isinstance(found, Unread)
    assert found.operation == PARTS[part]
    assert found.permission == PARTS[part].replace("iot-data", "iot")
    others = [one for one in PARTS if one != part and isinstance(getattr(inventory, one), Unread)]
    assert others == (["certificates"] if part == "things" else [])


def test_a_policy_whose_targets_are_denied_is_known_in_all_else(world: World):
    world.builder().onboard()
    world.faults.add("iot:ListTargetsForPolicy", FaultKind.ACCESS_DENIED)
    policy = world.auditor().read(["policies"]).policies["DIC_POLICY"]
    assert isinstance(policy.targets, Unread)
    assert policy.targets.permission == "iot:ListTargetsForPolicy"
    assert '"Allow"' in policy.document
    assert policy.version_ids == ("1",)


def test_an_empty_account_is_empty_and_not_unread(world: World):
    inventory = world.auditor().read(PARTS)
    for part in ("ca_certificates", "certificates", "policies", "things", "sessions"):
        assert getattr(inventory, part) == {}


def test_an_unreadable_directory_of_files_is_told_file_by_file(tmp_path):
    (tmp_path / "CA.crt").mkdir()
    (tmp_path / "CA.key").write_text("no key")
    found = read_local_files(tmp_path, ("A",), "E")
    assert found.ca.certificate_pem == Unread("CA.crt", "NotReadable", "Is a directory")
    assert isinstance(found.ca.key_kind, Unread)
    assert found.ca.key_kind.code == "NotUsable"
    assert isinstance(found.ca.key_fits, Unread)
    assert found.clients["A"].certificate_pem is None
    assert found.clients["A"].key_fits is None
    assert str(tmp_path) not in repr(found)


def test_no_key_leaves_the_directory(world: World):
    builder = world.builder()
    builder.onboard()
    found = read_local_files(builder.site.keystore.directory, ("SQA_DIC_C2",), "DIC_EXPLORER")
    secrets = [line for line in builder.site.client("SQA_DIC_C2").key.pem.splitlines() if "-----" not in line]
    shown = repr(found.ca) + repr(found.clients) + repr(found.verification)
    assert not [line for line in secrets if line in shown]


def test_an_answer_of_another_shape_is_unread_and_a_guards_refusal_is_not_caught():
    found = attempt("iot:GetPolicy", lambda: {}["policyName"])
    assert isinstance(found, Unread)
    assert (found.operation, found.code) == ("iot:GetPolicy", "StrangeAnswer")

    def refuse():
        raise GuardRefused("no")

    with pytest.raises(GuardRefused):
        attempt("iot:GetPolicy", refuse)


# The Auditor


def test_an_auditor_takes_no_session_that_may_write(world: World):
    with pytest.raises(GuardRefused, match="may write"):
        Auditor(world.session, world.settings(mode="audit"), world.builder().site.reader)


def test_every_step_of_an_auditor_is_a_look(world: World):
    auditor = world.auditor()
    before = world.cloud.dump()
    names = [name for name in dir(auditor) if name.startswith("ensure_")]
    assert len(names) >= 12
    for name in names:
        takes_thing = name in ("ensure_thing", "ensure_client_files", "ensure_firmware_material")
        done = getattr(auditor, name)(*(("SQA_DIC_C2",) if takes_thing else ()))
        assert done.how is How.LOOKED_FOR
    assert world.cloud.dump() == before
    assert not (world.directory / "certificates").exists()


def test_builder_and_auditor_offer_every_step_of_the_protocol(world: World):
    promised = {name for name in vars(Account) if name.startswith("ensure_")}
    assert len(promised) >= 12
    for one in (world.builder(), world.auditor()):
        assert promised <= set(dir(one))


# Waiting


def test_the_first_answer_that_is_one_is_given():
    answers = iter([None, None, "now"])
    assert wait_until(lambda: next(answers), name="detach_s", timeout_s=5, poll_s=0.001, waiting_for="x") == "now"


def test_a_deadline_that_passes_is_named():
    with pytest.raises(DeadlineExceeded, match=r"the end did not happen within 0 s \(deadline 'detach_s'\)"):
        wait_until(lambda: None, name="detach_s", timeout_s=0, poll_s=0.001, waiting_for=lambda: "the end")


def test_an_error_while_waiting_is_the_callers():
    def broken():
        raise UsageError("x")

    with pytest.raises(UsageError):
        wait_until(broken, name="detach_s", timeout_s=1, poll_s=0.001, waiting_for="x")
