"""Waivers and evidence: strictly read, still evaluated, never for what nobody read, told when they no longer hold."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest
from audit_world import (
    INACTIVE,
    JUDGED,
    TODAY,
    audited,
    bad_inventory,
    denied_inventory,
    inventory,
    of,
    waiver_text,
    with_status,
    written,
)
from onboarded import DEVICE, SECOND

from dicfix.audit import waivers as waivers_of
from dicfix.audit.evidence import is_closed, read_evidence
from dicfix.audit.waivers import Trouble, Waiver, draft, lint, read_waivers, unwaived
from dicfix.errors import UsageError
from dicfix.findings import Status
from dicfix.records import NOT_ASKED


@pytest.fixture
def waivers(tmp_path):
    """Reads a file with one waiver, its fields changed."""

    def read(**changes):
        return read_waivers(written(tmp_path / "waivers.yaml", waiver_text(**changes)), TODAY)

    return read


def audited_with(waivers, given=None, **more):
    return audited(bad_inventory() if given is None else given, replace(JUDGED, waivers=waivers), **more)


def troubles(result):
    return {doubt.trouble for doubt in result.waivers.doubts}


# In force


def test_a_waived_fail_is_waived_with_its_decision_and_the_other_still_fails(waivers):
    result = audited_with(waivers())
    entries = of(result, INACTIVE)
    assert entries[DEVICE].status is Status.WAIVED
    assert entries[DEVICE].observed == "INACTIVE", "it is still evaluated"
    assert "switched off" in entries[DEVICE].note
    assert entries[SECOND].status is Status.FAIL
    assert result.verdict.exit_code == 1
    assert troubles(result) == set()


def test_a_run_whose_every_fail_is_waived_is_ok(tmp_path):
    given = with_status("INACTIVE", DEVICE)
    text = draft(audited(given).entries, TODAY).replace("justification:", "justification: known to everybody")
    waivers = read_waivers(written(tmp_path / "w.yaml", text.replace("approver:", "approver: Ada")), TODAY)
    result = audited_with(waivers, given)
    assert [one for one in result.entries if one.status is Status.FAIL] == []
    assert result.verdict.exit_code == 0


@pytest.mark.parametrize("pattern", ["*", "SQA_*", "SQA_DIC_C[23]", "arn:aws:iot:*:thing/SQA_*"])
def test_a_pattern_matches_names_and_arns(waivers, pattern):
    result = audited_with(waivers(resource=f"'{pattern}'"))
    assert {one.status for one in of(result, INACTIVE).values()} == {Status.WAIVED}


@pytest.mark.parametrize(
    "changes", [{"account": '"210987654321"'}, {"control": "DIC-CRT-05"}, {"resource": "sqa_dic_c2"}]
)
def test_another_account_control_or_resource_is_not_waived(waivers, changes):
    result = audited_with(waivers(**changes))
    assert of(result, INACTIVE)[DEVICE].status is Status.FAIL
    assert troubles(result) == {Trouble.UNUSED}


def test_several_observations_may_be_waived(waivers):
    seen = [
        f'"{of(audited(given), INACTIVE)[DEVICE].observed_hash}"' for given in (bad_inventory(), with_status("REVOKED"))
    ]
    both = waivers(observed=f"[{', '.join(seen)}]")
    assert of(audited_with(both), INACTIVE)[DEVICE].status is Status.WAIVED
    assert of(audited_with(both, with_status("REVOKED")), INACTIVE)[DEVICE].status is Status.WAIVED


# No longer


def test_a_waiver_ends_with_its_last_day_and_the_old_reason_is_shown(waivers):
    given = waivers(expires=(TODAY + timedelta(days=3)).isoformat())
    assert of(audited_with(given, days=3), INACTIVE)[DEVICE].status is Status.WAIVED
    late = audited_with(given, days=4)
    assert of(late, INACTIVE)[DEVICE].status is Status.FAIL
    assert "expired" in of(late, INACTIVE)[DEVICE].note
    assert "switched off" in of(late, INACTIVE)[DEVICE].note
    assert troubles(late) == {Trouble.EXPIRED}


def test_a_waiver_lapses_when_what_is_observed_changes(waivers):
    result = audited_with(waivers(), with_status("REVOKED"))
    assert of(result, INACTIVE)[DEVICE].status is Status.FAIL
    assert troubles(result) == {Trouble.LAPSED}
    assert "lapsed" in of(result, INACTIVE)[DEVICE].note


def test_a_waiver_of_what_passes_is_unused(waivers):
    assert troubles(audited_with(waivers(), inventory())) == {Trouble.UNUSED}


def test_a_waiver_of_an_unknown_control_is_told(waivers):
    assert troubles(audited_with(waivers(control="DIC-CRT-99"))) == {Trouble.UNKNOWN}


def test_what_could_not_be_read_cannot_be_waived(tmp_path):
    result = audited(denied_inventory())
    entry = next(iter(of(result, "DIC-CA-03").values()))
    text = waiver_text(control="DIC-CA-03", resource="'*'", observed=f'"{entry.observed_hash}"')
    waived = audited_with(read_waivers(written(tmp_path / "w.yaml", text), TODAY), denied_inventory())
    assert next(iter(of(waived, "DIC-CA-03").values())).status is Status.UNREADABLE
    assert troubles(waived) == {Trouble.UNREADABLE}
    assert waived.verdict.exit_code == 3


def test_waivers_that_end_within_a_fortnight_are_told(waivers):
    near, far = (waivers(expires=(TODAY + timedelta(days=days)).isoformat()) for days in (14, 15))
    assert audited_with(near).waivers.ending_soon == near
    assert audited_with(far).waivers.ending_soon == ()


# Malformed

OTHER_DIGITS = '"' + "\N{FULLWIDTH DIGIT ONE}" * 12 + '"'
WRONG = {
    "no justification": ({"justification": None}, "no justification"),
    "an empty justification": ({"justification": "''"}, "says something"),
    "a short justification": ({"justification": "because"}, "says something"),
    "no approver": ({"approver": None}, "no approver"),
    "a blank approver": ({"approver": "' '"}, "says something"),
    "no expiry": ({"expires": None}, "no expires"),
    "an endless expiry": ({"expires": "2099-01-01"}, "within a year"),
    "no date": ({"expires": "soon"}, "a date such as"),
    "a moment": ({"expires": "2026-02-01T10:00:00"}, "a date such as"),
    "a number as date": ({"expires": "20260201"}, "a date such as"),
    "no day of the calendar": ({"expires": "2026-02-30"}, "is no YAML"),
    "no observation": ({"observed": None}, "no observed"),
    "a short hash": ({"observed": "'abc'"}, "16 hexadecimal digits"),
    "an empty list of hashes": ({"observed": "[]"}, "a text, or a list"),
    "an account that is a number": ({"account": "123456789012"}, "in quotes"),
    "an account of eleven digits": ({"account": '"12345678901"'}, "twelve digits"),
    "every account": ({"account": '"*"'}, "twelve digits"),
    "other digits": ({"account": OTHER_DIGITS}, "twelve digits"),
    "an unknown field": ({"until": "2026-02-01"}, "unknown field 'until'"),
    "a control that is a list": ({"control": "[DIC-CA-01]"}, "a text"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_malformed_waiver_is_one_error_that_names_it(waivers, name):
    changes, told = WRONG[name]
    with pytest.raises(UsageError, match=told) as caught:
        waivers(**changes)
    assert caught.value.exit_code == 2
    assert "waivers.yaml" in str(caught.value)


FILES = {
    "empty": "",
    "a list at the top": "- control: DIC-CA-01\n",
    "another key": "waiver:\n  - control: DIC-CA-01\n",
    "two keys": "waivers: []\nmore: 1\n",
    "no list": "waivers: 7\n",
    "no YAML": "waivers: [",
    "tabs": "waivers:\n\t- control: x\n",
    "an item that is a text": "waivers:\n  - DIC-CA-01\n",
    "a key twice": "waivers:\n  - control: a\n    control: b\n",
    "the top key twice": "waivers: []\nwaivers: []\n",
    "an alias": "waivers:\n  - &a {control: x}\n  - *a\n",
    "a tag": "waivers:\n  - !!python/object/apply:os.system ['true']\n",
    "two documents": "waivers: []\n---\nwaivers: []\n",
    "a key that is a list": "waivers:\n  - ? [a]\n    : b\n",
    "very deep": "waivers: " + "[" * 5000,
    "a control character": "waivers: [\x07]\n",
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_holds_no_waivers_is_one_clear_error(tmp_path, name):
    path = written(tmp_path / "waivers.yaml", FILES[name])
    with pytest.raises(UsageError, match=r"waivers\.yaml"):
        read_waivers(path, TODAY)


def test_a_file_that_cannot_be_read_is_one_clear_error(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        read_waivers(tmp_path / "gone.yaml", TODAY)
    with pytest.raises(UsageError, match="cannot be read"):
        read_waivers(tmp_path, TODAY)
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00\xd8")
    with pytest.raises(UsageError, match="not UTF-8"):
        read_waivers(tmp_path / "binary.yaml", TODAY)
    (tmp_path / "huge.yaml").write_bytes(b"#" * 1_000_001)
    with pytest.raises(UsageError, match="larger than"):
        read_waivers(tmp_path / "huge.yaml", TODAY)


def test_no_waivers_at_all_is_a_file_too(tmp_path):
    assert read_waivers(written(tmp_path / "w.yaml", "waivers: []\n"), TODAY) == ()


# Lint and draft


def test_lint_finds_unknown_and_expired_waivers_without_an_audit(waivers):
    good, unknown = waivers(), waivers(control="DIC-XX-01")
    past = waivers(expires=(TODAY - timedelta(days=1)).isoformat())
    assert lint(good, TODAY) == ()
    assert [one.trouble for one in lint((*unknown, *past), TODAY)] == [Trouble.UNKNOWN, Trouble.EXPIRED]


def test_lint_of_findings_that_were_waived_finds_the_waiver_used(waivers):
    kept = audited_with(waivers()).entries
    assert waivers_of.apply(unwaived(kept), waivers(), TODAY)[1].doubts == ()


def test_a_draft_waives_what_it_was_drafted_from_once_it_is_completed(tmp_path):
    entries = [one for one in audited(bad_inventory()).entries if one.control == INACTIVE]
    text = draft(entries, TODAY + timedelta(days=90))
    with pytest.raises(UsageError, match="no justification and no approver"):
        read_waivers(written(tmp_path / "w.yaml", text), TODAY)
    done = text.replace("justification:", "justification: it is in a drawer").replace("approver:", "approver: Ada")
    result = audited_with(read_waivers(written(tmp_path / "w.yaml", done), TODAY))
    assert {one.status for one in of(result, INACTIVE).values()} == {Status.WAIVED}


@pytest.mark.parametrize("resource", ["it's *one*", "[a]?", 'a "b" # c', "arn:aws:x"])
def test_a_draft_names_the_one_resource_whatever_it_is_called(tmp_path, resource):
    entry = replace(of(audited(bad_inventory()), INACTIVE)[DEVICE], resource=resource, arn="")
    text = draft([entry], TODAY).replace("justification:", "justification: it is in a drawer")
    (waiver,) = read_waivers(written(tmp_path / "w.yaml", text.replace("approver:", "approver: Ada")), TODAY)
    assert waiver.concerns(entry)
    assert not waiver.concerns(replace(entry, resource="itXs Aone*"))


def test_nothing_to_waive_is_a_usage_error():
    with pytest.raises(UsageError, match="no FAIL to waive"):
        draft([one for one in audited().entries if one.status is Status.PASS], TODAY)


def test_a_doubt_tells_where_and_what_was_decided():
    waiver = Waiver("w.yaml, waiver 1", "DIC-CA-01", "*", "1" * 12, "in a drawer", "Ada", ("0" * 16,), TODAY)
    text = waivers_of.Doubt(waiver, Trouble.LAPSED, tuple("abcdefg")).sentence()
    assert "w.yaml, waiver 1" in text
    assert "(a, b, c, d, e, ...)" in text
    assert "in a drawer (Ada, until 2026-01-15)" in text


# Evidence


def evidence_text(path, **changes):
    fields = {
        "control": "DIC-SRV-02",
        "who": "Ada Example",
        "when": TODAY.isoformat(),
        "file": path.name,
        "sha256": f"'{hashlib.sha256(path.read_bytes()).hexdigest()}'",
        "expires": (TODAY + timedelta(days=90)).isoformat(),
        **changes,
    }
    lines = [f"    {key}: {value}" for key, value in fields.items() if value is not None]
    return "\n".join(["evidence:", "  -" + lines[0][3:], *lines[1:]]) + "\n"


@pytest.fixture
def evidence(tmp_path):
    """Reads a file with one piece of evidence, its fields changed."""
    photo = written(tmp_path / "photo.txt", "MQTT Explorer shows the certificate")

    def read(**changes):
        return read_evidence(written(tmp_path / "evidence.yaml", evidence_text(photo, **changes)), TODAY)

    return read


def manual(evidence, days=0):
    given = replace(inventory(), probe=NOT_ASKED)
    result = audited(given, replace(JUDGED, evidence=evidence), days=days)
    return next(iter(of(result, "DIC-SRV-02").values())), result


def test_evidence_closes_a_manual_finding_and_says_by_whom(evidence):
    entry, result = manual(evidence())
    assert is_closed(entry)
    assert entry.status is Status.MANUAL
    assert "Ada Example" in entry.note
    assert result.evidence.doubts == ()


def test_evidence_for_every_clause_of_a_control_closes_it(evidence):
    entry, _ = manual(())
    assert not is_closed(entry)
    pieces = tuple(one for clause in entry.clauses for one in evidence(control=None, clause=clause))
    assert is_closed(manual(pieces)[0])


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"expires": (TODAY - timedelta(days=1)).isoformat(), "when": "2025-06-01"}, "expired"),
        ({"sha256": "'" + "0" * 64 + "'"}, "not the one that was hashed"),
        ({"file": "gone.txt"}, "cannot be read"),
        ({"control": "DIC-CA-01"}, "no MANUAL finding needs it"),
    ],
    ids=["expired", "changed", "gone", "idle"],
)
def test_evidence_that_does_not_hold_closes_nothing_and_is_told(evidence, changes, told):
    entry, result = manual(evidence(**changes))
    assert not is_closed(entry)
    assert told in " ".join(result.evidence.doubts)
    assert result.verdict.exit_code == 3


EVIDENCE_WRONG = {
    "nobody": ({"who": None}, "no who"),
    "the future": ({"when": (TODAY + timedelta(days=1)).isoformat()}, "a day that has been"),
    "backwards": ({"expires": (TODAY - timedelta(days=9)).isoformat()}, "a day after"),
    "no hash": ({"sha256": "'abc'"}, "64 lower-case"),
    "no subject": ({"control": None}, "neither"),
    "two subjects": ({"clause": "AWS-4.1"}, "both"),
    "an unknown clause": ({"control": None, "clause": "AWS-99"}, "dicfix clauses"),
    "an unknown control": ({"control": "DIC-XX-01"}, "dicfix controls"),
    "an unknown field": ({"note": "x"}, "unknown field"),
}


@pytest.mark.parametrize("name", EVIDENCE_WRONG)
def test_malformed_evidence_is_one_error_that_names_it(evidence, name):
    changes, told = EVIDENCE_WRONG[name]
    with pytest.raises(UsageError, match=told) as caught:
        evidence(**changes)
    assert "evidence.yaml" in str(caught.value)
