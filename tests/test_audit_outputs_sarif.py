"""SARIF 2.1.0: valid by its official schema, with baseline, suppressions, lasting fingerprints and ARNs."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from audit_world import (
    INACTIVE,
    JUDGED,
    TODAY,
    audited,
    bad_inventory,
    denied_inventory,
    inventory,
    waiver_text,
    written,
)
from onboarded import ACCOUNT, DEVICE, REGION, SECOND
from sarif_schema import complaints

from dicfix.audit.outputs.sarif import FINGERPRINT, document, lines_of
from dicfix.audit.waivers import read_waivers
from dicfix.controls import CONTROLS
from dicfix.findings import Status


@pytest.fixture
def waived(tmp_path):
    """An audit in which the first device's certificate is waived, a day after one in which it was not."""
    waivers = read_waivers(written(tmp_path / "waivers.yaml", waiver_text()), TODAY)
    return audited(bad_inventory(), replace(JUDGED, waivers=waivers), before=audited(bad_inventory()).as_run(), days=1)


def results(result):
    (run,) = document([result])["runs"]
    return {(one["ruleId"], one["locations"][0]["logicalLocations"][0]["name"]): one for one in run["results"]}


def test_the_document_is_valid_by_the_official_schema(waived):
    changed = audited(denied_inventory(), before=audited(bad_inventory()).as_run(), days=1)
    for result in (audited(), waived, changed):
        assert complaints(json.loads("".join(lines_of([result])))) == []


def test_the_schema_notices_what_is_wrong():
    wrong = document([audited()])
    wrong["runs"][0]["results"][0]["kind"] = "nonsense"
    assert complaints(wrong)
    assert complaints({"version": "2.0.0", "runs": []})


def test_every_result_names_its_rule_at_its_index_with_title_and_help():
    (run,) = document([audited(bad_inventory())])["runs"]
    rules = run["tool"]["driver"]["rules"]
    for one in run["results"]:
        assert rules[one["ruleIndex"]]["id"] == one["ruleId"]
    rule = next(one for one in rules if one["id"] == INACTIVE)
    assert rule["shortDescription"]["text"] == CONTROLS[INACTIVE].title
    assert rule["help"]["text"] == CONTROLS[INACTIVE].remedy
    assert rule["defaultConfiguration"]["level"] == "error"


def test_a_fail_is_a_failure_and_nothing_else_has_a_level():
    for result in results(audited(denied_inventory())).values():
        fails = result["properties"]["status"] == "FAIL"
        assert (result["kind"] == "fail") == fails
        assert (result["level"] != "none") == fails


def test_what_could_not_be_read_is_open_and_told_as_a_notification():
    result = audited(denied_inventory())
    found = [one for (rule, _), one in results(result).items() if rule == "DIC-CA-03"]
    assert [one["kind"] for one in found] == ["open"]
    (invocation,) = document([result])["runs"][0]["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["exitCode"] == 3
    assert any("AccessDenied" in one["message"]["text"] for one in invocation["toolExecutionNotifications"])


def test_a_waived_fail_is_suppressed_with_its_justification_and_still_a_failure(waived):
    one = results(waived)[INACTIVE, DEVICE]
    assert one["kind"] == "fail"
    (suppression,) = one["suppressions"]
    assert suppression["status"] == "accepted"
    assert "Ada Example" in suppression["justification"]
    assert results(waived)[INACTIVE, SECOND]["suppressions"] == []


def test_the_baseline_tells_new_unchanged_updated_and_absent(waived):
    assert results(waived)[INACTIVE, SECOND]["baselineState"] == "unchanged"
    assert results(waived)[INACTIVE, DEVICE]["baselineState"] == "updated"
    bad = audited(bad_inventory(), before=audited().as_run(), days=1)
    assert results(bad)[INACTIVE, DEVICE]["baselineState"] == "new"
    mended = audited(before=bad.as_run(), days=2)
    assert results(mended)[INACTIVE, DEVICE]["baselineState"] == "absent"


def test_without_a_run_before_there_is_no_baseline():
    assert not [one for one in results(audited(bad_inventory())).values() if "baselineState" in one]


def test_what_is_no_longer_evaluated_is_never_absent(monkeypatch):
    before = audited(bad_inventory()).as_run()
    control = CONTROLS[INACTIVE]
    monkeypatch.delitem(CONTROLS, INACTIVE)
    after = results(audited(bad_inventory(), before=before, days=1))[INACTIVE, DEVICE]
    monkeypatch.setitem(CONTROLS, INACTIVE, control)
    assert after["baselineState"] == "updated"
    assert after["kind"] == "open"
    assert "no longer evaluated" in after["message"]["text"]


def test_fingerprints_are_the_uids_and_locations_are_arns():
    result = audited(bad_inventory())
    entry = next(one for one in result.entries if (one.control, one.resource) == (INACTIVE, DEVICE))
    one = results(result)[INACTIVE, DEVICE]
    assert one["partialFingerprints"] == {FINGERPRINT: entry.uid}
    (logical,) = one["locations"][0]["logicalLocations"]
    assert logical["fullyQualifiedName"] == f"arn:aws:iot:{REGION}:{ACCOUNT}:thing/{DEVICE}"
    assert one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "dic.toml"


def test_pass_is_told_as_a_count_only():
    result = audited()
    told = results(result).values()
    assert not [one for one in told if one["properties"]["status"] in ("PASS", "NOT_APPLICABLE")]
    passed = sum(one.status is Status.PASS for one in result.entries)
    assert document([result])["runs"][0]["properties"]["statuses"]["PASS"] == passed


def test_nothing_of_the_firmwares_material_is_told():
    text = "".join(lines_of([audited()]))
    assert inventory().local.header[:40] not in text
    assert "PRIVATE" not in text
