"""The registry of controls: what it refuses, what it holds, and how findings come out of a run."""

from __future__ import annotations

from dataclasses import replace

import pytest
from onboarded import (
    ACCOUNT,
    DEVICE,
    ENDPOINT,
    EXPLORER,
    NOW,
    PREFIX,
    REGION,
    SECOND,
    ca_record,
    certificate_record,
    good_inventory,
    good_settings,
    material,
)
from ota_onboarded import empty_ota

from dicfix.controls import CONTROLS, controls_of, find_control, run_control
from dicfix.controls.registry import BROKEN, Look, control
from dicfix.errors import UsageError
from dicfix.findings import Axis, Status, worst
from dicfix.guide import CLAUSES, EDITIONS
from dicfix.records import Caller, Inventory, LocalFiles, Thing, Unread, known

NOT_GIVEN = Unread("dic.toml", "NotGiven", "none is given")
GUIDE = [one for one in CONTROLS.values() if one.axis is Axis.GUIDE]
GIVEN = ("DIC-ACC-01", "DIC-ACC-02", "DIC-ACC-03", "DIC-OTP-09", "DIC-OTP-10")
"""What is so before any step: login, Region, the caller's own rights."""
WAY = {"DIC-OTA-13": "previous", "DIC-OTA-14": "custom"}
"""The way to sign that a control is for."""


