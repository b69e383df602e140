"""Findings become entries with an identity that lasts; three axes and one exit code are their verdict."""

from __future__ import annotations

from dataclasses import replace

import pytest
from audit_world import DENIED, INACTIVE, JUDGED, audited, bad_inventory, denied_inventory, inventory, of, with_status
from onboarded import ACCOUNT, DEVICE, NOW, REGION, SECOND, good_settings

from dicfix.audit.evidence import Evidence
from dicfix.audit.identity import Place, as_json, entries_of, from_json, hash_of, safe, uid_of
from dicfix.audit.outputs import junit
from dicfix.audit.run import Choices, chosen_controls, needs_of, place_of, run_controls, stamp
from dicfix.audit.verdict import Outcome, breaks_at, thresholds
from dicfix.controls import CONTROLS
from dicfix.errors import GuardRefused, UsageError
from dicfix.findings import Axis, Finding, Severity, Status
from dicfix.records import NOT_ASKED, Inventory

PLACE = Place(ACCOUNT, REGION, "arn:aws:iam::123456789012:user/tester")


def line(result, axis):
    return next(one for one in result.verdict.axes if one.axis is axis)


def test_every_control_of_every_axis_is_judged():
    result = audited(choices=Choices())
    assert {one.control for one in result.entries} == set(CONTROLS)
    assert len({one.uid for one in result.entries}) == len(result.entries)


def test_a_good_account_passes_on_the_guide_axis_and_the_run_is_ok():
    result = audited()
    assert line(result, Axis.GUIDE).outcome is Outcome.PASS
    assert result.verdict.exit_code == 0
    assert [one.axis for one in result.verdict.axes] == [Axis.GUIDE, Axis.FIT, Axis.HARDENING]


def test_the_firmwares_own_troubles_show_on_the_fit_axis_and_do_not_fail_the_run():
    fit = line(audited(), Axis.FIT)
    assert fit.outcome is Outcome.FAIL
    assert "DIC-FIT-08" in fit.failing
    assert not fit.breaks
    assert "--fail-on fit=never" in fit.sentence()


def test_a_fail_of_the_guide_axis_fails_the_run():
    result = audited(bad_inventory())
    assert line(result, Axis.GUIDE).outcome is Outcome.FAIL
    assert INACTIVE in line(result, Axis.GUIDE).failing
    assert result.verdict.exit_code == 1


def test_what_could_not_be_read_leaves_the_run_incomplete_and_is_nowhere_a_pass():
    result = audited(denied_inventory())
    assert result.verdict.exit_code == 3
    assert line(result, Axis.GUIDE).outcome is Outcome.INCOMPLETE
    entry = next(iter(of(result, "DIC-CA-03").values()))
    assert entry.status is Status.UNREADABLE
    assert "needs iot:DescribeCACertificate" in entry.observed


@pytest.mark.parametrize("axis", list(Axis))
def test_what_could_not_be_read_is_incomplete_whatever_axis_it_is_on(axis):
    given = replace(inventory(), ca_certificates=DENIED, things=DENIED)
    result = audited(given, Choices(axes=(axis,), fail_on=thresholds("guide=never")))
    assert result.verdict.exit_code == 3


def test_a_fail_outranks_what_could_not_be_read():
    bad = bad_inventory()
    assert audited(replace(bad, policies=DENIED)).verdict.exit_code == 1


def test_a_mistake_in_a_control_leaves_the_run_incomplete_and_is_no_fail(monkeypatch):
    """Exit code 3, the other controls are judged as ever, and JUnit shows an error instead of a failure."""

    def broken(_look):
        raise KeyError("x")
        yield

    controls = {**CONTROLS, "DIC-CA-03": replace(CONTROLS["DIC-CA-03"], judgement=broken)}
    monkeypatch.setattr("dicfix.audit.run.CONTROLS", controls)
    monkeypatch.setattr("dicfix.controls.registry.CONTROLS", controls)
    result = audited(inventory())
    (told,) = of(result, "DIC-CA-03").values()
    assert (told.status, told.reason) == (Status.UNREADABLE, "broken")
    assert "mistake in dicfix itself (KeyError in test_audit_run.py" in told.observed
    assert {one.control for one in result.entries if one.status is Status.UNREADABLE} == {"DIC-CA-03"}
    assert result.verdict.exit_code == 3
    assert 'errors="1"' in "".join(junit.lines_of([result]))


def test_an_inventory_of_which_nothing_was_read_is_never_ok():
    result = audited(Inventory(caller=inventory().caller))
    assert result.verdict.exit_code in (1, 3)
    passed = {one.control for one in result.entries if one.status is Status.PASS}
    read = ("DIC-CA-", "DIC-CRT-", "DIC-POL-", "DIC-THG-", "DIC-OTA-", "DIC-OTP-")
    assert [one for one in passed if one.startswith(read)] == []


def test_an_axis_that_is_not_chosen_is_not_judged():
    result = audited(bad_inventory(), Choices(axes=(Axis.FIT,)))
    assert {one.axis for one in result.entries} == {Axis.FIT}
    assert line(result, Axis.GUIDE).outcome is Outcome.NOT_JUDGED
    assert result.verdict.exit_code == 0


