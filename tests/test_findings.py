"""Findings: what a set of them amounts to, and how they reach pytest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicfix.findings import Finding, FindingFailed, FindingUnreadable, Status, raise_for, worst


def finding(status: Status, control: str = "DIC-CA-01", remedy: str = "do it.") -> Finding:
    return Finding(control, status, "CA certificate", "one", "none", remedy)


ORDER = [Status.FAIL, Status.UNREADABLE, Status.MANUAL, Status.WAIVED, Status.PASS, Status.NOT_APPLICABLE]


def test_every_status_has_its_rank():
    assert set(ORDER) == set(Status)


@given(st.lists(st.sampled_from(list(Status)), min_size=1))
def test_the_worst_outranks_whatever_stands_beside_it(statuses):
    assert worst(finding(one) for one in statuses) is min(statuses, key=ORDER.index)


def test_nothing_judged_is_a_fail():
    assert worst(()) is Status.FAIL


@pytest.mark.parametrize("status", [Status.PASS, Status.MANUAL, Status.NOT_APPLICABLE, Status.WAIVED])
def test_what_is_neither_fail_nor_unreadable_raises_nothing(status):
    found = [finding(status)]
    raise_for(found)
    assert worst(found) is status


def test_a_fail_is_an_assertion_and_hides_no_other_fail():
    both = [finding(Status.FAIL, "A"), finding(Status.UNREADABLE, "B"), finding(Status.FAIL, "C")]
    with pytest.raises(FindingFailed) as caught:
        raise_for(iter(both))
    assert isinstance(caught.value, AssertionError)
    assert [one.control for one in caught.value.findings] == ["A", "C"]
    assert "Do: do it." in str(caught.value)


def test_an_unreadable_is_an_error_but_no_assertion():
    with pytest.raises(FindingUnreadable) as caught:
        raise_for([finding(Status.PASS), finding(Status.UNREADABLE)])
    assert not isinstance(caught.value, AssertionError)
    assert caught.value.exit_code == 3


def test_a_pass_says_no_remedy():
    assert finding(Status.FAIL).sentence() == ("DIC-CA-01: CA certificate: observed none; expected one. Do: do it.")
    assert "Do:" not in finding(Status.PASS).sentence()