def empty_account() -> Inventory:
    """An account and a directory in which nothing was done yet, all of it read."""
    return Inventory(
        caller=Caller(ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/tester", REGION),
        endpoint=ENDPOINT,
        ca_certificates={},
        certificates={},
        policies={},
        things={},
        sessions={},
        local=LocalFiles(),
        explorer=NOT_GIVEN,
        probe=NOT_GIVEN,
        server_root_pem="",
        registration_code="",
        exchanges=(),
        **empty_ota(),
    )


@pytest.mark.parametrize("edition", EDITIONS)
@pytest.mark.parametrize("control_id", [one.id for one in GUIDE if one.id not in GIVEN])
def test_before_its_step_every_control_fails_because_it_is_absent(control_id, edition):
    """While onboarding an empty account each control is FAIL for the reason absent, and never anything else."""
    if edition not in CONTROLS[control_id].editions:
        return
    settings = good_settings(edition, signing_choice=WAY.get(control_id, "new"))
    findings = run_control(control_id, empty_account(), settings, NOW)
    failed = [one for one in findings if one.status is Status.FAIL]
    assert worst(findings) is Status.FAIL
    assert {one.reason for one in failed} == {"absent"}
    assert all(one.remedy for one in failed)


@pytest.mark.parametrize("control_id", [one.id for one in GUIDE])
def test_an_empty_audit_has_nothing_green_but_the_login(control_id):
    """In an audit of an empty account without files nothing else passes, and nothing is unreadable."""
    findings = run_control(control_id, empty_account(), good_settings(mode="audit"), NOW)
    status = worst(findings)
    if control_id in GIVEN:
        assert status is Status.PASS
    else:
        assert status in (Status.FAIL, Status.MANUAL, Status.NOT_APPLICABLE)


def test_file_only_clauses_are_for_a_person_in_an_audit_without_files():
    """What only local files show is MANUAL there, and the finding names the evidence."""
    inventory = replace(good_inventory("2024-04"), local=LocalFiles(), explorer=NOT_GIVEN, probe=NOT_GIVEN, sessions={})
    manual = set()
    for one in GUIDE:
        findings = run_control(one.id, inventory, good_settings("2024-04", "audit"), NOW)
        assert worst(findings) in (Status.PASS, Status.MANUAL, Status.NOT_APPLICABLE), one.id
        if worst(findings) is Status.MANUAL:
            manual.add(one.id)
            assert all("evidence to attach: " in f.observed for f in findings if f.status is Status.MANUAL)
    names = (
        "PKI-08 PKI-09 PKI-11 PKI-12 CA-05 THG-02 MAT-01 SRV-01 SRV-02 SRV-03 SRV-04 EXP-04 EXP-05 EXP-06 EXP-07 EXP-08"
    )
    assert manual == {f"DIC-{one}" for one in names.split(" ")}


def test_the_client_id_of_a_live_session_is_seen_in_an_audit():
    """AWS-6.2 without the header: a session of that client ID is proof enough."""
    inventory = replace(good_inventory(), local=LocalFiles())
    findings = run_control("DIC-THG-02", inventory, good_settings(mode="audit"), NOW)
    assert {one.status for one in findings} == {Status.PASS}


@pytest.mark.parametrize("one", CONTROLS.values(), ids=lambda one: one.id)
def test_every_control_says_what_a_reader_needs(one):
    """Title, rationale and remedy are sentences; clauses or a source stand behind it; its judgement says what it is."""
    assert one.title
    assert not one.title.endswith(".")
    assert not one.title.startswith("Ensure")
    assert len(one.title) <= 100
    assert one.rationale.endswith(".")
    assert one.remedy
    assert not one.remedy.endswith(".")
    assert bool(one.clauses) is (one.axis is Axis.GUIDE)
    assert bool(one.source) is (one.axis is not Axis.GUIDE)
    assert one.judgement.__doc__
    assert one.editions


def test_every_declared_operation_is_one_of_the_service_models():
    """``operations`` are spelt as the API spells them, and none of them writes or may create."""
    import botocore.session

    session = botocore.session.get_session()
    for one in CONTROLS.values():
        for operation in one.operations:
            service, name = operation.split(":")
            assert name in session.get_service_model(service).operation_names, operation
            assert name.startswith(("Get", "List", "Describe", "Head", "Simulate", "Search"))
            assert name != "GetRegistrationCode"


def test_every_built_clause_has_a_guide_control_or_a_manual_reason():
    """Controls may be there before the scenarios of their clause are."""
    for one in CLAUSES:
        answered = [each.id for each in controls_of(one.id) if each.axis is Axis.GUIDE]
        assert answered or one.manual_reason or not one.built, one.id


def test_a_second_control_of_one_id_is_refused():
    """An id is one control's for ever."""
    with pytest.raises(ValueError, match="registered twice"):
        control("DIC-CA-01", clauses=("AWS-4.1",), title="t", rationale="r", remedy="m", needs=())(
            lambda look: iter(())
        )


@pytest.mark.parametrize(
    "wrong",
    [
        {"clauses": ("AWS-4.1",), "axis": Axis.FIT, "source": "s"},
        {"clauses": (), "axis": Axis.GUIDE},
        {"clauses": (), "axis": Axis.HARDENING},
        {"clauses": ("AWS-4.1",), "axis": Axis.GUIDE, "source": "s"},
    ],
)
def test_a_control_cites_a_clause_or_a_source_by_its_axis(wrong):
    """The guide axis cites clauses, the others a source, never both."""
    with pytest.raises(ValueError, match="the guide axis cites clauses"):
        control("DIC-NEW-01", title="t", rationale="r", remedy="m", needs=(), **wrong)(lambda look: iter(()))
    assert "DIC-NEW-01" not in CONTROLS


def test_a_control_of_an_unknown_clause_is_refused():
    """A clause that the guide does not have is a slip of the pen."""
    with pytest.raises(UsageError, match=r"AWS-99"):
        control("DIC-NEW-02", clauses=("AWS-99",), title="t", rationale="r", remedy="m", needs=())(
            lambda look: iter(())
        )


def test_an_unknown_control_is_a_usage_error():
    """The message says how to find the right ones."""
    with pytest.raises(UsageError, match="dicfix controls"):
        find_control("DIC-CA-99")
    with pytest.raises(UsageError):
        run_control("DIC-CA-99", Inventory(), good_settings(), NOW)


@pytest.fixture
def registered(monkeypatch):
    """Registers a control for one test."""
    monkeypatch.setattr("dicfix.controls.registry.CONTROLS", dict(CONTROLS))

    def register(judgement) -> str:
        control("DIC-TRY-01", clauses=("AWS-4.1",), title="It is so", rationale="r", remedy="m", needs=())(judgement)
        return "DIC-TRY-01"

    return register


def test_nothing_judged_is_a_fail(registered):
    """A control that yields nothing is not green."""
    (finding,) = run_control(registered(lambda look: iter(())), Inventory(), good_settings(), NOW)
    assert finding.status is Status.FAIL
    assert finding.observed == "nothing judged"


def test_a_bug_in_a_control_is_unreadable_and_says_where_it_is(registered):
    """Never a PASS and never the account's FAIL; what was judged before it stays, and no message is quoted."""

    def broken(look: Look):
        yield look.judge("x", True, expected="", observed="")
        raise ZeroDivisionError("a secret")

    before, told = run_control(registered(broken), Inventory(), good_settings(), NOW)
    assert before.status is Status.PASS
    assert (told.status, told.reason) == (Status.UNREADABLE, BROKEN)
    assert "mistake in dicfix itself (ZeroDivisionError in test_controls_registry.py, line" in told.observed
    assert "secret" not in told.sentence()


def test_a_bug_with_one_device_does_not_hide_the_next(registered):
    """Each resource is judged on its own."""

    def judge_one(look: Look, name: str):
        yield look.judge(name, bool(1 / len(name)), expected="", observed="")

    def broken(look: Look):
        yield from look.each(["", "b"], lambda name: judge_one(look, name))

    findings = run_control(registered(broken), Inventory(), good_settings(), NOW)
    assert [one.status for one in findings] == [Status.UNREADABLE, Status.PASS]


def test_what_was_judged_before_an_unread_part_is_kept(registered):
    """A FAIL found first still shows."""

    def half(look: Look):
        yield look.judge("x", False, expected="a", observed="b")
        known(look.inventory.caller)

    findings = run_control(registered(half), Inventory(), good_settings(), NOW)
    assert [one.status for one in findings] == [Status.FAIL, Status.UNREADABLE]


def test_which_ca_is_ours_is_told_by_the_file_first():
    """Of two registered CAs the one of CA.crt is judged."""
    other = replace(ca_record(material().other_ca), status="INACTIVE")
    good = good_inventory()
    both = replace(good, ca_certificates={other.certificate_id: other, **known(good.ca_certificates)})
    assert worst(run_control("DIC-CA-03", both, good_settings(), NOW)) is Status.PASS
    assert worst(run_control("DIC-CA-03", both, good_settings(mode="audit"), NOW)) is Status.PASS


def test_which_ca_is_ours_may_be_configured():
    """Without CA.crt the configured id decides, and one that is not registered is absent."""
    other = ca_record(material().other_ca, auto_registration="DISABLE")
    good = good_inventory()
    both = replace(
        good, ca_certificates={other.certificate_id: other, **known(good.ca_certificates)}, local=LocalFiles()
    )
    chosen = good_settings(mode="audit", ca_certificate_id=other.certificate_id)
    (finding,) = run_control("DIC-CA-04", both, chosen, NOW)
    assert (finding.status, finding.observed) == (Status.FAIL, "DISABLE")
    absent = good_settings(mode="audit", ca_certificate_id="0" * 64)
    (finding,) = run_control("DIC-CA-01", both, absent, NOW)
    assert (finding.status, finding.reason) == (Status.FAIL, "absent")


def test_which_ca_is_ours_is_told_by_the_devices_in_an_audit():
    """Without CA.crt and without a configured id the signer of the devices' certificates is ours."""
    other = replace(ca_record(material().other_ca), status="INACTIVE")
    good = good_inventory()
    both = replace(
        good, ca_certificates={other.certificate_id: other, **known(good.ca_certificates)}, local=LocalFiles()
    )
    (finding,) = run_control("DIC-CA-03", both, good_settings(mode="audit"), NOW)
    assert finding.status is Status.PASS
    assert material().ca.certificate.certificate_id[:12] in finding.resource


def test_several_cas_that_could_be_ours_are_ambiguous():
    """Two signers, or two CAs and no signer, are a FAIL that names the setting."""
    other = ca_record(material().other_ca)
    good = good_inventory()
    both = {other.certificate_id: other, **known(good.ca_certificates)}
    stranger = certificate_record(material().stranger, material().other_ca)
    things = dict(known(good.things))
    things[DEVICE] = replace(things[DEVICE], principals=(str(stranger.arn),))
    two_signers = replace(
        good,
        ca_certificates=both,
        local=LocalFiles(),
        things=things,
        certificates={**known(good.certificates), stranger.certificate_id: stranger},
    )
    no_signer = replace(good, ca_certificates=both, local=LocalFiles(), things={})
    for inventory in (two_signers, no_signer):
        (finding,) = run_control("DIC-CA-01", inventory, good_settings(mode="audit"), NOW)
        assert (finding.status, finding.reason) == (Status.FAIL, "ambiguous")
        assert "ca.certificate_id" in finding.expected


def test_another_ca_of_the_account_is_never_taken_for_ours_while_onboarding():
    """A fresh onboarding in an account with a CA: absent until CA.crt itself is registered."""
    other = ca_record(material().other_ca)
    for local in (LocalFiles(), known(good_inventory().local)):
        inventory = replace(empty_account(), ca_certificates={other.certificate_id: other}, local=local)
        (finding,) = run_control("DIC-CA-01", inventory, good_settings(), NOW)
        assert (finding.status, finding.reason) == (Status.FAIL, "absent")


def test_a_policy_on_a_thing_group_is_not_known_to_reach_the_device():
    """Membership was not read, so nobody knows: UNREADABLE, neither PASS nor FAIL."""
    good = good_inventory()
    (policy,) = known(good.policies).values()
    grouped = replace(policy, targets=frozenset({f"{PREFIX}:thinggroup/devices"}))
    findings = run_control("DIC-CRT-05", replace(good, policies={policy.name: grouped}), good_settings(), NOW)
    assert {one.status for one in findings} == {Status.UNREADABLE}


def test_of_two_certificates_the_active_one_is_judged_in_an_audit():
    """Rotation: the old certificate is inactive and still attached."""
    good = good_inventory()
    old = replace(certificate_record(material().stranger, material().ca), status="INACTIVE")
    things = dict(known(good.things))
    things[DEVICE] = replace(things[DEVICE], principals=(str(old.arn), *known(things[DEVICE].principals)))
    inventory = replace(
        good,
        things=things,
        certificates={old.certificate_id: old, **known(good.certificates)},
        local=LocalFiles(),
    )
    findings = run_control("DIC-CRT-04", inventory, good_settings(mode="audit"), NOW)
    assert {one.status for one in findings} == {Status.PASS}
    assert worst(run_control("DIC-CRT-07", inventory, good_settings(mode="audit"), NOW)) is Status.FAIL


def test_a_certificate_that_is_attached_but_was_not_read_is_unreadable():
    """A principal without a record is a hole in the inventory, not an absence in the account."""
    inventory = replace(good_inventory(), certificates={}, local=LocalFiles())
    findings = run_control("DIC-CRT-04", inventory, good_settings(mode="audit"), NOW)
    assert {one.status for one in findings} == {Status.UNREADABLE}


def test_a_stand_in_root_is_accepted_offline_and_recorded():
    """Offline the endpoint presents a stand-in root; on AWS itself that is a FAIL."""
    root = material().other_ca.certificate
    inventory = replace(good_inventory(), server_root_pem=root.pem, probe=root.certificate_id)
    (offline,) = run_control("DIC-SRV-02", inventory, good_settings(), NOW)
    assert offline.status is Status.PASS
    assert "stands in" in offline.deviation
    (real,) = run_control("DIC-SRV-02", inventory, good_settings(target="aws"), NOW)
    assert real.status is Status.FAIL
    (unverified,) = run_control("DIC-SRV-02", replace(inventory, probe=""), good_settings(), NOW)
    assert (unverified.status, unverified.observed) == (Status.FAIL, "not verified")
    unseen = Unread("probe", "ConnectionRefused", "nothing listens")
    (unread,) = run_control("DIC-SRV-02", replace(inventory, probe=unseen), good_settings(), NOW)
    assert unread.status is Status.UNREADABLE


def test_a_stand_in_root_in_the_explorers_profile_is_accepted_offline_and_recorded():
    """The same for EXP-6 and for the firmware's certificate source."""
    root = material().other_ca.certificate
    good = good_inventory()
    profile = replace(known(good.explorer), server_certificate=root.pem)
    inventory = replace(good, explorer=profile, server_root_pem=root.pem)
    findings = run_control("DIC-EXP-07", inventory, good_settings(), NOW)
    assert {one.status for one in findings} == {Status.PASS}
    assert [one.deviation for one in findings if one.deviation]
    assert worst(run_control("DIC-EXP-07", inventory, good_settings(target="aws"), NOW)) is Status.FAIL


def test_a_second_ca_of_our_subject_is_a_hardening_fail():
    """People tell CAs by their subject."""
    from dicfix.certificates import make_ca

    twin = ca_record(make_ca("/O=dicfix/CN=DIC CA", now=NOW))
    good = good_inventory()
    both = replace(good, ca_certificates={**known(good.ca_certificates), twin.certificate_id: twin})
    assert worst(run_control("DIC-CA-07", good, good_settings(), NOW)) is Status.PASS
    assert worst(run_control("DIC-CA-07", both, good_settings(), NOW)) is Status.FAIL


def test_a_version_1_certificate_with_its_cas_subject_is_a_hardening_fail():
    """What the guide's commands give when the same answers are typed twice."""
    from defects import another_client_certificate

    from dicfix.certificates import issue_client

    spoilt = another_client_certificate(
        DEVICE, lambda: issue_client(material().ca, "/O=dicfix/CN=DIC CA", now=NOW, version=1, same_subject=True)
    )(good_inventory())
    findings = run_control("DIC-HRD-16", spoilt, good_settings(), NOW)
    wrong = [one.observed for one in findings if one.status is Status.FAIL]
    assert wrong == ["subject equals issuer, version 1"]
    assert worst(run_control("DIC-PKI-04", spoilt, good_settings(), NOW)) is Status.PASS


@pytest.mark.parametrize(
    ("control_id", "spoil", "expected"),
    [
        ("DIC-CA-06", lambda one: replace(one, caller=Caller("210987654321", "arn", REGION)), Status.FAIL),
        ("DIC-FIT-02", lambda one: replace(one, endpoint=f"{'a' * 43}.example.org"), Status.FAIL),
        ("DIC-FIT-02", lambda one: replace(one, endpoint=f"{'a' * 42}.example.org"), Status.PASS),
    ],
)
def test_limits_hold_to_the_byte(control_id, spoil, expected):
    """A host name of 54 bytes fits, one of 55 does not."""
    assert worst(run_control(control_id, spoil(good_inventory()), good_settings(), NOW)) is expected


@pytest.mark.parametrize(("length", "expected"), [(29, Status.PASS), (30, Status.FAIL)])
def test_a_thing_name_of_29_characters_fits_the_firmware(length, expected):
    """Its buffer has 30 bytes, the terminating zero included."""
    settings = good_settings(devices=("x" * length,))
    assert worst(run_control("DIC-FIT-01", Inventory(), settings, NOW)) is expected


def test_the_firmware_of_2023_06_has_no_fixed_buffers():
    """Its limits do not apply."""
    settings = good_settings("2023-06", devices=("x" * 128,))
    findings = run_control("DIC-FIT-01", Inventory(), settings, NOW)
    assert {one.status for one in findings} == {Status.NOT_APPLICABLE}


def test_an_rsa_key_and_a_second_root_have_no_room_in_the_firmware():
    """FIT-03 and FIT-04."""
    from defects import spoil_files, spoil_local

    from dicfix.trust import amazon_root_ca_1

    rsa = spoil_files(DEVICE, key_kind="RSA 2048")(good_inventory())
    assert worst(run_control("DIC-FIT-03", rsa, good_settings(), NOW)) is Status.FAIL
    two = spoil_local(server_certificate_pem=amazon_root_ca_1().pem * 2)(good_inventory())
    (finding,) = run_control("DIC-FIT-04", two, good_settings(), NOW)
    assert finding.status is Status.FAIL
    assert "too many" in finding.observed


@pytest.mark.parametrize(("edition", "expected"), [("2023-08", Status.FAIL), ("2024-04", Status.PASS)])
def test_the_guides_own_ca_mode_decides_whether_the_firmware_can_connect(edition, expected):
    """Multi-account mode needs SNI, which the published firmware does not send."""
    assert worst(run_control("DIC-FIT-08", good_inventory(edition), good_settings(edition), NOW)) is expected


def test_keep_alive_is_that_of_the_live_session_or_of_the_firmware():
    """0 s is a FAIL, seen live or known of the firmware."""
    from defects import spoil_session

    good = good_inventory()
    live = good
    for name in ("SQA_DIC_C2", "SQA_DIC_C3"):
        live = spoil_session(name, keep_alive_s=60)(live)
    assert worst(run_control("DIC-FIT-12", live, good_settings(), NOW)) is Status.PASS
    findings = run_control("DIC-FIT-12", replace(good, sessions={}), good_settings(), NOW)
    assert {one.status for one in findings} == {Status.FAIL}
    assert "firmware 2023-08" in findings[0].observed


def test_the_explorers_default_subscription_under_sys_is_a_fit_fail():
    """AWS IoT ends the connection for it."""
    from defects import spoil_profile

    from dicfix.mqtt.profile import DEFAULT_TOPICS, Subscription

    spoilt = spoil_profile(subscriptions=tuple(Subscription(one) for one in DEFAULT_TOPICS))(good_inventory())
    (finding,) = run_control("DIC-FIT-15", spoilt, good_settings(), NOW)
    assert (finding.status, finding.observed) == (Status.FAIL, "$SYS/#")


def test_the_explorers_certificate_may_not_be_shared_with_a_device():
    """CRT-07: who shares a certificate shares an identity."""
    from defects import explorer_shares_the_devices_set

    spoilt = explorer_shares_the_devices_set(good_inventory())
    findings = run_control("DIC-CRT-07", spoilt, good_settings(), NOW)
    assert {one.resource for one in findings if one.status is Status.FAIL} == {DEVICE, EXPLORER}


def test_a_certificate_of_another_mode_than_its_ca_is_a_hardening_fail():
    """CRT-06."""
    from defects import spoil_certificate

    spoilt = spoil_certificate(DEVICE, mode="DEFAULT")(good_inventory())
    findings = run_control("DIC-CRT-06", spoilt, good_settings(), NOW)
    assert [one.status for one in findings] == [Status.FAIL, Status.PASS]


def test_the_newest_policy_version_should_be_the_default():
    """POL-03."""
    from defects import spoil_policy

    spoilt = spoil_policy(version_ids=("1", "2", "10"), default_version_id="2")(good_inventory())
    (finding,) = run_control("DIC-POL-03", spoilt, good_settings(), NOW)
    assert finding.status is Status.FAIL
    assert "version 10" in finding.expected


def test_no_finding_holds_key_material():
    """Neither PEM blocks nor keys reach a report."""
    for mode in ("onboard", "audit"):
        for one in CONTROLS:
            for finding in run_control(one, good_inventory("2024-04"), good_settings("2024-04", mode), NOW):
                assert "BEGIN" not in repr(finding)


def test_the_records_of_the_build_never_show_its_key():
    """Header and certificate source hold the device's key, and a repr may reach a report."""
    for edition in EDITIONS:
        assert "PRIVATE KEY" not in repr(good_inventory(edition))


@pytest.mark.parametrize("control_id", ["DIC-CRT-01", "DIC-CRT-02", "DIC-CRT-03", "DIC-CRT-04", "DIC-CRT-05"])
def test_a_device_to_update_is_judged_although_it_is_none_of_the_devices(control_id):
    """A certificate of a thing in [ota] devices alone is judged like a device's, where that thing exists."""
    settings = good_settings(mode="audit", devices=(DEVICE,), ota_devices=(DEVICE, SECOND, "no_such_thing"))
    good = good_inventory()
    findings = run_control(control_id, good, settings, NOW)
    assert [(one.resource, one.status) for one in findings] == [(DEVICE, Status.PASS), (SECOND, Status.PASS)]
    bare = {**known(good.things), SECOND: replace(known(good.things)[SECOND], principals=())}
    findings = run_control(control_id, replace(good, things=bare, local=LocalFiles()), settings, NOW)
    assert [one.status for one in findings if one.resource == SECOND] != [Status.PASS]


def test_an_edition_without_updates_judges_the_devices_alone():
    settings = good_settings("2023-06", mode="audit", devices=(DEVICE,), ota_devices=(SECOND,))
    findings = run_control("DIC-CRT-04", good_inventory("2023-06"), settings, NOW)
    assert [one.resource for one in findings] == [DEVICE]


@pytest.mark.parametrize("control_id", ["DIC-HRD-05", "DIC-CRT-07"])
def test_a_fleet_that_shares_one_certificate_is_told_in_short_findings(control_id):
    """Each finding names a few of the others and counts the rest: the report does not grow with the square."""
    good = good_inventory()
    names = [f"DIC_{number:04d}" for number in range(500)]
    arn = known(good.things)[DEVICE].principals
    things = {**known(good.things), **{one: Thing(one, f"{PREFIX}:thing/{one}", arn) for one in names}}
    settings = good_settings(mode="audit", devices=tuple(names))
    findings = run_control(control_id, replace(good, things=things, local=LocalFiles()), settings, NOW)
    shared = [one for one in findings if one.resource in set(names)]
    assert len(shared) == len(names)
    assert {one.status for one in shared} == {Status.FAIL}
    assert max(len(one.observed) for one in shared) < 150
    assert all("more" in one.observed for one in shared)