def test_no_axis_at_all_is_a_usage_error():
    with pytest.raises(UsageError, match="no control is chosen"):
        chosen_controls(())


def test_the_needs_are_those_of_the_controls_without_repetition():
    needs = needs_of(chosen_controls())
    assert len(needs) == len(set(needs))
    assert set(needs) == {need for one in CONTROLS.values() for need in one.needs}


def test_controls_are_judged_as_in_an_audit_whatever_the_settings_say():
    onboarding = run_controls(inventory(), good_settings(), NOW)
    assert onboarding == run_controls(inventory(), good_settings(mode="audit"), NOW)


def test_manual_findings_leave_a_run_incomplete_only_when_evidence_is_asked_for():
    given = replace(inventory(), probe=NOT_ASKED, sessions=NOT_ASKED)
    without = audited(given)
    assert line(without, Axis.GUIDE).open_manual > 0
    assert without.verdict.exit_code == 0
    asked = audited(given, replace(JUDGED, evidence=()))
    assert line(asked, Axis.GUIDE).outcome is Outcome.INCOMPLETE
    assert asked.verdict.exit_code == 3


def test_evidence_for_every_manual_finding_makes_the_run_whole():
    given = replace(inventory(), probe=NOT_ASKED)
    manual = {one.control for one in audited(given).entries if one.status is Status.MANUAL}
    pieces = tuple(
        Evidence(f"item {n}", one, "Ada", NOW.date(), "photo.png", "0" * 64, NOW.date()) for n, one in enumerate(manual)
    )
    result = audited(given, replace(JUDGED, evidence=pieces))
    assert result.verdict.exit_code == 0
    assert {one.status for one in result.entries if one.control in manual} == {Status.MANUAL}, "never a PASS"


def test_the_wrong_account_is_refused_before_anything_is_judged():
    with pytest.raises(GuardRefused, match="account 123456789012"):
        audited(settings=good_settings(mode="audit", account="210987654321"))


def test_an_account_that_nobody_knows_is_refused():
    with pytest.raises(GuardRefused, match="whose account"):
        place_of(Inventory(), good_settings())
    with pytest.raises(GuardRefused, match="whose account"):
        audited(replace(inventory(), caller=DENIED))


# Identity


def test_a_uid_depends_on_control_account_region_and_resource_alone():
    before, after = of(audited(), INACTIVE)[DEVICE], of(audited(bad_inventory(), days=9), INACTIVE)[DEVICE]
    assert before.uid == after.uid == uid_of(INACTIVE, ACCOUNT, REGION, DEVICE)
    assert before.observed_hash != after.observed_hash
    others = {uid_of("DIC-CA-01", ACCOUNT, REGION, DEVICE), uid_of(INACTIVE, "0" * 12, REGION, DEVICE),
              uid_of(INACTIVE, ACCOUNT, "eu-west-2", DEVICE), uid_of(INACTIVE, ACCOUNT, REGION, SECOND)}  # fmt: skip
    assert len(others | {before.uid}) == 5


def test_parts_of_an_identity_do_not_run_into_each_other():
    assert uid_of("A", "B", "C", "D") != uid_of("A", "B", "CD", "")


def test_findings_of_one_control_and_resource_become_one_entry_with_the_worst_status():
    findings = [
        Finding(INACTIVE, Status.PASS, "x", "ACTIVE", "ACTIVE"),
        Finding(INACTIVE, Status.FAIL, "x", "ACTIVE", "INACTIVE"),
        Finding(INACTIVE, Status.FAIL, "x", "ACTIVE", "REVOKED"),
    ]
    (entry,) = entries_of(findings, PLACE, {}, stamp(NOW))
    assert (entry.status, entry.observed, entry.expected) == (Status.FAIL, "INACTIVE; REVOKED", "ACTIVE")


def test_first_seen_is_since_when_a_finding_has_its_status():
    first = audited(bad_inventory())
    second = audited(bad_inventory(), before=first.as_run(), days=1)
    third = audited(before=second.as_run(), days=2)
    assert of(second, INACTIVE)[DEVICE].first_seen == of(first, INACTIVE)[DEVICE].first_seen == stamp(first.started)
    assert of(second, INACTIVE)[DEVICE].last_seen == stamp(second.started)
    assert of(third, INACTIVE)[DEVICE].first_seen == stamp(third.started)


def test_things_policies_and_cas_have_their_arn():
    result = audited()
    assert of(result, INACTIVE)[DEVICE].arn == f"arn:aws:iot:{REGION}:{ACCOUNT}:thing/{DEVICE}"
    assert next(iter(of(result, "DIC-CA-03").values())).arn.startswith(f"arn:aws:iot:{REGION}:{ACCOUNT}:cacert/")


@pytest.mark.parametrize(
    ("control", "resource", "arn", "told"),
    [
        (
            "DIC-CA-03",
            "CA",
            f"arn:aws:iot:{REGION}:{ACCOUNT}:cacert/abc",
            "update-ca-certificate --certificate-id abc ",
        ),
        ("DIC-THG-01", "pump", f"arn:aws:iot:{REGION}:{ACCOUNT}:thing/pump", "create-thing --thing-name pump"),
        ("DIC-CRT-04", "pump", f"arn:aws:iot:{REGION}:{ACCOUNT}:thing/pump", "--certificate-id <id>"),
        ("DIC-THG-01", "pump", "", "--thing-name <name>"),
    ],
)
def test_a_remedy_names_its_resource_where_it_is_known_and_is_what_is_asked_for(control, resource, arn, told):
    finding = Finding(control, Status.FAIL, resource, "a", "b", CONTROLS[control].remedy)
    (entry,) = entries_of([finding], Place(ACCOUNT, REGION), {resource: arn}, "2026-01-01T00:00:00Z")
    assert told in entry.remedy


def test_an_entry_survives_being_written():
    for entry in audited(denied_inventory()).entries:
        assert from_json(as_json(entry), "a line") == entry


@pytest.mark.parametrize("field", ["uid", "status", "axis", "severity", "clauses", "observed"])
@pytest.mark.parametrize("value", [None, 7, "nonsense", ["a", 3]])
def test_a_row_that_is_no_entry_is_refused_with_its_place(field, value):
    if (field, value) in (("uid", "nonsense"), ("observed", "nonsense")):
        value = {}
    row = {**as_json(audited().entries[0]), field: value}
    with pytest.raises(UsageError, match=r"line 7 is no finding of dicfix"):
        from_json(row, "findings.jsonl, line 7")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("plain words", "plain words"),
        ("two\nlines\tand \x1b[31mred\x00", "two lines and  [31mred "),
        ("right \u202eto left \ud800", "right  to left  "),
        ("-----BEGIN EC " + "PRIVATE KEY-----\nMHc\n-----END EC " + "PRIVATE KEY----- after", "<private key> after"),
        ("-----BEGIN " + "PRIVATE KEY-----\ncut short", "<private key>"),
    ],
)
def test_nothing_secret_or_unprintable_is_told(text, told):
    assert safe(text) == told


def test_the_users_folder_is_not_told(monkeypatch):
    monkeypatch.setattr("dicfix.audit.identity._home", lambda: "/ho" + "me/ada")
    assert safe("/ho" + "me/ada/certificates/CA.crt is missing") == "~/certificates/CA.crt is missing"


def test_hashes_are_short_and_differ():
    assert len(hash_of("INACTIVE")) == 16
    assert hash_of("INACTIVE") != hash_of("ACTIVE")


# Levels


@pytest.mark.parametrize(
    ("level", "severities"),
    [
        ("never", set()),
        ("critical", {Severity.BLOCKER}),
        ("high", {Severity.BLOCKER, Severity.CRITICAL}),
        ("medium", {Severity.BLOCKER, Severity.CRITICAL, Severity.NORMAL}),
        ("low", set(Severity)),
        ("blocker", {Severity.BLOCKER}),
        ("normal", {Severity.BLOCKER, Severity.CRITICAL, Severity.NORMAL}),
        ("minor", set(Severity) - {Severity.TRIVIAL}),
    ],
)
def test_a_level_means_these_severities(level, severities):
    assert breaks_at(level) == severities


def test_an_axis_that_is_not_named_keeps_its_level():
    assert thresholds() == {Axis.GUIDE: "low", Axis.FIT: "never", Axis.HARDENING: "never"}
    assert thresholds("fit=high") == {Axis.GUIDE: "low", Axis.FIT: "high", Axis.HARDENING: "never"}


@pytest.mark.parametrize(
    "text", ["guide", "guide=", "guide=loud", "speed=low", "guide=low,guide=high", "guide=low,", "="]
)
def test_a_level_that_is_none_is_a_usage_error(text):
    with pytest.raises(UsageError, match="--fail-on has"):
        thresholds(text)


@pytest.mark.parametrize(("levels", "code"), [("guide=never", 0), ("guide=critical", 0), ("guide=high", 1)])
def test_the_level_decides_whether_a_fail_fails_the_run(levels, code):
    assert CONTROLS[INACTIVE].severity is Severity.CRITICAL
    broken = {c.control for c in audited(bad_inventory()).entries if c.status is Status.FAIL and c.axis is Axis.GUIDE}
    assert {CONTROLS[one].severity for one in broken} == {Severity.CRITICAL}
    assert (
        audited(with_status("INACTIVE", DEVICE), replace(JUDGED, fail_on=thresholds(levels))).verdict.exit_code == code
    )


def test_a_long_observation_is_told_in_part_and_hashed_in_full():
    texts = ["x" * 5000 + end for end in "ab"]
    findings = [Finding(INACTIVE, Status.FAIL, text[-1], "ACTIVE", text) for text in texts]
    first, second = entries_of(findings, PLACE, {}, stamp(NOW))
    assert first.observed == second.observed
    assert first.observed.endswith("x... (4,001 more characters)")
    assert len(first.observed) < 1100
    assert first.observed_hash != second.observed_hash
